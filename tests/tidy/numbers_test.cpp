// What is promised under a number has a test that carries the number as a tag: the checklist of the wire (C-1
// to C-95), the matrix of the control loop (S-35 to S-46) and the rules that only ours has (S-61 to S-75).
#include <catch2/catch.hpp>
#include <set>

#include "tests/support/pattern.hpp"
#include "tests/tidy/source_tree.hpp"

namespace {

std::set<int> numbers_in_tags(const std::string& letter) {
    std::set<int> numbers;
    for (const auto& file : conductor::tidy::sources_under({"tests"}))
        for (const auto& line : file.lines)
            for (const auto& tag : conductor::pattern::matches(line, "\\[" + letter + "-(\\d+)\\]"))
                numbers.insert(std::stoi(tag.group));
    return numbers;
}

std::set<int> missing(const std::set<int>& tested, int first, int last) {
    std::set<int> none;
    for (int number = first; number <= last; ++number)
        if (!tested.contains(number)) none.insert(number);
    return none;
}

}  // namespace

TEST_CASE("every item of the wire's checklist has a test that carries its number", "[tidy]") {
    constexpr int items = 95;
    const auto tested = numbers_in_tags("C");
    CHECK(missing(tested, 1, items) == std::set<int>{});
    CHECK(*tested.rbegin() == items);
}

TEST_CASE("every scenario of the control loop and of the rules of ours has a test that carries its number",
          "[tidy]") {
    constexpr int scenarios = 75;
    const auto tested = numbers_in_tags("S");
    CHECK(missing(tested, 35, 46) == std::set<int>{});
    CHECK(missing(tested, 61, scenarios) == std::set<int>{});
    CHECK(*tested.rbegin() == scenarios);
}
