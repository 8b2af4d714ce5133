// What control and operators ask of the group: is leadership certain, hand it over, change the members, give a
// payload back. The protocol answers; here is who waits for which answer.
#include <boost/asio/post.hpp>

#include "core/consensus/describe.hpp"
#include "core/payload/transcode.hpp"
#include "core/replica/replica.hpp"

namespace conductor::replica {
namespace {

// Far above what one control loop and a few operators have under way.
constexpr std::size_t operations_limit = 64;

AskError error_of(const consensus::Refused& refused) {
    return {refused.why, consensus::client_text(refused)};
}

}  // namespace

std::optional<AskError> Replica::reason_not_to_ask() const {
    if (life_ == Life::loading) return AskError{consensus::Refusal::not_leader, "node is not the leader"};
    if (life_ != Life::running) return AskError{std::nullopt, "raft is already shutdown"};
    if (operations_.size() + reads_.size() + confirmed_reads_.size() >= operations_limit)
        return AskError{std::nullopt, "timed out enqueuing operation"};
    return std::nullopt;
}

void Replica::confirm(ReadDone done) {
    if (auto reason = reason_not_to_ask()) return done(std::move(*reason));
    const consensus::Ask ask{++last_ask_};
    reads_.emplace(ask, std::move(done));
    step(consensus::ReadAsked{ask});
}

void Replica::transfer(ServerId target, AskDone done) {
    if (auto reason = reason_not_to_ask()) return done(std::move(*reason));
    const consensus::Ask ask{++last_ask_};
    operations_.emplace(ask, std::move(done));
    step(consensus::TransferAsked{ask, std::move(target)});
}

void Replica::change(consensus::Change change, ServerId id, std::string address, LogIndex version,
                     AskDone done) {
    if (auto reason = reason_not_to_ask()) return done(std::move(*reason));
    const consensus::Ask ask{++last_ask_};
    operations_.emplace(ask, std::move(done));
    step(consensus::ChangeAsked{ask, change, std::move(id), std::move(address), version});
}

void Replica::set_eligibility(consensus::EligibilityChanged eligibility) {
    eligibility_ = eligibility;
    step(eligibility);  // while the log is still being read, begin() says it
}

void Replica::answer_operations(const consensus::Output& out) {
    for (const auto& refused : out.refused) {
        if (auto asked = operations_.extract(refused.ask)) asked.mapped()(error_of(refused));
        if (auto asked = reads_.extract(refused.ask)) asked.mapped()(error_of(refused));
    }
    for (const auto& done : out.done)
        if (auto asked = operations_.extract(done.ask)) asked.mapped()({});
    for (const auto& accepted : out.accepted) {
        auto asked = operations_.extract(accepted.ask);
        if (!asked) continue;
        waiters_.add(accepted.position,
                     [done = std::move(asked.mapped())](const Result<void, control::CommitError>& committed) {
                         if (committed) return done({});
                         done(AskError{consensus::Refusal::leadership_lost, committed.error().text});
                     });
    }
    for (const auto& read : out.reads)
        if (auto asked = reads_.extract(read.ask))
            confirmed_reads_.push_back({read.index, raft_->term(), std::move(asked.mapped())});
}

void Replica::answer_reads() {
    while (!confirmed_reads_.empty() && confirmed_reads_.front().index <= applied_) {
        const auto read = std::move(confirmed_reads_.front());
        confirmed_reads_.pop_front();
        read.done(standing(read.term));
    }
}

void Replica::fail_operations() {
    const AskError gone{std::nullopt, "raft is already shutdown"};
    for (auto& [ask, done] : std::exchange(operations_, {})) done(gone);
    for (auto& [ask, done] : std::exchange(reads_, {})) done(gone);
    fail_confirmed(gone);
}

void Replica::fail_confirmed(const AskError& why) {
    for (auto& read : std::exchange(confirmed_reads_, {})) read.done(why);
}

// The ring as far as it is one chain down from the head and its bodies are still in the log. The head itself is
// in memory.
Standing Replica::standing(Term term) const {
    Standing now{term, std::nullopt, std::nullopt};
    const auto newest = ring_.newest();
    if (!head_.head()) return now;
    now.head =
        newest && newest->hash == head_.head()->hash ? *newest : payload::position_of(*head_.head(), applied_);
    now.ring_from = now.head->number;
    auto parent = now.head->parent;
    while (const auto below = ring_.by_hash(parent)) {
        if (below->number.next() != *now.ring_from || below->index < raft_->first_index()) break;
        now.ring_from = below->number;
        parent = below->parent;
    }
    return now;
}

void Replica::payload_json(BlockNumber number, std::function<void(Result<std::string, Complaint>)> done) {
    const auto place = ring_.by_number(number);
    const auto& head = head_.head();
    const bool is_head = head && head->number == number;
    const bool in_log = place && life_ == Life::running && place->index >= raft_->first_index();
    if (!is_head && !in_log)
        return done(Complaint{"payload " + std::to_string(number.value()) + " is not in the ring"});

    const auto known = is_head ? head : std::nullopt;
    disk_.run([this, known, place, number, done = std::move(done)](storage::LogStore& store) {
        using Text = Result<std::string, Complaint>;
        auto text = [&]() -> Text {
            if (known) return Text{boost::system::in_place_value, payload::envelope_to_json(*known)};
            const auto entry = store.read(place->index);
            if (!entry && entry.error().code == storage::StoreErrc::corrupt_record)
                boost::asio::post(core_, [this, index = place->index, error = entry.error()] {
                    report_unreadable(index, error);
                });
            if (!entry) return Complaint{entry.error().text};
            const auto envelope = payload::payload_of_entry(entry->data);
            if (!envelope) return Complaint{envelope.error().precise};
            if (envelope->hash != place->hash)
                return Complaint{"payload " + std::to_string(number.value()) + " is another one in the log"};
            return Text{boost::system::in_place_value, payload::envelope_to_json(*envelope)};
        }();
        boost::asio::post(core_, [done, text = std::move(text)] { done(text); });
    });
}

}  // namespace conductor::replica
