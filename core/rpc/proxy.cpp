#include "core/rpc/proxy.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "core/base/go_text.hpp"

namespace conductor::rpc {

namespace asio = boost::asio;

namespace {

using Params = std::optional<json::RawValue>;
using Refused = std::optional<RpcError>;

constexpr const char* missing_prefix = "hex string without 0x prefix";

struct Hex {
    std::string_view digits;
    const char* wrong{nullptr};
};

// hexutil's checkNumber; only its big numbers may be empty.
Hex hex_of(std::string_view text) {
    if (!text.starts_with("0x") && !text.starts_with("0X")) return {{}, missing_prefix};
    text.remove_prefix(2);
    if (text.empty()) return {{}, "hex string \"0x\""};
    if (text.size() > 1 && text.front() == '0') return {{}, "hex number with leading zero digits"};
    return {text, nullptr};
}

bool is_nibble(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// What hexutil.DecodeUint64 says of `text`; null where it is a number of at most 64 bits.
const char* wrong_uint64(std::string_view text) {
    if (text.empty()) return "empty hex string";
    const auto hex = hex_of(text);
    if (hex.wrong != nullptr) return hex.wrong;
    // In the order of Go's parser: the first thing that is wrong, reading from the left.
    for (std::size_t i = 0; i < hex.digits.size(); ++i) {
        if (!is_nibble(hex.digits[i])) return "invalid hex string";
        if (i >= 16) return "hex number > 64 bits";
    }
    return nullptr;
}

// Parameters that are only looked at: the text itself is passed on.
struct BlockReference {};
struct BigNumber {};

params_detail::Refusal decode(const json::RawValue& value, BlockReference&) {
    auto text = value.raw;  // go-ethereum takes the quotes off whatever has them, and reads what is left
    if (value.kind == json::Kind::string) text = text.substr(1, text.size() - 2);
    constexpr std::array<std::string_view, 5> tags{"earliest", "latest", "pending", "finalized", "safe"};
    if (std::ranges::find(tags, text) != tags.end()) return std::nullopt;
    if (const auto* wrong = wrong_uint64(text)) return wrong;
    const auto digits = text.substr(2);
    if (digits.size() == 16 && digits.front() >= '8') return "block number larger than int64";
    return std::nullopt;
}

params_detail::Refusal decode(const json::RawValue& value, BigNumber&) {
    const auto mismatch = [](std::string_view what) {
        return "json: cannot unmarshal " + std::string{what} + " into Go value of type *hexutil.Big";
    };
    if (value.kind != json::Kind::string) return mismatch("non-string");
    const auto text = value.raw.substr(1, value.raw.size() - 2);
    if (text.empty()) return std::nullopt;
    const auto hex = hex_of(text);
    if (hex.wrong != nullptr) return mismatch(hex.wrong);
    if (hex.digits.size() > 64) return mismatch("hex number > 256 bits");
    if (!std::ranges::all_of(hex.digits, is_nibble)) return mismatch("invalid hex string");
    return std::nullopt;
}

template <class... Args>
Refused check(const Params& params) {
    const auto arguments = decode_params<Args...>(params);
    if (!arguments) return arguments.error();
    return std::nullopt;
}

// A string to go-ethereum; op-conductor itself decodes it, hence −32000.
Refused check_output_at_block(const Params& params) {
    const auto arguments = decode_params<std::string>(params);
    if (!arguments) return arguments.error();
    if (const auto* wrong = wrong_uint64(std::get<0>(*arguments)))
        return application_error("failed to decode block number: " + std::string{wrong});
    return std::nullopt;
}

enum class Asks : std::uint8_t { leader, anyone };

struct Route {
    Backend backend{Backend::execution};
    Asks asks{Asks::leader};
    Access access{Access::write};
    Refused (*refuses)(const Params&){nullptr};
};

const std::map<std::string_view, Route> go_routes{
    {"eth_getBlockByNumber", {Backend::execution, Asks::leader, Access::read, check<BlockReference, bool>}},
    {"miner_setMaxDASize", {Backend::execution, Asks::anyone, Access::write, check<BigNumber, BigNumber>}},
    {"optimism_syncStatus", {Backend::consensus, Asks::leader, Access::read, check<>}},
    {"optimism_outputAtBlock", {Backend::consensus, Asks::leader, Access::read, check_output_at_block}},
    {"optimism_rollupConfig", {Backend::consensus, Asks::leader, Access::read, check<>}},
    {"admin_sequencerActive", {Backend::consensus, Asks::leader, Access::read, check<>}},
};

std::optional<Route> route_of(std::string_view method) {
    if (const auto found = go_routes.find(method); found != go_routes.end()) return found->second;
    constexpr std::array<std::string_view, 4> execution{"eth", "net", "web3", "txpool"};
    constexpr std::array<std::string_view, 2> consensus{"optimism", "opp2p"};
    const auto underscore = method.find('_');
    if (underscore == std::string_view::npos || underscore + 1 == method.size()) return std::nullopt;
    const auto space = method.substr(0, underscore);
    Route route;
    if (std::ranges::find(consensus, space) != consensus.end())
        route.backend = Backend::consensus;
    else if (std::ranges::find(execution, space) == execution.end())
        return std::nullopt;
    return route;
}

std::string complaint_about(const std::string& method) {
    return "proxy.methods: " + go_quote(method) + " cannot be proxied";
}

asio::awaitable<Answer> forward(ProxyPorts ports, Route route, std::string method, Params params) {
    if (route.refuses != nullptr)
        if (auto refused = route.refuses(params)) co_return *refused;
    const auto not_served = [&] { return route.asks == Asks::leader && !ports.serves(); };
    const auto refusal = application_error("refusing to proxy request to non-leader sequencer");
    if (not_served()) co_return refusal;

    const bool given = params && params->kind != json::Kind::null;
    auto asking = ports.upstream.ask(route.backend, std::move(method),
                                     given ? std::string{params->raw} : std::string{"[]"});
    auto answer = co_await std::move(asking);
    if (not_served()) co_return refusal;
    co_return answer;
}

}  // namespace

std::vector<std::string> proxy_complaints(const std::vector<std::string>& methods) {
    std::vector<std::string> out;
    for (const auto& method : std::set<std::string>{methods.begin(), methods.end()})
        if (!route_of(method)) out.push_back(complaint_about(method));
    return out;
}

Result<void, Complaint> add_proxied_methods(MethodTable& table, const std::vector<std::string>& methods,
                                            const ProxyPorts& ports) {
    const std::set<std::string> once{methods.begin(), methods.end()};
    for (const auto& method : once) {
        const auto route = route_of(method);
        if (!route) return Complaint{complaint_about(method)};
        table.add_raw(method, route->access, [ports, route = *route, method](const Params& params) {
            return forward(ports, route, method, params);
        });
    }
    return {};
}

}  // namespace conductor::rpc
