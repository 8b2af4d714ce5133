// What each option is in the end, and who said so: flag, variable, file, profile, default, in this order. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/check.hpp"
#include "core/base/clock.hpp"
#include "core/config/go_values.hpp"
#include "core/config/options.hpp"

namespace conductor::config {

enum class Source : std::uint8_t { fallback, profile, file, variable, flag };
[[nodiscard]] std::string_view source_name(Source source) noexcept;

class Resolved {
public:
    /// All defaults; those of Go where `compat_go`.
    explicit Resolved(bool compat_go);

    /// Counts if nobody of a higher rank has spoken; among equals the last one does.
    void set(const Option& option, Value value, Source source);

    [[nodiscard]] const Value& value(std::string_view name) const { return items_[place(name)].value; }
    [[nodiscard]] Source source(std::string_view name) const { return items_[place(name)].source; }
    /// Anybody has spoken; a default alone does not count.
    [[nodiscard]] bool given(std::string_view name) const { return source(name) != Source::fallback; }
    [[nodiscard]] bool is_auto(std::string_view name) const {
        return std::holds_alternative<Auto>(value(name));
    }

    [[nodiscard]] const std::string& text(std::string_view name) const {
        return std::get<std::string>(value(name));
    }
    [[nodiscard]] bool flag(std::string_view name) const { return std::get<bool>(value(name)); }
    [[nodiscard]] std::int64_t integer(std::string_view name) const {
        return std::get<std::int64_t>(value(name));
    }
    [[nodiscard]] std::uint64_t count(std::string_view name) const {
        return std::get<std::uint64_t>(value(name));
    }
    [[nodiscard]] Duration duration(std::string_view name) const {
        return std::get<std::chrono::nanoseconds>(value(name));
    }
    [[nodiscard]] const std::vector<std::string>& list(std::string_view name) const {
        return std::get<std::vector<std::string>>(value(name));
    }

private:
    struct Item {
        Value value;
        Source source{Source::fallback};
    };
    static std::size_t place(std::string_view name) {
        const auto* option = find_option(name);
        CONDUCTOR_CHECK(option != nullptr);  // a misspelt name is our bug
        return index_of(*option);
    }

    std::vector<Item> items_;
};

}  // namespace conductor::config
