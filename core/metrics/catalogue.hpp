// Every family of the daemon: name, help, buckets. Those of op-conductor read as recorded from it; below them
// ours. For the .cpp files of this module.
#pragma once

#include <atomic>
#include <memory>

#include "core/metrics/families.hpp"
#include "core/metrics/metrics.hpp"

namespace conductor::metrics {

inline const Buckets b_request{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
inline const Buckets b_commit{.001, .0025, .005, .01, .025, .05, .1, .25, .5};
inline const Buckets b_step{.0001, .00025, .0005, .001, .0025, .005, .01, .025};
inline const Buckets b_disk{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05};
inline const Buckets b_octets{1e3, 1e4, 5e4, 1e5, 5e5, 1e6, 1.5e6, 2e6, 2.5e6};
inline const Buckets b_failover{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300};

/// A plugin's families come into being with their first value.
struct PluginFamilies {
    std::mutex mutex;
    std::map<std::string, std::unique_ptr<Gauges>, std::less<>> gauges;
    std::map<std::string, std::unique_ptr<Counters>, std::less<>> counters;
};

struct Metrics::Families {
    prometheus::Registry r;

    // ---- op-conductor v1.19
    Gauges info{r, "op_conductor_info", "Pseudo-metric tracking version and config info"};
    Gauges up{r, "op_conductor_up", "1 if the op-conductor has finished starting up"};
    Counters health_checks{r, "op_conductor_healthchecks_count", "Number of healthchecks"};
    Counters transfers{r, "op_conductor_leader_transfers_count", "Number of leader transfers"};
    Counters starts{r, "op_conductor_sequencer_starts_count", "Number of sequencer starts"};
    Counters stops{r, "op_conductor_sequencer_stops_count", "Number of sequencer stops"};
    Counters state_changes{r, "op_conductor_state_changes_count", "Number of state changes"};
    Histograms loop{r, "op_conductor_loop_execution_time",
                    "Time (in seconds) to execute conductor loop iteration", b_request};
    Counters builder_connections{r, "op_conductor_rollup_boost_connection_attempts_count",
                                 "Number of rollup boost connection attempts"};
    Gauges relay_clients{r, "op_conductor_websocket_clients_connected",
                         "Number of WebSocket clients currently connected to the hub"};
    Counters rpc_requests{r, "op_conductor_rpc_server_requests_total", "Total requests to the RPC server"};
    Histograms rpc_durations{r, "op_conductor_rpc_server_request_duration_seconds",
                             "Histogram of RPC server request durations", b_request};
    Counters rpc_responses{r, "op_conductor_rpc_server_responses_total", "Total RPC request responses served"};
    Counters rpc_params{r, "op_conductor_rpc_server_params_size_total", "Total bytes of RPC params received"};
    Counters rpc_results{r, "op_conductor_rpc_server_results_size_total",
                         "Total bytes of RPC results sent back"};
    Counters rpc_notifications{r, "op_conductor_rpc_client_notifications_received_total",
                               "Total RPC notifications received"};

    // ---- Base's fork
    Histograms binary_commits{
        r, "op_conductor_binary_commit_request_duration_seconds",
        "End-to-end handler duration for POST /commit-unsafe-payload requests. Directly comparable to "
        "rpc_server_request_duration_seconds{method=conductor_commitunsafepayload} on the JSON-RPC path.",
        b_commit};
    Histograms transcoding{r, "op_conductor_commit_marshal_duration_seconds",
                           "Time (in seconds) to SSZ-marshal the payload in CommitUnsafePayload", b_step};
    Histograms replication{
        r, "op_conductor_commit_raft_apply_duration_seconds",
        "Time (in seconds) for raft Apply (replication, storage, and FSM apply) in CommitUnsafePayload",
        b_commit};
    Histograms payload_octets{r, "op_conductor_commit_payload_size_bytes", "SSZ-encoded payload size in bytes",
                              b_octets};
    Histograms application{r, "op_conductor_fsm_apply_duration_seconds",
                           "Time (in seconds) spent in FSM Apply (SSZ decode plus unsafe-head update)", b_step};
    Histograms log_stores{r, "op_conductor_raft_log_store_duration_seconds",
                          "Time (in seconds) spent writing raft log entries to the underlying log store",
                          b_disk};

    // ---- the metrics port itself, as Go's handler counts
    Counters scrapes{r, "promhttp_metric_handler_requests_total",
                     "Total number of scrapes by HTTP status code."};
    Gauges scrapes_in_flight{r, "promhttp_metric_handler_requests_in_flight",
                             "Current number of scrapes being served."};

    // ---- ours
    Gauges leader{r, "op_conductor_leader", "1 while this node leads and its lease runs"};
    Gauges healthy{r, "op_conductor_healthy", "1 while the sequencer is healthy, as the control loop sees it"};
    Gauges active{r, "op_conductor_active", "1 while the sequencer produces, as far as the control loop knows"};
    Gauges paused{r, "op_conductor_paused", "1 while the control loop is paused"};
    Gauges overridden{r, "op_conductor_overridden", "1 while leadership is overridden by an operator"};
    Gauges start_wedged{r, "op_conductor_start_wedged",
                        "1 while this node leads and has failed to start its sequencer for more than 10 s"};
    Gauges term{r, "op_conductor_raft_term", "Raft term"};
    Gauges commit_index{r, "op_conductor_raft_commit_index", "Newest entry that a quorum has stored"};
    Gauges applied_index{r, "op_conductor_raft_applied_index", "Newest entry that is applied here"};
    Gauges last_contact{r, "op_conductor_raft_last_contact_seconds", "Time since a peer was last heard"};
    Gauges next_index{r, "op_conductor_raft_peer_next_index", "Next entry that the leader will send to a peer"};
    Gauges servers{r, "op_conductor_cluster_servers", "Members of the group by suffrage"};
    Gauges cluster_version{r, "op_conductor_cluster_version", "Entry that brought the newest membership"};
    Gauges head{r, "op_conductor_unsafe_head_number",
                "Number of the unsafe head in the replicated state, the execution and the consensus client"};
    Gauges unsafe_age{r, "op_conductor_unsafe_head_age_seconds", "Age of the unsafe head's timestamp"};
    Gauges safe_age{r, "op_conductor_safe_head_age_seconds", "Age of the safe head's timestamp"};
    Gauges peers_connected{r, "op_conductor_peers_connected", "Peer-to-peer connections by layer"};
    Gauges peer_rpc{r, "op_conductor_peer_rpc_known", "1 where another conductor's RPC answers"};
    Histograms checks{r, "op_conductor_health_check_duration_seconds", "Time that one health check took",
                      b_request};
    Gauges check_ok{r, "op_conductor_health_check_ok", "1 where the last answer of a health check was good"};
    Counters action_failures{r, "op_conductor_action_failures_total",
                             "Actions of the control loop that failed"};
    Counters start_failures{r, "op_conductor_sequencer_start_failures_total", "Sequencer starts that failed"};
    Counters stop_failures{r, "op_conductor_sequencer_stop_failures_total", "Sequencer stops that failed"};
    Counters idle{r, "op_conductor_time_without_active_sequencer_seconds_total",
                  "Time in which no sequencer of the group produced, as far as this node knows"};
    Histograms failovers{r, "op_conductor_failover_duration_seconds",
                         "Time from the loss of leader or health to the first commit under the new leader",
                         b_failover};
    Counters commits{r, "op_conductor_commit_total", "Commits that reached the backend"};
    Histograms commit_durations{r, "op_conductor_commit_duration_seconds",
                                "Time until a commit was answered, by transport", b_commit};
    Counters bodies_refused{r, "op_conductor_rpc_server_bodies_refused_total",
                            "Request bodies beyond a limit of the RPC server"};
    Counters connections_refused{r, "op_conductor_rpc_server_connections_refused_total",
                                 "Connections beyond the limit of the RPC server"};
    Counters relay_drops{r, "op_conductor_ws_slow_client_drops_total",
                         "Relay clients dropped for being too slow"};
    Counters plugin_refusals{r, "op_conductor_plugin_metrics_refused_total",
                             "Values of plugins under names that cannot be served"};
    PluginFamilies plugins;
    std::atomic<int> scraping{0};
};

}  // namespace conductor::metrics
