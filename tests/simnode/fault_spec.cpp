#include "tests/simnode/fault_spec.hpp"

#include <charconv>

#include "core/rpc/jsonrpc_frame.hpp"

namespace conductor::simnode {
namespace {

std::optional<std::uint64_t> natural(const json::RawValue& value) {
    std::uint64_t number = 0;
    const auto* const end = value.raw.data() + value.raw.size();
    const auto [used, error] = std::from_chars(value.raw.data(), end, number);
    if (value.kind != json::Kind::number || error != std::errc{} || used != end || number > 3'600'000)
        return std::nullopt;
    return number;
}

}  // namespace

Result<Fault, std::string> read_fault(const json::RawValue& spec) {
    if (spec.kind != json::Kind::object) return std::string{"the fault is no object"};
    Fault fault;
    fault.method = "*";
    std::string kind{"hang"};
    std::optional<int> code;
    json::MemberCursor members{spec};
    while (const auto member = members.next()) {
        const auto name = json::unescape(member->key);
        const auto& value = member->value;
        const bool text = value.kind == json::Kind::string;
        const bool flag = value.kind == json::Kind::boolean;
        // Codes of JSON-RPC are negative.
        auto digits = value;
        const bool negative = name == "code" && digits.raw.starts_with('-');
        if (negative) digits.raw.remove_prefix(1);
        const auto number = natural(digits);
        if (name == "method" && text) {
            fault.method = json::unescape(value.raw);
        } else if (name == "kind" && text) {
            kind = json::unescape(value.raw);
        } else if (name == "text" && text) {
            fault.text = json::unescape(value.raw);
        } else if (name == "effect" && flag) {
            fault.takes_effect = value.raw == "true";
        } else if (name == "ms" && number) {
            fault.delay = std::chrono::milliseconds{*number};
        } else if (name == "times" && number) {
            fault.times = *number;
        } else if ((name == "code" || name == "status") && number) {
            code = static_cast<int>(*number) * (negative ? -1 : 1);
        } else {
            return "the fault's member " + name + " is unknown or has a wrong value";
        }
    }
    if (kind == "hang") {
        fault.kind = Fault::Kind::hang;
    } else if (kind == "error") {
        fault.kind = Fault::Kind::error;
        fault.code = code.value_or(rpc::code::application);
    } else if (kind == "nonsense") {
        fault.kind = Fault::Kind::nonsense;
        fault.code = code.value_or(200);
        if (fault.code < 100 || fault.code > 599) return std::string{"no such HTTP status"};
    } else {
        return "no kind of fault: " + kind;
    }
    return fault;
}

}  // namespace conductor::simnode
