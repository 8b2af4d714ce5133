#include "core/payload/unsafe_head.hpp"

#include <catch2/catch.hpp>

#include "core/payload/layout.hpp"
#include "core/payload/position_ring.hpp"
#include "core/payload/transcode.hpp"
#include "tests/unit/payload/vectors.hpp"

using namespace conductor;
using namespace conductor::payload;

namespace {

// A small V4 payload; `block` fills its hash.
Bytes payload_of(std::uint64_t number, std::uint8_t block, std::uint8_t parent) {
    std::vector<std::uint8_t> ssz(592);
    layout::put_u64(ssz.data() + layout::block_number, number);
    std::fill_n(ssz.begin() + layout::block_hash, 32, block);
    std::fill_n(ssz.begin() + layout::parent_hash, 32, parent);
    for (const auto at : {layout::extra_data_offset, layout::transactions_offset, layout::withdrawals_offset}) {
        layout::put_u32(ssz.data() + at, 560);
    }
    return Bytes::adopt(std::move(ssz));
}

Envelope envelope_of(std::uint64_t number, std::uint8_t block, std::uint8_t parent = 0) {
    return *envelope_from_ssz(payload_of(number, block, parent));
}

std::uint64_t number_of(const UnsafeHead& state) {
    REQUIRE(state.head().has_value());
    return state.head()->number.value();
}

// One step of a recorded session with a fresh node; the head is what it was in Go after it.
void replay(const test::Case& step, UnsafeHead& state) {
    std::optional<Bytes> data;
    if (step.need("via") == "json") {
        const auto body = test::commit_call(step.json_input());
        const auto frame = json::first_value(body);
        if (!frame) return;
        const auto arguments = test::arguments_of(*frame);
        REQUIRE(arguments.size() == 1);
        if (auto envelope = envelope_from_json(arguments[0].raw, {.strict = false})) data = envelope->ssz;
    } else {
        const auto ssz = step.ssz_input();
        if (ssz && envelope_from_ssz(Bytes::adopt(*ssz))) data = Bytes::adopt(*ssz);
    }
    if (data) CHECK(state.apply(*data).accepted());
}

}  // namespace

TEST_CASE("the head after every recorded commit is the one that Go holds", "[payload][head]") {
    std::size_t steps = 0;
    for (const auto& session : test::recorded("commits")) {
        if (session.need("kind") == "follower") continue;
        INFO(session.need("name"));
        UnsafeHead state;
        for (const auto& step : session.list("steps")) {
            INFO(step.need("step"));
            replay(step, state);
            const test::Case base{std::string{step.raw("base")->raw}};
            const auto head = base.raw("head");
            REQUIRE(head.has_value());
            const bool none = head->kind == json::Kind::null;
            REQUIRE(state.head().has_value() == !none);
            ++steps;
            if (none) continue;
            const test::Case expected{std::string{head->raw}};
            CHECK(state.head()->number.value() == expected.number("number"));
            CHECK(to_hex(state.head()->hash) == expected.need("hash"));
        }
    }
    CHECK(steps > 50);
}

TEST_CASE("a recorded entry is applied or refused in the words of the Go state machine", "[payload][head]") {
    for (const auto& one : test::recorded("malformed_ssz")) {
        INFO(one.need("name"));
        UnsafeHead state;
        const auto verdict = state.apply(Bytes::adopt(*one.ssz_input()));
        CHECK(verdict.accepted() == one.flag("fsm_accepted"));
        CHECK(verdict.error == one.text("fsm_error").value_or(""));
        CHECK(state.head().has_value() == verdict.accepted());
    }
}

TEST_CASE("only a greater number moves the head", "[payload][head]") {
    UnsafeHead state;
    CHECK(state.apply(payload_of(0, 1, 0)).effect == Effect::moved);
    CHECK(state.apply(payload_of(10, 2, 1)).effect == Effect::moved);
    CHECK(state.apply(payload_of(10, 3, 1)).effect == Effect::not_newer);
    CHECK(state.apply(payload_of(9, 4, 1)).effect == Effect::not_newer);
    CHECK(state.head()->hash == envelope_of(10, 2).hash);
    CHECK(state.apply(payload_of(1ULL << 63U, 5, 2)).effect == Effect::moved);  // unsigned, as in Go
    CHECK(number_of(state) == 1ULL << 63U);
}

TEST_CASE("the next number on another parent is accepted and told", "[payload][head]") {
    UnsafeHead state;
    CHECK_FALSE(state.apply(payload_of(5, 1, 9)).parent_mismatch);
    CHECK_FALSE(state.apply(payload_of(6, 2, 1)).parent_mismatch);
    const auto verdict = state.apply(payload_of(7, 3, 1));
    CHECK(verdict.parent_mismatch);
    CHECK(verdict.effect == Effect::moved);
    CHECK_FALSE(state.apply(payload_of(9, 4, 1)).parent_mismatch);  // a gap says nothing about the parent
}

TEST_CASE("a reset entry replaces the head whatever its number, and a broken one nothing", "[payload][head]") {
    UnsafeHead state;
    REQUIRE(state.apply(payload_of(10, 1, 0)).accepted());
    const auto entry = reset_entry(envelope_of(4, 2));
    CHECK(entry.size() == 16 + 592);
    CHECK(is_reset_entry(entry.span()));
    CHECK(state.apply(entry).effect == Effect::reset);
    CHECK(number_of(state) == 4);
    CHECK(state.snapshot() == payload_of(4, 2, 0));

    const auto broken = state.apply(Bytes::copy_of("conductord reset"));
    CHECK(broken.error == "scope too small to decode execution payload: 0");
    CHECK(number_of(state) == 4);
}

TEST_CASE("an empty entry and an undecodable one leave the head alone", "[payload][head]") {
    UnsafeHead state;
    REQUIRE(state.apply(payload_of(10, 1, 0)).accepted());
    CHECK(state.apply({}).error == "log data is nil or empty");
    CHECK(state.apply(payload_of(11, 2, 1).slice(0, 591)).error == "unexpected extra data offset: 560 <> 528");
    CHECK(number_of(state) == 10);
}

TEST_CASE("a snapshot replaces the head unconditionally, and an empty one means none", "[payload][head]") {
    UnsafeHead state;
    REQUIRE(state.apply(payload_of(10, 1, 0)).accepted());
    CHECK(state.restore(payload_of(3, 2, 0)).has_value());
    CHECK(number_of(state) == 3);
    const auto refused = state.restore(Bytes::copy_of("no payload"));
    REQUIRE(refused.has_error());
    CHECK(refused.error().text == "scope too small to decode execution payload: 10");
    CHECK(number_of(state) == 3);
    CHECK(state.restore({}).has_value());
    CHECK_FALSE(state.head().has_value());
    CHECK(state.snapshot().empty());
}

TEST_CASE("the ring forgets the oldest, follows a cut log, and restarts from a snapshot", "[payload][ring]") {
    PositionRing ring{3};
    CHECK_FALSE(ring.newest().has_value());
    for (std::uint8_t i = 1; i <= 5; ++i)
        ring.push(position_of(envelope_of(100U + i, i, 0), LogIndex{10U * i}));
    CHECK(ring.size() == 3);
    CHECK(ring.newest()->index == LogIndex{50});
    CHECK_FALSE(ring.by_number(BlockNumber{102}).has_value());
    CHECK(ring.by_number(BlockNumber{103})->index == LogIndex{30});
    CHECK(ring.by_hash(envelope_of(104, 4).hash)->number == BlockNumber{104});

    ring.truncate_from(LogIndex{40});
    CHECK(ring.size() == 1);
    CHECK(ring.newest()->number == BlockNumber{103});
    ring.push(position_of(envelope_of(103, 9, 0), LogIndex{40}));
    CHECK(ring.by_number(BlockNumber{103})->index == LogIndex{40});  // of two, the newest

    ring.restart(position_of(envelope_of(90, 7, 0), LogIndex{35}));
    CHECK(ring.size() == 1);
    CHECK(ring.newest()->number == BlockNumber{90});
    ring.restart(std::nullopt);
    CHECK(ring.size() == 0);
    ring.truncate_from(LogIndex{0});
    CHECK_FALSE(ring.by_hash(envelope_of(90, 7).hash).has_value());
}
