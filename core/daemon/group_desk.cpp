#include "core/daemon/group_desk.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/daemon/dial_words.hpp"
#include "core/rpc/pending.hpp"
#include "core/runtime/clock.hpp"
#include "core/runtime/logging.hpp"
#include "core/transport/dial.hpp"

namespace conductor::daemon {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using control::MemberChange;

namespace {

constexpr auto connection_limit = 5s;
constexpr auto look_again = 20ms;  // for leadership to go after consensus has given a transfer up

const char* const not_leader = "node is not the leader";

struct Outcome {
    std::optional<consensus::Refusal> why;
    std::string error;
};

replica::AskDone giving(const rpc::Pending<Outcome>& pending) {
    return [pending](const Result<void, replica::AskError>& result) {
        Outcome outcome;
        if (!result) outcome = {result.error().why, result.error().text};
        pending.give(std::move(outcome));
    };
}

consensus::Change to_consensus(MemberChange change) {
    switch (change) {
        case MemberChange::add_voter:
            return consensus::Change::add_voter;
        case MemberChange::add_nonvoter:
            return consensus::Change::add_nonvoter;
        case MemberChange::demote_voter:
            return consensus::Change::demote_voter;
        case MemberChange::remove:
            return consensus::Change::remove_server;
    }
    return consensus::Change::remove_server;
}

const char* complaint_about(MemberChange change) {
    switch (change) {
        case MemberChange::add_voter:
            return "failed to add voter";
        case MemberChange::add_nonvoter:
            return "failed to add non-voter";
        case MemberChange::demote_voter:
            return "failed to demote voter";
        case MemberChange::remove:
            return "failed to remove voter";
    }
    return "failed to remove voter";
}

}  // namespace

asio::awaitable<std::string> connection_test(std::string address, Duration limit) {
    if (const auto fault = fault_of(address); !fault.empty()) co_return "dial tcp: " + fault;
    const auto socket = co_await transport::dial(address, limit);
    if (socket) co_return std::string{};
    const auto words = words_for(address, socket.error());
    co_return "dial tcp" + (words.starts_with("lookup ") ? ": " + words : " " + words);
}

void GroupDesk::change(control::ChangeRequest request, control::OperatorDone done) {
    asio::post(core_, [this, request = std::move(request), done = std::move(done)]() mutable {
        tasks_.spawn(core_.get_executor(), carry_out(std::move(request), std::move(done)));
    });
}

void GroupDesk::transfer(ServerId target, std::string address, control::OperatorDone done) {
    asio::post(core_, [this, target = std::move(target), address = std::move(address),
                       done = std::move(done)]() mutable {
        tasks_.spawn(core_.get_executor(), hand_over(std::move(target), std::move(address), std::move(done)));
    });
}

asio::awaitable<void> GroupDesk::carry_out(control::ChangeRequest request, control::OperatorDone done) {
    const auto complain = [&](const char* message, const std::string& error) {
        logging::error(
            message,
            {{"id", request.id}, {"addr", request.address}, {"version", request.version}, {"err", error}});
    };
    const bool adds = request.change == MemberChange::add_voter || request.change == MemberChange::add_nonvoter;
    if (adds) {
        auto error = co_await connection_test(request.address, connection_limit);
        if (!error.empty()) {
            complain("connection test to member addr failed", error);
            co_return done(std::move(error));
        }
    }
    if (replica_ == nullptr) co_return done(not_leader);

    const rpc::Pending<Outcome> pending{core_.get_executor()};
    replica_->change(to_consensus(request.change), request.id, request.address, request.version,
                     giving(pending));
    const auto outcome = co_await pending.wait();
    if (!outcome) co_return;
    if (!outcome->error.empty()) complain(complaint_about(request.change), outcome->error);
    done(outcome->error);
}

// Before the payload is fetched, and again after: members and leadership may have changed meanwhile.
std::string GroupDesk::reason_not_to_reset() const {
    if (replica_ == nullptr || !replica_->leads()) return not_leader;
    const auto view = reset_.peers();
    std::string others;
    for (const auto& server : replica_->membership().servers) {
        if (server.id == self_) continue;
        const auto row =
            std::ranges::find_if(view.rows, [&](const peers::Row& one) { return one.member.id == server.id; });
        const bool ours = row != view.rows.end() && row->known && row->status.protocol == peers::Protocol::ours;
        if (!ours) others += (others.empty() ? "" : ", ") + server.id.text();
    }
    return others.empty() ? std::string{}
                          : "cannot reset: not every member is known to be conductord: " + others;
}

void GroupDesk::reset_head(BlockHash hash, control::OperatorDone done) {
    asio::post(core_, [this, hash, done = std::move(done)] { begin_reset(hash, done); });
}

void GroupDesk::begin_reset(BlockHash hash, control::OperatorDone done) {
    if (auto reason = reason_not_to_reset(); !reason.empty()) return done(std::move(reason));
    if (std::exchange(resetting_, true)) return done("cannot reset: another reset is under way");
    reset_.newest_payload(hash,
                          [this, done = std::move(done)](const Result<payload::Envelope, Complaint>& head) {
                              resetting_ = false;
                              if (!head) return done("cannot reset: " + head.error().text);
                              if (auto reason = reason_not_to_reset(); !reason.empty())
                                  return done(std::move(reason));
                              commit_reset(*head, done);
                          });
}

void GroupDesk::commit_reset(const payload::Envelope& head, control::OperatorDone done) {
    replica_->reset_head(head, [number = head.number, hash = head.hash,
                                done = std::move(done)](const Result<void, control::CommitError>& committed) {
        if (!committed) return done("failed to apply payload envelope: " + committed.error().text);
        logging::warn("the unsafe head was reset by an operator",
                      {{"number", number}, {"hash", hash}, {"event", "head_reset"}});
        done({});
    });
}

// Go hands over to whatever address is given. Ours dials members where the configuration says they are.
std::string GroupDesk::wrong_address(const ServerId& target, const std::string& address) const {
    const auto servers = replica_->membership().servers;
    const auto server = std::ranges::find(servers, target, &consensus::Server::id);
    if (server == servers.end() || address.empty() || server->address == address) return {};
    return "failed to make TimeoutNow RPC to " + target.text() + ": " + address + " is not its address, " +
           server->address + " is";
}

asio::awaitable<void> GroupDesk::hand_over(ServerId target, std::string address, control::OperatorDone done) {
    if (target == self_ && !target.empty()) co_return done("cannot transfer leadership to itself");
    if (replica_ == nullptr || !replica_->leads()) co_return done(not_leader);
    auto error = target.empty() ? std::string{} : wrong_address(target, address);
    const auto until = now() + transfer_limit_;
    if (error.empty()) {
        const rpc::Pending<Outcome> pending{core_.get_executor()};
        replica_->transfer(target, giving(pending));
        auto outcome = co_await pending.wait();
        if (!outcome) co_return;
        error = std::move(outcome->error);

        // P-16: consensus has given up and goes on as leader, but the target may have heard and win yet.
        const bool open = outcome->why == consensus::Refusal::transfer_timeout;
        asio::steady_timer timer{core_};
        while (open && replica_->raft().role() == consensus::Role::leader && now() < until) {
            timer.expires_after(look_again);
            const auto [failed] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
            if (failed) co_return;
        }
        if (open && replica_->raft().role() != consensus::Role::leader) error.clear();
    }
    if (!error.empty()) {
        if (target.empty()) {
            logging::error("failed to transfer leadership", {{"err", error}});
        } else {
            logging::error("failed to transfer leadership to server",
                           {{"id", target}, {"addr", address}, {"err", error}});
        }
    }
    done(std::move(error));
}

}  // namespace conductor::daemon
