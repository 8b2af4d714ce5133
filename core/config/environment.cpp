#include "core/config/environment.hpp"

#include <set>

#include "core/base/go_text.hpp"

namespace conductor::config {
namespace {

constexpr std::string_view variable_prefix = "OP_CONDUCTOR";  // without underscore, as Go looks for strays

bool counts_when_empty(Type type) noexcept {
    return type == Type::text || type == Type::boolean;
}

Value empty_value(Type type) {
    return type == Type::boolean ? Value{false} : Value{std::string{}};
}

std::string complaint(const Option& option, const std::string& name, const std::string& text,
                      const ValueError& why) {
    const auto source = " from environment variable " + go_quote(name);
    const auto middle =
        why.kind.empty() ? source + " as value for flag " : " as " + why.kind + source + " for flag ";
    return "could not parse " + go_quote(text) + middle + std::string{option.name} + ": " + why.reason;
}

}  // namespace

Variables read_environment(const Environment& environment) {
    Variables out;
    std::set<std::string, std::less<>> known;
    for (const auto& option : options()) {
        const auto name = variable_of(option);
        if (name.empty()) continue;
        known.insert(name);
        const auto found = environment.find(name);
        if (found == environment.end()) continue;
        const auto& text = found->second;
        if (text.empty()) {
            if (counts_when_empty(option.type)) out.set.push_back({&option, empty_value(option.type)});
            continue;
        }
        auto value = parse_value(option, text);
        if (value)
            out.set.push_back({&option, std::move(*value)});
        else
            out.problems.push_back(complaint(option, name, text, value.error()));
    }
    for (const auto& [name, value] : environment)
        if (name.starts_with(variable_prefix) && !known.contains(name)) out.unknown.push_back(name);
    return out;
}

}  // namespace conductor::config
