#include "core/daemon/reminder.hpp"

#include <catch2/catch.hpp>

using namespace conductor;
using namespace conductor::daemon;
using namespace std::chrono_literals;

TEST_CASE("what stands is called to mind once a period, and never again once it has gone", "[daemon][P-43]") {
    constexpr Instant began{5000s};
    Reminder reminder{60s};
    CHECK_FALSE(reminder.due(began - 100s, false));
    CHECK_FALSE(reminder.due(began, true));
    CHECK_FALSE(reminder.due(began + 59s, true));
    CHECK(reminder.due(began + 60s, true));
    CHECK_FALSE(reminder.due(began + 61s, true));
    CHECK(reminder.due(began + 120s, true));
    CHECK_FALSE(reminder.due(began + 200s, false));
    CHECK_FALSE(reminder.due(began + 201s, true));  // another override
    CHECK(reminder.due(began + 261s, true));
}
