#include "core/daemon/daemon.hpp"

#include <signal.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <random>

#include "core/consensus/describe.hpp"
#include "core/rpc/conductor_methods.hpp"
#include "core/runtime/logging.hpp"

namespace conductor::daemon {

using namespace std::chrono_literals;

namespace {

constexpr unsigned net_threads = 2;
constexpr auto store_close_limit = 3s;
// A failed store must end the process within 5 s (conductor.md 2.6.2), whatever else still hangs.
constexpr auto failed_store_limit = 4s;
constexpr auto stop_limit = 12s;

/// Ends the process with `code` unless it has ended by then: no shut-down may hang for ever.
void end_within(std::chrono::seconds limit, int code) {
    std::thread{[limit, code] {
        std::this_thread::sleep_for(limit);
        logging::error("shut-down took too long, leaving", {{"limit", limit}});
        ::_exit(code);
    }}.detach();  // tidy: the process ends before or with it
}

std::string own_address(const config::ConsensusSettings& consensus) {
    if (!consensus.advertised.empty()) return consensus.advertised;
    return consensus.addr + ":" + std::to_string(consensus.port);
}

replica::Options replica_options(const config::Settings& settings) {
    replica::Options options;
    auto& raft = options.raft;
    raft.self = {ServerId{settings.raft.server_id}, own_address(settings.consensus)};
    raft.heartbeat_timeout = settings.raft.heartbeat_timeout;
    raft.election_timeout = settings.raft.election_timeout;
    raft.lease_timeout = settings.raft.lease_timeout;
    raft.snapshot_interval = settings.raft.snapshot_interval;
    raft.snapshot_threshold = settings.raft.snapshot_threshold;
    raft.trailing_logs = settings.raft.trailing_logs;
    raft.retain_octets = settings.storage.retain_bytes;
    raft.empty_snapshots = settings.raft.empty_snapshots;
    raft.seed = std::random_device{}();
    options.stall_timeout =
        std::chrono::duration_cast<std::chrono::milliseconds>(settings.storage.stall_timeout);
    options.refuse_siblings = !settings.commit.go_on_sibling;
    return options;
}

}  // namespace

Daemon::Daemon(config::Settings settings, std::string version)
    : settings_{std::move(settings)},
      version_{std::move(version)},
      net_{net_threads},
      signals_{core_, SIGINT, SIGTERM},
      work_{core_.get_executor()},
      posture_{settings_.control.paused},
      hash_check_{settings_.commit.check_hash == config::CheckHash::async ? std::make_unique<HashCheck>(gate_)
                                                                          : nullptr},
      commits_{committer(), rpc_log_,
               rpc::CommitRules{payload::Strictness{settings_.commit.strict},
                                settings_.commit.check_hash == config::CheckHash::sync}} {}

control::Committer& Daemon::committer() {
    if (hash_check_) return *hash_check_;
    return gate_;
}

Daemon::~Daemon() {
    net_.stop();
    net_.join();
}

int Daemon::run() {
    logging::info("initializing OpConductor", {{"version", version_}});
    wait_for_signal();
    logging::info("starting OpConductor");
    if (!start_rpc()) return exit_failed;
    open_store();
    core_.run();
    return exit_code_;
}

bool Daemon::start_rpc() {
    rpc::add_read_methods(methods_, gate_, posture_);
    rpc::add_commit_method(methods_, commits_);
    rpc::add_server_methods(methods_, version_);

    rpc::RouteOptions options;
    options.version = version_;
    options.json_body_limit = settings_.rpc.json_body_limit;
    options.binary_body_limit = settings_.rpc.binary_body_limit;
    options.cors_origins = settings_.rpc.cors_origins;
    routes_.emplace(rpc::Routes::Parts{methods_, commits_, gate_, posture_, rpc_log_}, std::move(options));

    rpc::HttpServerOptions http;
    http.address = settings_.rpc.addr;
    http.port = settings_.rpc.port;
    logging::info("starting JSON-RPC server");
    server_.emplace(net_.context(), *routes_, rpc_log_, http);
    const auto port = server_->listen();
    if (!port) {
        logging::crit("Application failed",
                      {{"message", "failed to start: failed to start JSON-RPC server: " + port.error().text}});
        return false;
    }
    logging::info("Started RPC server",
                  {{"endpoint", "http://" + settings_.rpc.addr + ":" + std::to_string(*port)}});
    return true;
}

void Daemon::open_store() {
    storage::StoreOptions options;
    options.directory = settings_.raft.storage_dir + "/" + settings_.raft.server_id;
    options.retain_octets = settings_.storage.retain_bytes;
    opener_.emplace(core_, files_, std::move(options), settings_.storage.lock_wait,
                    [this](StoreOpener::Opened opened) { store_opened(std::move(opened)); });
}

void Daemon::store_opened(StoreOpener::Opened opened) {
    if (stopping_) return;
    if (!opened) {
        logging::crit("Application failed",
                      {{"message", "failed to setup: failed to initialize consensus: " + opened.error().text}});
        return stop(exit_failed);
    }
    replica::Events events;
    events.elected = [this](Term term) {
        logging::info("Leadership status changed", {{"server", settings_.raft.server_id},
                                                    {"leader", true},
                                                    {"term", term},
                                                    {"event", "leader_gained"}});
    };
    events.stepped_down = [this](const consensus::SteppedDown& down) {
        logging::info("Leadership status changed", {{"server", settings_.raft.server_id},
                                                    {"leader", false},
                                                    {"term", down.term},
                                                    {"why", down.why},
                                                    {"event", "leader_lost"}});
    };
    events.head_moved = [](const payload::Envelope& head) {
        logging::debug("applying new unsafe head", {{"number", head.number}, {"hash", head.hash}});
    };
    events.stalled = [](bool stalled) {
        if (stalled) {
            logging::error("storage hangs, giving up leadership", {{"event", "storage_stalled"}});
        } else {
            logging::info("storage answers again", {{"event", "storage_well"}});
        }
    };
    events.store_failed = [this](const storage::StoreError& error) {
        logging::error("storage failed, leaving", {{"err", error.text}, {"event", "storage_failed"}});
        // Not from inside the step that reports it.
        boost::asio::post(core_, [this] { stop(exit_store_failed); });
    };
    replica_.emplace(core_, replica_options(settings_), std::move(*opened), links_, std::move(events));
    gate_.open(*replica_);
    replica_->start([this] { replica_ready(); });
}

void Daemon::replica_ready() {
    logging::info("OpConductor started");
    if (!settings_.raft.bootstrap) return;

    const auto address = own_address(settings_.consensus);
    logging::info("Bootstrapping raft consensus cluster with self", {{"addr", address}});
    consensus::Configuration self{{{ServerId{settings_.raft.server_id}, address, consensus::Suffrage::voter}}};
    replica_->bootstrap(std::move(self), [this](std::optional<consensus::Refusal> refusal) {
        if (!refusal) {
            posture_.pause();
            logging::warn("Raft cluster bootstrapped, pausing conductor.");
        } else if (refusal == consensus::Refusal::already_bootstrapped) {
            logging::warn("Raft cluster already exists, skipping bootstrap");
        } else {
            logging::error("bootstrap refused", {{"err", consensus::client_text(*refusal, {})}});
        }
    });
}

// The second signal does not wait for anybody.
void Daemon::wait_for_signal() {
    signals_.async_wait([this](const auto& error, int number) {
        if (error) return;
        if (stopping_) {
            logging::warn("second signal, leaving at once", {{"signal", number}});
            ::_exit(exit_failed);
        }
        stop(exit_ok);
        wait_for_signal();
    });
}

// RPC first, so that a commit under way is still answered; then the protocol and its disk.
void Daemon::stop(int code) {
    if (stopping_) return;
    stopping_ = true;
    exit_code_ = code;
    posture_.stop();
    logging::info("stopping OpConductor");
    if (code == exit_store_failed) {
        end_within(failed_store_limit, code);
    } else {
        end_within(stop_limit, exit_failed);
    }
    boost::asio::co_spawn(net_.context(), server_->stop(), [this](const std::exception_ptr&) {
        boost::asio::post(core_, [this] { rpc_stopped(); });
    });
}

void Daemon::rpc_stopped() {
    opener_.reset();
    if (replica_) replica_->stop(store_close_limit);
    end();
}

void Daemon::end() {
    logging::info("OpConductor stopped");
    signals_.cancel();
    work_.reset();
    core_.stop();
}

}  // namespace conductor::daemon
