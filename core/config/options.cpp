#include "core/config/options.hpp"

#include <algorithm>
#include <numeric>

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

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        auto diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const auto replaced = diagonal + (a[i] == b[j] ? 0U : 1U);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
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

std::optional<std::string> did_you_mean(std::string_view word, const std::vector<std::string>& names) {
    constexpr std::size_t longest_guessed = 100;  // the distance costs the product of both lengths
    if (word.size() > longest_guessed) return std::nullopt;
    std::optional<std::string> best;
    auto best_distance = std::max<std::size_t>(2, word.size() / 4) + 1;
    for (const auto& name : names) {
        const auto distance = edit_distance(word, name);
        if (distance >= best_distance) continue;
        best_distance = distance;
        best = name;
    }
    return best;
}

}  // namespace conductor::config
