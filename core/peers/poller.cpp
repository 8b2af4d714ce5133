#include "core/peers/poller.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "core/peers/status_json.hpp"
#include "core/runtime/clock.hpp"

namespace conductor::peers {

namespace asio = boost::asio;
using asio::as_tuple;
using asio::use_awaitable;

namespace {

constexpr std::int64_t method_not_found = -32601;
// Op-conductor logs every question that it does not know; a member whose program was exchanged is recognised
// after that many rounds at the latest, and at once where it was silent meanwhile.
constexpr int rounds_taken_for_go = 30;
constexpr std::size_t answer_limit = std::size_t{64} << 10U;

bool does_not_know(const http::RpcFailure& failure) {
    return failure.kind == http::RpcFailure::Kind::remote && failure.code == method_not_found;
}

Says read_word(const std::string& json) {
    if (json == "true") return Says::yes;
    return json == "false" ? Says::no : Says::unknown;
}

}  // namespace

// Classes with constructors: GCC 12 destroys an aggregate within a co_await expression twice.
struct Poller::Asked {
    Asked(http::Url where, std::string bearer, Instant end)
        : url{std::move(where)}, token{std::move(bearer)}, until{end} {}
    http::Url url;
    std::string token;
    Instant until;
};

struct Poller::Heard {
    Heard() = default;
    std::optional<Status> status;
    bool is_go{false};
    bool asked_anew{false};  ///< whether it is a Go member was found out just now
};

Poller::Poller(asio::io_context& core, ServerId self, PollerSettings settings, Table& table, Ears ears)
    : core_{core},
      self_{std::move(self)},
      settings_{settings},
      table_{table},
      ears_{std::move(ears)},
      timer_{core} {
    settings_.limit = std::min(settings_.limit, settings_.interval);
}

void Poller::set_contacts(std::vector<Contact> contacts) {
    std::vector<Known> known;
    known.reserve(contacts.size());
    for (auto& contact : contacts) {
        auto* const before = find(contact);
        known.push_back({std::move(contact), before != nullptr ? before->go_rounds : 0});
    }
    known_ = std::move(known);
    meet_members();
    hurry_ = true;
    timer_.cancel();
    if (!std::exchange(running_, true)) tasks_.spawn(core_.get_executor(), run());
}

void Poller::meet_members() {
    std::vector<Member> members;
    members.reserve(known_.size());
    for (const auto& one : known_) members.push_back(one.contact.member);
    table_.set_members(members);
}

// The same member, asked at the same place.
Poller::Known* Poller::find(const Contact& contact) {
    const auto found = std::ranges::find_if(known_, [&](const Known& one) {
        return one.contact.member.id == contact.member.id && one.contact.url == contact.url &&
               one.contact.member.reach == contact.member.reach;
    });
    return found == known_.end() ? nullptr : &*found;
}

// The view of a round is told once all have answered or missed their deadline: told in between, it would show
// answers of the round before as older than they may be.
asio::awaitable<void> Poller::run() {
    while (true) {
        const auto next = now() + settings_.interval;
        hurry_ = false;
        begin_round();
        while (asking_ > 0) {
            timer_.expires_at(asio::steady_timer::time_point::max());
            (void)co_await timer_.async_wait(as_tuple(use_awaitable));
        }
        ears_.round_ended();
        while (!hurry_ && now() < next) {
            timer_.expires_after(next - now());
            (void)co_await timer_.async_wait(as_tuple(use_awaitable));
        }
    }
}

void Poller::begin_round() {
    for (auto& one : known_) {
        if (one.contact.member.reach == Reach::none) continue;
        ++asking_;
        const bool known_as_go = one.go_rounds > 0;
        if (known_as_go) --one.go_rounds;
        tasks_.spawn(core_.get_executor(), ask(one.contact, known_as_go));
    }
}

asio::awaitable<void> Poller::ask(Contact contact, bool known_as_go) {
    Asked asked{contact.url, contact.token, now() + settings_.limit};
    auto heard = co_await question(std::move(asked), known_as_go);
    took(contact, std::move(heard));
    if (--asking_ == 0) timer_.cancel();
}

void Poller::took(const Contact& contact, Heard heard) {
    auto* const one = find(contact);
    if (one == nullptr) return;  // removed, or to be asked elsewhere
    const auto& id = contact.member.id;
    if (!heard.status) {
        one->go_rounds = 0;
    } else if (heard.asked_anew && heard.is_go) {
        one->go_rounds = rounds_taken_for_go;
    }
    // 1.7.2: the guess has led to this node itself, which says nothing about the member.
    if (heard.status && heard.status->id == self_ && contact.member.reach == Reach::guessed) return drop(id);
    const auto notes =
        heard.status ? table_.answered(now(), id, std::move(*heard.status)) : table_.silent(now(), id);
    for (const auto& note : notes) ears_.noted(note);
}

void Poller::drop(const ServerId& id) {
    for (auto& one : known_)
        if (one.contact.member.id == id) one.contact.member.reach = Reach::none;
    meet_members();
}

asio::awaitable<Poller::Heard> Poller::question(Asked asked, bool known_as_go) {
    Heard heard;
    heard.is_go = known_as_go;
    if (!known_as_go) {
        heard.asked_anew = true;
        const auto answer = co_await call(asked, "conductor_peerStatus");
        if (answer) heard.status = read_status(*answer);
        heard.is_go = !answer && does_not_know(answer.error());
    }
    if (heard.is_go) heard.status = co_await question_go(std::move(asked));
    co_return heard;
}

// What it refuses to say is unknown; whoever says nothing at all is no conductor.
asio::awaitable<std::optional<Status>> Poller::question_go(Asked asked) {
    Says healthy{};
    Says paused{};
    Says overridden{};
    const std::vector<std::pair<std::string, Says*>> questions{{"conductor_sequencerHealthy", &healthy},
                                                               {"conductor_paused", &paused},
                                                               {"conductor_leaderOverridden", &overridden}};
    for (const auto& [method, word] : questions) {
        const auto answer = co_await call(asked, method);
        if (answer)
            *word = read_word(*answer);
        else if (answer.error().kind != http::RpcFailure::Kind::remote)
            co_return std::nullopt;
    }
    if (healthy == Says::unknown && paused == Says::unknown && overridden == Says::unknown)
        co_return std::nullopt;
    Status status;
    status.protocol = Protocol::go;
    if (healthy != Says::unknown) status.health = healthy == Says::yes ? Health::healthy : Health::unhealthy;
    status.paused = paused;
    status.overridden = overridden;
    co_return status;
}

asio::awaitable<Result<std::string, http::RpcFailure>> Poller::call(Asked asked, std::string method) {
    http::RpcCall call{std::move(asked.url), std::move(method)};
    call.limit = std::max(asked.until - now(), Duration::zero());
    call.answer_limit = answer_limit;
    call.repeat = http::Repeat::once;
    if (!asked.token.empty()) call.fields.emplace_back("Authorization", "Bearer " + asked.token);
    auto answer = co_await rpc_.call(std::move(call));
    co_return answer;
}

}  // namespace conductor::peers
