#include "core/plugin/text.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "core/plugin/units.hpp"

using namespace conductor::plugin;

namespace {
std::int32_t append(const conductor_sink& sink, std::string_view text) {
    return sink.append(sink.self, as_slice(text));
}
}  // namespace

TEST_CASE("a bounded text says from the first cut on that it is not whole", "[plugin][text]") {
    BoundedText text{8};
    const auto sink = text.sink();

    CHECK(append(sink, "12345678") == 1);
    CHECK(append(sink, "9") == 0);
    CHECK(append(sink, "") == 0);
    CHECK(text.cut());
    CHECK(text.text() == "12345678");
}

TEST_CASE("a bounded text is cut between characters, never inside one", "[plugin][text]") {
    BoundedText text{4};
    CHECK(append(text.sink(), "ab€") == 0);  // the sign has three octets
    CHECK(text.text() == "ab");
}

TEST_CASE("an empty slice with a null pointer is whole", "[plugin][text]") {
    BoundedText text{4};
    const auto sink = text.sink();
    CHECK(sink.append(sink.self, {nullptr, 0}) == 1);
}

TEST_CASE("malformed UTF-8 and control characters never reach a log", "[plugin][text]") {
    CHECK(mended("plain ü €") == "plain ü €");
    CHECK(mended("a\xff") == "a\xef\xbf\xbd");
    CHECK(mended("\xc3(") == "\xef\xbf\xbd(");
    CHECK(mended("line\nnext\x7f") == "line next ");
    CHECK(mended("a\xc2\x9b"
                 "31m") == "a 31m");  // what a terminal takes for an escape
    CHECK(mended("\xed\xa0\x80") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // a surrogate
    CHECK(mended("\xc0\xaf") == "\xef\xbf\xbd\xef\xbf\xbd");                  // overlong
    CHECK(mended("\xf0\x9f\x98\x80") == "\xf0\x9f\x98\x80");
    CHECK(mended("\xf0\x9f") == "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_CASE("a secret is struck out wherever it stands", "[plugin][text]") {
    const std::vector<std::string> secrets{"hunter2", ""};
    CHECK(mended("hunter2 and hunter2!", secrets) == "*** and ***!");
    const std::vector<std::string> binary{
        "a\tb\xff"
        "c"};
    CHECK(mended("it is a\tb\xff"
                 "c.",
                 binary) == "it is ***.");
    const std::vector<std::string> nested{"abc", "abcdef"};
    CHECK(mended("abcdef abc", nested) == "*** ***");
}

TEST_CASE("the beginning of a secret is struck out where a bound has cut the rest", "[plugin][text]") {
    const std::vector<std::string> secrets{"hunter2-hunter2"};
    CHECK(mended("token hunter2-hun", secrets) == "token ***");
    CHECK(mended("token hunter2-hunter", secrets) == "token ***");
    CHECK(mended("a hun", secrets) == "a hun");  // three octets tell nothing
    CHECK(mended("hunter2-hunt goes on", secrets) == "hunter2-hunt goes on");
}

TEST_CASE("a slug has small letters, digits, dots, dashes and underscores", "[plugin][text]") {
    CHECK(is_slug("disk.low-2_x"));
    CHECK_FALSE(is_slug(""));
    CHECK_FALSE(is_slug("Disk"));
    CHECK_FALSE(is_slug("a b"));
    CHECK_FALSE(is_slug(std::string(65, 'a')));
}

TEST_CASE("a near name is offered as a question", "[plugin][text]") {
    const std::vector<std::string> names{"path", "min_free"};
    CHECK(did_you_mean("minfree", names) == " did you mean \"min_free\"?");
    CHECK(did_you_mean("colour", names).empty());
}

TEST_CASE("durations are read as Go writes them", "[plugin][units]") {
    CHECK(duration_ns("5s") == 5'000'000'000);
    CHECK(duration_ns("1h30m") == 5'400'000'000'000);
    CHECK(duration_ns("1.5s") == 1'500'000'000);
    CHECK(duration_ns("300ms") == 300'000'000);
    CHECK(duration_ns("-2m") == -120'000'000'000);
    CHECK(duration_ns("0") == 0);
    CHECK(duration_ns("2562047h47m16.854775807s") == INT64_MAX);
    for (const auto* bad : {"", "5", "s", "5 s", "5x", "1e3s", "999999999h"})
        CHECK(duration_ns(bad) == std::nullopt);
}

TEST_CASE("sizes carry a binary unit", "[plugin][units]") {
    CHECK(size_octets("50GiB") == 53'687'091'200);
    CHECK(size_octets("4096 B") == 4096);
    CHECK(size_octets("2TiB") == 2'199'023'255'552);
    for (const auto* bad : {"", "50", "50 gigs", "50GB", "-1KiB", "9999999999TiB"})
        CHECK(size_octets(bad) == std::nullopt);
}
