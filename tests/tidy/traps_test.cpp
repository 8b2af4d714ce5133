// The traps of the house, each once paid for in days, as far as a text search can see them.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/pattern.hpp"
#include "tests/tidy/source_tree.hpp"

using namespace conductor::tidy;

namespace {

std::vector<std::string> lines_matching(const std::vector<SourceFile>& files, const std::string& pattern) {
    std::vector<std::string> found;
    for (const auto& file : files)
        for (std::size_t i = 0; i < file.lines.size(); ++i)
            if (conductor::pattern::has_match(file.lines[i], pattern))
                found.push_back(file.path + ":" + std::to_string(i + 1) + ": " + file.lines[i]);
    return found;
}

}  // namespace

TEST_CASE("at most eight translation units include Beast", "[tidy]") {
    std::vector<std::string> units;
    for (const auto& file : sources_under({"core", "plugins", "tests"}))
        if (std::ranges::any_of(file.lines,
                                [](const auto& line) { return included_by(line).starts_with("boost/beast"); }))
            units.push_back(file.path);
    CAPTURE(units);
    CHECK(units.size() <= 8);
    // In a header it would spread to every unit that includes the header.
    CHECK(std::ranges::none_of(units, [](const auto& path) { return path.ends_with(".hpp"); }));
}

TEST_CASE("RapidJSON is included by few, and only behind JsonBuffer", "[tidy]") {
    for (const auto& file : sources_under({"core", "plugins"})) {
        const auto has = [&](const std::string& start) {
            return std::ranges::any_of(file.lines,
                                       [&](const auto& line) { return included_by(line).starts_with(start); });
        };
        if (!has("rapidjson/")) continue;
        INFO(file.path);
        CHECK(has("core/base/json_buffer.hpp"));
    }
}

TEST_CASE("no task is spawned without an owner", "[tidy]") {
    const auto found = lines_matching(sources_under({"core", "plugins"}), R"(asio::detached|[^_]detached\))");
    CAPTURE(found);
    CHECK(found.empty());
}

TEST_CASE("no capturing lambda or braced aggregate stands inside a co_await", "[tidy]") {
    // GCC 12 destroys such temporaries twice.
    const auto found =
        lines_matching(sources_under({"core", "tests"}), R"(co_await [^;]*(\[[&=a-z]|\(\{|[A-Z]\w+\{[^}]))");
    CAPTURE(found);
    CHECK(found.empty());
}

TEST_CASE("no two iterators come from two calls of error()", "[tidy]") {
    // boost::system::result gives a copy of its error each time.
    const auto found =
        lines_matching(sources_under({"core", "plugins", "tests"}), R"(error\(\)\.(begin|data)\()");
    CAPTURE(found);
    CHECK(found.empty());
}

TEST_CASE("assert() is not used: it is off in release", "[tidy]") {
    const auto found = lines_matching(sources_under({"core", "plugins"}), R"((^|[^_\w])assert\(|<cassert>)");
    CAPTURE(found);
    CHECK(found.empty());
}

TEST_CASE("no source file is longer than 700 lines", "[tidy]") {
    for (const auto& file : sources_under({"core", "plugins", "sdk", "tests"})) {
        INFO(file.path);
        CHECK(file.lines.size() <= 700);
    }
}

TEST_CASE("every header opens with a paragraph and is included once", "[tidy]") {
    for (const auto& file : sources_under({"core"})) {
        if (!file.path.ends_with(".hpp")) continue;
        INFO(file.path);
        REQUIRE_FALSE(file.lines.empty());
        CHECK(file.lines.front().starts_with("// "));
        CHECK(std::ranges::count(file.lines, "#pragma once") == 1);
    }
}
