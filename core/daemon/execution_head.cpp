#include "core/daemon/execution_head.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/base/hex.hpp"
#include "core/base/json_scan.hpp"

namespace conductor::daemon {

namespace {

// A block without its transactions is a few KiB.
constexpr std::size_t answer_limit = std::size_t{1} << 20U;

// The digits behind `0x`; empty for anything else.
std::string digits_of(const json::RawValue& value) {
    if (value.kind != json::Kind::string) return {};
    auto text = json::unescape(value.raw);
    return text.starts_with("0x") ? text.substr(2) : std::string{};
}

std::optional<BlockNumber> number_in(const std::string& digits) {
    std::uint64_t number = 0;
    const auto* const end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, number, 16);
    if (error != std::errc{} || stopped != end) return std::nullopt;
    return BlockNumber{number};
}

std::optional<BlockHash> hash_in(const std::string& digits) {
    const auto octets = from_hex(digits);
    BlockHash hash;
    if (!octets || octets->size() != hash.bytes.size()) return std::nullopt;
    std::ranges::copy(*octets, hash.bytes.begin());
    return hash;
}

}  // namespace

std::optional<peers::Head> head_in(std::string_view block) {
    const auto value = json::first_value(block);
    if (!value || value->kind != json::Kind::object) return std::nullopt;
    std::optional<BlockNumber> number;
    std::optional<BlockHash> hash;
    json::MemberCursor cursor{*value};
    while (const auto member = cursor.next()) {
        if (json::key_matches(member->key, "number")) number = number_in(digits_of(member->value));
        if (json::key_matches(member->key, "hash")) hash = hash_in(digits_of(member->value));
    }
    if (!number || !hash) return std::nullopt;
    return peers::Head{*number, *hash};
}

ExecutionHead::ExecutionHead(boost::asio::io_context& core, const std::string& url, Duration limit)
    : core_{core}, limit_{limit} {
    if (const auto read = http::read_url(url)) url_ = *read;
}

void ExecutionHead::ask(Done done) {
    if (!url_) return done(std::nullopt);
    waiting_.push_back(std::move(done));
    if (waiting_.size() == 1) tasks_.spawn(core_.get_executor(), question());
}

boost::asio::awaitable<void> ExecutionHead::question() {
    http::RpcCall call{*url_, "eth_getBlockByNumber", R"(["latest",false])"};
    call.limit = limit_;
    call.answer_limit = answer_limit;
    call.repeat = http::Repeat::once;
    const auto answer = co_await rpc_.call(std::move(call));
    const auto head = answer ? head_in(*answer) : std::nullopt;
    for (const auto& done : std::exchange(waiting_, {})) done(head);
}

}  // namespace conductor::daemon
