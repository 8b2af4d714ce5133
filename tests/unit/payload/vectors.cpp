#include "tests/unit/payload/vectors.hpp"

#include <openssl/evp.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <charconv>

#include "core/base/hex.hpp"
#include "tests/support/checkout.hpp"

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
    const auto path = conductor::checkout::test_data() + "/payload/" + file;
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

}  // namespace conductor::payload::test
