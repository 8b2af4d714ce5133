#include "core/daemon/control_house.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <random>
#include <utility>

#include "core/daemon/control_settings.hpp"
#include "core/runtime/logging.hpp"

namespace conductor::daemon {

namespace {

void count(metrics::Metrics& metrics, const control::Count& counted) {
    const auto outcome = counted.success ? metrics::Outcome::success : metrics::Outcome::failure;
    const auto order = counted.success ? metrics::Order::obeyed : metrics::Order::already_so;
    switch (counted.counter) {
        case control::Counter::starts:
            return metrics.sequencer_started(order);
        case control::Counter::stops:
            return metrics.sequencer_stopped(order);
        case control::Counter::transfers:
            return metrics.leadership_transferred(outcome);
        case control::Counter::state_changes:
            return metrics.state_entered(
                {counted.triple.leader, counted.triple.healthy, counted.triple.active});
        case control::Counter::start_failures:
            return metrics.sequencer_start_failed();
        case control::Counter::stop_failures:
            return metrics.sequencer_stop_failed();
        case control::Counter::failures:
            return metrics.action_failed(counted.action, counted.reason);
        case control::Counter::two_active:  // P-8; not an action of the loop, so it names none
            return metrics.action_failed("fence", "two_active");
    }
}

ControlFigures figures_for(metrics::Metrics& metrics, const std::vector<control::CheckPlan>& plans) {
    const auto check_ended = [&metrics, &plans](std::size_t check, Duration took,
                                                const control::Finding& found) {
        const bool good =
            found.judgement == control::Judgement::healthy || found.judgement == control::Judgement::degraded;
        metrics.check_answered(plans.at(check).settings.instance, took,
                               good ? metrics::Outcome::success : metrics::Outcome::failure);
    };
    return {[&metrics](const control::Count& counted) { count(metrics, counted); },
            [&metrics](const control::Verdict& verdict) { metrics.health_checked(verdict.text); }, check_ended,
            [&metrics](Duration took) { metrics.loop_turned(took); }};
}

// Bundled checks write op-conductor's lines themselves.
std::vector<std::string> foreign_checks(const std::vector<control::CheckPlan>& plans) {
    std::vector<std::string> names;
    for (const auto& plan : plans)
        names.push_back(plan.settings.names_reason ? plan.settings.instance : std::string{});
    return names;
}

}  // namespace

ControlHouse::ControlHouse(const config::Settings& settings, Surroundings around)
    : settings_{settings},
      around_{std::move(around)},
      loop_{around_.core},
      probe_loop_{around_.core},
      status_loop_{around_.core},
      log_{settings.log.compat, figures_for(around_.metrics, around_.plugins.plans()),
           foreign_checks(around_.plugins.plans())},
      node_{{loop_, around_.plugins.driver(), shelf_,
             [this](BlockNumber number, NodePort::JsonDone done) {
                 if (replica_ == nullptr) return done(Complaint{"the log is not open yet"});
                 replica_->payload_json(number, std::move(done));
             },
             around_.worker}},
      group_{ServerId{settings.raft.server_id}, shelf_},
      desk_{around_.core,
            ServerId{settings.raft.server_id},
            settings.raft.transfer_timeout,
            {[this] { return peers_.view(); },
             [this](BlockHash hash, GroupDesk::PayloadDone done) {
                 node_.newest_payload(hash, settings_.node.timeout, std::move(done));
             }}},
      conductor_{policy_settings(settings, std::random_device{}()),
                 round_settings(settings, around_.plugins.plans()),
                 {loop_, node_, group_, log_, around_.plugins.checks(),
                  [this](const control::Eligibility& eligibility) { group_.set_eligibility(eligibility); },
                  around_.leave}},
      peers_{around_.core, settings, std::move(around_.peers),
             [this](peers::View view) { conductor_.peers_seen(std::move(view)); }},
      portrait_{around_.core,
                settings,
                {conductor_, around_.group, [this] { return peers_.view(); }, around_.plugins.check_plugins(),
                 [this] { return around_.plugins.rows(); }, around_.version}},
      chain_{around_.core, settings, std::move(around_.chain)} {
    if (auto* strategy = around_.plugins.transfer())
        group_.rank_by(*strategy, [this] { return peers_.view(); });
}

void ControlHouse::listen_to(replica::Events& events) {
    events.elected = [this, log = std::move(events.elected)](Term term) {
        log(term);
        outage_.elected(replica_->raft().last().index);
        conductor_.elected(term);
    };
    events.stepped_down = [this, log = std::move(events.stepped_down)](const consensus::SteppedDown& down) {
        log(down);
        outage_.leader_known(loop_.now(), false);
        conductor_.stepped_down(down.term);
    };
    // Of ourselves `elected` tells, and later: once we may act as leader. A leader known before that would be
    // somebody else, and production found at a restart would be stopped for him.
    events.leader_changed = [this](const consensus::Sender& leader) {
        const bool own = leader.id == ServerId{settings_.raft.server_id};
        const bool known = !leader.id.text().empty() && !own;
        if (!own) outage_.leader_known(loop_.now(), known);
        conductor_.leader_changed(known);
    };
    events.head_moved = [this, log = std::move(events.head_moved)](const payload::Envelope& head) {
        log(head);
        if (const auto newest = replica_ == nullptr ? std::nullopt : replica_->ring().newest())
            if (const auto took = outage_.head_moved(loop_.now(), newest->index))
                around_.metrics.failed_over(*took);
        conductor_.head_moved({head.number, head.hash});
    };
    events.applied = [this](Duration took) { around_.metrics.payload_applied(took); };
    events.stored = [this](Duration took) { around_.metrics.log_stored(took); };
    events.members_changed = [this] { meet_members(); };
    // Whoever wants Go's answer wants Go's consequence too: none.
    if (!settings_.commit.go_on_sibling) events.sibling_refused = [this] { conductor_.sibling_refused(); };
}

void ControlHouse::open(replica::Replica& replica) {
    replica_ = &replica;
    group_.open(replica);
    desk_.open(replica);
    portrait_.open(replica);
    status_line_.emplace(status_loop_, [this](auto told) { tell_standing(std::move(told)); });
}

void ControlHouse::tell_standing(std::function<void(const StatusLine::Standing&)> told) {
    portrait_.ask_head([this, told = std::move(told)](const std::optional<peers::Head>& node) {
        const auto& situation = conductor_.policy().situation();
        StatusLine::Standing standing;
        standing.triple = situation.triple();
        standing.paused = situation.paused;
        if (replica_->not_ready() != "starting") standing.term = replica_->raft().term();
        standing.leader = around_.group.leader().id.text();
        if (const auto& head = replica_->head().head()) standing.replicated_head = head->number.value();
        if (node) standing.node_head = node->number.value();
        told(standing);
    });
}

void ControlHouse::ask_node(std::function<void(std::string)> done) {
    probe_.emplace(
        probe_loop_, settings_.node.timeout,
        [this](Duration limit, std::function<void(control::Answer)> answered) {
            node_.probe(limit, std::move(answered));
        },
        [this, done = std::move(done)](const NodeProbe::Outcome& outcome) {
            if (!outcome.error.empty()) return done("failed to initialize sequencer control: " + outcome.error);
            if (outcome.cannot_tell)
                logging::warn(
                    "Warning: conductorEnabled method not found, please upgrade your op-node to the latest "
                    "version, continuing...");
            logging::info("starting health monitor");
            conductor_.node_ready();
            watching_ = true;
            logging::info("health monitor started");
            chain_.begin();
            done({});
        });
}

// From inside a step of the replica: its views are those of the step before until that has ended.
void ControlHouse::meet_members() {
    boost::asio::post(around_.core, [this] {
        if (replica_ != nullptr && !stopping_) peers_.meet(replica_->membership());
    });
}

void ControlHouse::show_levels() {
    const auto& policy = conductor_.policy();
    const auto& situation = policy.situation();
    metrics::NodeFigures node;
    node.state = {situation.leads, situation.verdict.healthy, situation.active == control::Active::yes};
    node.paused = situation.paused;
    node.overridden = situation.overridden;
    node.start_wedged = policy.start_wedged(loop_.now());
    around_.metrics.show(node);
    around_.metrics.show(peers_.figures());
    const auto idle = outage_.looked(loop_.now(), situation.active == control::Active::no, peers_.view());
    around_.metrics.went_without_sequencer(idle);
    if (replica_ == nullptr || replica_->not_ready() == "starting") return;

    const auto& raft = replica_->raft();
    metrics::RaftFigures group;
    group.term = raft.term().value();
    group.commit_index = raft.commit_index().value();
    group.applied_index = replica_->applied_index().value();
    group.cluster_version = raft.latest_configuration_index().value();
    for (const auto& server : raft.latest_configuration().servers)
        ++(server.suffrage == consensus::Suffrage::voter ? group.voters : group.non_voters);
    for (const auto& contact : raft.contacts()) {
        metrics::RaftPeer peer{contact.id.text(), std::nullopt, std::nullopt};
        if (contact.at != Instant::min()) peer.last_contact = loop_.now() - contact.at;
        if (contact.next) peer.next_index = contact.next->value();
        group.peers.push_back(std::move(peer));
    }
    around_.metrics.show(group);
    show_chain();
}

// The execution layer is asked once a second, and shown with what it has said last.
void ControlHouse::show_chain() {
    metrics::ChainFigures chain;
    if (const auto& head = replica_->head().head()) chain.fsm_head = head->number.value();
    chain.el_head = el_head_;
    around_.plugins.gauges().show(loop_.now(), chain);
    around_.metrics.show(chain);
    if (stopping_) return;
    portrait_.ask_head([this](const std::optional<peers::Head>& head) {
        el_head_ = head ? std::optional{head->number.value()} : std::nullopt;
    });
}

boost::asio::awaitable<void> ControlHouse::stop_parts() {
    co_await chain_.stop();
    co_await desk_.stop();
    co_await peers_.stop();
    co_await portrait_.stop();
}

void ControlHouse::stop(std::function<void()> done) {
    stopping_ = true;
    probe_.reset();
    status_line_.reset();
    if (watching_) logging::info("stopping health monitor");
    boost::asio::co_spawn(around_.core, stop_parts(),
                          [this, done = std::move(done)](const std::exception_ptr&) {
                              if (watching_) logging::info("health monitor stopped");
                              done();
                          });
}

}  // namespace conductor::daemon
