#include "core/daemon/hash_check.hpp"

#include <dirent.h>
#include <sys/resource.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <set>

#include "core/payload/block_hash.hpp"
#include "tests/unit/replica/one_node.hpp"

using namespace conductor;
using namespace std::chrono_literals;
using replica::test::block;

namespace {

struct Passed final : control::Committer {
    void commit(payload::Envelope envelope, control::CommitDone done) override {
        numbers.push_back(envelope.number.value());
        done({});
    }
    std::vector<std::uint64_t> numbers;
};

/// The block at this height, with the hash that it has.
payload::Envelope honest_block(std::uint64_t number) {
    const auto made = block(number);
    const auto hash = payload::block_hash(made);
    REQUIRE(hash.has_value());
    std::vector<std::uint8_t> ssz{made.ssz.span().begin(), made.ssz.span().end()};
    std::ranges::copy(hash->bytes, ssz.begin() + 504);
    return *payload::envelope_from_ssz(Bytes::adopt(std::move(ssz)));
}

bool eventually_checked(const daemon::HashCheck& check, std::uint64_t payloads) {
    for (int i = 0; i < 1000; ++i) {
        const auto figures = check.figures();
        if (figures.checked + figures.skipped == payloads) return true;
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

std::set<int> priorities_of_threads() {
    std::set<int> found;
    DIR* tasks = ::opendir("/proc/self/task");
    REQUIRE(tasks != nullptr);
    while (const auto* task = ::readdir(tasks))
        if (task->d_name[0] != '.')
            found.insert(::getpriority(PRIO_PROCESS, static_cast<id_t>(std::atoi(task->d_name))));
    ::closedir(tasks);
    return found;
}

}  // namespace

TEST_CASE("a payload that claims another hash than it has is counted afterwards, not refused",
          "[daemon][commit]") {
    Passed passed;
    daemon::HashCheck check{passed};
    int answers = 0;
    check.commit(honest_block(1), [&](const auto& answer) { answers += answer.has_value() ? 1 : 0; });
    check.commit(replica::test::sibling_of(honest_block(2)),
                 [&](const auto& answer) { answers += answer.has_value() ? 1 : 0; });
    CHECK(answers == 2);
    CHECK(passed.numbers == std::vector<std::uint64_t>{1, 2});
    REQUIRE(eventually_checked(check, 2));
    CHECK(check.figures().wrong == 1);
}

TEST_CASE("what the check of hashes cannot keep up with is passed on all the same", "[daemon][commit]") {
    Passed passed;
    daemon::HashCheck check{passed};
    const auto one = honest_block(1);
    for (int i = 0; i < 200; ++i) check.commit(one, [](const auto&) {});
    CHECK(passed.numbers.size() == 200);
    REQUIRE(eventually_checked(check, 200));
    CHECK(check.figures().wrong == 0);
}

TEST_CASE("the thread that computes hashes lets all others go first", "[daemon][commit]") {
    Passed passed;
    daemon::HashCheck check{passed};
    check.commit(honest_block(1), [](const auto&) {});
    REQUIRE(eventually_checked(check, 1));
    CHECK(priorities_of_threads().contains(19));
}
