#include "core/peers/table.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace conductor;
using namespace conductor::peers;
using namespace std::chrono_literals;

namespace {

const ServerId a{"seq-0"};
const ServerId b{"seq-1"};
const ServerId c{"seq-2"};
const Instant start{1h};

Table table_of(std::vector<Member> members) {
    Table table{{.self = a, .poll_interval = 1s, .lease_timeout = 500ms}};
    table.set_members(members);
    return table;
}
Table three() {
    return table_of({{a}, {b}, {c}});
}

Status well(const ServerId& id) {
    Status status;
    status.id = id;
    status.protocol = Protocol::ours;
    status.lease_timeout = 500ms;
    status.health = Health::healthy;
    status.paused = status.overridden = status.active = Says::no;
    status.ready = Says::yes;
    status.head = Head{BlockNumber{7}, {}};
    return status;
}
bool has(const std::vector<Note>& notes, NoteKind kind, const ServerId& id) {
    return std::any_of(notes.begin(), notes.end(),
                       [&](const Note& note) { return note.kind == kind && note.id == id; });
}

}  // namespace

TEST_CASE("a member that was never asked is unknown, and the first poll has not ended", "[peers][s1.7.4]") {
    const auto view = three().view(start);
    REQUIRE(view.rows.size() == 2);
    CHECK_FALSE(view.rows[0].known);
    CHECK(view.rows[0].status == Status{});
    CHECK_FALSE(view.first_poll_ended());
    CHECK_FALSE(view.all_voters_known());
}

TEST_CASE("the own id is not part of the table", "[peers][s1.7.1]") {
    CHECK(three().view(start).find(a) == nullptr);
    CHECK(three().view(start).find(b) != nullptr);
}

TEST_CASE("an answer counts for two periods and not a moment longer", "[peers][s1.7.4]") {
    auto table = three();
    CHECK(table.answered(start, b, well(b)).empty());
    CHECK(table.view(start + 2s).find(b)->known);
    const auto late = table.view(start + 2s + 1ns);
    CHECK_FALSE(late.find(b)->known);
    CHECK(late.find(b)->status.paused == Says::unknown);
    CHECK(late.find(b)->age == Duration{2s + 1ns});
}

TEST_CASE("a lost poll changes nothing before the last answer is too old", "[peers][s1.7.4]") {
    auto table = three();
    (void)table.answered(start, b, well(b));
    CHECK(table.silent(start + 1s, b).empty());
    CHECK(table.view(start + 1s).find(b)->known);
}

TEST_CASE("a voter that falls silent is warned of once, and its return is told", "[peers][s1.7.6]") {
    auto table = three();
    (void)table.answered(start, b, well(b));
    CHECK(has(table.silent(start + 3s, b), NoteKind::silent, b));
    CHECK(table.silent(start + 4s, b).empty());
    CHECK(has(table.answered(start + 5s, b, well(b)), NoteKind::back, b));
    CHECK(table.answered(start + 6s, b, well(b)).empty());
}

TEST_CASE("a voter that never answered is warned of after its first poll", "[peers][s1.7.6]") {
    auto table = three();
    CHECK(has(table.silent(start, b), NoteKind::silent, b));
    CHECK(table.silent(start + 1s, b).empty());
}

TEST_CASE("a silent non-voter is not worth a warning", "[peers][s1.7.6]") {
    auto table = table_of({{a}, {b}, {c, false, Reach::guessed}});
    CHECK(table.silent(start, c).empty());
}

TEST_CASE("the first poll has ended when each member that can be asked was asked, answered or not",
          "[peers][s5.5.8]") {
    auto table = three();
    (void)table.answered(start, b, well(b));
    CHECK_FALSE(table.view(start).first_poll_ended());
    (void)table.silent(start, c);
    CHECK(table.view(start).first_poll_ended());
    CHECK_FALSE(table.view(start).all_voters_known());
}

TEST_CASE("a member that cannot be asked stays unknown and does not keep the first poll open",
          "[peers][s1.7.2]") {
    auto table = table_of({{a}, {b, true, Reach::none}});
    CHECK(table.view(start).first_poll_ended());
    CHECK_FALSE(table.view(start).all_voters_known());
}

TEST_CASE("a sole voter knows all other voters", "[peers][s1.7.4]") {
    CHECK(table_of({{a}}).view(start).all_voters_known());
    CHECK(table_of({{a}}).view(start).first_poll_ended());
}

TEST_CASE("an answer under another id is unknown, voids what was known, and is warned of once",
          "[peers][s1.7.2][S-63]") {
    auto table = three();
    (void)table.answered(start, b, well(b));
    const auto notes = table.answered(start + 1s, b, well(c));
    CHECK(has(notes, NoteKind::another_id, b));
    CHECK_FALSE(table.view(start + 1s).find(b)->known);
    CHECK_FALSE(has(table.answered(start + 2s, b, well(c)), NoteKind::another_id, b));
}

TEST_CASE("a Go member names no id and is believed", "[peers][s1.7.5]") {
    auto table = three();
    Status go;
    go.protocol = Protocol::go;
    go.health = Health::healthy;
    go.paused = go.overridden = Says::no;
    (void)table.answered(start, b, go);
    const auto view = table.view(start);
    const auto& row = *view.find(b);
    CHECK(row.known);
    CHECK(row.status.active == Says::unknown);
    CHECK_FALSE(row.status.head.has_value());
    CHECK(candidate(row));
    CHECK_FALSE(eligible(row));  // it cannot say that it is ready
}

TEST_CASE("a lease time-out that differs from ours is warned of once for each value", "[peers][s1.7.6]") {
    auto table = three();
    auto status = well(b);
    status.lease_timeout = 200ms;
    CHECK(has(table.answered(start, b, status), NoteKind::lease_differs, b));
    CHECK(table.answered(start + 1s, b, status).empty());
    status.lease_timeout = 300ms;
    CHECK(has(table.answered(start + 2s, b, status), NoteKind::lease_differs, b));
}

TEST_CASE("a changed membership keeps what is known of those who stay", "[peers]") {
    auto table = three();
    (void)table.answered(start, b, well(b));
    (void)table.answered(start, c, well(c));
    table.set_members({{a}, {b}});
    CHECK(table.view(start).rows.size() == 1);
    CHECK(table.view(start).find(b)->known);
    CHECK(table.answered(start, c, well(c)).empty());  // a poll that ends after the removal
    table.set_members({{a}, {b}, {c}});
    CHECK_FALSE(table.view(start).find(c)->known);
    table.set_members({{a}, {b, true, Reach::guessed}});
    CHECK_FALSE(table.view(start).find(b)->known);  // asked elsewhere from now on
}

TEST_CASE("who may be handed leadership is known to be a fit, unpaused voter", "[peers][P-2][P-47]") {
    auto table = three();
    auto status = well(b);
    const auto row_of = [&](Status said) {
        (void)table.answered(start, b, std::move(said));
        return *table.view(start).find(b);
    };
    CHECK(candidate(row_of(status)));
    CHECK(eligible(row_of(status)));
    CHECK(healthy_candidate(row_of(status)));

    SECTION("stalled or degraded is fit, but not healthy without reservation") {
        status.health = GENERATE(Health::stalled, Health::degraded);
        CHECK(candidate(row_of(status)));
        CHECK_FALSE(healthy_candidate(row_of(status)));
    }
    SECTION("unhealthy or unknown health is not") {
        status.health = GENERATE(Health::unhealthy, Health::unknown);
        CHECK_FALSE(candidate(row_of(status)));
    }
    SECTION("paused or silent about pause is not") {
        status.paused = GENERATE(Says::yes, Says::unknown);
        CHECK_FALSE(candidate(row_of(status)));
    }
    SECTION("overridden is not") {
        status.overridden = Says::yes;
        CHECK_FALSE(candidate(row_of(status)));
    }
    SECTION("unready is not") {
        status.ready = Says::no;
        CHECK_FALSE(candidate(row_of(status)));
    }
    SECTION("a non-voter is not") {
        table = table_of({{a}, {b, false, Reach::configured}});
        CHECK_FALSE(candidate(row_of(status)));
    }
}

TEST_CASE("health has the words of conductor_peerStatus", "[peers][s1.7.3]") {
    for (const auto health : {Health::healthy, Health::degraded, Health::stalled, Health::unhealthy})
        CHECK(health_of(to_text(health)) == health);
    CHECK(health_of("fine") == Health::unknown);
    CHECK(to_text(Health::unknown).empty());
}
