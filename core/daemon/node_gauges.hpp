// What the bundled checks measure of the node, as the levels of 7.3: head, ages, peers. Everything that plugins
// measure goes on to where it is served. A level that its check has not renewed for ten seconds is unknown. Any
// thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/base/clock.hpp"
#include "core/metrics/figures.hpp"
#include "core/plugin/ports.hpp"

namespace conductor::daemon {

class NodeGauges final : public plugin::PluginMetrics {
public:
    explicit NodeGauges(std::shared_ptr<plugin::PluginMetrics> next) : next_{std::move(next)} {}

    /// Before plugins run: the instance is one of the bundled plugin `id`.
    void know(const std::string& instance, const std::string& id) { ids_[instance] = id; }

    void gauge(const plugin::MetricSeries& series, double value) override;
    void count(const plugin::MetricSeries& series, std::uint64_t delta) override {
        next_->count(series, delta);
    }

    /// Adds to `chain` what is known at `now`.
    void show(Instant now, metrics::ChainFigures& chain) const;

private:
    struct Level {
        double value{0};
        Instant at;
    };
    [[nodiscard]] std::optional<double> level(Instant now, const char* id, const char* name) const;

    std::shared_ptr<plugin::PluginMetrics> next_;
    std::map<std::string, std::string> ids_;
    mutable std::mutex mutex_;  // workers measure, core shows
    std::map<std::pair<std::string, std::string>, Level> levels_;
};

}  // namespace conductor::daemon
