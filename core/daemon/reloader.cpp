#include "core/daemon/reloader.hpp"

#include <signal.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "core/base/json_scan.hpp"
#include "core/runtime/logging.hpp"

namespace conductor::daemon {

namespace {

/// What only checks read: a change of it is one of their own options.
constexpr std::array plugins_alone{
    std::string_view{"healthcheck.min-peer-count"},
    std::string_view{"healthcheck.safe-enabled"},
    std::string_view{"healthcheck.safe-interval"},
    std::string_view{"healthcheck.unsafe-interval"},
    std::string_view{"healthcheck.execution-p2p-min-peer-count"},
    std::string_view{"healthcheck.rollup-boost-partial-healthiness-tolerance-limit"}};

std::map<std::string, std::string> options_in(std::string_view effective) {
    std::map<std::string, std::string> out;
    const auto whole = json::first_value(effective);
    if (!whole || whole->kind != json::Kind::object) return out;
    json::MemberCursor tables{*whole};
    while (const auto table = tables.next()) {
        if (!json::key_matches(table->key, "options") || table->value.kind != json::Kind::object) continue;
        json::MemberCursor options{table->value};
        while (const auto option = options.next()) {
            json::MemberCursor facts{option->value};
            while (const auto fact = facts.next())
                if (json::key_matches(fact->key, "value")) out[json::unescape(option->key)] = fact->value.raw;
        }
    }
    return out;
}

std::string listed(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& name : names) out += (out.empty() ? "" : ",") + name;
    return out;
}

void say(const control::ReloadReport& report) {
    for (const auto& problem : report.problems)
        logging::error("reload refused, everything stays as it was",
                       {{"err", problem}, {"event", "reload_refused"}});
    if (!report.problems.empty()) return;
    logging::info("configuration read again", {{"reloaded", listed(report.reloaded)},
                                               {"kept", listed(report.kept)},
                                               {"needs_restart", listed(report.needs_restart)},
                                               {"options", listed(report.options)},
                                               {"event", "reloaded"}});
}

}  // namespace

/// What its thread and this object share; the thread may outlive the latter.
struct Reloader::Read {
    void post(std::function<void()> work) {
        const std::lock_guard lock{mutex};
        if (core != nullptr) boost::asio::post(*core, std::move(work));
    }

    std::mutex mutex;
    boost::asio::io_context* core{nullptr};  ///< null: nobody waits for it any more
    std::optional<Result<PluginOrder, Problems>> order;
    std::vector<std::string> options;
};

Reloader::~Reloader() {
    if (!thread_.joinable()) return;
    const std::lock_guard lock{read_->mutex};
    read_->core = nullptr;
    thread_.detach();  // tidy: it may hang in the disk, and the process is about to end
}

void Reloader::reload(Done done) {
    boost::asio::post(around_.core, [this, done = std::move(done)]() mutable {
        asked_.push_back(std::move(done));
        begin();
    });
}

void Reloader::allow() {
    allowed_ = true;
    begin();
}

void Reloader::begin() {
    if (!allowed_ || stopped_ || asked_.empty() || !waiting_.empty()) return;
    waiting_ = std::exchange(asked_, {});
    around_.began();
    if (thread_.joinable()) thread_.join();  // it has posted its last word
    read_ = std::make_shared<Read>();
    read_->core = &around_.core;

    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are the main thread's business
    thread_ = std::thread{[read = read_, ask = around_.read, was = around_.effective,
                           known = around_.plugins.known(), self = this] {
        auto now = ask();
        if (now) {
            read->options = changed_options(was, now->effective);
            read->order.emplace(reorder_of(now->settings, known));
        } else {
            read->order.emplace(now.error());
        }
        read->post([self, read] { self->judged(read); });
    }};
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Reloader::judged(const std::shared_ptr<Read>& read) {
    if (stopped_) return;
    auto& order = *read->order;
    if (!order) {
        control::ReloadReport refused;
        refused.problems = order.error();
        return end(std::move(refused));
    }
    around_.plugins.take_over(std::move(*order), [this, read](control::ReloadReport report) {
        report.options = read->options;
        end(std::move(report));
    });
}

void Reloader::end(control::ReloadReport report) {
    for (auto* list : {&report.reloaded, &report.kept, &report.needs_restart}) std::ranges::sort(*list);
    say(report);
    around_.ended();
    for (const auto& done : std::exchange(waiting_, {})) done(report);
    begin();
}

std::vector<std::string> changed_options(std::string_view was, std::string_view is) {
    const auto before = options_in(was);
    std::vector<std::string> out;
    for (const auto& [name, value] : options_in(is)) {
        const auto found = before.find(name);
        if (found != before.end() && found->second == value) continue;
        if (std::ranges::find(plugins_alone, name) == plugins_alone.end()) out.push_back(name);
    }
    return out;
}

}  // namespace conductor::daemon
