#include <catch2/catch.hpp>

#include "core/base/go_duration.hpp"
#include "core/base/go_text.hpp"
#include "core/base/masked_url.hpp"

using namespace conductor;
using namespace std::chrono_literals;

TEST_CASE("durations are written as Go writes them", "[base][go]") {
    CHECK(go_duration(0ns) == "0s");
    CHECK(go_duration(1ns) == "1ns");
    CHECK(go_duration(1500ns) == "1.5\u00b5s");
    CHECK(go_duration(76849ns) == "76.849\u00b5s");
    CHECK(go_duration(500ms) == "500ms");
    CHECK(go_duration(1s) == "1s");
    CHECK(go_duration(120s) == "2m0s");
    CHECK(go_duration(90s) == "1m30s");
    CHECK(go_duration(1h + 500ms) == "1h0m0.5s");
    CHECK(go_duration(-1500ms) == "-1.5s");
    CHECK(go_duration(std::chrono::nanoseconds::min()) == "-2562047h47m16.854775808s");
    CHECK(go_duration(std::chrono::nanoseconds::max()) == "2562047h47m16.854775807s");
}

TEST_CASE("durations are read as Go reads them", "[base][go]") {
    const auto [text, value] = GENERATE(table<std::string, std::chrono::nanoseconds>({
        {"0", 0ns},
        {"+0", 0ns},
        {"-0", 0ns},
        {"5s", 5s},
        {"1m30s", 90s},
        {"1.5h", 90min},
        {"-1.5h", -90min},
        {".5s", 500ms},
        {"1.s", 1s},
        {"1us", 1us},
        {"1\u00b5s", 1us},
        {"1\u03bcs", 1us},
        {"3ns", 3ns},
        {"1h1m1s1ms1us1ns", 1h + 1min + 1s + 1ms + 1us + 1ns},
        {"0.100000000000000000000h", 6min},
        {"9223372036854775807ns", std::chrono::nanoseconds::max()},
        {"-9223372036854775808ns", std::chrono::nanoseconds::min()},
        {"2562047h47m16.854775807s", std::chrono::nanoseconds::max()},
    }));
    CAPTURE(text);
    const auto read = parse_go_duration(text);
    REQUIRE(read.has_value());
    CHECK(*read == value);
}

TEST_CASE("a bad duration is refused with Go's words", "[base][go]") {
    const auto [text, complaint] = GENERATE(table<std::string, std::string>({
        {"", "time: invalid duration \"\""},
        {"5", "time: missing unit in duration \"5\""},
        {"1s5", "time: missing unit in duration \"1s5\""},
        {"abc", "time: invalid duration \"abc\""},
        {".", "time: invalid duration \".\""},
        {"-", "time: invalid duration \"-\""},
        {"s", "time: invalid duration \"s\""},
        {"1 s", "time: unknown unit \" s\" in duration \"1 s\""},
        {"1d", "time: unknown unit \"d\" in duration \"1d\""},
        {"9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\""},
        {"9223372036854775810ns", "time: invalid duration \"9223372036854775810ns\""},
        {"-9223372036854775809ns", "time: invalid duration \"-9223372036854775809ns\""},
        {"3000000h", "time: invalid duration \"3000000h\""},
        {"99999999999999999999s", "time: invalid duration \"99999999999999999999s\""},
    }));
    CAPTURE(text);
    const auto read = parse_go_duration(text);
    REQUIRE(read.has_error());
    CHECK(read.error().text == complaint);
}

TEST_CASE("text is quoted as Go quotes it", "[base][go]") {
    CHECK(go_quote("plain") == R"("plain")");
    CHECK(go_quote("a\"b\\") == R"("a\"b\\")");
    CHECK(go_quote("\a\b\f\n\r\t\v") == R"("\a\b\f\n\r\t\v")");
    CHECK(go_quote(std::string_view{"\0\x1f\x7f", 3}) == R"("\x00\x1f\x7f")");
    CHECK(go_quote("\xff\xc3") == R"("\xff\xc3")");
    CHECK(go_quote("\xed\xa0\x80") == R"("\xed\xa0\x80")");  // a surrogate is no character
    CHECK(go_quote("\xc0\x80") == R"("\xc0\x80")");          // nor is an overlong zero
    CHECK(go_quote("\u00e9\u4e16\U0001f600") == "\"\u00e9\u4e16\U0001f600\"");
    CHECK(go_quote("\u200b\u00ad") == R"("\u200b\u00ad")");
}

TEST_CASE("credentials in a URL are masked, the rest stays", "[base]") {
    CHECK(masked_url("http://127.0.0.1:8545") == "http://127.0.0.1:8545");
    CHECK(masked_url("http://user:pa55@host:1/p") == "http://xxxxx@host:1/p");
    CHECK(masked_url("https://token@host/p?x=1&key=secret&") == "https://xxxxx@host/p?x=xxxxx&key=xxxxx&");
    CHECK(masked_url("https://u:p/a?b#c@host/p") == "https://xxxxx@host/p");
    CHECK(masked_url("https://host/p?secret#frag") == "https://host/p?xxxxx#frag");
    CHECK(masked_url("https://host/a@b") == "https://host/a@b");
    CHECK(masked_url("seq-1:50050") == "seq-1:50050");
    CHECK(masked_urls("a=http://u:p@h:1,b=http://h:2") == "a=http://xxxxx@h:1,b=http://h:2");
    CHECK(masked_urls("dial \"http://u:p@h:1\": refused") == "dial \"http://xxxxx@h:1\": refused");
}
