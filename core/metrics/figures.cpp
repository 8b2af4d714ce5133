#include "core/metrics/figures.hpp"

#include "core/metrics/catalogue.hpp"

namespace conductor::metrics {

namespace {

using Levels = std::vector<Gauges::Level>;

double level(bool value) noexcept {
    return value ? 1 : 0;
}

template <class T>
void add(Levels& levels, Labels labels, const std::optional<T>& value) {
    if (value) levels.emplace_back(std::move(labels), static_cast<double>(*value));
}

void add(Levels& levels, Labels labels, const std::optional<Duration>& value) {
    if (value) levels.emplace_back(std::move(labels), seconds(*value));
}

template <class T>
Levels only(const std::optional<T>& value) {
    Levels levels;
    add(levels, {}, value);
    return levels;
}

// Prometheus' words of a metric or a label.
bool is_name(std::string_view text) noexcept {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return !text.empty() && letter(text.front()) &&
           std::ranges::all_of(text, [&](char c) { return letter(c) || digit(c); });
}

constexpr std::size_t plugin_families_limit = 256;

// Null where the name cannot be served.
template <class Family, class Other>
Family* plugin_family(prometheus::Registry& registry,
                      std::map<std::string, std::unique_ptr<Family>, std::less<>>& own, const Other& others,
                      const PluginSeries& series) {
    const auto found = own.find(series.name);
    if (found != own.end()) return found->second.get();
    const bool full = own.size() + others.size() >= plugin_families_limit;
    if (full || !is_name(series.name) || others.contains(series.name)) return nullptr;
    auto made = std::make_unique<Family>(registry, "op_conductor_plugin_" + std::string{series.name},
                                         std::string{series.summary});
    return own.emplace(std::string{series.name}, std::move(made)).first->second.get();
}

Labels plugin_labels(const PluginSeries& series) {
    Labels labels{{"plugin", std::string{series.instance}}};
    const bool own = is_name(series.label) && !series.label.starts_with("__");  // those are Prometheus' own
    if (own) labels.emplace(std::string{series.label}, std::string{series.label_value});
    return labels;
}

}  // namespace

void Metrics::show(const NodeFigures& node) {
    auto& f = *families_;
    f.leader.set(level(node.state.leader));
    f.healthy.set(level(node.state.healthy));
    f.active.set(level(node.state.active));
    f.paused.set(level(node.paused));
    f.overridden.set(level(node.overridden));
    f.start_wedged.set(level(node.start_wedged));
}

void Metrics::show(const RaftFigures& raft) {
    auto& f = *families_;
    f.term.set(static_cast<double>(raft.term));
    f.commit_index.set(static_cast<double>(raft.commit_index));
    f.applied_index.set(static_cast<double>(raft.applied_index));
    f.cluster_version.set(static_cast<double>(raft.cluster_version));
    f.servers.set({{"suffrage", "voter"}}, static_cast<double>(raft.voters));
    f.servers.set({{"suffrage", "nonvoter"}}, static_cast<double>(raft.non_voters));
    Levels contacts;
    Levels next;
    for (const auto& peer : raft.peers) {
        add(contacts, {{"peer", peer.id}}, peer.last_contact);
        add(next, {{"peer", peer.id}}, peer.next_index);
    }
    f.last_contact.replace(contacts);
    f.next_index.replace(next);
}

void Metrics::show(const ChainFigures& chain) {
    auto& f = *families_;
    Levels heads;
    add(heads, {{"source", "fsm"}}, chain.fsm_head);
    add(heads, {{"source", "el"}}, chain.el_head);
    add(heads, {{"source", "cl"}}, chain.cl_head);
    f.head.replace(heads);
    f.unsafe_age.replace(only(chain.unsafe_age));
    f.safe_age.replace(only(chain.safe_age));
    Levels peers;
    add(peers, {{"layer", "cl"}}, chain.cl_peers);
    add(peers, {{"layer", "el"}}, chain.el_peers);
    f.peers_connected.replace(peers);
}

void Metrics::show(const std::vector<PeerRpc>& peers) {
    Levels levels;
    for (const auto& peer : peers)
        levels.emplace_back(Labels{{"peer", peer.id}, {"guessed", peer.guessed ? "true" : "false"}},
                            level(peer.known));
    families_->peer_rpc.replace(levels);
}

void Metrics::plugin_gauge(const PluginSeries& series, double value) {
    auto& plugins = families_->plugins;
    const std::lock_guard lock{plugins.mutex};
    auto* const family = plugin_family(families_->r, plugins.gauges, plugins.counters, series);
    if (family == nullptr) return families_->plugin_refusals.add({});
    family->set(plugin_labels(series), value);
}

void Metrics::plugin_counter(const PluginSeries& series, std::uint64_t delta) {
    auto& plugins = families_->plugins;
    const std::lock_guard lock{plugins.mutex};
    auto* const family = plugin_family(families_->r, plugins.counters, plugins.gauges, series);
    if (family == nullptr) return families_->plugin_refusals.add({});
    family->add(plugin_labels(series), static_cast<double>(delta));
}

}  // namespace conductor::metrics
