#include "tests/unit/payload/vectors.hpp"

#include <openssl/evp.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <charconv>

#include "core/base/hex.hpp"

namespace conductor::payload::test {

Case::Case(std::string line) : line_{std::move(line)} {
    const auto value = json::first_value(line_);
    REQUIRE(value.has_value());
    REQUIRE(value->kind == json::Kind::object);
}

std::optional<json::RawValue> Case::raw(std::string_view name) const {
    json::MemberCursor members{*json::first_value(line_)};
    while (const auto member = members.next()) {
        if (member->key.substr(1, member->key.size() - 2) == name) return member->value;
    }
    return std::nullopt;
}

std::optional<std::string> Case::text(std::string_view name) const {
    const auto value = raw(name);
    if (!value || value->kind != json::Kind::string) return std::nullopt;
    return json::unescape(value->raw);
}

std::string Case::need(std::string_view name) const {
    const auto value = text(name);
    INFO(name);
    REQUIRE(value.has_value());
    return *value;
}

bool Case::flag(std::string_view name) const {
    const auto value = raw(name);
    REQUIRE(value.has_value());
    return value->raw == "true";
}

std::uint64_t Case::number(std::string_view name) const {
    const auto value = raw(name);
    REQUIRE(value.has_value());
    std::uint64_t out = 0;
    std::from_chars(value->raw.data(), value->raw.data() + value->raw.size(), out);
    return out;
}

std::vector<Case> Case::list(std::string_view name) const {
    const auto value = raw(name);
    REQUIRE(value.has_value());
    std::vector<Case> out;
    json::ElementCursor elements{*value};
    while (const auto element = elements.next()) out.emplace_back(std::string{element->raw});
    return out;
}

std::string Case::parts(std::string_view name) const {
    std::string out;
    json::ElementCursor elements{*raw(name)};
    while (const auto part = elements.next()) {
        json::ElementCursor pair{*part};
        const auto piece = json::unescape(pair.next()->raw);
        for (auto count = std::stoul(std::string{pair.next()->raw}); count > 0; --count) out += piece;
    }
    return out;
}

std::string Case::json_input() const {
    if (auto plain = text("json")) return *plain;
    if (raw("json_parts")) return parts("json_parts");
    const auto encoded = need("json_b64");
    std::string out(encoded.size(), '\0');
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(encoded.data()),
                                     static_cast<int>(encoded.size()));
    REQUIRE(size >= 0);
    out.resize(static_cast<std::size_t>(size) - static_cast<std::size_t>(std::ranges::count(encoded, '=')));
    return out;
}

std::optional<std::vector<std::uint8_t>> Case::ssz_input() const {
    if (const auto plain = text("ssz")) return octets_of(*plain);
    if (raw("ssz_parts")) return octets_of(parts("ssz_parts"));
    return std::nullopt;
}

std::string gunzip(const std::string& file) {
    const auto path = std::string{CONDUCTOR_TEST_DATA} + "/payload/" + file;
    const auto in = gzopen(path.c_str(), "rb");
    INFO(path);
    REQUIRE(in != nullptr);
    std::string out;
    std::vector<char> chunk(1U << 16U);
    int got = 0;
    while ((got = gzread(in, chunk.data(), static_cast<unsigned>(chunk.size()))) > 0) {
        out.append(chunk.data(), static_cast<std::size_t>(got));
    }
    REQUIRE(got == 0);
    gzclose(in);
    return out;
}

std::vector<Case> recorded(const std::string& file) {
    const auto text = gunzip(file + ".jsonl.gz");
    std::vector<Case> cases;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at);
        REQUIRE(end != std::string::npos);
        cases.emplace_back(text.substr(at, end - at));
        at = end + 1;
    }
    REQUIRE_FALSE(cases.empty());
    return cases;
}

std::string sha256(std::string_view octets) {
    std::array<unsigned char, 32> digest{};
    REQUIRE(EVP_Digest(octets.data(), octets.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1);
    return hex(digest);
}

std::vector<std::uint8_t> octets_of(std::string_view hex_text) {
    auto octets = from_hex(hex_text);
    REQUIRE(octets.has_value());
    return *std::move(octets);
}

std::string commit_call(std::string_view envelope) {
    std::string body = R"({"jsonrpc":"2.0","id":1,"method":"conductor_commitUnsafePayload","params":[)";
    body += envelope;
    return body + "]}";
}

std::vector<json::RawValue> arguments_of(const json::RawValue& call) {
    std::vector<json::RawValue> out;
    json::MemberCursor members{call};
    while (const auto member = members.next()) {
        if (member->key != "\"params\"") continue;
        json::ElementCursor elements{member->value};
        while (const auto element = elements.next()) out.push_back(*element);
    }
    return out;
}

namespace {

// SplitMix64.
class Source {
public:
    explicit Source(std::uint64_t seed) : state_{seed} {}
    std::uint64_t word() {
        state_ += 0x9E3779B97F4A7C15;
        auto z = state_;
        z = (z ^ z >> 30U) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27U) * 0x94D049BB133111EB;
        return z ^ z >> 31U;
    }
    std::string octets(std::size_t count) {
        std::vector<std::uint8_t> out;
        while (out.size() < count) {
            for (auto w = word(), i = std::uint64_t{0}; i < 8; ++i, w >>= 8U) {
                out.push_back(static_cast<std::uint8_t>(w & 0xffU));
            }
        }
        out.resize(count);
        return hex_with_prefix(out);
    }

private:
    std::uint64_t state_;
};

std::string quantity(std::uint64_t value) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
    return "0x" + std::string(digits.data(), end);
}

}  // namespace

std::string generated_json(const Recipe& recipe) {
    constexpr std::array<std::size_t, 9> usual{110, 117, 172, 180, 240, 310, 560, 1200, 3000};
    constexpr std::array<std::size_t, 5> fixed{0, 508, 512, 528, 560};
    constexpr std::array<std::size_t, 5> extra_sizes{0, 0, 0, 9, 17};
    const auto extra_size = extra_sizes[recipe.version];
    Source source{recipe.seed};
    std::string out = "{";
    const auto put = [&out](std::string_view key, const std::string& value) {
        out += (out.back() == '{' ? "\"" : ",\"") + std::string{key} + "\":\"" + value + "\"";
    };
    put("parentBeaconBlockRoot", source.octets(32));
    out += R"(,"executionPayload":{)";
    put("parentHash", source.octets(32));
    put("feeRecipient", source.octets(20));
    put("stateRoot", source.octets(32));
    put("receiptsRoot", source.octets(32));
    put("logsBloom", source.octets(256));
    put("prevRandao", source.octets(32));
    for (const auto* name : {"blockNumber", "gasLimit", "gasUsed", "timestamp"})
        put(name, quantity(source.word() >> 32U));
    put("extraData", source.octets(extra_size));
    put("baseFeePerGas", quantity(source.word() >> 16U));
    put("blockHash", source.octets(32));
    const auto blob_gas = recipe.version >= 3 ? quantity(source.word() >> 40U) : "";
    const auto root = recipe.version == 4 ? source.octets(32) : "";

    out += R"(,"transactions":[)";
    const auto transaction = [&](std::size_t size) {
        out += (out.back() == '[' ? "\"" : ",\"") + source.octets(size) + "\"";
    };
    for (const auto size : recipe.lengths) transaction(size);
    auto left = recipe.lengths.empty() ? recipe.size - 32 - fixed[recipe.version] - extra_size : 0;
    while (left >= 4) {
        auto size = std::min(usual[source.word() % usual.size()], left - 4);
        if (left - 4 - size < 4) size = left - 4;
        transaction(size);
        left -= 4 + size;
    }
    out += "]";
    if (recipe.version >= 2) out += R"(,"withdrawals":[])";
    if (recipe.version >= 3) put("blobGasUsed", blob_gas), put("excessBlobGas", "0x0");
    if (recipe.version == 4) put("withdrawalsRoot", root);
    return out + "}}";
}

}  // namespace conductor::payload::test
