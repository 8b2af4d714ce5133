#include "core/runtime/clock.hpp"

#include <catch2/catch.hpp>
#include <thread>

using namespace conductor;
using namespace std::chrono_literals;

TEST_CASE("instants do not step back and go on with real time", "[runtime][clock]") {
    const auto before = now();
    std::this_thread::sleep_for(5ms);
    const auto after = now();
    CHECK(after - before >= 5ms);
    CHECK(before.time_since_epoch() > 0ns);
}

TEST_CASE("the wall clock counts from 1970", "[runtime][clock]") {
    CHECK(wall_clock().time_since_epoch() > std::chrono::years{50});
}
