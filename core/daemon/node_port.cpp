#include "core/daemon/node_port.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"
#include "core/payload/block_hash.hpp"
#include "core/payload/transcode.hpp"

namespace conductor::daemon {

using control::Answer;
using control::FailureKind;
using plugin::Fate;

namespace {

FailureKind kind_of(conductor_status status) {
    switch (status) {
        case CONDUCTOR_BAD_CONFIG:
            return FailureKind::bad_config;
        case CONDUCTOR_UNSUPPORTED:
            return FailureKind::unsupported;
        case CONDUCTOR_TIMED_OUT:
        case CONDUCTOR_CANCELLED:
            return FailureKind::timed_out;
        case CONDUCTOR_UNREACHABLE:
            return FailureKind::unreachable;
        case CONDUCTOR_REMOTE_ERROR:
            return FailureKind::remote_error;
        case CONDUCTOR_REFUSED:
            return FailureKind::refused;
        case CONDUCTOR_NOT_FOUND:
            return FailureKind::not_found;
        default:
            return FailureKind::other;
    }
}

template <class T, class Good>
Answer answer_of(const Result<T, plugin::CallError>& result, Good good) {
    if (!result) return failure_of(result.error());
    return good(*result);
}

Answer active_of(const Result<bool, plugin::CallError>& result) {
    return answer_of(result, [](bool active) { return control::ActiveIs{active}; });
}

Answer done_of(const Result<plugin::Change, plugin::CallError>& result) {
    return answer_of(result, [](plugin::Change change) {
        return control::Done{change == plugin::Change::already, std::nullopt};
    });
}

Answer head_of(const Result<plugin::Block, plugin::CallError>& result) {
    return answer_of(result,
                     [](const plugin::Block& block) { return control::HeadIs{{block.number, block.hash}}; });
}

// The payload of `block`, or what is wrong with what the node gave for it: its hash is computed, not believed.
Result<payload::Envelope, Complaint> checked_payload(const std::string& json, const peers::Head& block) {
    const auto envelope = payload::envelope_from_json(json, {});
    if (!envelope) return Complaint{envelope.error().message};
    if (const auto honest = payload::check_block_hash(*envelope); !honest) return honest.error();
    if (envelope->number != block.number || envelope->hash != block.hash)
        return Complaint{"the node gave block " + to_hex(envelope->hash) + ", asked was " + to_hex(block.hash)};
    return *envelope;
}

}  // namespace

control::Failed failure_of(const plugin::CallError& error) {
    switch (error.fate) {
        case Fate::finished:
            return {kind_of(error.status), error.text};
        case Fate::late:
            return {FailureKind::timed_out, "context deadline exceeded"};
        case Fate::busy:
            return {FailureKind::timed_out, "an earlier call to the driver still hangs"};
        case Fate::out_of_service:
            return {FailureKind::other, "the driver is out of service: too many of its calls hung"};
        case Fate::stopped:
            return {FailureKind::other, "the driver is being stopped"};
    }
    return {FailureKind::other, error.text};
}

NodePort::NodePort(Surroundings around)
    : around_{std::move(around)}, driver_{around_.driver}, self_{std::make_shared<NodePort*>(this)} {}

void NodePort::make(const control::Action& action, Done done) {
    enqueue({Kind::call, action.call, action.task, around_.core.now() + action.limit, std::move(done)});
}

void NodePort::probe(Duration limit, Done done) {
    enqueue({Kind::probe, control::Call{}, std::nullopt, around_.core.now() + limit, std::move(done)});
}

void NodePort::newest_payload(BlockHash hash, Duration limit, PayloadDone done) {
    newest_ = hash;
    const auto answered = [this, done = std::move(done)](const Answer& answer) {
        if (const auto* failed = std::get_if<control::Failed>(&answer)) return done(Complaint{failed->text});
        const auto* head = std::get_if<control::HeadIs>(&answer);
        CONDUCTOR_CHECK(head != nullptr);
        auto payload = newest_shelf_.take(head->head);
        CONDUCTOR_CHECK(payload.has_value());
        done(std::move(*payload));
    };
    enqueue({Kind::newest, control::Call{}, std::nullopt, around_.core.now() + limit, answered});
}

void NodePort::enqueue(Asked asked) {
    if (current_) {
        const auto same_kind = [&](const Asked& other) { return !other.abandoned && other.kind == asked.kind; };
        CONDUCTOR_CHECK(!same_kind(*current_));
        CONDUCTOR_CHECK(std::none_of(waiting_.begin(), waiting_.end(), same_kind));
        waiting_.push_back(std::move(asked));
        return;
    }
    current_ = std::move(asked);
    begin();
}

void NodePort::abandon(control::Call call) {
    std::erase_if(waiting_, [&](const Asked& asked) { return asked.call == call; });
    if (!current_ || current_->call != call) return;
    current_->abandoned = true;
    // A disk may hang for as long as it likes; the node is not asked yet, and the next call need not wait.
    if (reading_) return ended(control::Failed{});
    around_.driver.cancel();
}

Duration NodePort::left() const {
    return std::max(current_->until - around_.core.now(), Duration{std::chrono::milliseconds{1}});
}

/// Puts each task to the driver. What comes back ends the current call, if the port still lives.
struct NodePort::Perform {
    NodePort& port;
    Duration limit;

    [[nodiscard]] auto ending(auto convert) const {
        return [self = std::weak_ptr{port.self_}, convert](auto result) {
            if (const auto alive = self.lock()) (*alive)->ended(convert(result));
        };
    }
    void operator()(const control::AskActive&) const { port.driver_.active(limit, ending(&active_of)); }
    void operator()(const control::AskHead&) const { port.driver_.unsafe_head(limit, ending(&head_of)); }
    void operator()(const control::AskBlock& ask) const {
        port.driver_.block_at(ask.number, limit, ending(&head_of));
    }
    void operator()(const control::PostPayload& ask) const { port.read_payload(ask.number); }
    void operator()(const control::FetchPayload& ask) const {
        port.driver_.payload_at(ask.block.number, limit,
                                [self = std::weak_ptr{port.self_}, block = ask.block](auto json) {
                                    if (const auto alive = self.lock())
                                        (*alive)->fetched(std::move(json), block);
                                });
    }
    void operator()(const control::StartSequencer& ask) const {
        port.driver_.start(ask.head, limit, ending(&done_of));
    }
    void operator()(const control::StopSequencer&) const {
        port.driver_.stop(limit, ending([](const auto& result) {
                              return answer_of(result, [](const plugin::Stopped& stopped) {
                                  return control::Done{stopped.change == plugin::Change::already, stopped.head};
                              });
                          }));
    }
    // The group's lane has these.
    void operator()(const control::ConfirmLead&) const { CONDUCTOR_CHECK(false); }
    void operator()(const control::CommitPayload&) const { CONDUCTOR_CHECK(false); }
    void operator()(const control::RankTargets&) const { CONDUCTOR_CHECK(false); }
    void operator()(const control::TransferLead&) const { CONDUCTOR_CHECK(false); }
};

void NodePort::begin() {
    const Perform perform{*this, left()};
    if (current_->task) return std::visit(perform, *current_->task);
    if (current_->kind == Kind::probe)
        return driver_.conductor_enabled(perform.limit, perform.ending(&active_of));
    driver_.unsafe_head(perform.limit, [self = std::weak_ptr{self_}](const auto& newest) {
        if (const auto alive = self.lock()) (*alive)->fetch_newest(newest);
    });
}

void NodePort::fetch_newest(const Result<plugin::Block, plugin::CallError>& newest) {
    if (!newest) return ended(failure_of(newest.error()));
    if (newest->hash != newest_)
        return ended(control::Failed{
            FailureKind::refused,
            "the newest block of the execution layer is " + to_hex(newest->hash) + ", not " + to_hex(newest_)});
    driver_.payload_at(
        newest->number, left(),
        [self = std::weak_ptr{self_}, block = peers::Head{newest->number, newest->hash}](auto json) {
            if (const auto alive = self.lock()) (*alive)->fetched(std::move(json), block);
        });
}

void NodePort::read_payload(BlockNumber number) {
    reading_ = true;
    around_.ring_payload(number, [self = std::weak_ptr{self_}, read = ++reads_](const auto& json) {
        const auto alive = self.lock();
        if (alive && (*alive)->reading_ && (*alive)->reads_ == read) (*alive)->post_payload(json);
    });
}

void NodePort::post_payload(const Result<std::string, Complaint>& json) {
    reading_ = false;
    if (!json) return ended(control::Failed{FailureKind::other, json.error().text});
    driver_.post_payload(*json, left(), Perform{*this, {}}.ending(&done_of));
}

void NodePort::fetched(Result<std::string, plugin::CallError> json, peers::Head block) {
    if (!json) return ended(failure_of(json.error()));
    if (current_->abandoned) return ended(control::Failed{});
    around_.worker([&core = around_.core, self = std::weak_ptr{self_}, json = std::move(*json), block] {
        auto payload = checked_payload(json, block);
        core.post([self, block, payload = std::move(payload)] {
            const auto alive = self.lock();
            if (!alive) return;
            auto& port = **alive;
            if (!payload) return port.ended(control::Failed{FailureKind::other, payload.error().text});
            if (port.current_->kind == Kind::newest) {
                port.newest_shelf_.put(*payload);
                return port.ended(control::HeadIs{block});
            }
            if (!port.current_->abandoned) port.around_.shelf.put(*payload);
            port.ended(control::Done{});
        });
    });
}

void NodePort::ended(Answer answer) {
    CONDUCTOR_CHECK(current_.has_value());
    const auto over = std::move(*current_);
    current_.reset();
    reading_ = false;
    if (!waiting_.empty()) {
        current_ = std::move(waiting_.front());
        waiting_.pop_front();
        begin();
    }
    if (!over.abandoned) over.done(std::move(answer));
}

}  // namespace conductor::daemon
