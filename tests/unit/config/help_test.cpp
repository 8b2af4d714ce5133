#include "core/config/help.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <sstream>

#include "core/config/options.hpp"
#include "tests/support/checkout.hpp"

using namespace conductor::config;

namespace {

std::string file(const std::string& name) {
    std::ifstream in{conductor::checkout::test_data() + "/config/" + name};
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

// Option → its lines, from `    --name` to the next line of blanks.
std::map<std::string, std::string> blocks(const std::string& help) {
    std::map<std::string, std::string> out;
    std::istringstream lines{help};
    std::string name;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("    --")) name = line.substr(4, line.find(' ', 4) - 4);
        if (line.find_first_not_of(' ') == std::string::npos) name.clear();
        if (!name.empty()) out[name] += line + "\n";
    }
    return out;
}

std::vector<std::string> recorded_networks(const std::string& help) {
    std::string text;
    std::istringstream words{blocks(help).at("--network")};
    std::vector<std::string> out;
    bool in_list = false;
    for (std::string word; words >> word;) {
        if (in_list) out.push_back(word.ends_with(',') ? word.substr(0, word.size() - 1) : word);
        if (word == "networks:") in_list = true;
    }
    return out;
}

std::string without_last_line(const std::string& block) {
    return block.substr(0, block.rfind('\n', block.size() - 2) + 1);
}

}  // namespace

TEST_CASE("each option that op-conductor has is shown line by line as there", "[config][help][recordings]") {
    const auto recorded = file(GENERATE("okx-help.txt", "base-help.txt"));
    const auto ours = blocks(help_text("v", recorded_networks(recorded)));
    std::size_t compared = 0;
    for (const auto& [name, block] : blocks(recorded)) {
        CAPTURE(name);
        REQUIRE(ours.contains(name));
        if (name == "--rpc.http-body-limit-mb") continue;  // another default, see docs/divergence.md
        auto shown = ours.at(name);
        if (shown.find("No effect: ") != std::string::npos) shown = without_last_line(shown);
        CHECK(shown == block);
        ++compared;
    }
    CHECK(compared > 60);
}

TEST_CASE("help has the sections of op-conductor's in their order", "[config][help][recordings]") {
    const auto recorded = file("okx-help.txt");
    const auto ours = help_text("v", {});
    std::size_t at = 0;
    for (const std::string heading :
         {"NAME:\n   ", "\n\nUSAGE:\n   ", "\n\nVERSION:\n   ", "\n\nDESCRIPTION:\n   ",
          "\n\nCOMMANDS:\n   help, h  Shows", "\n\nGLOBAL OPTIONS:\n   \n    --",
          "\n\n   7. MISC\n\n   \n    --help, -h"}) {
        CAPTURE(heading);
        REQUIRE(recorded.find(heading) != std::string::npos);
        at = ours.find(heading, at);
        REQUIRE(at != std::string::npos);
    }
    CHECK(ours.ends_with("          print the version\n\n"));
    CHECK(recorded.ends_with("          print the version\n\n"));
}

TEST_CASE("every option is in the help, with its variable and a text", "[config][help]") {
    const auto ours = blocks(help_text("v", {}));
    for (const auto& option : options()) {
        CAPTURE(option.name);
        const auto found = ours.find("--" + std::string{option.name});
        REQUIRE(found != ours.end());
        CHECK_FALSE(option.help.empty());
        const bool shown = found->second.find("($" + variable_of(option) + ")") != std::string::npos;
        CHECK(shown == option.has_variable);
    }
}

TEST_CASE("the version is one line", "[config][help]") {
    CHECK(version_text("1.2.3-abcdef12-20260601") == "conductord version 1.2.3-abcdef12-20260601\n");
}
