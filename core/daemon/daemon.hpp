// The whole program, composed: who exists, in which order they are born and stopped. RPC answers first, then
// the store opens, then the other members may come, then the protocol starts. Runs until a signal or a failed
// store ends it. Core thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "core/config/settings.hpp"
#include "core/daemon/control_house.hpp"
#include "core/daemon/hash_check.hpp"
#include "core/daemon/plugin_house.hpp"
#include "core/daemon/raft_port.hpp"
#include "core/daemon/reloader.hpp"
#include "core/daemon/replica_gate.hpp"
#include "core/daemon/rpc_log.hpp"
#include "core/daemon/service_manager.hpp"
#include "core/daemon/standing_orders.hpp"
#include "core/daemon/store_opener.hpp"
#include "core/daemon/vote_question.hpp"
#include "core/metrics/metrics.hpp"
#include "core/rpc/commit_handler.hpp"
#include "core/rpc/http_server.hpp"
#include "core/rpc/methods.hpp"
#include "core/rpc/metrics_observer.hpp"
#include "core/rpc/metrics_route.hpp"
#include "core/rpc/node_upstream.hpp"
#include "core/rpc/routes.hpp"
#include "core/runtime/io_threads.hpp"
#include "core/storage/posix_files.hpp"

namespace conductor::daemon {

/// Exit codes (conductor.md 2.6).
constexpr int exit_ok = 0;
constexpr int exit_failed = 1;
constexpr int exit_store_failed = 74;

class Daemon {
public:
    struct Origin {
        ServiceSocket supervisor;  ///< who started us, if anybody wants to hear of us
        ReadAgain read;            ///< where the settings come from
        std::string effective;     ///< what they were, as config::Loaded has it
    };
    Daemon(config::Settings settings, std::string version, Origin origin);
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    /// Runs until it is ended; the exit code. What went wrong has been logged.
    [[nodiscard]] int run();

private:
    // Birth, in this order.
    [[nodiscard]] bool furnish();
    [[nodiscard]] bool start_rpc();
    void say_what_is_served();
    [[nodiscard]] bool add_proxy();
    [[nodiscard]] bool start_metrics();
    void open_plugins();
    void open_store();
    void store_opened(StoreOpener::Opened opened);
    void start_replica(std::unique_ptr<storage::LogStore> store, RaftAddress address);
    void replica_ready(const std::string& address);
    void found_group(const std::string& address);
    [[nodiscard]] replica::Events replica_events();
    void show_levels();
    [[nodiscard]] std::string status() const;
    void fail(int code, const std::string& message);

    // The end.
    void wait_for_signal();
    void stop(int code);
    void control_over();
    void resume_orders();
    void reload();
    void rpc_stopped();
    void control_stopped();
    [[nodiscard]] boost::asio::awaitable<void> leave_group();
    void group_left();
    void end();

    const config::Settings settings_;
    const std::string version_;
    int exit_code_{exit_ok};
    std::string failure_;  ///< why it ends before it was asked to
    bool stopping_{false};
    bool code_runs_on_{false};  ///< of a plugin whose call never came back
    Origin origin_;

    boost::asio::io_context core_{1};  // one thread runs it
    IoThreads net_;
    IoThreads workers_;  // read and hash blocks that the node gave: long, and nobody's connection
    boost::asio::signal_set signals_;
    ServiceManager supervisor_;
    boost::asio::steady_timer levels_timer_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;

    storage::PosixFiles files_;
    std::optional<replica::RaftLinks> links_;
    std::shared_ptr<metrics::Metrics> metrics_;
    std::unique_ptr<PluginHouse> plugins_;
    std::optional<StoreOpener> opener_;
    std::optional<replica::Replica> replica_;
    ReplicaGate gate_;
    std::unique_ptr<HashCheck> hash_check_;  ///< null unless `commit.check-hash` is `async`
    std::optional<ControlHouse> control_;
    std::optional<StandingOrders> orders_;
    std::optional<VoteQuestion> vote_question_;
    std::optional<Reloader> reloader_;

    RpcLog rpc_log_;
    rpc::MetricsObserver rpc_observer_;
    rpc::CommitHandler commits_;
    std::optional<rpc::NodeUpstream> upstream_;
    rpc::MethodTable methods_;
    std::optional<rpc::Routes> routes_;
    std::optional<rpc::HttpServer> server_;
    std::optional<rpc::MetricsRoute> metrics_route_;
    std::optional<rpc::HttpServer> metrics_server_;
};

}  // namespace conductor::daemon
