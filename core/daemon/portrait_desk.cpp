#include "core/daemon/portrait_desk.hpp"

#include <boost/asio/post.hpp>
#include <chrono>
#include <string>
#include <utility>

#include "core/base/check.hpp"
#include "core/runtime/clock.hpp"

namespace conductor::daemon {

namespace asio = boost::asio;

namespace {

/// `healthy, 3 ms`: what counts, and how long the last look took.
std::string state_of(const control::CheckReport& report) {
    std::string out{control::to_text(report.judgement)};
    if (report.took)
        out +=
            ", " + std::to_string(std::chrono::floor<std::chrono::milliseconds>(*report.took).count()) + " ms";
    return out;
}

}  // namespace

PortraitDesk::PortraitDesk(asio::io_context& core, const config::Settings& settings, Sitters sitters)
    : core_{core},
      sitters_{std::move(sitters)},
      self_{settings.raft.server_id},
      lease_timeout_{settings.raft.lease_timeout},
      // Half of what a peer waits for us; the answer must travel, too.
      head_{core, settings.execution.url, settings.peers.poll_timeout / 2} {}

void PortraitDesk::own_status(std::function<void(peers::Status)> done) {
    asio::post(core_, [this, done = std::move(done)]() mutable {
        head_.ask(
            [this, done = std::move(done)](const std::optional<peers::Head>& head) { done(status(head)); });
    });
}

void PortraitDesk::peers(std::function<void(peers::View)> done) {
    asio::post(core_, [this, done = std::move(done)] { done(sitters_.peers()); });
}

void PortraitDesk::health(std::function<void(control::HealthReport)> done) {
    asio::post(core_, [this, done = std::move(done)] { done(report()); });
}

void PortraitDesk::plugins(std::function<void(std::vector<control::PluginRow>)> done) {
    asio::post(core_, [this, done = std::move(done)] { done(plugin_rows()); });
}

// A check that answers is known by its verdict; one that cannot any more, by the reason.
std::vector<control::PluginRow> PortraitDesk::plugin_rows() const {
    auto rows = sitters_.plugin_rows();
    const auto reports = sitters_.conductor.health_report();
    CONDUCTOR_CHECK(reports.size() <= rows.size());
    for (std::size_t i = 0; i < reports.size(); ++i)
        if (rows[i].state == "at work" && reports[i].judgement != control::Judgement::unknown)
            rows[i].state = state_of(reports[i]);
    for (auto& row : rows)
        if (!row.note.empty()) row.state += "; " + row.note;
    return rows;
}

peers::Status PortraitDesk::status(const std::optional<peers::Head>& el_head) const {
    const auto& situation = sitters_.conductor.policy().situation();
    std::optional<peers::Head> fsm_head;
    if (replica_ != nullptr)
        if (const auto& head = replica_->head().head()) fsm_head = peers::Head{head->number, head->hash};
    peers::Status out;
    out.id = self_;
    out.protocol = peers::Protocol::ours;
    out.version = sitters_.version;
    out.lease_timeout = lease_timeout_;
    // Before the first verdict nobody has looked; the loop's presumption is for itself alone.
    if (sitters_.conductor.verdict_since())
        out.health = control::own_health(situation.verdict, el_head, fsm_head);
    out.paused = peers::says(situation.paused);
    out.overridden = peers::says(situation.overridden);
    if (situation.active != control::Active::unknown)
        out.active = peers::says(situation.active == control::Active::yes);
    out.ready = peers::says(sitters_.group.not_ready().empty() && !sitters_.conductor.stopped());
    out.head = el_head;
    return out;
}

control::HealthReport PortraitDesk::report() const {
    const auto wall = std::chrono::duration_cast<control::UnixTime>(wall_clock().time_since_epoch());
    const auto on_the_wall = [now = now(),
                              wall](const std::optional<Instant>& at) -> std::optional<control::UnixTime> {
        if (!at) return std::nullopt;
        return wall - (now - *at);
    };
    control::HealthReport out;
    out.verdict = sitters_.conductor.policy().situation().verdict;
    out.since = on_the_wall(sitters_.conductor.verdict_since());
    auto reports = sitters_.conductor.health_report();
    CONDUCTOR_CHECK(reports.size() == sitters_.plugins.size());
    for (std::size_t i = 0; i < reports.size(); ++i) {
        const auto since = control::shown_since(reports[i], on_the_wall(reports[i].since), wall);
        out.checks.push_back({std::move(reports[i]), sitters_.plugins[i], since});
    }
    return out;
}

}  // namespace conductor::daemon
