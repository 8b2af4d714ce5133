// Lines of the real programs, taken apart and written again by ours: not one octet may differ.
#include <zlib.h>

#include <catch2/catch.hpp>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <filesystem>
#include <set>
#include <sstream>

#include "core/runtime/log_format.hpp"
#include "tests/support/checkout.hpp"

using namespace conductor;
using namespace conductor::logging;

namespace {

struct Parsed {
    LogTime time;
    Level level{Level::info};
    std::string message;
    std::deque<std::string> texts;  // what the fields point to
    std::vector<Field> fields;
};

// Packed or not.
std::string unpacked(const std::filesystem::path& path) {
    std::string text;
    auto* in = gzopen(path.c_str(), "rb");
    REQUIRE(in != nullptr);
    char part[4096];
    for (int got = gzread(in, part, sizeof part); got > 0; got = gzread(in, part, sizeof part))
        text.append(part, static_cast<std::size_t>(got));
    gzclose(in);
    return text;
}

// `okx-member-logfmtms-info.stdout`; the stories of a failover were told in logfmt.
Format format_of(const std::string& file) {
    for (const auto& [name, format] : {std::pair{"-jsonms", Format::jsonms},
                                       {"-json", Format::json},
                                       {"-logfmtms", Format::logfmtms},
                                       {"-text", Format::text}})
        if (file.find(name) != std::string::npos) return format;
    return Format::logfmt;
}

LogTime time_from(const std::string& text) {
    std::tm parts{};
    const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    REQUIRE(rest != nullptr);
    std::string fraction;
    if (*rest == '.')
        for (++rest; *rest >= '0' && *rest <= '9'; ++rest) fraction += *rest;
    fraction.resize(9, '0');
    return LogTime{std::chrono::seconds{timegm(&parts)} + std::chrono::nanoseconds{std::stol(fraction)}};
}

Level level_from(const std::string& name) {
    for (const auto level : {Level::trace, Level::debug, Level::info, Level::warn, Level::error, Level::crit})
        if (level_name(level) == name) return level;
    FAIL("no such level: " << name);
    return Level::info;
}

// A word, or a quoted text with the escapes that the recordings hold.
std::string take_text(std::string_view& rest, std::string_view ends) {
    std::string out;
    if (!rest.starts_with('"')) {
        out = rest.substr(0, rest.find_first_of(ends));
        rest.remove_prefix(out.size());
        return out;
    }
    for (rest.remove_prefix(1); !rest.starts_with('"'); rest.remove_prefix(1)) {
        REQUIRE_FALSE(rest.empty());
        if (rest.front() == '\\') {
            rest.remove_prefix(1);
            if (rest.front() == 'n') {
                out += '\n';
                continue;
            }
            if (rest.front() == 't') {
                out += '\t';
                continue;
            }
            REQUIRE((rest.front() == '"' || rest.front() == '\\'));
        }
        out += rest.front();
    }
    rest.remove_prefix(1);
    return out;
}

void take(Parsed& out, const std::string& key, const Value& value, const std::string& text) {
    if (key == "t")
        out.time = time_from(text);
    else if (key == "lvl")
        out.level = level_from(text);
    else if (key == "msg")
        out.message = text;
    else
        out.fields.push_back({out.texts.emplace_back(key), value});
}

void parse_logfmt(Parsed& out, std::string_view rest) {
    while (!rest.empty()) {
        const auto key = take_text(rest, "=");
        rest.remove_prefix(1);
        const auto& text = out.texts.emplace_back(take_text(rest, " "));
        if (!rest.empty()) rest.remove_prefix(1);
        take(out, key, Value{text}, text);
    }
}

void parse_json(Parsed& out, std::string_view rest) {
    rest.remove_prefix(1);
    while (rest.front() != '}') {
        if (rest.front() == ',') rest.remove_prefix(1);
        const auto key = take_text(rest, ":");
        rest.remove_prefix(1);
        const bool quoted = rest.front() == '"';
        const auto& text = out.texts.emplace_back(take_text(rest, ",}"));
        std::int64_t number = 0;
        if (quoted)
            take(out, key, Value{text}, text);
        else if (text == "true" || text == "false")
            take(out, key, Value{text == "true"}, text);
        else if (text == "null")
            take(out, key, Value{nullptr}, text);
        else {
            REQUIRE(std::from_chars(text.data(), text.data() + text.size(), number).ptr ==
                    text.data() + text.size());
            take(out, key, Value{number}, text);
        }
    }
}

}  // namespace

TEST_CASE("lines recorded from op-conductor are written octet for octet", "[logging][recordings]") {
    setenv("TZ", "UTC", 1);
    tzset();
    std::set<Format> formats;
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator{checkout::test_data() + "/logging"}) {
        const auto file = entry.path().filename().string();
        CAPTURE(file);
        ++files;
        const auto format = format_of(file);
        formats.insert(format);
        std::istringstream in{unpacked(entry.path())};
        std::size_t lines = 0;
        std::string wrong;
        TerminalPadding padding;
        for (std::string recorded; std::getline(in, recorded); ++lines) {
            Parsed parsed;
            if (recorded.starts_with('{'))
                parse_json(parsed, recorded);
            else
                parse_logfmt(parsed, recorded);
            std::string ours;
            render(ours, Line{parsed.time, parsed.level, parsed.message, parsed.fields},
                   Style{format, false, 0}, padding);
            if (ours != recorded + "\n" && wrong.empty()) wrong = ours + recorded;
        }
        CHECK(wrong == "");
        CHECK(lines > 15);
    }
    CHECK(files == 30);
    CHECK(formats == std::set{Format::text, Format::logfmt, Format::logfmtms, Format::json, Format::jsonms});
}
