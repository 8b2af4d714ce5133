// The recordings of tests/data/payload and what the tests need to read them: answers of the Go programs, one
// JSON object a line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/json_scan.hpp"
#include "tests/unit/payload/recipe.hpp"

namespace conductor::payload::test {

/// One recorded case. Text members are unescaped; absent and null are both nothing.
class Case {
public:
    explicit Case(std::string line);
    [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
    [[nodiscard]] std::string need(std::string_view name) const;  ///< fails the test if it is not there
    [[nodiscard]] std::optional<json::RawValue> raw(std::string_view name) const;
    [[nodiscard]] bool flag(std::string_view name) const;
    [[nodiscard]] std::uint64_t number(std::string_view name) const;
    [[nodiscard]] std::vector<Case> list(std::string_view name) const;  ///< of objects
    /// An input in whichever of its forms it was recorded: `json`, `json_b64`, `json_parts`.
    [[nodiscard]] std::string json_input() const;
    /// `ssz` or `ssz_parts`; nothing if the case has neither.
    [[nodiscard]] std::optional<std::vector<std::uint8_t>> ssz_input() const;

private:
    [[nodiscard]] std::string parts(std::string_view name) const;
    std::string line_;
};

[[nodiscard]] std::vector<Case> recorded(
    const std::string& file);                               ///< of tests/data/payload, without `.jsonl.gz`
[[nodiscard]] std::string gunzip(const std::string& file);  ///< of tests/data/payload
[[nodiscard]] std::string sha256(std::string_view octets);  ///< lower-case hex
[[nodiscard]] std::vector<std::uint8_t> octets_of(std::string_view hex_text);

/// The elements of the `params` of a call.
[[nodiscard]] std::vector<json::RawValue> arguments_of(const json::RawValue& call);

}  // namespace conductor::payload::test
