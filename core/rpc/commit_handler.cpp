#include "core/rpc/commit_handler.hpp"

#include <boost/asio/this_coro.hpp>

#include "core/payload/block_hash.hpp"
#include "core/rpc/params.hpp"
#include "core/rpc/pending.hpp"
#include "core/runtime/clock.hpp"

namespace conductor::rpc {

namespace asio = boost::asio;

namespace {

std::string sentence_of(const control::CommitError& error) {
    return (error.from_state_machine ? "failed to apply payload envelope to FSM: "
                                     : "failed to apply payload envelope: ") +
           error.text;
}

RpcError rpc_error(const payload::CommitRefusal& refusal) {
    return {refusal.code, refusal.message, {}};
}

}  // namespace

CommitHandler::CommitHandler(control::Committer& committer, Observer& observer, CommitRules rules)
    : committer_{committer}, observer_{observer}, rules_{rules} {}

asio::awaitable<Result<void, RpcError>> CommitHandler::commit(payload::Envelope envelope, CommitVia via) {
    if (rules_.refuse_bad_hash) {
        const auto checked = payload::check_block_hash(envelope);
        if (!checked)
            co_return RpcError{code::invalid_params, "invalid argument 0: " + checked.error().text, {}};
    }
    const auto started = now();
    CommitFacts facts{via, envelope.number, envelope.hash, {}, envelope.ssz.size(), {}};
    observer_.commit_begins(facts.number, facts.hash);
    const Pending<Result<void, control::CommitError>> pending{co_await asio::this_coro::executor};
    auto done = [pending](Result<void, control::CommitError> result) { pending.give(std::move(result)); };
    committer_.commit(std::move(envelope), std::move(done));

    const auto result = co_await pending.wait();
    std::string error;
    if (!result) {
        error = "failed to apply payload envelope: request timed out";
    } else if (!*result) {
        error = sentence_of(result->error());
    }
    facts.took = now() - started;
    facts.error = error;
    observer_.commit_answered(facts);
    if (!error.empty()) co_return application_error(std::move(error));
    co_return Result<void, RpcError>{};
}

// Go decodes an argument, counts how many there are, and only then looks at what it has: one that cannot be
// read is bad with a second behind it, too, one that means nothing is then one too many.
asio::awaitable<Answer> CommitHandler::commit_json(std::optional<json::RawValue> params) {
    auto elements = positional(params);
    if (!elements) co_return elements.error();
    const auto first = *elements ? (*elements)->next() : std::nullopt;
    const bool given = first && first->kind != json::Kind::null;
    if (first && (*elements)->next()) {
        const auto unreadable = given ? payload::decoding_refusal(first->raw) : std::nullopt;
        co_return unreadable ? rpc_error(*unreadable) : params_detail::too_many(1);
    }
    std::optional<payload::Envelope> envelope;
    Duration took{};
    if (given) {
        const auto started = now();
        auto decoded = payload::envelope_from_json(first->raw, rules_.strictness);
        if (!decoded) co_return rpc_error(decoded.error());
        took = now() - started;
        envelope = std::move(*decoded);
    }
    if (!given) co_return rpc_error(payload::missing_payload_refusal());

    observer_.payload_transcoded(took);
    const auto stored = co_await commit(std::move(*envelope), CommitVia::json);
    if (!stored) co_return stored.error();
    co_return std::string{"null"};
}

asio::awaitable<Result<void, RpcError>> CommitHandler::commit_ssz(Bytes ssz) {
    auto envelope = payload::envelope_from_ssz(std::move(ssz));
    if (!envelope) co_return application_error("invalid ssz payload: " + envelope.error().text);
    observer_.payload_transcoded(Duration{});
    co_return co_await commit(std::move(*envelope), CommitVia::binary);
}

}  // namespace conductor::rpc
