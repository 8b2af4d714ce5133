// Plays every script of this folder, and makes each error of the player happen once.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "script.hpp"
#include "tests/support/checkout.hpp"

using namespace conductor;

namespace {

std::vector<std::filesystem::path> scripts() {
    std::vector<std::filesystem::path> found;
    for (const auto& file : std::filesystem::directory_iterator{checkout::sources() + "/tests/scenario"})
        if (file.path().extension() == ".txt" && file.path().stem() != "CMakeLists")
            found.push_back(file.path());
    std::ranges::sort(found);
    return found;
}

std::string outcome(const std::string& script) {
    std::istringstream text{script};
    return scenario::play("script.txt", text).value_or("all well");
}

}  // namespace

TEST_CASE("every scenario goes as its script says", "[scenario]") {
    const auto all = scripts();
    CHECK(all.size() >= 20);
    for (const auto& path : all) {
        const auto name = "tests/scenario/" + path.filename().string();
        DYNAMIC_SECTION(name) {
            std::ifstream file{path};
            const auto failure = scenario::play(name, file);
            INFO(failure.value_or(""));
            CHECK_FALSE(failure.has_value());
        }
    }
}

TEST_CASE("every scenario begins with a comment that says what it shows", "[scenario]") {
    for (const auto& path : scripts()) {
        INFO(path.filename().string());
        std::ifstream file{path};
        std::string comment;
        for (std::string line; std::getline(file, line) && line.starts_with("# ");) comment += line;
        CHECK(comment.find("§") != std::string::npos);
    }
}

TEST_CASE("what a script cannot have is told with its file and line", "[scenario]") {
    using Catch::Matchers::StartsWith;
    CHECK(outcome("group of 3\nelect a\n\nexpect a leads\n") == "all well");
    CHECK_THAT(outcome("group of 3\nelect a\nexpect b leads\n"), StartsWith("script.txt:3: "));
    CHECK_THAT(outcome("group of 3\nelect a\nexpect nobody leads for 1 s\n"),
               StartsWith("script.txt:3: expect nobody leads for 1 s: it is not so for that long"));
    CHECK_THAT(outcome("group of 3\nelect a\nexpect b leads within 1 s\n"),
               StartsWith("script.txt:3: expect b leads within 1 s: it is not so"));
    CHECK_THAT(outcome("group of 3\n\na dances\n"), StartsWith("script.txt:3: a dances: no such step"));
    CHECK_THAT(outcome("expect a dances\n"), StartsWith("script.txt:1: expect a dances: no such sight"));
    CHECK_THAT(outcome("group of 3\nelect d\n"), StartsWith("script.txt:2: elect d: there is no member d"));
    CHECK_THAT(outcome("group of 0\n"), StartsWith("script.txt:1: group of 0: 1 to 9 members"));
    CHECK_THAT(outcome("elect a\ngroup of 3\n"), StartsWith("script.txt:2: group of 3: no such step"));
    CHECK_THAT(outcome("a stops\nexpect a holds its vote\n"), StartsWith("script.txt:2: "));
    CHECK_THAT(outcome("a stops\na stops\n"), StartsWith("script.txt:2: a stops: it is down"));
    CHECK_THAT(outcome("elect a\na proposes X beside Y\n"), StartsWith("script.txt:2: "));
    CHECK_THAT(outcome("a proposes X on Y\n"),
               StartsWith("script.txt:1: a proposes X on Y: there is no block Y"));
    CHECK_THAT(outcome("expect a produces\n"),
               StartsWith("script.txt:1: expect a produces: there are no control"));
    CHECK_THAT(outcome("a does not start\n"), StartsWith("script.txt:1: a does not start: it is up"));
    CHECK_THAT(outcome("a stops\na does not start\n"), StartsWith("script.txt:2: a does not start: it starts"));
    CHECK_THAT(outcome("the first vote slot of a rots\n"), StartsWith("script.txt:1: the first"));
    CHECK_THAT(outcome("a stops\nthe first vote slot of a rots\n"), StartsWith("script.txt:2: the first"));
    CHECK_THAT(outcome("isolate a\nisolate b\nelect a\n"),
               StartsWith("script.txt:3: elect a: nobody is elected"));
}

TEST_CASE("a rule that a script breaks is told with its file and line too", "[scenario]") {
    // Two empty disks of three are more than the rules can bear: then the checker speaks, or nobody leads.
    const auto told = outcome(
        "group of 3\nelect a\na commits 3 blocks\na stops\nb starts empty\nc starts empty\n"
        "expect somebody leads within 20 s\n");
    CHECK(told.find("script.txt:7: ") == 0);
}
