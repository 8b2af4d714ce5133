#include "core/peers/status_json.hpp"

#include <algorithm>
#include <charconv>

#include "core/base/go_text.hpp"
#include "core/base/hex.hpp"
#include "core/base/json_scan.hpp"

namespace conductor::peers {

namespace {

constexpr std::string_view our_protocol{"conductord"};
constexpr std::string_view go_protocol{"op-conductor"};
// More would overflow a duration, and means nothing.
constexpr std::uint64_t longest_lease_ms = std::uint64_t{1} << 32U;

// ---- writing -----------------------------------------------------------------------------------------------

std::string quoted(std::string_view text) {
    std::string out;
    json_quote(out, text);
    return out;
}

std::string text_or_null(std::string_view text) {
    return text.empty() ? std::string{"null"} : quoted(text);
}

std::string json_of(Says word) {
    if (word == Says::unknown) return "null";
    return word == Says::yes ? "true" : "false";
}

std::string json_of(const std::optional<Duration>& span) {
    if (!span) return "null";
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(*span).count());
}

std::string json_of(const std::optional<Head>& head) {
    if (!head) return "null";
    return R"({"number":)" + std::to_string(head->number.value()) + R"(,"hash":)" + quoted(to_hex(head->hash)) +
           "}";
}

std::string_view name_of(Protocol protocol) {
    switch (protocol) {
        case Protocol::ours:
            return our_protocol;
        case Protocol::go:
            return go_protocol;
        case Protocol::unknown:
            break;
    }
    return {};
}

std::string members(const ServerId& id, const Status& status) {
    return R"("id":)" + quoted(id.text()) + R"(,"version":)" + text_or_null(status.version) +
           R"(,"protocol":)" + text_or_null(name_of(status.protocol)) + R"(,"leaseTimeoutMs":)" +
           json_of(status.lease_timeout) + R"(,"health":)" + text_or_null(to_text(status.health)) +
           R"(,"paused":)" + json_of(status.paused) + R"(,"overridden":)" + json_of(status.overridden) +
           R"(,"active":)" + json_of(status.active) + R"(,"ready":)" + json_of(status.ready) + R"(,"head":)" +
           json_of(status.head);
}

// ---- reading -----------------------------------------------------------------------------------------------

using json::Kind;
using json::RawValue;

bool read(const RawValue& value, std::string& out) {
    if (value.kind == Kind::string) out = json::unescape(value.raw);
    return value.kind == Kind::string || value.kind == Kind::null;
}

bool read(const RawValue& value, Says& out) {
    if (value.kind == Kind::boolean) out = says(value.raw == "true");
    return value.kind == Kind::boolean || value.kind == Kind::null;
}

std::optional<std::uint64_t> integer(const RawValue& value) {
    std::uint64_t number = 0;
    const std::string digits{value.raw};
    const auto* const end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, number);
    if (value.kind != Kind::number || error != std::errc{} || stopped != end) return std::nullopt;
    return number;
}

bool read(const RawValue& value, std::optional<Duration>& out) {
    if (value.kind == Kind::null) return true;
    const auto number = integer(value);
    if (!number || *number > longest_lease_ms) return false;
    out = std::chrono::milliseconds{static_cast<std::int64_t>(*number)};
    return true;
}

bool read(const RawValue& value, BlockHash& out) {
    if (value.kind != Kind::string) return false;
    const auto text = json::unescape(value.raw);
    if (!text.starts_with("0x")) return false;
    const auto octets = from_hex(std::string_view{text}.substr(2));
    if (!octets || octets->size() != out.bytes.size()) return false;
    std::ranges::copy(*octets, out.bytes.begin());
    return true;
}

bool read(const RawValue& value, std::optional<Head>& out) {
    if (value.kind == Kind::null) return true;
    if (value.kind != Kind::object) return false;
    std::optional<std::uint64_t> number;
    Head head;
    bool hashed = false;
    json::MemberCursor cursor{value};
    while (const auto member = cursor.next()) {
        if (json::key_matches(member->key, "number")) number = integer(member->value);
        if (json::key_matches(member->key, "hash")) hashed = read(member->value, head.hash);
    }
    if (!number || !hashed) return false;
    head.number = BlockNumber{*number};
    out = head;
    return true;
}

struct Said {
    Status status;
    std::string id;
    std::string protocol;
    std::string health;
};

bool take(Said& said, const json::Member& member) {
    const auto is = [&](std::string_view name) { return json::key_matches(member.key, name); };
    auto& status = said.status;
    if (is("id")) return read(member.value, said.id);
    if (is("protocol")) return read(member.value, said.protocol);
    if (is("version")) return read(member.value, status.version);
    if (is("leaseTimeoutMs")) return read(member.value, status.lease_timeout);
    if (is("health")) return read(member.value, said.health);
    if (is("paused")) return read(member.value, status.paused);
    if (is("overridden")) return read(member.value, status.overridden);
    if (is("active")) return read(member.value, status.active);
    if (is("ready")) return read(member.value, status.ready);
    if (is("head")) return read(member.value, status.head);
    return true;  // of a later version
}

}  // namespace

std::string status_json(const Status& status) {
    return "{" + members(status.id, status) + "}";
}

std::string table_json(const View& view) {
    std::string out{"["};
    for (const auto& row : view.rows) {
        if (out.size() > 1) out += ',';
        out += "{" + members(row.member.id, row.status) + R"(,"ageMs":)" + json_of(row.age) + R"(,"guessed":)" +
               (row.member.reach == Reach::guessed ? "true" : "false") + "}";
    }
    return out + "]";
}

std::optional<Status> read_status(std::string_view text) {
    const auto value = json::first_value(text);
    if (!value || value->kind != Kind::object) return std::nullopt;
    Said said;
    json::MemberCursor cursor{*value};
    while (const auto member = cursor.next())
        if (!take(said, *member)) return std::nullopt;
    if (said.id.empty() || said.protocol != our_protocol) return std::nullopt;
    said.status.id = ServerId{said.id};
    said.status.protocol = Protocol::ours;
    said.status.health = health_of(said.health);
    return std::move(said.status);
}

}  // namespace conductor::peers
