#include "core/rpc/operator_methods.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "core/base/hex.hpp"
#include "core/rpc/json_text.hpp"
#include "core/rpc/pending.hpp"

namespace conductor::rpc {

namespace asio = boost::asio;
using control::ControlOperator;
using control::GroupOperator;
using control::LeaderOverride;
using control::MemberChange;
using control::OperatorDone;

namespace {

using Begin = std::function<void(OperatorDone)>;
using Version = std::optional<std::uint64_t>;
using Params = std::optional<json::RawValue>;

/// What is said where the caller's time ends first, and which outcome counts as success here.
struct Wording {
    std::string late{"request timed out"};
    std::string harmless;
};

asio::awaitable<Answer> outcome_of(Begin begin, Wording wording) {
    const Pending<std::string> pending{co_await asio::this_coro::executor};
    auto done = [pending](std::string error) { pending.give(std::move(error)); };
    begin(std::move(done));
    const auto error = co_await pending.wait();
    if (!error) co_return application_error(std::move(wording.late));
    if (!error->empty() && *error != wording.harmless) co_return application_error(*error);
    co_return std::string{"null"};
}

/// Longer than anybody keeps an override on purpose, and far from where seconds overflow.
constexpr std::uint64_t longest_override_s = 31'536'000;

// kona-node names no value, and means true (3.4.6); a null is Go's zero value. Go has no second argument.
std::optional<RpcError> read_override(const Params& params, LeaderOverride& order) {
    auto elements = positional(params);
    if (!elements) return elements.error();
    const auto first = *elements ? (*elements)->next() : std::nullopt;
    order.on = !first.has_value();
    if (!first) return std::nullopt;
    if (const auto refusal = params_detail::decode(*first, order.on))
        return params_detail::invalid_argument(0, *refusal);
    std::optional<std::uint64_t> seconds;
    if (auto refused = params_detail::take(*elements, 1, seconds)) return refused;
    if ((*elements)->next()) return params_detail::too_many(2);
    if (!seconds) return std::nullopt;
    if (!order.on) return params_detail::invalid_argument(1, "only an override that is set has a time to live");
    if (*seconds == 0 || *seconds > longest_override_s)
        return params_detail::invalid_argument(
            1, "the time to live is 1 to " + std::to_string(longest_override_s) + " seconds");
    order.lasts = std::chrono::seconds{*seconds};
    return std::nullopt;
}

asio::awaitable<Answer> override_leader(ControlOperator& control, Params params, std::string by) {
    LeaderOverride order;
    if (const auto refused = read_override(params, order)) co_return *refused;
    order.by = std::move(by);
    Begin begin = [&control, order](OperatorDone done) { control.override_leader(order, std::move(done)); };
    Wording wording;
    co_return co_await outcome_of(std::move(begin), std::move(wording));
}

asio::awaitable<Answer> pause(ControlOperator& control, Params params, std::string by) {
    if (const auto arguments = decode_params<>(params); !arguments) co_return arguments.error();
    Begin begin = [&control, by](OperatorDone done) { control.pause(by, std::move(done)); };
    Wording wording;
    wording.late = "timeout to pause conductor";
    co_return co_await outcome_of(std::move(begin), std::move(wording));
}

asio::awaitable<Answer> reset_head(GroupOperator& group, Params params) {
    const auto arguments = decode_params<std::string>(params);
    if (!arguments) co_return arguments.error();
    const auto& text = std::get<0>(*arguments);
    const auto octets = from_hex(text);
    BlockHash hash;
    if (!text.starts_with("0x") || !octets || octets->size() != hash.bytes.size())
        co_return params_detail::invalid_argument(0, "a block hash is 0x and 64 hexadecimal digits");
    std::ranges::copy(*octets, hash.bytes.begin());
    Begin begin = [&group, hash](OperatorDone done) { group.reset_head(hash, std::move(done)); };
    Wording wording;
    co_return co_await outcome_of(std::move(begin), std::move(wording));
}

std::string names_json(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& name : names) out += (out.empty() ? "" : ",") + json_string(name);
    return '[' + out + ']';
}

asio::awaitable<Answer> reload(control::Reloader& reloader) {
    const Pending<control::ReloadReport> pending{co_await asio::this_coro::executor};
    auto done = [pending](control::ReloadReport report) { pending.give(std::move(report)); };
    reloader.reload(std::move(done));
    const auto report = co_await pending.wait();
    if (!report) co_return application_error("request timed out");
    std::string problems;
    for (const auto& problem : report->problems) problems += (problems.empty() ? "" : "; ") + problem;
    if (!problems.empty()) co_return application_error("reload refused: " + problems);
    co_return R"({"reloaded":)" + names_json(report->reloaded) + R"(,"kept":)" + names_json(report->kept) +
        R"(,"needsRestart":)" + names_json(report->needs_restart) + R"(,"options":)" +
        names_json(report->options) + "}";
}

asio::awaitable<Answer> change(GroupOperator& group, MemberChange what, std::string id, std::string address,
                               Version version) {
    const LogIndex known{version.value_or(0)};
    return outcome_of(
        [&group, request = control::ChangeRequest{what, ServerId{std::move(id)}, std::move(address), known}](
            OperatorDone done) { group.change(request, std::move(done)); },
        {});
}

}  // namespace

void add_control_methods(MethodTable& table, ControlOperator& control) {
    const auto write = Access::write;
    table.add_asked("conductor_pause", write, [&control](const Params& params, std::string_view peer) {
        return pause(control, params, std::string{peer});
    });
    table.add<>("conductor_resume", write, [&control] {
        return outcome_of([&control](OperatorDone done) { control.resume(std::move(done)); },
                          {"timeout to resume conductor", {}});
    });
    table.add<>("conductor_stop", write, [&control] {
        return outcome_of([&control](OperatorDone done) { control.stop(std::move(done)); }, {});
    });
    table.add<>("conductor_waivePeerCheck", write, [&control] {
        return outcome_of([&control](OperatorDone done) { control.waive_peer_check(std::move(done)); }, {});
    });
    table.add_asked("conductor_overrideLeader", write, [&control](const Params& params, std::string_view peer) {
        return override_leader(control, params, std::string{peer});
    });
}

void add_reload_method(MethodTable& table, control::Reloader& reloader) {
    table.add<>("conductor_reload", Access::write, [&reloader] { return reload(reloader); });
}

void add_config_method(MethodTable& table, std::string effective) {
    table.add<>("conductor_effectiveConfig", Access::write,
                [effective = std::move(effective)]() -> Answer { return effective; });
}

void add_reset_method(MethodTable& table, GroupOperator& group) {
    table.add_raw("conductor_resetUnsafeHead", Access::write,
                  [&group](const Params& params) { return reset_head(group, params); });
}

void add_group_methods(MethodTable& table, GroupOperator& group) {
    using Text = std::string;
    const auto write = Access::write;
    for (const auto& [name, what] : {std::pair{"conductor_addServerAsVoter", MemberChange::add_voter},
                                     std::pair{"conductor_addServerAsNonvoter", MemberChange::add_nonvoter}})
        table.add<Text, Text, Version>(
            name, write, [&group, added = what](Text id, Text address, Version version) {
                return change(group, added, std::move(id), std::move(address), version);
            });
    for (const auto& [name, what] : {std::pair{"conductor_demoteVoter", MemberChange::demote_voter},
                                     std::pair{"conductor_removeServer", MemberChange::remove}})
        table.add<Text, Version>(name, write, [&group, changed = what](Text id, Version version) {
            return change(group, changed, std::move(id), {}, version);
        });
    // Go swallows this one refusal: a follower has done nothing, and says null.
    table.add<>("conductor_transferLeader", write, [&group] {
        return outcome_of([&group](OperatorDone done) { group.transfer({}, {}, std::move(done)); },
                          {"leadership transfer timeout", "node is not the leader"});
    });
    // Operators' documents show three arguments; the third says nothing (3.4.6).
    table.add<Text, Text, std::optional<json::RawValue>>(
        "conductor_transferLeaderToServer", write,
        [&group](Text id, Text address, const std::optional<json::RawValue>&) {
            return outcome_of([&group, target = ServerId{std::move(id)}, address = std::move(address)](
                                  OperatorDone done) { group.transfer(target, address, std::move(done)); },
                              {"leadership transfer timeout", {}});
        });
}

}  // namespace conductor::rpc
