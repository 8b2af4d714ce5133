// What a library declares of one plugin, copied out of its constant tables and checked: from here on nobody
// walks foreign strides. Any thread.
#pragma once

#include <conductor/plugin.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace conductor::plugin {

enum class OptionType : std::uint8_t {
    boolean = CONDUCTOR_BOOL,
    integer = CONDUCTOR_INT,
    real = CONDUCTOR_REAL,
    string = CONDUCTOR_STRING,
    duration = CONDUCTOR_DURATION,
    bytes = CONDUCTOR_BYTES,
    choice = CONDUCTOR_CHOICE,
    endpoint = CONDUCTOR_ENDPOINT,
};

struct OptionSpec {
    std::string key;
    std::string summary;
    std::optional<std::string> fallback;  ///< as it would stand in the file
    std::vector<std::string> choices;
    std::int64_t min{1};
    std::int64_t max{0};  ///< below `min`: unchecked
    OptionType type{OptionType::string};
    bool required{false};
    bool secret{false};
    bool live{false};
    bool list{false};
};

struct MetricSpec {
    std::string name;
    std::string summary;
    std::string label;  ///< empty: none
    bool counter{false};
};

struct Descriptor {
    std::string id;
    std::string kind;
    std::string name;
    std::string version;
    std::string summary;
    std::vector<OptionSpec> options;
    std::vector<MetricSpec> metrics;
    std::vector<std::string> reasons;
    std::chrono::nanoseconds interval{0};  ///< how often it wants to run; 0: the host's default
    std::chrono::nanoseconds timeout{0};
    bool single{false};

    /// The plugin's wish, held to 100 ms … 1 h, or `fallback` where it has none.
    [[nodiscard]] std::chrono::nanoseconds interval_or(std::chrono::nanoseconds fallback) const noexcept;
    /// Likewise, held to 10 ms … 60 s.
    [[nodiscard]] std::chrono::nanoseconds timeout_or(std::chrono::nanoseconds fallback) const noexcept;
    [[nodiscard]] const OptionSpec* option(std::string_view key) const noexcept;
    [[nodiscard]] const MetricSpec* metric(std::string_view name) const noexcept;
    /// `word` if it is declared, else `other`: the set of label values stays closed.
    [[nodiscard]] std::string reason_or_other(std::string_view word) const;
};

/// errors  a size below what ABI 0.1 has, an unknown option type or low flag bit ("needs ABI …"), a missing
/// name
[[nodiscard]] Result<Descriptor, Complaint> read_descriptor(const conductor_descriptor& table);

}  // namespace conductor::plugin
