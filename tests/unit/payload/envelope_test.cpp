#include "core/payload/envelope.hpp"

#include <catch2/catch.hpp>

#include "core/base/hex.hpp"
#include "core/payload/layout.hpp"
#include "core/payload/transcode.hpp"
#include "tests/unit/payload/vectors.hpp"

using namespace conductor;
using namespace conductor::payload;

namespace {

// A V4 envelope of two transactions and one withdrawal, taken from the exact decoder: vector B of payload.md
// §8.1.
std::vector<std::uint8_t> example() {
    for (const auto& one : test::recorded("pairs")) {
        if (one.need("kind") == "spec" && one.need("version") == "V4") return test::octets_of(one.need("ssz"));
    }
    FAIL("the example of the specification is not among the recordings");
    return {};
}

std::vector<std::uint8_t> with_u32(std::vector<std::uint8_t> ssz, std::size_t at, std::uint32_t value) {
    layout::put_u32(ssz.data() + at, value);
    return ssz;
}

SszError refusal_of(std::vector<std::uint8_t> ssz) {
    const auto envelope = envelope_from_ssz(Bytes::adopt(std::move(ssz)));
    REQUIRE(envelope.has_error());
    return envelope.error();
}

}  // namespace

TEST_CASE("every recorded SSZ text gets the verdict and the words of the Go state machine", "[payload][ssz]") {
    std::size_t accepted = 0;
    for (const auto& one : test::recorded("malformed_ssz")) {
        INFO(one.need("name"));
        const auto ssz = one.ssz_input();
        REQUIRE(ssz.has_value());
        const auto envelope = envelope_from_ssz(Bytes::adopt(*ssz));
        // An empty entry has words of its own in the state machine; Restore says what the decoder says.
        const auto expected = one.text("restore_error");
        REQUIRE(envelope.has_value() == !expected.has_value());
        if (expected) {
            CHECK(envelope.error().text == *expected);
            continue;
        }
        ++accepted;
        CHECK(envelope->ssz == Bytes::adopt(*ssz));
    }
    CHECK(accepted > 40);
}

TEST_CASE("the precise complaint is the one of the version that the tag names", "[payload][ssz]") {
    for (const auto& one : test::recorded("malformed_ssz")) {
        INFO(one.need("name"));
        const auto ssz = *one.ssz_input();
        const auto envelope = envelope_from_ssz(Bytes::adopt(ssz));
        if (envelope || ssz.size() < layout::extra_data_offset + 4) continue;
        const auto tag = layout::u32_at(ssz.data() + layout::extra_data_offset);
        const auto by_version = test::Case{std::string{one.raw("by_version")->raw}};
        CHECK(envelope.error().precise == by_version.need(tag == 560 ? "V4" : "V3"));
    }
}

TEST_CASE("what decodes prints as the JSON that Go prints", "[payload][ssz][json]") {
    std::size_t compared = 0;
    for (const auto& one : test::recorded("malformed_ssz")) {
        const auto envelope = envelope_from_ssz(Bytes::adopt(*one.ssz_input()));
        if (!envelope || !one.raw("json_out")) continue;
        INFO(one.need("name"));
        const auto printed = test::Case{std::string{one.raw("json_out")->raw}}.text(
            envelope->version == Version::v4 ? "V4" : "V3");
        if (!printed) continue;
        CHECK(envelope_to_json(*envelope) == *printed);
        ++compared;
    }
    CHECK(compared > 20);
}

TEST_CASE("the facts of an envelope are those that Go reads", "[payload][ssz]") {
    for (const auto& one : test::recorded("pairs")) {
        INFO(one.need("name"));
        const auto envelope = envelope_from_ssz(Bytes::adopt(test::octets_of(one.need("ssz"))));
        REQUIRE(envelope.has_value() == !one.text("fsm_error").has_value());
        if (!envelope) {
            CHECK(envelope.error().text == one.need("fsm_error"));
            continue;
        }
        CHECK(envelope->number.value() == one.number("number"));
        CHECK(envelope->timestamp_s == one.number("timestamp"));
        CHECK(to_hex(envelope->hash) == one.need("block_hash"));
        CHECK(to_hex(envelope->parent) == one.need("parent"));
        CHECK((envelope->version == Version::v4 ? "V4" : "V3") == one.need("version"));
    }
}

TEST_CASE("each check of the decoder has its own words", "[payload][ssz]") {
    const auto base = example();
    REQUIRE(base.size() == 651);
    const auto precise = [&](std::size_t at, std::uint32_t value) {
        return refusal_of(with_u32(base, at, value)).precise;
    };
    const std::string transactions = "failed to unmarshal transactions list: ";

    CHECK(refusal_of({}).text == "scope too small to decode execution payload: 0");
    CHECK(refusal_of({base.begin(), base.begin() + 31}).text ==
          "scope too small to decode execution payload: 31");
    CHECK(refusal_of({base.begin(), base.begin() + 32}).text ==
          "scope too small to decode execution payload: 0, version is: 2");
    const auto cut = refusal_of({base.begin(), base.begin() + 591});
    CHECK(cut.precise == "scope too small to decode execution payload: 559, version is: 3");
    CHECK(cut.text == "unexpected extra data offset: 560 <> 528");
    CHECK(precise(468, 559) == "unexpected extra data offset: 559 <> 528");
    CHECK(precise(468, 528) == "extra-data is too large: 34");
    CHECK(precise(536, 559) == "transactions offset is smaller than extra data offset, aborting");
    CHECK(precise(540, 561) == "withdrawals offset is smaller than transaction offset, aborting");
    CHECK(precise(540, 620) == "withdrawals offset is too large: 620");
    CHECK(precise(540, 574) == "failed to unmarshal withdrawals list: invalid withdrawals data");
    CHECK(precise(594, 6) == transactions + "invalid first tx offset: 6, not a multiple of offset size");
    CHECK(precise(594, 16) == transactions + "invalid first tx offset: 16, out of scope 13");
    CHECK(precise(594, 0) == transactions + "invalid first tx offset: 0, no transactions in scope 13");
    CHECK(precise(598, 7) == transactions + "tx 0 has bad next offset: 7, current is 8, scope is 13");
    CHECK(precise(598, 14) == transactions + "tx 0 has bad next offset: 14, current is 8, scope is 13");
    CHECK(precise(540, 565) == transactions + "not enough scope to read first tx offset: 3");
    CHECK(refusal_of(with_u32(with_u32(base, 536, 593), 540, 619)).precise == "extra-data is too large: 33");
    CHECK(envelope_from_ssz(Bytes::adopt(with_u32(base, 594, 4))).has_value());
}

TEST_CASE("2^20 transactions and 16 withdrawals are the most that an envelope holds", "[payload][ssz]") {
    const auto base = example();
    const auto envelope_of = [&](std::uint32_t transactions, std::size_t withdrawals) {
        auto ssz = with_u32(base, layout::withdrawals_offset, 562 + 4 * transactions);
        ssz.resize(594);
        for (std::uint32_t i = 0; i < transactions; ++i) {
            ssz.resize(ssz.size() + 4);
            layout::put_u32(ssz.data() + ssz.size() - 4, 4 * transactions);
        }
        ssz.resize(ssz.size() + 44 * withdrawals);
        return ssz;
    };
    CHECK(envelope_from_ssz(Bytes::adopt(envelope_of(1U << 20U, 16))).has_value());
    CHECK(refusal_of(envelope_of((1U << 20U) + 1, 16)).precise ==
          "failed to unmarshal transactions list: too many transactions: 1048577 > 1048576");
    CHECK(refusal_of(envelope_of(1, 17)).precise ==
          "failed to unmarshal withdrawals list: too many withdrawals: 17 > 16");
}

TEST_CASE("an envelope's transactions and withdrawals are views of its octets", "[payload][ssz]") {
    const auto envelope = *envelope_from_ssz(Bytes::adopt(example()));
    const auto fields = fields_of(envelope);
    REQUIRE(fields.transactions.size() == 2);
    CHECK(hex(fields.transactions[0]) == "7e01");
    CHECK(hex(fields.transactions[1]) == "02ffee");
    const auto withdrawal = withdrawal_at(fields, 0);
    CHECK(withdrawal.index == 1);
    CHECK(withdrawal.validator_index == 2);
    CHECK(withdrawal.amount_gwei == 4);
    CHECK(hex(withdrawal.address) == "0808080808080808080808080808080808080808");
    CHECK(fields.blob_gas_used == 0x1e240);
}

TEST_CASE("oddities are told one by one and refuse nothing", "[payload][sanity]") {
    const auto head = *envelope_from_ssz(Bytes::adopt(example()));
    auto odd = oddities_of(head, nullptr);
    CHECK(odd.withdrawals_present);
    CHECK(odd.extra_data_size);
    CHECK_FALSE(odd.first_transaction_type);
    CHECK_FALSE(odd.not_newer);
    CHECK_FALSE(odd.parent_not_head);

    auto next = example();
    layout::put_u64(next.data() + layout::block_number, 1ULL << 63U);
    layout::put_u64(next.data() + layout::excess_blob_gas, 1);
    next[602] = 0x02;
    odd = oddities_of(*envelope_from_ssz(Bytes::adopt(next)), &head);
    CHECK(odd.block_number_huge);
    CHECK(odd.excess_blob_gas_set);
    CHECK(odd.first_transaction_type);
    CHECK(odd.parent_not_head);
    CHECK_FALSE(odd.not_newer);
    CHECK(oddities_of(head, &head).not_newer);
}
