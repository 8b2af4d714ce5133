// What operators' dashboards and alerts read: one member an event, and the text of a scrape. Names, types,
// labels, help and buckets are op-conductor's where it has them (conductor.md 7.2); the rest is ours (7.3).
//
// Any thread; nothing blocks for longer than a short lock, nothing fails. The number of series is bounded,
// whatever label values come: beyond the bound they count as `other`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/metrics/figures.hpp"

namespace conductor::metrics {

enum class Outcome : std::uint8_t { success, failure };

/// How an order to the sequencer ended well. Go's counters say `success="false"` where nothing had to be done.
enum class Order : std::uint8_t { obeyed, already_so };

enum class CommitRoute : std::uint8_t { json, binary };

/// One JSON-RPC call, answered.
struct RpcCall {
    std::string_view method;  ///< a method that is served, `unknown`, or empty for what was no call
    Duration took{};
    std::size_t params_octets{0};
    std::size_t result_octets{0};
    std::optional<int> error_code;
    bool notification{false};
};

/// One series of a plugin, as its descriptor declares it.
struct PluginSeries {
    std::string_view instance;
    std::string_view name;
    std::string_view summary;
    std::string_view label;  ///< with its value empty where the metric has none
    std::string_view label_value;
};

class Metrics {
public:
    /// `version` as `--version` says it.
    explicit Metrics(const std::string& version);
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    /// What the metrics port answers: Prometheus text 0.0.4, families and series sorted as Go sorts them.
    /// Counts the scrape.
    [[nodiscard]] std::string scrape();

    // ---- life cycle, control loop
    /// The program has finished starting up.
    void started();
    /// One verdict; `error` is its identity (conductor.md 4.3), empty where the sequencer is healthy.
    void health_checked(std::string_view error);
    /// One answer of one check.
    void check_answered(std::string_view check, Duration took, Outcome outcome);
    void state_entered(const NodeState& state);
    /// Transfers that the loop asked for; those of operators are not counted.
    void leadership_transferred(Outcome outcome);
    void sequencer_started(Order how);
    void sequencer_stopped(Order how);
    void sequencer_start_failed();
    void sequencer_stop_failed();
    /// Both are words from fixed sets: control/action.hpp.
    void action_failed(std::string_view action, std::string_view reason);
    /// One turn of the loop, idle waiting included.
    void loop_turned(Duration took);
    /// Time in which no sequencer of the group produced, as far as this node knows.
    void went_without_sequencer(Duration time);
    /// From the loss of leader or health to the first commit under the new leader.
    void failed_over(Duration took);

    // ---- RPC, commits, storage
    /// Methods that are served: their series exist from now on.
    void rpc_served(const std::vector<std::string>& methods);
    void rpc_answered(const RpcCall& call);
    /// A body beyond its limit, a connection beyond the limit.
    void rpc_body_refused();
    void rpc_connection_refused();
    /// A commit that reached the backend: until its answer, and the size of the payload as SSZ.
    void commit_answered(CommitRoute route, Outcome outcome, Duration took, std::size_t ssz_octets);
    /// Parts of a commit: making SSZ of it (zero where it came so); from the proposal to its application, where
    /// that succeeded; the application alone, on every member.
    void payload_transcoded(Duration took);
    void payload_replicated(Duration took);
    void payload_applied(Duration took);
    /// One batch of entries appended and flushed.
    void log_stored(Duration took);

    // ---- relay
    void relay_clients(std::size_t connected);
    void relay_client_dropped();
    /// `source` without credentials.
    void builder_connection_tried(std::string_view source, Outcome outcome);

    // ---- levels: what is absent or unknown has no series
    void show(const NodeFigures& node);
    void show(const RaftFigures& raft);
    void show(const ChainFigures& chain);
    void show(const std::vector<PeerRpc>& peers);

    // ---- plugins: `op_conductor_plugin_NAME{plugin="INSTANCE",…}`
    /// A name that is none, or that another plugin uses for the other type, is refused and counted.
    void plugin_gauge(const PluginSeries& series, double value);
    void plugin_counter(const PluginSeries& series, std::uint64_t delta);

private:
    struct Families;
    std::unique_ptr<Families> families_;
};

}  // namespace conductor::metrics
