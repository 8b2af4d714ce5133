#include <catch2/catch.hpp>
#include <random>
#include <thread>

#include "core/base/hex.hpp"
#include "core/payload/hex_kernel.hpp"
#include "core/payload/transcode.hpp"
#include "tests/unit/payload/vectors.hpp"

using namespace conductor;
using namespace conductor::payload;

namespace {

// Both ways on one body; the fast one may only say what the exact one says, and must leave the body alone.
bool fast_agrees(const std::string& text, SszPool& pool) {
    JsonBuffer body{text};
    const auto fast = fast_commit_call(body, pool);
    REQUIRE(body.text() == text);
    if (!fast) return false;

    const auto frame = json::first_value(body.text());
    REQUIRE(frame.has_value());
    const auto arguments = test::arguments_of(*frame);
    REQUIRE(arguments.size() == 1);
    const auto exact = envelope_from_json(arguments[0].raw);
    REQUIRE(exact.has_value());
    REQUIRE(fast->envelope.ssz == exact->ssz);
    REQUIRE(fast->envelope.version == exact->version);
    REQUIRE(fast->envelope.number == exact->number);
    REQUIRE(fast->envelope.hash == exact->hash);
    const auto id = json::first_value(fast->id);
    REQUIRE(id.has_value());
    REQUIRE(id->raw == fast->id);
    return true;
}

std::string small_envelope(unsigned version = 4) {
    return test::generated_json({.seed = 11, .version = version, .size = 1500});
}

}  // namespace

TEST_CASE("the fast way agrees with the exact one on every recording", "[payload][fast]") {
    SszPool pool;
    std::size_t accepted = 0;
    for (const auto& one : test::recorded("pairs")) {
        INFO(one.need("name"));
        accepted += fast_agrees(test::commit_call(one.need("json")), pool) ? std::size_t{1} : 0;
    }
    CHECK(accepted > 60);
    for (const auto& one : test::recorded("malformed_json")) {
        INFO(one.need("name"));
        (void)fast_agrees(test::commit_call(one.json_input()), pool);
    }
}

TEST_CASE("what a node sends takes the fast way, in any order and with any blanks", "[payload][fast]") {
    SszPool pool;
    const auto envelope = small_envelope(GENERATE(3U, 4U));
    CHECK(fast_agrees(test::commit_call(envelope), pool));
    CHECK(fast_agrees(R"({"params":[)" + envelope +
                          R"(],"method":"conductor_commitUnsafePayload","id":"x-1","jsonrpc":"2.0"})",
                      pool));
    CHECK(
        fast_agrees(" {\n\t\"jsonrpc\" : \"2.0\" ,\"id\" :\t-7e2 , "
                    "\"method\":\"conductor_commitUnsafePayload\", \"params\" : [ " +
                        envelope + " ] }\n trailing",
                    pool));
    const auto tail = envelope.find(R"(,"executionPayload")");
    const auto turned =
        "{" + envelope.substr(tail + 1, envelope.size() - tail - 2) + "," + envelope.substr(1, tail - 1) + "}";
    CHECK(fast_agrees(test::commit_call(turned), pool));
}

TEST_CASE("the id is handed back as it came", "[payload][fast]") {
    SszPool pool;
    const auto [sent, token] =
        GENERATE(table<std::string, std::string>({{"1", "1"},
                                                  {" 18446744073709551615 ", "18446744073709551615"},
                                                  {"\"abc\"", "\"abc\""},
                                                  {"\"\"", "\"\""},
                                                  {"0.5", "0.5"}}));
    JsonBuffer body{R"({"jsonrpc":"2.0","id":)" + sent +
                    R"(,"method":"conductor_commitUnsafePayload","params":[)" + small_envelope() + "]}"};
    const auto call = fast_commit_call(body, pool);
    REQUIRE(call.has_value());
    CHECK(call->id == token);
}

TEST_CASE("whatever is not a regular commit is left to the exact way", "[payload][fast]") {
    SszPool pool;
    const auto envelope = small_envelope();
    const std::string method = R"("method":"conductor_commitUnsafePayload")";
    const auto call = test::commit_call(envelope);
    const auto with = [&](std::string_view what, std::string_view by) {
        auto text = call;
        const auto at = text.find(what);
        REQUIRE(at != std::string::npos);
        return text.replace(at, what.size(), by);
    };
    REQUIRE(fast_agrees(call, pool));
    const std::vector<std::string> irregular{
        "",
        " ",
        "[]",
        "{}",
        "null",
        "[" + call + "]",
        call.substr(0, call.size() - 1),
        call.substr(0, 700),
        with("2.0", "1.0"),
        with("\"id\":1,", ""),
        with("\"id\":1", "\"id\":null"),
        with("\"id\":1", "\"id\":[]"),
        with("\"id\":1", "\"id\":{}"),
        with("\"id\":1", "\"id\":true"),
        with("\"id\":1", "\"id\":1,\"id\":2"),
        with("\"id\":1", "\"id\":1,\"more\":2"),
        with("\"id\":1", "\"ID\":1"),
        with("\"id\":1", "\"id\":\"\x1f\""),
        with("\"id\":1", "\"id\":1e400"),
        with("Unsafe", "Safe"),
        with("\"params\":[", "\"params\":[1,"),
        with("\"params\":[", "\"params\":[[],"),
        with("}}]}", "}]}"),
        with("\"gasUsed\"", "\"gasused\""),
        with("\"gasUsed\"", "\"gasLimit\""),
        with("\"gasUsed\":\"0x", "\"gasUsed\":\"0x0"),
        with("\"gasUsed\":\"0x", "\"gasUsed\":\"0X"),
        with("\"gasUsed\":\"0x", "\"gasUsed\":\"\\u0030x"),
        with("\"gasUsed\":\"0x", "\"gasUsed\":null,\"x\":\"0x"),
        with("\"gasUsed\":\"0x", "\"gasUsed\":7,\"x\":\"0x"),
        with("\"gasUsed\":\"0x", "\"gasUsed\":\"0x\",\"x\":\"0x"),
        with("\"withdrawals\":[]", "\"withdrawals\":[{}]"),
        with("\"withdrawals\":[]", "\"withdrawals\":null"),
        with("\"withdrawals\":[]", "\"withdrawals\":[\"0x\"]"),
        with("\"withdrawals\":[]", "\"ignored\":[]"),
        with("\"transactions\":[\"0x", "\"transactions\":[\"0x0"),
        with("\"transactions\":[\"0x", "\"transactions\":[\"0xzz"),
        with("\"transactions\":[", "\"transactions\":[\"\","),
        with("\"transactions\":[", "\"transactions\":[null,"),
        with("\"transactions\":[", "\"transactions\":[[],"),
        with("\"stateRoot\":\"0x", "\"stateRoot\":\"0x00"),
        with("\"extraData\":\"0x", "\"extraData\":\"0x" + std::string(64, '0')),
        with("\"parentBeaconBlockRoot\":", "\"x\":"),
        with("\"executionPayload\":", "\"executionPayload\":null,\"executionPayload\":"),
        with("\"executionPayload\":{", "\"executionPayload\":[{"),
        with("{\"jsonrpc\"", "{,\"jsonrpc\"")};
    for (const auto& text : irregular) {
        INFO(text.substr(0, 200));
        CHECK_FALSE(fast_agrees(text, pool));
    }
}

TEST_CASE("mutated calls never make the two ways disagree", "[payload][fast]") {
    SszPool pool;
    std::mt19937 random{20260701};
    const auto pick = [&](std::size_t below) {
        return std::uniform_int_distribution<std::size_t>{0, below - 1}(random);
    };
    const std::vector<std::string> bases{
        test::commit_call(small_envelope(4)), test::commit_call(small_envelope(3)),
        test::commit_call(test::generated_json({.seed = 5, .version = 4, .size = 650}))};
    const std::string_view letters = "0123456789abcdefABCDEFxX\"\\{}[],:\t \x1f\x7fgz-";
    std::size_t accepted = 0;
    for (int round = 0; round < 6000; ++round) {
        auto text = bases[pick(bases.size())];
        for (auto edits = pick(3) + 1; edits > 0; --edits) {
            const auto at = pick(text.size());
            switch (pick(4)) {
                case 0:
                    text[at] = letters[pick(letters.size())];
                    break;
                case 1:
                    text.erase(at, pick(4) + 1);
                    break;
                case 2:
                    text.insert(at, 1, letters[pick(letters.size())]);
                    break;
                default:
                    text.insert(at, text.substr(pick(text.size()), pick(40)));
                    break;
            }
        }
        INFO(text);
        accepted += fast_agrees(text, pool) ? std::size_t{1} : 0;
    }
    CHECK(accepted > 300);  // digits turned into other digits
}

TEST_CASE("payloads of megabytes become the octets that Go's digest names", "[payload][big]") {
    SszPool pool;
    for (const auto& one : test::recorded("big")) {
        INFO(one.need("name"));
        test::Recipe recipe{.seed = one.number("seed"), .version = one.need("version") == "V4" ? 4U : 3U};
        const auto lengths = *one.raw("tx_lengths");
        if (lengths.kind == json::Kind::array) {
            json::ElementCursor pairs{lengths};
            while (const auto pair = pairs.next()) {
                json::ElementCursor numbers{*pair};
                const auto length = std::stoul(std::string{numbers.next()->raw});
                recipe.lengths.insert(recipe.lengths.end(), std::stoul(std::string{numbers.next()->raw}),
                                      length);
            }
        } else {
            recipe.size = one.number("size");
        }
        const auto text = test::generated_json(recipe);
        REQUIRE(test::sha256(text) == one.need("json_sha256"));
        JsonBuffer body{test::commit_call(text)};
        const auto call = fast_commit_call(body, pool);
        REQUIRE(call.has_value());
        CHECK(call->envelope.ssz.size() == one.number("ssz_len"));
        CHECK(test::sha256(as_text(call->envelope.ssz.span())) == one.need("ssz_sha256"));
        CHECK(envelope_to_json(call->envelope) == text);
        CHECK(envelope_from_json(text)->ssz == call->envelope.ssz);
    }
}

TEST_CASE("the stored half megabyte is what Go stored", "[payload][big]") {
    SszPool pool;
    const auto text = test::gunzip("v4-500k.json.gz");
    JsonBuffer body{test::commit_call(text)};
    const auto call = fast_commit_call(body, pool);
    REQUIRE(call.has_value());
    CHECK(as_text(call->envelope.ssz.span()) == test::gunzip("v4-500k.ssz.gz"));
    CHECK(envelope_to_json(call->envelope) == text);
}

TEST_CASE("every hex kernel decodes what the portable one decodes, and refuses what it refuses",
          "[payload][hex]") {
    std::vector<HexKernel> kernels{HexKernel::ssse3};
    if (best_hex_kernel() == HexKernel::avx2) kernels.push_back(HexKernel::avx2);
    std::mt19937 random{7};
    for (std::size_t digits = 0; digits <= 400; digits += 2) {
        std::string text(digits, '0');
        for (auto& c : text) c = "0123456789abcdefABCDEF"[random() % 22];
        std::vector<std::uint8_t> expected(digits / 2 + 1, 0xee);
        REQUIRE(decode_hex_with(HexKernel::portable, text.data(), digits, expected.data()));
        REQUIRE(hex(std::span{expected}.first(digits / 2)) == hex(*from_hex(text)));
        for (const auto kernel : kernels) {
            std::vector<std::uint8_t> out(digits / 2 + 1, 0xee);
            REQUIRE(decode_hex_with(kernel, text.data(), digits, out.data()));
            REQUIRE(out == expected);  // the octet behind the end included
        }
        if (digits == 0) continue;
        const auto at = random() % digits;
        for (int c = 0; c < 256; ++c) {
            text[at] = static_cast<char>(c);
            const bool right = decode_hex_with(HexKernel::portable, text.data(), digits, expected.data());
            REQUIRE(right == (std::isxdigit(c) != 0));
            for (const auto kernel : kernels) {
                std::vector<std::uint8_t> out(digits / 2);
                REQUIRE(decode_hex_with(kernel, text.data(), digits, out.data()) == right);
            }
        }
    }
}

TEST_CASE("a pooled buffer comes back when its last owner goes, up to the limits", "[payload][pool]") {
    SszPool pool{{.idle_buffers = 2, .idle_octets = 3U << 20U}};
    const auto* first = pool.take(1000)->octets.get();
    CHECK(pool.idle_buffers() == 1);
    CHECK(pool.idle_octets() == 1U << 20U);
    {
        const auto again = pool.take(1U << 20U);
        CHECK(again->octets.get() == first);
        const auto second = pool.take(1);
        const auto third = pool.take(1);
        CHECK(pool.idle_buffers() == 0);
    }
    CHECK(pool.idle_buffers() == 2);
    (void)pool.take(5U << 20U);  // alone above the limit
    CHECK(pool.idle_octets() == 2U << 20U);
}

TEST_CASE("octets outlive their pool and may be released on another thread", "[payload][pool]") {
    std::optional<CommitCall> call;
    auto body = std::make_unique<JsonBuffer>(
        test::commit_call(test::generated_json({.seed = 3, .version = 4, .size = 200'000})));
    {
        SszPool pool;
        call = fast_commit_call(*body, pool);
        CHECK(pool.idle_buffers() == 0);
        auto copy = call->envelope.ssz;
        call->envelope.ssz = {};
        std::thread{[held = std::move(copy)] {}}.join();
        CHECK(pool.idle_buffers() == 1);
        call = fast_commit_call(*body, pool);
    }
    REQUIRE(call.has_value());
    CHECK(envelope_from_ssz(call->envelope.ssz).has_value());
}
