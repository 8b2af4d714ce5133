// Files that packages carry and that must follow the table of options: the environment file and the manual
// page. With CONDUCTOR_REWRITE=1 in the environment the test writes them anew instead of failing.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "core/config/options.hpp"
#include "tests/support/checkout.hpp"

using namespace conductor::config;

namespace {

std::string path_of(const std::string& file) {
    return conductor::checkout::sources() + "/packaging/" + file;
}

std::string shipped(const std::string& file) {
    std::ifstream in{path_of(file)};
    return {std::istreambuf_iterator<char>{in}, {}};
}

std::string with(std::string text, const std::string& between, const std::string& and_then,
                 const std::string& new_text) {
    const auto begin = text.find(between);
    const auto end = text.find(and_then);
    REQUIRE(begin != std::string::npos);
    REQUIRE(end != std::string::npos);
    return text.replace(begin + between.size(), end - begin - between.size(), new_text);
}

void judge(const std::string& file, const std::string& as_it_should_be) {
    const auto now = shipped(file);
    if (std::getenv("CONDUCTOR_REWRITE") != nullptr && now != as_it_should_be)
        std::ofstream{path_of(file)} << as_it_should_be;
    INFO("packaging/" << file << " is behind the options; CONDUCTOR_REWRITE=1 with this test writes it anew");
    CHECK(shipped(file) == as_it_should_be);
}

/// `text` in lines of at most 100 columns, each behind `start`.
std::string wrapped(const std::string& text, const std::string& start) {
    std::string out;
    std::string line;
    const auto flush = [&] {
        out += start + line + "\n";
        line.clear();
    };
    std::string word;
    for (const char c : text + " ") {
        if (c != ' ' && c != '\n') {
            word += c;
            continue;
        }
        if (!line.empty() && line.size() + 1 + word.size() > 100) flush();
        line += (line.empty() || word.empty() ? "" : " ") + word;
        word.clear();
    }
    if (!line.empty()) flush();
    return out;
}

std::string help_of(const Option& option) {
    std::string out{option.help};
    if (!out.empty() && !out.ends_with('.')) out += '.';
    if (!option.unit.empty()) out += " Unit: " + std::string{option.unit} + ".";
    if (option.type == Type::choice) out += " One of: " + std::string{option.choices} + ".";
    if (option.need == Need::required) out += " Must be set.";
    if (option.go_fallback) out += " Under compat=go: " + std::string{*option.go_fallback} + ".";
    if (!option.inert.empty()) out += " No effect: " + std::string{option.inert} + ".";
    return out;
}

std::string environment() {
    std::string out;
    for (const auto& option : options()) {
        if (variable_of(option).empty()) continue;
        const bool shown = option.need != Need::required;
        out += "\n" + wrapped(help_of(option), "# ") + "#" + variable_of(option) + "=" +
               (shown ? std::string{option.fallback} : "") + "\n";
    }
    return out;
}

/// roff takes a backslash, and a dot or quote at the beginning of a line, for its own; a hyphen for a break.
std::string roff(const std::string& text) {
    std::string out;
    bool begins = true;
    for (const char c : text) {
        if (begins && (c == '.' || c == '\'')) out += "\\&";
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else
            out += c;
        begins = c == '\n';
    }
    return out;
}

std::string manual() {
    std::string out;
    for (const auto& option : options()) {
        out += ".TP\n\\fB\\-\\-" + roff(std::string{option.name}) + "\\fR" +
               (option.type == Type::boolean ? "" : " \\fIvalue\\fR") + "\n";
        out += roff(wrapped(help_of(option), ""));
        if (option.need != Need::required && !option.fallback.empty())
            out += ".br\nDefault: \\fB" + roff(std::string{option.fallback}) + "\\fR.\n";
        if (const auto variable = variable_of(option); !variable.empty())
            out += ".br\nVariable: \\fB" + variable + "\\fR.\n";
    }
    return out;
}

}  // namespace

TEST_CASE("the environment file names every variable with its default and sets none", "[config][packaging]") {
    const auto file = shipped("etc/conductord.env");
    judge("etc/conductord.env", file.substr(0, file.find("# ---- All\n")) + "# ---- All\n" + environment());
    std::ifstream in{path_of("etc/conductord.env")};
    for (std::string line; std::getline(in, line);) {
        CAPTURE(line);
        CHECK((line.empty() || line.starts_with('#')));
    }
}

TEST_CASE("the manual page of the daemon has every flag", "[config][packaging]") {
    const auto page = shipped("man/conductord.8");
    judge("man/conductord.8", with(page, ".\\\" options begin\n", ".\\\" options end\n", manual()));
}
