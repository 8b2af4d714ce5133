#include "core/config/options.hpp"

#include <algorithm>

#include "core/base/check.hpp"
#include "core/config/option_tables.hpp"

namespace conductor::config {
namespace {

const std::vector<Option>& all() {
    static const auto table = [] {
        std::vector<Option> out{go_options().begin(), go_options().end()};
        out.insert(out.end(), our_options().begin(), our_options().end());
        std::ranges::sort(out, {}, &Option::name);
        return out;
    }();
    return table;
}

}  // namespace

std::span<const Option> options() noexcept {
    return all();
}

const Option* find_option(std::string_view name) noexcept {
    const auto found = std::ranges::lower_bound(all(), name, {}, &Option::name);
    return found != all().end() && found->name == name ? &*found : nullptr;
}

std::size_t index_of(const Option& option) noexcept {
    const auto* known = find_option(option.name);
    CONDUCTOR_CHECK(known != nullptr);
    return static_cast<std::size_t>(known - all().data());
}

std::string variable_of(const Option& option) {
    if (!option.has_variable) return {};
    std::string out = "OP_CONDUCTOR_";
    for (const char c : option.name) {
        const bool lower = c >= 'a' && c <= 'z';
        out += c == '.' || c == '-' ? '_' : lower ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return out;
}

std::string file_key_of(const Option& option) {
    if (!option.in_file) return {};
    if (option.name == "network") return "network.profile";
    if (option.name == "paused") return "paused.at-start";
    return std::string{option.name};
}

}  // namespace conductor::config
