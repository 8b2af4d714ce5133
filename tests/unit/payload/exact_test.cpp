#include <catch2/catch.hpp>

#include "core/base/hex.hpp"
#include "core/payload/transcode.hpp"
#include "tests/unit/payload/vectors.hpp"

using namespace conductor;
using namespace conductor::payload;

namespace {

constexpr Strictness as_go{.strict = false};
const std::string prefix = "invalid argument 0: ";

// What Go says to the text; where Go only finds out after replication, what its followers say.
void check_as_go(const test::Case& one) {
    const auto body = test::commit_call(one.json_input());
    const auto stage = one.need("stage");
    const auto frame = json::first_value(body);
    if (!frame) {
        CHECK(stage == "parse");
        return;
    }
    const auto arguments = test::arguments_of(*frame);
    if (arguments.size() != 1) return;  // the frame's business
    const auto answer = envelope_from_json(arguments[0].raw, as_go);
    if (stage == "ok") {
        REQUIRE(answer.has_value());
        if (const auto ssz = one.ssz_input()) {
            CHECK(hex(answer->ssz.span()) == hex(*ssz));
        } else {
            CHECK(test::sha256(as_text(answer->ssz.span())) == one.need("ssz_sha256"));
        }
        return;
    }
    REQUIRE(answer.has_error());
    if (stage == "fsm") {
        CHECK(answer.error() == CommitRefusal{-32602, prefix + one.need("fsm_error")});
        return;
    }
    const bool payload_missing = answer.error() == missing_payload_refusal();
    if (stage == "crash" && payload_missing) return;  // a guard, not a matter of strictness
    CHECK(std::to_string(answer.error().code) == one.raw("code")->raw);
    CHECK(answer.error().message == one.need("go_error"));
}

std::string spec_text(std::string_view version) {
    for (const auto& one : test::recorded("pairs")) {
        if (one.need("kind") == "spec" && one.need("version") == version) return one.need("json");
    }
    FAIL("the example of the specification is not among the recordings");
    return {};
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    const auto at = text.find(what);
    INFO(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), by);
}

CommitRefusal refusal_of(const std::string& text, Strictness strictness = {}) {
    const auto answer = envelope_from_json(text, strictness);
    REQUIRE(answer.has_error());
    return answer.error();
}

}  // namespace

TEST_CASE("every broken or odd envelope text gets Go's answer when Go's is asked for", "[payload][json]") {
    for (const auto& one : test::recorded("malformed_json")) {
        INFO(one.need("name"));
        check_as_go(one);
    }
}

TEST_CASE("every well-formed envelope text becomes the octets that Go writes", "[payload][json]") {
    for (const auto& one : test::recorded("pairs")) {
        INFO(one.need("name"));
        const auto answer = envelope_from_json(one.need("json"), as_go);
        if (const auto refused = one.text("fsm_error")) {
            REQUIRE(answer.has_error());
            CHECK(answer.error() == CommitRefusal{-32602, prefix + *refused});
            continue;
        }
        REQUIRE(answer.has_value());
        CHECK(hex(answer->ssz.span()) == one.need("ssz"));
        const auto printed = one.text("json_from_ssz") ? one.text("json_from_ssz") : one.text("json_out");
        CHECK(envelope_to_json(*answer) == printed.value_or(one.need("json")));
    }
}

TEST_CASE("strict mode refuses missing keys by name", "[payload][json][strict]") {
    const auto base = spec_text("V4");
    REQUIRE(envelope_from_json(base).has_value());
    const auto key = GENERATE(as<std::string>{}, "parentHash", "feeRecipient", "stateRoot", "receiptsRoot",
                              "logsBloom", "prevRandao", "blockNumber", "gasLimit", "gasUsed", "timestamp",
                              "extraData", "baseFeePerGas", "blockHash", "transactions");
    const auto without = replaced(base, "\"" + key + "\"", "\"ignored\"");
    CHECK(refusal_of(without) == CommitRefusal{-32602, prefix + "missing required field " + key});
    CHECK(envelope_from_json(without, as_go).has_value());
}

TEST_CASE("what Go refuses keeps Go's words in strict mode", "[payload][json][strict]") {
    const auto base = spec_text("V4");
    CHECK(refusal_of(replaced(base, "\"blobGasUsed\"", "\"ignored\"")) ==
          CommitRefusal{-32000,
                        "failed to marshal payload envelope: cannot encode ecotone payload without dencun "
                        "header attributes"});
    CHECK(refusal_of(replaced(base, "\"parentBeaconBlockRoot\"", "\"ignored\"")) ==
          CommitRefusal{-32000,
                        "failed to marshal payload envelope: execution payload envelope is missing data"});
    CHECK(
        refusal_of(replaced(base, "\"0x1c9c380\"", "7")).message ==
        prefix +
            "json: cannot unmarshal non-string into Go struct field ExecutionPayload.executionPayload.gasLimit "
            "of type hexutil.Uint64");
    CHECK(refusal_of(base.substr(0, 100)) == CommitRefusal{-32700, "parse error"});
}

TEST_CASE("no withdrawals, or a null among them, is refused by name or crashes as in Go",
          "[payload][json][strict]") {
    const auto base = spec_text("V4");
    const auto list = base.substr(base.find("\"withdrawals\":["),
                                  base.find(",\"blobGasUsed\"") - base.find("\"withdrawals\":["));
    const auto by =
        GENERATE(as<std::string>{}, "\"withdrawals\":null", "\"ignored\":[]", "\"withdrawals\":[null]");
    const auto text = replaced(base, list, by);
    CHECK(refusal_of(text) == CommitRefusal{-32602, prefix + "missing required field withdrawals"});
    CHECK(refusal_of(text, as_go) == CommitRefusal{-32603, "method handler crashed"});
}

TEST_CASE("a missing payload is an answer, never a crash", "[payload][json]") {
    const auto text = GENERATE(as<std::string>{}, "null", "{}", R"({"executionPayload":null})",
                               R"({"parentBeaconBlockRoot":null})");
    const CommitRefusal expected{-32602, "invalid argument 0: missing executionPayload"};
    CHECK(refusal_of(text) == expected);
    CHECK(refusal_of(text, as_go) == expected);
}

TEST_CASE("a withdrawalsRoot of the empty trie is refused on JSON, or dropped as Go drops it",
          "[payload][json][strict]") {
    const auto text = replaced(spec_text("V4"), std::string(64, '1'),
                               "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
    CHECK(refusal_of(text).code == -32602);
    const auto dropped = envelope_from_json(text, as_go);
    REQUIRE(dropped.has_value());
    CHECK(dropped->version == Version::v3);
}

TEST_CASE("within one withdrawal the last of two members wins, and null means left out", "[payload][json]") {
    const auto base = spec_text("V4");
    const auto amount_of = [&](const std::string& members) {
        const auto envelope = envelope_from_json(replaced(base, "\"amount\":\"0x4\"", members));
        REQUIRE(envelope.has_value());
        return withdrawal_at(fields_of(*envelope), 0).amount_gwei;
    };
    CHECK(amount_of(R"("amount":"0x4","AMOUNT":"0x7")") == 7);
    CHECK(amount_of(R"("amount":"0x4","amount":null)") == 0);
    CHECK(amount_of(R"("amount":null,"amount":"0x4")") == 4);
}

TEST_CASE("a list of any number of withdrawals is refused with its true number", "[payload][json]") {
    auto text = spec_text("V3");
    std::string list = "\"withdrawals\":[{}";
    for (int i = 1; i < 1000; ++i) list += ",{}";
    CHECK(refusal_of(replaced(text, "\"withdrawals\":[", list)).message ==
          prefix + "failed to unmarshal withdrawals list: too many withdrawals: 1000 > 16");
    CHECK(refusal_of(replaced(text, "\"withdrawals\":[", list + ",null")).message ==
          prefix + "missing required field withdrawals");
}
