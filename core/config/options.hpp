// The one table of all options: what a flag, a variable or a key of the file may say, of which type, with which
// default, and what it is for. Parsing, help, the dump and the example file are all driven by it; an option
// that is not here does not exist. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace conductor::config {

enum class Type : std::uint8_t {
    text,
    boolean,
    integer,           ///< Go's int
    count,             ///< Go's uint64
    duration,          ///< Go's notation
    duration_or_auto,  ///< the same, or the word `auto`
    seconds,           ///< a bare number of seconds as in Go, or Go's notation; whole seconds are not required
    size,              ///< octets, a bare number or one with B, KiB, MiB, GiB, TiB
    choice,            ///< one of the option's `choices`
    list,              ///< words with commas between
};

enum class Need : std::uint8_t {
    optional,
    required,
    required_by_go,  ///< must be set under compat=go; otherwise the default serves and is logged
};

struct Option {
    std::string_view name{};  ///< `raft.heartbeat-timeout`
    Type type{Type::text};
    Need need{Need::optional};
    std::string_view fallback{};                    ///< the default, as one would write it behind the flag
    std::optional<std::string_view> go_fallback{};  ///< the default under compat=go, where it differs
    std::string_view unit{};
    std::string_view choices{};  ///< with blanks between
    std::string_view inert{};    ///< why it has no effect; empty: it has one
    bool has_variable{true};
    std::string_view alias_of{};  ///< the option that it sets; empty: itself
    bool in_file{true};
    std::string_view help{};
};

/// All options, sorted by name. Lives as long as the program.
[[nodiscard]] std::span<const Option> options() noexcept;
[[nodiscard]] const Option* find_option(std::string_view name) noexcept;
/// Its place in options(). `option` must be one of them.
[[nodiscard]] std::size_t index_of(const Option& option) noexcept;

/// `OP_CONDUCTOR_RAFT_HEARTBEAT_TIMEOUT`; empty where there is none.
[[nodiscard]] std::string variable_of(const Option& option);
/// `raft.heartbeat-timeout`; differs from the name where TOML needs the name for a table. Empty: not in the
/// file.
[[nodiscard]] std::string file_key_of(const Option& option);

}  // namespace conductor::config
