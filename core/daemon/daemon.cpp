#include "core/daemon/daemon.hpp"

#include <signal.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <cstdio>
#include <cstdlib>

#include "core/consensus/describe.hpp"
#include "core/daemon/part_options.hpp"
#include "core/plugin/network_lookup.hpp"
#include "core/rpc/conductor_methods.hpp"
#include "core/rpc/operator_methods.hpp"
#include "core/rpc/peer_methods.hpp"
#include "core/runtime/clock.hpp"
#include "core/runtime/http_url.hpp"
#include "core/runtime/logging.hpp"

namespace conductor::daemon {

using namespace std::chrono_literals;

namespace {

constexpr unsigned net_threads = 2;
constexpr unsigned worker_threads = 1;
constexpr auto levels_period = 1s;
constexpr auto store_close_limit = 3s;
// A failed store must end the process within 5 s (conductor.md 2.6.2), whatever else still hangs.
constexpr auto failed_store_limit = 4s;
constexpr auto stop_limit = 15s;

/// Ends the process with `code` unless it has ended by then: no shut-down may hang for ever.
void end_within(std::chrono::seconds limit, int code) {
    std::thread{[limit, code] {
        std::this_thread::sleep_for(limit);
        logging::error("shut-down took too long, leaving", {{"limit", limit}});
        ::_exit(code);
    }}.detach();  // tidy: the process ends before or with it
}

std::unique_ptr<HashCheck> hash_check(const config::CommitSettings& commit, control::Committer& next) {
    if (commit.check_hash != config::CheckHash::async) return nullptr;
    return std::make_unique<HashCheck>(next);
}

control::Committer& committer(HashCheck* check, ReplicaGate& gate) {
    if (check != nullptr) return *check;
    return gate;
}

/// Its policy is in the settings already; a provider that cannot be asked twice has no facts to compare.
ChainFacts chain_of(const std::string& network) {
    if (network.empty()) return {};
    const auto facts = plugin::network_facts(network, plugin::network_providers());
    return facts ? *facts : ChainFacts{};
}

rpc::CommitRules commit_rules(const config::CommitSettings& commit) {
    return {payload::Strictness{commit.strict}, commit.check_hash == config::CheckHash::sync};
}

}  // namespace

Daemon::Daemon(config::Settings settings, std::string version, Origin origin)
    : settings_{std::move(settings)},
      version_{std::move(version)},
      origin_{std::move(origin)},
      net_{net_threads},
      workers_{worker_threads},
      signals_{core_, SIGINT, SIGTERM, SIGHUP},
      supervisor_{core_, std::move(origin_.supervisor)},
      levels_timer_{core_},
      work_{core_.get_executor()},
      metrics_{std::make_shared<metrics::Metrics>(version_)},
      hash_check_{hash_check(settings_.commit, gate_)},
      rpc_observer_{*metrics_, rpc_log_},
      commits_{committer(hash_check_.get(), gate_), rpc_observer_, commit_rules(settings_.commit)} {}

Daemon::~Daemon() {
    for (auto* threads : {&net_, &workers_}) {
        threads->stop();
        threads->join();
    }
}

// Whoever asks hears something from the first moment: RPC and metrics come before everything that may take long
// (conductor.md 2.2.6).
int Daemon::run() {
    logging::info("initializing OpConductor", {{"version", version_}});
    wait_for_signal();
    supervisor_.open([this] { return status(); });
    if (!furnish()) {
        std::fflush(nullptr);
        ::_exit(exit_failed);  // code of a library that was refused may run
    }
    logging::info("starting OpConductor");
    if (start_rpc() && start_metrics()) {
        open_plugins();
        open_store();
    } else {
        stop(exit_failed);
    }
    core_.run();
    // The last line says why, as whoever reads the end of a log expects it (conductor.md 2.6).
    if (!failure_.empty()) logging::crit("Application failed", {{"message", failure_}});
    if (code_runs_on_) {
        std::fflush(nullptr);
        ::_exit(exit_code_);  // what the process would tear down now is under that code's feet
    }
    return exit_code_;
}

bool Daemon::furnish() {
    auto plugins = PluginHouse::furnish(core_, settings_, metrics_);
    if (!plugins) {
        for (const auto& problem : plugins.error()) logging::error("plugin refused", {{"err", problem}});
        logging::crit("Application failed",
                      {{"message", "failed to setup: failed to load plugins: " + plugins.error().front()}});
        return false;
    }
    plugins_ = std::move(*plugins);
    auto peers = address_book(settings_);
    if (!peers) {
        logging::crit("Application failed", {{"message", "failed to setup: " + peers.error().text}});
        return false;
    }
    const auto worker = [this](std::function<void()> work) {
        boost::asio::post(workers_.next(), std::move(work));
    };
    vote_question_.emplace(core_, settings_, *peers);
    control_.emplace(settings_,
                     ControlHouse::Surroundings{core_, *plugins_, *metrics_, gate_, std::move(*peers),
                                                chain_of(settings_.network.profile), version_, worker,
                                                [this] { stop(exit_ok); }});
    resume_orders();
    reloader_.emplace(Reloader::Surroundings{core_, *plugins_, origin_.read, origin_.effective,
                                             [this] { supervisor_.reloading(); },
                                             [this] { supervisor_.reloaded(); }});
    return true;
}

// What operators ordered before the last end of this process still holds.
void Daemon::resume_orders() {
    const auto directory = store_options(settings_).directory;
    const auto keep = settings_.control.paused_persist ? KeepPause::yes : KeepPause::no;
    orders_.emplace(core_, control_->conductor(), files_, directory, keep);
    orders_->take_up(read_orders(files_, directory));
    if (!plugins_->gate_missing()) return;
    logging::warn("starting paused: a health check that decides is left out",
                  {{"event", "paused_without_gate"}});
    control_->conductor().pause({}, [](const auto&) {});
}

bool Daemon::start_rpc() {
    auto& conductor = control_->conductor();
    rpc::add_read_methods(methods_, gate_, conductor);
    rpc::add_commit_method(methods_, commits_);
    rpc::add_control_methods(methods_, *orders_);
    rpc::add_group_methods(methods_, control_->desk());
    rpc::add_peer_methods(methods_, control_->portrait());
    if (settings_.rpc.enable_admin) {
        rpc::add_reload_method(methods_, *reloader_);
        rpc::add_config_method(methods_, origin_.effective);
        rpc::add_reset_method(methods_, control_->desk());
    }
    if (settings_.rpc.enable_proxy && !add_proxy()) return false;
    rpc::add_server_methods(methods_, version_);
    metrics_->rpc_served(methods_.names());
    say_what_is_served();

    routes_.emplace(rpc::Routes::Parts{methods_, commits_, gate_, conductor, rpc_observer_},
                    route_options(settings_, version_));
    logging::info("starting JSON-RPC server");
    server_.emplace([this] { return net_.next(); }, *routes_, rpc_observer_, rpc_server_options(settings_.rpc));
    const auto port = server_->listen();
    if (!port) {
        failure_ = "failed to start: failed to start JSON-RPC server: " + port.error().text;
        return false;
    }
    logging::info("Started RPC server",
                  {{"endpoint", "http://" + settings_.rpc.addr + ":" + std::to_string(*port)}});
    return true;
}

void Daemon::say_what_is_served() {
    const auto names = methods_.names();
    for (const std::string space : {"conductor", "eth", "miner", "optimism", "admin"}) {
        const auto serves = [&](const std::string& name) { return name.starts_with(space + "_"); };
        if (std::ranges::any_of(names, serves))
            logging::info("registered API", {{"route", ""}, {"namespace", space}});
    }
}

bool Daemon::add_proxy() {
    const auto execution = http::read_url(settings_.execution.url);
    const auto consensus = http::read_url(settings_.node.url);
    auto added = Result<void, Complaint>{};
    if (!execution) {
        added = execution.error();
    } else if (!consensus) {
        added = consensus.error();
    } else {
        upstream_.emplace(net_.next(), rpc::NodeUpstream::Nodes{*execution, *consensus});
        added = rpc::add_proxied_methods(
            methods_, settings_.rpc.proxy_methods,
            {[this] { return gate_.leads() || control_->conductor().leader_overridden(); }, *upstream_});
    }
    if (added) return true;
    failure_ = "failed to setup: failed to initialize rpc server: " + added.error().text;
    return false;
}

bool Daemon::start_metrics() {
    if (!settings_.metrics.enabled) return true;
    logging::info("starting metrics server",
                  {{"addr", settings_.metrics.addr}, {"port", settings_.metrics.port}});
    metrics_route_.emplace(*metrics_);
    metrics_server_.emplace([this] { return net_.next(); }, *metrics_route_, rpc_log_,
                            metrics_server_options(settings_.metrics));
    const auto port = metrics_server_->listen();
    if (!port) {
        failure_ = "failed to start: failed to start metrics server: " + port.error().text;
        return false;
    }
    logging::info("started metrics server",
                  {{"endpoint", "http://" + settings_.metrics.addr + ":" + std::to_string(*port)}});
    show_levels();
    return true;
}

void Daemon::show_levels() {
    control_->show_levels();
    levels_timer_.expires_after(levels_period);
    levels_timer_.async_wait([this](const auto& error) {
        if (!error) show_levels();
    });
}

// One line for `systemctl status`.
std::string Daemon::status() const {
    if (!control_) return "starting";
    const auto& conductor = control_->conductor();
    const auto waits_for = gate_.not_ready();
    std::string out = gate_.leads() ? "leads" : "follows";
    if (conductor.paused()) out += ", paused";
    if (conductor.leader_overridden()) out += ", overridden";
    out += conductor.sequencer_healthy() ? ", sequencer healthy" : ", sequencer not healthy";
    if (!waits_for.empty()) out += "; not ready: " + waits_for;
    return out;
}

void Daemon::open_plugins() {
    plugins_->open([this](const Problems& problems) {
        if (stopping_) return;
        for (const auto& problem : problems) logging::error("plugin does not start", {{"err", problem}});
        if (!problems.empty()) return fail(exit_failed, "failed to load plugins: " + problems.front());
        reloader_->allow();
        control_->ask_node([this](const std::string& why) {
            if (!why.empty()) return fail(exit_failed, why);
            gate_.node_answered();
        });
    });
}

void Daemon::open_store() {
    opener_.emplace(core_, files_, store_options(settings_), settings_.storage.lock_wait,
                    [this](StoreOpener::Opened opened) { store_opened(std::move(opened)); });
}

void Daemon::store_opened(StoreOpener::Opened opened) {
    if (stopping_) return;
    if (!opened)
        return fail(exit_failed,
                    "failed to initialize consensus: failed to create raft consensus: " + opened.error().text);

    links_.emplace(core_, ServerId{settings_.raft.server_id}, link_options(settings_.raft));
    const auto store = std::make_shared<std::unique_ptr<storage::LogStore>>(std::move(*opened));
    boost::asio::co_spawn(
        core_, open_raft_port(settings_.consensus, settings_.compat_go, *links_),
        [this, store](const std::exception_ptr& failure, Result<RaftAddress, Complaint> address) {
            if (failure) std::rethrow_exception(failure);
            if (stopping_) return;
            if (address) return start_replica(std::move(*store), std::move(*address));
            fail(exit_failed,
                 "failed to initialize consensus: failed to create raft consensus: " + address.error().text);
        });
}

void Daemon::start_replica(std::unique_ptr<storage::LogStore> store, RaftAddress address) {
    auto events = replica_events();
    control_->listen_to(events);
    vote_question_->listen_to(events);
    replica_.emplace(core_, replica_options(settings_, address.header), std::move(store), *links_,
                     std::move(events));
    links_->open(*replica_);
    gate_.open(*replica_);
    control_->open(*replica_);
    replica_->start([this, configured = address.configured] { replica_ready(configured); });
}

replica::Events Daemon::replica_events() {
    replica::Events events;
    // That leadership has changed is said by control; here, why it was lost.
    events.stepped_down = [](const consensus::SteppedDown& down) {
        logging::info("stepped down", {{"term", down.term}, {"why", down.why}, {"event", "stepped_down"}});
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
    events.forgetful = [](const ServerId& member) {
        logging::error("a member has lost what it had acknowledged, it is no voter until it has caught up",
                       {{"id", member}, {"event", "member_forgetful"}});
    };
    events.vote_refused = [](const consensus::VoteRefused& refused) {
        logging::debug("vote refused",
                       {{"candidate", refused.candidate.id}, {"why", consensus::name_of(refused.why)}});
    };
    events.unreadable = [given_up = settings_.storage.give_up_unreadable](LogIndex index,
                                                                          const storage::StoreError& error) {
        if (given_up)
            return logging::error(
                "an entry of the log cannot be read and counts as lost, as storage.give-up-unreadable says",
                {{"index", index}, {"err", error.text}, {"event", "log_given_up"}});
        logging::warn("an entry of the log cannot be read, it is fetched again from whoever leads",
                      {{"index", index}, {"err", error.text}, {"event", "log_damaged"}});
    };
    events.store_failed = [this](const storage::StoreError& error) {
        logging::error("storage failed, leaving", {{"err", error.text}, {"event", "storage_failed"}});
        // Not from inside the step that reports it.
        boost::asio::post(core_, [this] { stop(exit_store_failed); });
    };
    return events;
}

void Daemon::replica_ready(const std::string& address) {
    metrics_->started();
    supervisor_.ready();
    logging::info("OpConductor started");
    vote_question_->begin(*replica_, address, [this, address] { found_group(address); });
}

void Daemon::found_group(const std::string& address) {
    logging::info("Bootstrapping raft consensus cluster with self", {{"addr", address}});
    consensus::Configuration self{{{ServerId{settings_.raft.server_id}, address, consensus::Suffrage::voter}}};
    replica_->bootstrap(std::move(self), [this](std::optional<consensus::Refusal> refusal) {
        if (!refusal) {
            control_->conductor().pause({}, [](const std::string&) {});
            logging::warn("Raft cluster bootstrapped, pausing conductor.");
        } else if (refusal == consensus::Refusal::already_bootstrapped) {
            logging::warn("Raft cluster already exists, skipping bootstrap");
        } else {
            logging::error("bootstrap refused", {{"err", consensus::client_text(*refusal, {})}});
        }
    });
}

void Daemon::fail(int code, const std::string& message) {
    logging::error("failed to initialize OpConductor", {{"err", message}});
    failure_ = "failed to setup: failed to create conductor: " + message;
    stop(code);
}

// The second signal does not wait for anybody.
void Daemon::wait_for_signal() {
    signals_.async_wait([this](const auto& error, int number) {
        if (error) return;
        if (number == SIGHUP) {
            if (!stopping_) reload();
            return wait_for_signal();
        }
        if (stopping_) {
            logging::warn("second signal, leaving at once", {{"signal", number}});
            ::_exit(exit_failed);
        }
        stop(exit_ok);
        wait_for_signal();
    });
}

void Daemon::reload() {
    logging::info("reading the configuration again", {{"signal", "SIGHUP"}});
    if (reloader_) reloader_->reload([](const control::ReloadReport&) {});
}

// Control first: it hands leadership over while everything else still works. Then RPC, so that a commit under
// way is still answered; then the protocol with its disk, and its links; plugins last.
void Daemon::stop(int code) {
    if (stopping_) return;
    stopping_ = true;
    if (reloader_) reloader_->stop();
    exit_code_ = code;
    supervisor_.stopping();
    logging::info("stopping OpConductor");
    if (code == exit_store_failed) {
        end_within(failed_store_limit, code);
        return control_over();
    }
    end_within(stop_limit, exit_failed);
    control_->conductor().shut_down([this] { control_over(); });
}

void Daemon::control_over() {
    if (!server_) return rpc_stopped();
    boost::asio::co_spawn(net_.next(), server_->stop(), [this](const std::exception_ptr&) {
        logging::info("Stopped RPC server");
        boost::asio::post(core_, [this] { rpc_stopped(); });
    });
}

void Daemon::rpc_stopped() {
    opener_.reset();
    control_->stop([this] { control_stopped(); });
}

void Daemon::control_stopped() {
    if (replica_) replica_->stop(store_close_limit);
    if (!links_) return group_left();
    boost::asio::co_spawn(core_, leave_group(), [this](const std::exception_ptr&) { group_left(); });
}

boost::asio::awaitable<void> Daemon::leave_group() {
    co_await vote_question_->stop();
    co_await links_->stop();
}

void Daemon::group_left() {
    plugins_->close([this](bool all_ended) {
        code_runs_on_ = !all_ended;
        if (!metrics_server_) return end();
        boost::asio::co_spawn(net_.next(), metrics_server_->stop(), [this](const std::exception_ptr&) {
            boost::asio::post(core_, [this] { end(); });
        });
    });
}

void Daemon::end() {
    logging::info("OpConductor stopped");
    signals_.cancel();
    supervisor_.end();
    work_.reset();
    core_.stop();
}

}  // namespace conductor::daemon
