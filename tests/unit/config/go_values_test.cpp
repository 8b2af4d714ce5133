#include "core/config/go_values.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "tests/unit/config/support.hpp"

using namespace conductor;
using namespace conductor::config;
using namespace std::chrono_literals;

TEST_CASE("integers are read with base prefixes and underscores", "[config][go]") {
    const auto [text, value] = GENERATE(table<std::string, std::int64_t>({
        {"0", 0},
        {"-1", -1},
        {"+7", 7},
        {"0x10", 16},
        {"0XfF", 255},
        {"0b101", 5},
        {"0o17", 15},
        {"017", 15},
        {"00", 0},
        {"1_000", 1000},
        {"0x_1", 1},
        {"0_7", 7},
        {"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
        {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
    }));
    CAPTURE(text);
    const auto read = parse_int(text);
    REQUIRE(read.has_value());
    CHECK(*read == value);
}

TEST_CASE("a bad integer is refused in the words of strconv", "[config][go]") {
    for (const std::string text :
         {"", "+", "-", "abc", "1s", "1__0", "_1", "1_", "0x", "0x_", "08", "0b2", "1 ", " 1", "--1", "1.0"}) {
        CAPTURE(text);
        const auto read = parse_int(text);
        REQUIRE(read.has_error());
        CHECK(read.error().kind == "int value");
        CHECK(read.error().brief == "parse error");
        CHECK(read.error().reason == "strconv.ParseInt: parsing \"" + text + "\": invalid syntax");
    }
    for (const std::string text : {"9223372036854775808", "-9223372036854775809", "0x1ffffffffffffffff"}) {
        CAPTURE(text);
        const auto read = parse_int(text);
        REQUIRE(read.has_error());
        CHECK(read.error().brief == "value out of range");
        CHECK(read.error().reason == "strconv.ParseInt: parsing \"" + text + "\": value out of range");
    }
}

TEST_CASE("an unsigned integer has no sign", "[config][go]") {
    CHECK(parse_uint("18446744073709551615").value() == std::numeric_limits<std::uint64_t>::max());
    CHECK(parse_uint("-1").error().reason == "strconv.ParseUint: parsing \"-1\": invalid syntax");
    CHECK(parse_uint("+1").error().reason == "strconv.ParseUint: parsing \"+1\": invalid syntax");
    CHECK(parse_uint("18446744073709551616").error().brief == "value out of range");
}

TEST_CASE("booleans are Go's twelve words", "[config][go]") {
    for (const auto* yes : {"1", "t", "T", "TRUE", "true", "True"}) CHECK(parse_bool(yes).value());
    for (const auto* no : {"0", "f", "F", "FALSE", "false", "False"}) CHECK_FALSE(parse_bool(no).value());
    for (const auto* bad : {"", "yes", "tRUE", "on", "2"}) CHECK(parse_bool(bad).has_error());
}

TEST_CASE("sizes take binary units", "[config]") {
    CHECK(parse_size("512").value() == 512);
    CHECK(parse_size("512B").value() == 512);
    CHECK(parse_size("1 KiB").value() == 1024);
    CHECK(parse_size("1GiB").value() == std::uint64_t{1} << 30U);
    CHECK(parse_size("50 gigs").error().reason ==
          "\"50 gigs\" is not a size; write a number with B, KiB, MiB, GiB or TiB");
    CHECK(parse_size("99999999TiB").has_error());
    CHECK(parse_size("GiB").has_error());
    CHECK(parse_size("-1").has_error());
}

TEST_CASE("seconds are bare numbers or durations, never negative", "[config]") {
    const auto& option = *find_option("healthcheck.interval");
    const auto read = [&](std::string_view text) {
        return std::get<std::chrono::nanoseconds>(parse_value(option, text).value());
    };
    CHECK(read("0x2") == 2s);
    CHECK(read("750ms") == 750ms);
    CHECK(read("2m") == 2min);
    for (const auto* bad : {"-1s", "1d", "abc"}) {
        CHECK(parse_value(option, bad).error().kind == "uint64 value");
        CHECK(parse_value(option, bad).error().reason ==
              "strconv.ParseUint: parsing \"" + std::string{bad} + "\": invalid syntax");
    }
    CHECK(read("18446744073709551615") == std::chrono::seconds{9'223'372'036});  // as good as for ever
    CHECK(parse_value(option, "18446744073709551616").error().brief == "value out of range");
}

TEST_CASE("log levels are known by both spellings in any case", "[config]") {
    const auto& option = *find_option("log.level");
    for (const auto* word : {"trace", "TRCE", "Debug", "dbug", "INFO", "warn", "error", "EROR", "crit"})
        CHECK(parse_value(option, word).has_value());
    CHECK(parse_value(option, "loud").error().reason == "unknown level: loud");
    CHECK(parse_value(*find_option("log.format"), "XML").error().reason == "unrecognized log-format: \"XML\"");
    CHECK(parse_value(*find_option("log.format"), "JSON").has_error());
    CHECK(parse_value(*find_option("pprof.type"), "x").error().reason == "unknown profile type: \"x\"");
}

TEST_CASE("the default of every option is a value that reads as it is written", "[config]") {
    for (const auto& option : options()) {
        if (option.fallback.empty()) continue;
        CAPTURE(option.name);
        for (const auto text : {option.fallback, option.go_fallback.value_or(option.fallback)}) {
            const auto value = parse_value(option, text);
            REQUIRE(value.has_value());
            const auto written = write_value(option, *value);
            CHECK(parse_value(option, written).value() == *value);
        }
    }
}
