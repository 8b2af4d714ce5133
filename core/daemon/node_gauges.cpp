#include "core/daemon/node_gauges.hpp"

#include "core/runtime/clock.hpp"

namespace conductor::daemon {

namespace {

constexpr auto young = std::chrono::seconds{10};
constexpr const char* sync_id = "io.conductord.op-node-sync";
constexpr const char* peers_id = "io.conductord.op-node-peers";
constexpr const char* el_peers_id = "io.conductord.el-peers";

std::optional<std::uint64_t> natural(const std::optional<double>& value) {
    if (!value || *value < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*value);
}

std::optional<Duration> span(const std::optional<double>& value) {
    if (!value) return std::nullopt;
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>{*value});
}

}  // namespace

void NodeGauges::gauge(const plugin::MetricSeries& series, double value) {
    next_->gauge(series, value);
    const auto known = ids_.find(series.instance);
    if (known == ids_.end() || !series.label.empty()) return;
    const std::lock_guard lock{mutex_};
    levels_[{known->second, series.name}] = {value, now()};
}

std::optional<double> NodeGauges::level(Instant now, const char* id, const char* name) const {
    const auto found = levels_.find({id, name});
    if (found == levels_.end() || now - found->second.at > young) return std::nullopt;
    return found->second.value;
}

void NodeGauges::show(Instant now, metrics::ChainFigures& chain) const {
    const std::lock_guard lock{mutex_};
    chain.cl_head = natural(level(now, sync_id, "unsafe_head_number"));
    chain.unsafe_age = span(level(now, sync_id, "unsafe_head_age_seconds"));
    chain.safe_age = span(level(now, sync_id, "safe_head_age_seconds"));
    chain.cl_peers = natural(level(now, peers_id, "connected_peers"));
    chain.el_peers = natural(level(now, el_peers_id, "connected_peers"));
}

}  // namespace conductor::daemon
