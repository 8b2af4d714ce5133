#include "core/rpc/dispatcher.hpp"

#include "core/runtime/clock.hpp"
#include "core/runtime/deadline.hpp"

namespace conductor::rpc {

namespace asio = boost::asio;

namespace {

constexpr std::size_t max_method_name = 2048;

RpcError timed_out() {
    return {code::timeout, "request timed out", {}};
}
RpcError invalid_request(std::string why = "invalid request") {
    return {code::invalid_request, std::move(why), {}};
}

// Subscriptions need a connection that can push; over HTTP there is none to subscribe on or from.
/// Any text, or none.
struct SubscriptionId {};

params_detail::Refusal decode(const json::RawValue& value, SubscriptionId&) {
    if (value.kind == json::Kind::string || value.kind == json::Kind::null) return std::nullopt;
    return "json: cannot unmarshal " + std::string{json::kind_name(value.kind)} +
           " into Go value of type rpc.ID";
}

RpcError unsubscribe(const std::optional<json::RawValue>& params) {
    const auto arguments = decode_params<SubscriptionId>(params);
    return arguments ? application_error("subscription not found") : arguments.error();
}

}  // namespace

struct Dispatcher::Outcome {
    Outcome() = default;
    explicit Outcome(RpcError why) : answer{std::move(why)} {}
    Outcome(std::string_view name, Answer got) : answer{std::move(got)}, label{name} {}

    std::string text;  ///< of the answer object; empty where none is due
    Answer answer{std::string{}};
    std::string_view label{"unknown"};
    bool late{false};
    bool changes{false};
};

Dispatcher::Dispatcher(const MethodTable& methods, Observer& observer, BatchLimits limits)
    : methods_{methods}, observer_{observer}, limits_{limits} {}

asio::awaitable<Dispatcher::Outcome> Dispatcher::call(const Message& message, const Caller& caller) const {
    if (message.method.ends_with("_subscribe"))
        co_return Outcome{RpcError{code::method_not_found, "notifications not supported", {}}};
    if (message.method.ends_with("_unsubscribe")) co_return Outcome{unsubscribe(message.params)};
    if (message.method.size() > max_method_name)
        co_return Outcome{invalid_request("method name too long: " + std::to_string(message.method.size()) +
                                          " > " + std::to_string(max_method_name))};
    const auto* const method = methods_.find(message.method);
    if (method == nullptr)
        co_return Outcome{RpcError{
            code::method_not_found, "the method " + message.method + " does not exist/is not available", {}}};
    Outcome outcome{message.method, timed_out()};
    outcome.changes = method->access == Access::write;
    if (outcome.changes && !caller.trusted) {
        outcome.answer = application_error("origin not allowed");
    } else if (method->now) {
        outcome.answer = method->now(message.params);
    } else {
        auto running = method->later(message.params, caller.peer);
        auto answer = co_await within(caller.answer_by - now(), std::move(running));
        outcome.late = !answer;
        if (answer) outcome.answer = std::move(*answer);
    }
    co_return outcome;
}

asio::awaitable<Dispatcher::Outcome> Dispatcher::handle(const Message& message, const Caller& caller) const {
    const auto started = now();
    Outcome outcome;
    if (message.is_call() || message.is_notification()) {
        outcome = co_await call(message, caller);
    } else {
        outcome = Outcome{invalid_request()};
        outcome.label = {};
    }
    const auto id = message.has_valid_id() ? *message.id : std::string_view{"null"};
    std::string error;
    CallFacts facts;
    facts.method = outcome.label;
    facts.id = id;
    facts.asked = message.method;
    facts.peer = caller.peer;
    facts.changes = outcome.changes;
    if (message.params) facts.params = message.params->raw;
    facts.notification = message.is_notification();
    facts.params_octets = message.params ? message.params->raw.size() : 0;
    if (outcome.answer) {
        facts.result_octets = outcome.answer->size();
        if (!facts.notification) outcome.text = result_text(id, *outcome.answer);
    } else {
        facts.error_code = outcome.answer.error().code;
        error = outcome.answer.error().message;
        facts.error = error;
        if (!facts.notification) outcome.text = error_text(id, outcome.answer.error());
    }
    facts.took = now() - started;
    observer_.call_answered(facts);
    co_return outcome;
}

asio::awaitable<RpcAnswer> Dispatcher::dispatch(Frame frame, Caller caller) const {
    if (frame.is_batch()) co_return co_await batch(frame, caller);

    const auto message = read_message(frame.value);
    RpcAnswer answer;
    if (message.is_answer()) co_return answer;
    auto outcome = co_await handle(message, caller);
    answer.from_transport = outcome.late;
    answer.body = std::move(outcome.text);
    if (!answer.body.empty() && !answer.from_transport) answer.body += '\n';
    co_return answer;
}

// Go answers a batch of any length with an answer of any length; forty octets of answer for each octet of
// request let one client use up the memory of the host, hence the limits.
asio::awaitable<RpcAnswer> Dispatcher::batch(Frame frame, Caller caller) const {
    json::ElementCursor elements{frame.value};
    RpcAnswer answer;
    std::size_t items = 0;
    bool full = false;
    const auto add = [&](const std::string& text) {
        if (text.empty()) return;
        answer.body += answer.body.empty() ? '[' : ',';
        answer.body += text;
    };
    while (const auto element = elements.next()) {
        if (++items > limits_.items) co_return transport_error(code::invalid_request, "batch too large");
        const auto message = read_message(*element);
        if (message.is_answer()) continue;
        const auto id = message.has_valid_id() ? *message.id : std::string_view{"null"};
        if (full || answer.from_transport) {
            // As Go does once time or room ran out: what was not called is refused by name.
            const RpcError too_large{code::too_large, "response too large", {}};
            if (!message.is_notification()) add(error_text(id, full ? too_large : timed_out()));
            continue;
        }
        const auto outcome = co_await handle(message, caller);
        answer.from_transport = outcome.late;
        full = answer.body.size() + outcome.text.size() > limits_.answer_octets;
        if (!full) {
            add(outcome.text);
            continue;
        }
        const RpcError too_large{code::too_large, "response too large", {}};
        add(error_text(id, too_large));
    }
    if (items == 0) co_return transport_error(code::invalid_request, "empty batch");
    if (answer.body.empty()) co_return answer;
    answer.body += ']';
    if (!answer.from_transport) answer.body += '\n';
    co_return answer;
}

RpcAnswer transport_error(int error_code, std::string message) {
    const RpcError error{error_code, std::move(message), {}};
    RpcAnswer answer;
    answer.body = error_text("null", error);
    answer.from_transport = true;
    return answer;
}

}  // namespace conductor::rpc
