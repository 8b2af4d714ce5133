#include "core/daemon/outage_watch.hpp"

#include <catch2/catch.hpp>

using namespace conductor;
using namespace conductor::daemon;
using namespace std::chrono_literals;

namespace {

const Instant outage_began{1000s};

peers::View seen(bool known, peers::Says active) {
    peers::Row row;
    row.known = known;
    row.status.active = active;
    peers::View view;
    view.rows.push_back(row);
    return view;
}

}  // namespace

TEST_CASE("a failover lasts from the loss of the leader to the first head of our own reign",
          "[daemon][outage]") {
    OutageWatch watch;
    watch.leader_known(outage_began, false);
    watch.leader_known(outage_began + 1s, false);  // still nobody
    watch.elected(LogIndex{7});
    CHECK_FALSE(watch.head_moved(outage_began + 2s, LogIndex{6}).has_value());  // replayed
    CHECK(watch.head_moved(outage_began + 3s, LogIndex{8}) == Duration{3s});
    CHECK_FALSE(watch.head_moved(outage_began + 4s, LogIndex{9}).has_value());
}

TEST_CASE("a failover that another member ends is not ours", "[daemon][outage]") {
    OutageWatch watch;
    watch.leader_known(outage_began, false);
    watch.leader_known(outage_began + 1s, true);
    CHECK_FALSE(watch.head_moved(outage_began + 2s, LogIndex{8}).has_value());
    watch.elected(LogIndex{8});
    CHECK_FALSE(watch.head_moved(outage_began + 3s, LogIndex{9}).has_value());  // nobody was missed in between
}

TEST_CASE("only time at whose both ends nobody is known to produce counts as idle", "[daemon][outage]") {
    OutageWatch watch;
    CHECK(watch.looked(outage_began, true, {}) == Duration::zero());
    CHECK(watch.looked(outage_began + 1s, true, seen(true, peers::Says::no)) == Duration{1s});
    CHECK(watch.looked(outage_began + 2s, true, seen(true, peers::Says::yes)) == Duration::zero());
    CHECK(watch.looked(outage_began + 3s, true, seen(false, peers::Says::unknown)) == Duration::zero());
    CHECK(watch.looked(outage_began + 4s, true, {}) == Duration::zero());
    CHECK(watch.looked(outage_began + 6s, true, {}) == Duration{2s});
    CHECK(watch.looked(outage_began + 7s, false, {}) == Duration::zero());
}
