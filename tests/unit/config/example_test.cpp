#include <catch2/catch.hpp>
#include <fstream>

#include "core/config/file.hpp"
#include "core/config/resolved.hpp"
#include "tests/support/checkout.hpp"

using namespace conductor::config;

namespace {

std::vector<std::string> example_lines() {
    std::ifstream in{conductor::checkout::sources() + "/config/conductord.example.toml"};
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
}

// `#key = value` is a sample, `# text` a comment.
bool is_sample(const std::string& line) {
    return line.size() > 1 && line[0] == '#' && (line[1] == '[' || (line[1] >= 'a' && line[1] <= 'z'));
}

std::string text(bool with_samples) {
    std::string out;
    for (const auto& line : example_lines())
        out += (with_samples && is_sample(line) ? line.substr(1) : line) + "\n";
    return out;
}

}  // namespace

TEST_CASE("the example as it is installed changes nothing", "[config][example]") {
    FileContents file;
    read_file(file, text(false), "example");
    CHECK(file.problems.empty());
    CHECK(file.options.empty());
    CHECK(file.health.empty());
    CHECK(file.peers.empty());
}

TEST_CASE("every option stands in the example with its default", "[config][example]") {
    FileContents file;
    read_file(file, text(true), "example");
    CHECK(file.problems == std::vector<std::string>{});
    CHECK(file.health.size() == 1);
    CHECK(file.driver.has_value());
    CHECK(file.transfer.has_value());
    CHECK(file.endpoints.size() == 1);
    CHECK(file.peers.size() == 1);

    const Resolved defaults{false};
    for (const auto& option : options()) {
        if (!option.in_file || option.name == "peers.rpc") continue;
        CAPTURE(option.name);
        const FileOption* shown = nullptr;
        for (const auto& item : file.options)
            if (item.option == &option) shown = &item;
        REQUIRE(shown != nullptr);
        const bool has_default = option.need != Need::required && option.name != "pprof.type";
        if (has_default) CHECK(shown->value == defaults.value(option.name));
    }
}

TEST_CASE("above every sample stands its unit and why that default", "[config][example]") {
    const auto lines = example_lines();
    bool in_options = true;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].starts_with("# ---- Tables")) in_options = false;
        if (!in_options || !is_sample(lines[i])) continue;
        std::string comment;
        for (auto at = i; at > 0 && lines[at - 1].starts_with("# "); --at)
            comment = lines[at - 1].substr(1) + comment;
        CAPTURE(lines[i], comment);
        CHECK(comment.find("Unit: ") != std::string::npos);
        CHECK(comment.find("Default: ") != std::string::npos);
    }
}
