#include "core/config/help.hpp"

#include <algorithm>

#include "core/base/go_duration.hpp"
#include "core/base/go_text.hpp"
#include "core/config/go_values.hpp"

namespace conductor::config {
namespace {

constexpr std::string_view program = "conductord";
constexpr std::size_t name_column = 35;
constexpr std::size_t default_column = 34;
constexpr std::size_t text_width = 80;

void pad(std::string& out, std::string_view text, std::size_t width) {
    out += text;
    if (text.size() < width) out.append(width - text.size(), ' ');
}

// Words of each line of `text`, in lines of at most text_width.
void wrap(std::string& out, std::string_view text) {
    constexpr std::string_view indent = "          ";
    std::string line;
    const auto flush = [&] {
        out += indent;
        out += line;
        out += '\n';
        line.clear();
    };
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of(" \n"), text.size());
        const auto word = text.substr(0, end);
        if (!line.empty() && line.size() + 1 + word.size() > text_width) flush();
        if (!line.empty() && !word.empty()) line += ' ';
        line += word;
        if (end < text.size() && text[end] == '\n') flush();
        text.remove_prefix(std::min(text.size(), end + 1));
    }
    if (!line.empty()) flush();
}

void entry(std::string& out, const std::string& names, const std::string& shown_default,
           const std::string& variable, std::string_view text) {
    out += "   \n    ";
    pad(out, names, name_column);
    out += ' ';
    pad(out, shown_default.empty() ? "" : "(default: " + shown_default + ")", default_column);
    if (!variable.empty()) out += " ($" + variable + ")";
    out += '\n';
    wrap(out, text);
}

std::string shown_default(const Option& option) {
    if (option.fallback.empty()) return {};
    const bool quoted = option.type == Type::text || option.type == Type::list;
    return quoted ? go_quote(option.fallback) : std::string{option.fallback};
}

std::string text_of(const Option& option, const std::vector<std::string>& networks) {
    std::string out{option.help};
    if (option.name == "network" && !networks.empty()) {
        out += " Available networks: ";
        for (const auto& network : networks) out += (&network == &networks.front() ? "" : ", ") + network;
    }
    if (!option.inert.empty()) out += "\nNo effect: " + std::string{option.inert} + ".";
    return out;
}

}  // namespace

std::string help_text(std::string_view version, const std::vector<std::string>& networks) {
    const std::string name{program};
    std::string out =
        "NAME:\n   " + name + " - keeps an OP Stack sequencer highly available\n\nUSAGE:\n   " + name +
        " [global options] command [command options]\n\nVERSION:\n   " + std::string{version} +
        "\n\nDESCRIPTION:\n   One " + name +
        " runs beside one sequencer; together they keep exactly one of them producing blocks.\n\n"
        "COMMANDS:\n   help, h  Shows a list of commands or help for one command\n\nGLOBAL OPTIONS:\n";
    for (const auto& option : options()) {
        const auto names = "--" + std::string{option.name} + (option.type == Type::boolean ? "" : " value");
        entry(out, names, shown_default(option), variable_of(option), text_of(option, networks));
    }
    out += "\n   7. MISC\n\n";
    entry(out, "--help, -h", "false", "", "show help");
    entry(out, "--version, -v", "false", "", "print the version");
    out += '\n';
    return out;
}

std::string version_text(std::string_view version) {
    return std::string{program} + " version " + std::string{version} + "\n";
}

}  // namespace conductor::config
