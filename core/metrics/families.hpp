// Families of series with the bounds of this house: never more than `series_limit` label sets in one, so that
// no caller's text can fill a store. For the .cpp files of this module.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"

namespace conductor::metrics {

using prometheus::Labels;
using Buckets = prometheus::Histogram::BucketBoundaries;

inline constexpr std::size_t series_limit = 512;

inline double seconds(Duration time) noexcept {
    return std::chrono::duration<double>{time}.count();
}

/// Counters, Histograms: created at the first event with their labels, then for ever.
template <class Metric>
class Series {
public:
    explicit Series(prometheus::Family<Metric>& family) : family_{family} {}

    template <class... Args>
    Metric& at(const Labels& labels, const Args&... args) {
        const std::lock_guard lock{mutex_};
        const auto found = known_.find(labels);
        if (found != known_.end()) return *found->second;
        if (known_.size() < series_limit) return insert(labels, args...);
        auto other = labels;
        for (auto& label : other) label.second = "other";
        const auto rest = known_.find(other);
        return rest != known_.end() ? *rest->second : insert(other, args...);
    }

private:
    template <class... Args>
    Metric& insert(const Labels& labels, const Args&... args) {
        auto& made = family_.Add(labels, args...);
        known_.emplace(labels, &made);
        return made;
    }

    prometheus::Family<Metric>& family_;
    std::mutex mutex_;  // two callers may meet the same new label set
    std::map<Labels, Metric*> known_;
};

class Counters {
public:
    Counters(prometheus::Registry& registry, const std::string& name, const std::string& help)
        : series_{prometheus::BuildCounter().Name(name).Help(help).Register(registry)} {}
    /// Zero makes the series visible.
    void add(const Labels& labels, double by = 1) { series_.at(labels).Increment(by); }

private:
    Series<prometheus::Counter> series_;
};

class Histograms {
public:
    Histograms(prometheus::Registry& registry, const std::string& name, const std::string& help,
               Buckets buckets)
        : series_{prometheus::BuildHistogram().Name(name).Help(help).Register(registry)},
          buckets_{std::move(buckets)} {}
    void observe(const Labels& labels, double value) { series_.at(labels, buckets_).Observe(value); }
    /// All buckets at zero.
    void show(const Labels& labels) { series_.at(labels, buckets_); }

private:
    Series<prometheus::Histogram> series_;
    const Buckets buckets_;
};

/// Levels. A level that nobody knows any more has no series.
class Gauges {
public:
    using Level = std::pair<Labels, double>;

    Gauges(prometheus::Registry& registry, const std::string& name, const std::string& help)
        : family_{prometheus::BuildGauge().Name(name).Help(help).Register(registry)} {}

    void set(double value) { set({}, value); }
    void set(const Labels& labels, double value) {
        const std::lock_guard lock{mutex_};
        put(labels, value);
    }
    /// These and no others.
    void replace(const std::vector<Level>& levels) {
        const std::lock_guard lock{mutex_};
        for (auto at = known_.begin(); at != known_.end();) {
            const bool stays = std::ranges::any_of(levels, [&](const auto& l) { return l.first == at->first; });
            if (!stays) family_.Remove(at->second);
            at = stays ? std::next(at) : known_.erase(at);
        }
        for (const auto& [labels, value] : levels) put(labels, value);
    }

private:
    void put(const Labels& labels, double value) {
        const auto found = known_.find(labels);
        if (found != known_.end()) return found->second->Set(value);
        if (known_.size() >= series_limit) return;
        auto& made = family_.Add(labels);
        made.Set(value);
        known_.emplace(labels, &made);
    }

    prometheus::Family<prometheus::Gauge>& family_;
    std::mutex mutex_;  // a level must not be set while another thread takes its series away
    std::map<Labels, prometheus::Gauge*> known_;
};

}  // namespace conductor::metrics
