#include "core/runtime/log_format.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <limits>

using namespace conductor;
using namespace conductor::logging;
using namespace std::chrono_literals;

namespace {

const LogTime noon{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1} + 12h + 120'000us};

std::string written(Style style, Level level, std::string_view message, std::initializer_list<Field> fields,
                    LogTime time = noon) {
    setenv("TZ", "UTC", 1);
    tzset();
    TerminalPadding padding;
    std::string out;
    render(out, Line{time, level, message, FieldSpan{fields.begin(), fields.size()}}, style, padding);
    return out;
}

std::string logfmt(std::initializer_list<Field> fields) {
    const auto line = written({Format::logfmt}, Level::info, "m", fields);
    const std::string before = "t=2026-06-01T12:00:00+0000 lvl=info msg=m ";
    REQUIRE(line.starts_with(before));
    return line.substr(before.size(), line.size() - before.size() - 1);
}

std::string json(std::initializer_list<Field> fields) {
    const auto line = written({Format::json}, Level::info, "m", fields);
    const std::string before = R"({"t":"2026-06-01T12:00:00.12Z","lvl":"info","msg":"m",)";
    REQUIRE(line.starts_with(before));
    return line.substr(before.size(), line.size() - before.size() - 2);
}

std::string terminal(std::initializer_list<Field> fields) {
    const auto line = written({Format::terminal}, Level::info, "m", fields);
    return line.substr(67, line.size() - 68);  // behind the column of the message and one blank
}

}  // namespace

TEST_CASE("logfmt quotes what is empty, spaced, or unprintable, and nothing else", "[logging]") {
    CHECK(logfmt({{"k", ""}}) == R"(k="")");
    CHECK(logfmt({{"k", "plain-1.2:3/4"}}) == "k=plain-1.2:3/4");
    CHECK(logfmt({{"k", "two words"}}) == R"(k="two words")");
    CHECK(logfmt({{"k", "a=b"}}) == R"(k="a=b")");
    CHECK(logfmt({{"k", R"(say "x")"}}) == R"(k="say \"x\"")");
    CHECK(logfmt({{"k", "a\\b"}}) == "k=a\\b");
    CHECK(logfmt({{"k", "1\n2\t3"}}) == R"(k="1\n2\t3")");
    CHECK(logfmt({{"k", "\x1b[0m"}}) == R"(k="\x1b[0m")");
    CHECK(logfmt({{"k", "gr\u00fc\u00dfe"}}) == "k=gr\u00fc\u00dfe");
    CHECK(logfmt({{"k", "a\u00a0b"}}) == R"(k="a\u00a0b")");
    CHECK(logfmt({{"k", "a\xff"}}) == R"(k="a\xff")");
    CHECK(logfmt({{"k", "\U000E0001"}}) == R"(k="\U000e0001")");
    CHECK(logfmt({{"a key", 1}}) == R"("a key"=1)");
}

TEST_CASE("logfmt writes each kind of value as Go does", "[logging]") {
    CHECK(logfmt({{"k", nullptr}}) == "k=<nil>");
    CHECK(logfmt({{"k", true}, {"l", false}}) == "k=true l=false");
    CHECK(logfmt({{"k", -5}, {"l", std::numeric_limits<std::uint64_t>::max()}}) ==
          "k=-5 l=18446744073709551615");
    CHECK(logfmt({{"k", 935286872ns}}) == "k=935.286872ms");
    CHECK(logfmt({{"k", 76849ns}}) == "k=76.849\u00b5s");
    CHECK(logfmt({{"k", Term{7}}, {"l", ServerId{"seq 1"}}}) == R"(k=7 l="seq 1")");
    CHECK(logfmt({{"k", 0.5}, {"l", 123456.0}, {"m", 1234567.0}, {"n", 0.00001}, {"o", 0.0}}) ==
          "k=0.5 l=123456 m=1.234567e+06 n=1e-05 o=0");
    BlockHash hash;
    hash.bytes[31] = 0xab;
    CHECK(logfmt({{"k", hash}}) == "k=0x" + std::string(62, '0') + "ab");
}

TEST_CASE("JSON keeps numbers and booleans bare and escapes as slog does", "[logging]") {
    CHECK(json({{"k", nullptr}}) == R"("k":null)");
    CHECK(json({{"k", 5}, {"l", true}, {"m", "x"}}) == R"("k":5,"l":true,"m":"x")");
    CHECK(json({{"k", 1500ms}}) == R"("k":"1.5s")");
    CHECK(json({{"k", "q\"b\\n\nt\tr\rc\x01<&>"}}) == R"("k":"q\"b\\n\nt\tr\rc\u0001<&>")");
    CHECK(json({{"k", "\u2028 \xff \u00e9"}}) == R"("k":"\u2028 \ufffd )"
                                                 "\u00e9\"");
    CHECK(json({{"k", 1e20}, {"l", 1e21}, {"m", 1e-7}, {"n", 0.25}}) ==
          R"("k":100000000000000000000,"l":1e+21,"m":1e-7,"n":0.25)");
    CHECK(json({{"k", std::numeric_limits<double>::infinity()}}) ==
          R"("k":"!ERROR:json: unsupported value: +Inf")");
}

TEST_CASE("the times of the formats differ in resolution alone", "[logging]") {
    const auto time = noon + 3456789ns;
    const auto start = [&](Format format) { return written({format}, Level::warn, "m", {}, time); };
    CHECK(start(Format::logfmt) == "t=2026-06-01T12:00:00+0000 lvl=warn msg=m\n");
    CHECK(start(Format::logfmtms) == "t=2026-06-01T12:00:00.123+0000 lvl=warn msg=m\n");
    CHECK(start(Format::json) == "{\"t\":\"2026-06-01T12:00:00.123456789Z\",\"lvl\":\"warn\",\"msg\":\"m\"}\n");
    CHECK(start(Format::jsonms) == start(Format::json));
    CHECK(start(Format::terminal) == "WARN [06-01|12:00:00.123] m\n");
}

TEST_CASE("a zone other than UTC shows its offset", "[logging]") {
    setenv("TZ", "XYZ-5:30", 1);
    tzset();
    TerminalPadding padding;
    std::string out;
    render(out, Line{noon, Level::info, "m", {}}, Style{Format::logfmt, false, 0}, padding);
    render(out, Line{noon, Level::info, "m", {}}, Style{Format::json, false, 0}, padding);
    CHECK(out ==
          "t=2026-06-01T17:30:00+0530 lvl=info msg=m\n"
          "{\"t\":\"2026-06-01T17:30:00.12+05:30\",\"lvl\":\"info\",\"msg\":\"m\"}\n");
}

TEST_CASE("text is the terminal format with colour and logfmt without", "[logging]") {
    CHECK(written({Format::text, false}, Level::info, "m", {}) ==
          written({Format::logfmt}, Level::info, "m", {}));
    CHECK(written({Format::text, true}, Level::error, "m", {{"k", 1}}) ==
          "\x1b[31mERROR\x1b[0m[06-01|12:00:00.120] m" + std::string(39, ' ') + " \x1b[31mk\x1b[0m=1\n");
}

TEST_CASE("a terminal line groups thousands, pads messages, and quotes what does not print", "[logging]") {
    CHECK(written({Format::terminal}, Level::info, "OpConductor started", {{"key", "value"}}) ==
          "INFO [06-01|12:00:00.120] OpConductor started                      key=value\n");
    CHECK(terminal({{"k", 99999}, {"l", 100000}, {"m", -1234567}}) == "k=99999 l=100,000 m=-1,234,567");
    CHECK(terminal({{"k", 1.0 / 3}}) == "k=0.333");
    CHECK(terminal({{"k", "a b"}, {"l", "x=y"}}) == R"(k="a b" l="x=y")");
    CHECK(terminal({{"k", nullptr}}) == "k=<nil>");
    CHECK(terminal({{"k", "a b"}}) == "k=\"a b\"");
    CHECK(terminal({{"k", "\u00e9"}}) == "k=\"\u00e9\"");
    CHECK(terminal({{"k", "\"q\""}}) == R"(k="\"q\"")");
    CHECK(terminal({{"k", ""}}) == "k=");
    CHECK(written({Format::terminal}, Level::crit, "a=b", {}) == "CRIT [06-01|12:00:00.120] \"a=b\"\n");
    CHECK(written({Format::terminal}, Level::trace, "two\nlines", {}) ==
          "TRACE[06-01|12:00:00.120] two\nlines\n");
}

TEST_CASE("a terminal column is as wide as the widest value so far, up to forty", "[logging]") {
    TerminalPadding padding;
    const auto line = [&](std::string_view value) {
        const Field fields[]{{"k", Value{value}}, {"l", Value{1}}};
        std::string out;
        render(out, Line{noon, Level::info, "m", fields}, Style{Format::terminal, false, 0}, padding);
        return out.substr(67);
    };
    CHECK(line("12345678") == "k=12345678 l=1\n");
    CHECK(line("1") == "k=1        l=1\n");
    CHECK(line(std::string(41, 'x')) == "k=" + std::string(41, 'x') + " l=1\n");
    CHECK(line("1") == "k=1        l=1\n");
}

TEST_CASE("the process id stands before the line's own keys", "[logging]") {
    CHECK(written({Format::logfmt, false, 42}, Level::info, "m", {{"k", 1}}).ends_with("msg=m pid=42 k=1\n"));
    CHECK(written({Format::json, false, 42}, Level::info, "m", {}).ends_with("\"msg\":\"m\",\"pid\":42}\n"));
    CHECK(written({Format::terminal, false, 42}, Level::info, "m", {}).ends_with(" pid=42\n"));
}
