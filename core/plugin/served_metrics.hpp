// What plugins measure, served beside our own metrics. Any thread.
#pragma once

#include <memory>

#include "core/metrics/metrics.hpp"
#include "core/plugin/ports.hpp"

namespace conductor::plugin {

class ServedMetrics final : public PluginMetrics {
public:
    /// Shared, because a call that its lane has abandoned may come after everybody else has gone.
    explicit ServedMetrics(std::shared_ptr<metrics::Metrics> metrics) : metrics_{std::move(metrics)} {}

    void gauge(const MetricSeries& series, double value) override {
        metrics_->plugin_gauge(as_served(series), value);
    }
    void count(const MetricSeries& series, std::uint64_t delta) override {
        metrics_->plugin_counter(as_served(series), delta);
    }

private:
    static metrics::PluginSeries as_served(const MetricSeries& series) {
        return {series.instance, series.name, series.summary, series.label, series.label_value};
    }

    std::shared_ptr<metrics::Metrics> metrics_;
};

}  // namespace conductor::plugin
