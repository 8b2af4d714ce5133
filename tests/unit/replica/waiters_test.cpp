// Who is told what when an entry is applied.
#include "core/replica/waiters.hpp"

#include <catch2/catch.hpp>

using namespace conductor;
using namespace conductor::replica;

namespace {

struct Answers {
    std::vector<std::string> texts;
    control::CommitDone next(const std::string& name) {
        return [this, name](const Result<void, control::CommitError>& result) {
            texts.push_back(name + (result ? ": ok" : ": " + result.error().text));
        };
    }
};

consensus::Position at(std::uint64_t term, std::uint64_t index) {
    return {Term{term}, LogIndex{index}};
}

}  // namespace

TEST_CASE("an entry replaced by another leader's at the same index never acknowledges the first waiter",
          "[replica][waiters][C-94]") {
    Answers answers;
    Waiters waiters;
    waiters.add(at(2, 5), answers.next("mine"));

    waiters.applied(at(3, 5), {});

    CHECK(answers.texts == std::vector<std::string>{"mine: leadership lost while committing log"});
    CHECK(waiters.size() == 0);
}

TEST_CASE("waiters are answered in index order, each once", "[replica][waiters]") {
    Answers answers;
    Waiters waiters;
    waiters.add(at(2, 6), answers.next("b"));
    waiters.add(at(2, 5), answers.next("a"));
    waiters.add(at(2, 7), answers.next("c"));

    waiters.applied(at(2, 5), {});
    waiters.applied(at(2, 6), control::CommitError{"bad", true, false});

    CHECK(answers.texts == std::vector<std::string>{"a: ok", "b: bad"});
    CHECK(waiters.size() == 1);
}

TEST_CASE("those who wait for one entry are all answered, in the order in which they came",
          "[replica][waiters][S-67]") {
    Answers answers;
    Waiters waiters;
    waiters.add(at(2, 5), answers.next("a"));
    waiters.add(at(2, 6), answers.next("c"));
    waiters.add(at(2, 5), answers.next("b"));
    CHECK(waiters.waits_for(at(2, 5)));
    CHECK_FALSE(waiters.waits_for(at(3, 5)));
    CHECK(waiters.size() == 3);
    waiters.applied(at(2, 5), {});
    CHECK(answers.texts == std::vector<std::string>{"a: ok", "b: ok"});
    CHECK_FALSE(waiters.waits_for(at(2, 5)));
}

TEST_CASE("when everything fails everybody is told", "[replica][waiters]") {
    Answers answers;
    Waiters waiters;
    waiters.add(at(2, 5), answers.next("a"));
    waiters.add(at(2, 6), answers.next("b"));
    waiters.fail_all({"gone", false, true});
    CHECK(answers.texts == std::vector<std::string>{"a: gone", "b: gone"});
    CHECK(waiters.size() == 0);
}

TEST_CASE("who waits for what is committed is not told that the lead is lost", "[replica][waiters][C-75]") {
    Answers answers;
    Waiters waiters;
    waiters.add(at(2, 5), answers.next("a"));
    waiters.add(at(2, 6), answers.next("b"));
    waiters.fail_above(LogIndex{5}, {"gone", false, true});
    waiters.applied(at(2, 5), {});
    CHECK(answers.texts == std::vector<std::string>{"b: gone", "a: ok"});
    CHECK(waiters.size() == 0);
}
