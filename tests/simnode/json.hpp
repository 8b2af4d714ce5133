// JSON text, written member by member. Pure.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/rpc/json_text.hpp"

namespace conductor::simnode {

/// As go-ethereum writes numbers: shortest lower-case digits behind `0x`.
[[nodiscard]] inline std::string quantity(std::uint64_t number) {
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof digits, number, 16).ptr;
    return "0x" + std::string{digits, end};
}

class JsonObject {
public:
    void raw(std::string_view name, std::string_view value) {
        if (out_.size() > 1) out_ += ',';
        out_.append(1, '"').append(name).append("\":").append(value);
    }
    void text(std::string_view name, std::string_view value) { raw(name, rpc::json_string(value)); }
    void number(std::string_view name, std::uint64_t value) { raw(name, std::to_string(value)); }
    void flag(std::string_view name, bool value) { raw(name, value ? "true" : "false"); }
    [[nodiscard]] std::string done() const { return out_ + "}"; }

private:
    std::string out_{"{"};
};

}  // namespace conductor::simnode
