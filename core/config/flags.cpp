#include "core/config/flags.hpp"

#include <algorithm>

#include "core/base/go_text.hpp"

namespace conductor::config {
namespace {

struct Word {
    std::string name;
    std::optional<std::string> value;
};

const Option* resolve(const Option* option) {
    return option != nullptr && !option->alias_of.empty() ? find_option(option->alias_of) : option;
}

void keep(std::vector<GivenFlag>& given, const Option* option, Value value) {
    const auto before = std::ranges::find(given, option, &GivenFlag::option);
    if (before == given.end()) {
        given.push_back({option, std::move(value)});
    } else if (option->type == Type::list) {
        auto& all = std::get<std::vector<std::string>>(before->value);
        const auto& more = std::get<std::vector<std::string>>(value);
        all.insert(all.end(), more.begin(), more.end());
    } else {
        before->value = std::move(value);
    }
}

// `-help`, `-h`, `-version`, `-v`: no options of the table, as nothing else may set them.
bool* switch_of(Flags& flags, std::string_view name) {
    if (name == "help" || name == "h") return &flags.help;
    if (name == "version" || name == "v") return &flags.version;
    return nullptr;
}

std::optional<std::string> set_boolean(bool& target, const Word& word) {
    const auto value = parse_bool(word.value.value_or("true"));
    if (!value)
        return "invalid boolean value " + go_quote(*word.value) + " for -" + word.name + ": parse error";
    target = *value;
    return std::nullopt;
}

}  // namespace

Flags parse_flags(std::span<const std::string> words) {
    Flags out;
    while (!words.empty()) {
        const auto& text = words.front();
        if (text.size() < 2 || text.front() != '-') {
            // The only command there is; everything else is ignored, as Go's program does.
            if (text == "help" || text == "h") out.help = true;
            return out;
        }
        if (text == "--") return out;
        Word word{text.substr(text[1] == '-' ? 2 : 1), {}};
        if (word.name.empty() || word.name.front() == '-' || word.name.front() == '=') {
            out.problem = "bad flag syntax: " + text;
            return out;
        }
        words = words.subspan(1);
        if (const auto equals = word.name.find('='); equals != std::string::npos) {
            word.value = word.name.substr(equals + 1);
            word.name.resize(equals);
        }
        if (auto* target = switch_of(out, word.name)) {
            out.problem = set_boolean(*target, word);
            if (out.problem) return out;
            continue;
        }
        const auto* option = resolve(find_option(word.name));
        if (option == nullptr) {
            out.problem = "flag provided but not defined: -" + word.name;
            return out;
        }
        if (option->type == Type::boolean) {
            bool value = false;
            out.problem = set_boolean(value, word);
            if (out.problem) return out;
            keep(out.given, option, Value{value});
            continue;
        }
        if (!word.value) {
            if (words.empty()) {
                out.problem = "flag needs an argument: -" + word.name;
                return out;
            }
            word.value = words.front();
            words = words.subspan(1);
        }
        auto value = parse_value(*option, *word.value);
        if (!value) {
            out.problem = "invalid value " + go_quote(*word.value) + " for flag -" + word.name + ": " +
                          value.error().brief;
            return out;
        }
        keep(out.given, option, std::move(*value));
    }
    return out;
}

}  // namespace conductor::config
