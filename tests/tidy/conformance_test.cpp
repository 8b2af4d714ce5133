// The checklist of the wire (C-1 to C-95): every item has a test that carries its number as a tag.
#include <catch2/catch.hpp>
#include <set>

#include "tests/support/pattern.hpp"
#include "tests/tidy/source_tree.hpp"

TEST_CASE("every item of the wire's checklist has a test that carries its number", "[tidy]") {
    constexpr int items = 95;
    std::set<int> tested;
    for (const auto& file : conductor::tidy::sources_under({"tests"}))
        for (const auto& line : file.lines)
            for (const auto& tag : conductor::pattern::matches(line, R"(\[C-(\d+)\])"))
                tested.insert(std::stoi(tag.group));
    std::set<int> missing;
    for (int item = 1; item <= items; ++item)
        if (!tested.contains(item)) missing.insert(item);
    CAPTURE(missing);
    CHECK(missing.empty());
    CHECK(*tested.rbegin() == items);
}
