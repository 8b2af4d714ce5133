#include "core/config/resolved.hpp"

#include <array>

namespace conductor::config {
namespace {

// The default as a value. An empty text stands for "none" where the type has no such value of its own.
Value fallback_of(const Option& option, bool compat_go) {
    const auto text = compat_go && option.go_fallback ? *option.go_fallback : option.fallback;
    if (text.empty() && option.type == Type::choice) return Value{std::string{}};
    if (text.empty() && option.type == Type::seconds) return Value{std::chrono::nanoseconds{0}};
    auto value = parse_value(option, text);
    CONDUCTOR_CHECK(value.has_value());
    return std::move(*value);
}

}  // namespace

std::string_view source_name(Source source) noexcept {
    constexpr std::array<std::string_view, 5> names{"default", "profile", "file", "variable", "flag"};
    return names[static_cast<std::size_t>(source)];
}

Resolved::Resolved(bool compat_go) {
    for (const auto& option : options()) items_.push_back({fallback_of(option, compat_go), Source::fallback});
}

void Resolved::set(const Option& option, Value value, Source source) {
    auto& item = items_[index_of(option)];
    if (source < item.source) return;
    item = {std::move(value), source};
}

}  // namespace conductor::config
