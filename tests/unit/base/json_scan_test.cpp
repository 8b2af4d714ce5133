#include "core/base/json_scan.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace conductor;
using json::first_value;
using json::Kind;
using json::ScanErrc;

namespace {

std::string raw_of(std::string_view text) {
    const auto value = first_value(text);
    REQUIRE(value.has_value());
    return std::string{value->raw};
}

ScanErrc refusal_of(std::string_view text) {
    const auto value = first_value(text);
    INFO(text);
    REQUIRE(value.has_error());
    return value.error().code;
}

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

}  // namespace

TEST_CASE("the first value ends where Go's decoder stops, and what follows is not judged",
          "[base][json_scan]") {
    CHECK(raw_of(" \t\r\n{\"a\":1} trailing") == "{\"a\":1}");
    CHECK(raw_of("[]]") == "[]");
    CHECK(raw_of("01") == "0");
    CHECK(raw_of("truex") == "true");
    CHECK(raw_of("-0.5e+10,") == "-0.5e+10");
    CHECK(raw_of("1E400") == "1E400");
    CHECK(raw_of("\"\\u00e9\\n\\\"\\/\"x") == "\"\\u00e9\\n\\\"\\/\"");
    CHECK(raw_of("{\"a\" : [ 1 , {} , \"x\" ] , \"b\":null }") == "{\"a\" : [ 1 , {} , \"x\" ] , \"b\":null }");
}

TEST_CASE("every kind of value is told by name", "[base][json_scan]") {
    const auto [text, kind, name] =
        GENERATE(table<std::string, Kind, std::string>({{"null", Kind::null, "null"},
                                                        {"true", Kind::boolean, "bool"},
                                                        {"false", Kind::boolean, "bool"},
                                                        {"-7", Kind::number, "number"},
                                                        {"\"\"", Kind::string, "string"},
                                                        {"[]", Kind::array, "array"},
                                                        {"{}", Kind::object, "object"}}));
    const auto value = first_value(text);
    REQUIRE(value.has_value());
    CHECK(value->kind == kind);
    CHECK(json::kind_name(value->kind) == name);
}

TEST_CASE("blank text, cut-off text and broken text are three answers", "[base][json_scan]") {
    CHECK(refusal_of("") == ScanErrc::empty);
    CHECK(refusal_of(" \n\t ") == ScanErrc::empty);
    for (const auto* text : {"{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "[", "[1,", "\"abc", "\"\\",
                             "\"\\u00", "tru", "-", "1.", "1e", "1e+", "{\"a\":\"b"}) {
        CHECK(refusal_of(text) == ScanErrc::cut_off);
    }
    for (const auto* text :
         {"}",          "x",           "{a:1}", "{\"a\" 1}", "{\"a\":1,}", "[1,]", "[,1]",           "[1 2]",
          "{\"a\":01}", "NaN",         "[-x]",  "[1.x]",     "[+1]",       "[.5]", "[0x1]",          "\"\t\"",
          "\"\\x\"",    "\"\\u00g0\"", "'a'",   "[tree]",    "{\"a\":1]",  "[1}",  "\xEF\xBB\xBF{}", "{1:2}",
          "{,}",        "[Infinity]"}) {
        CHECK(refusal_of(text) == ScanErrc::syntax);
    }
}

TEST_CASE("an error names the octet that cannot stand there", "[base][json_scan]") {
    CHECK(first_value("[1, x]").error() == json::ScanError{ScanErrc::syntax, 4});
    CHECK(first_value("[1, ").error() == json::ScanError{ScanErrc::cut_off, 4});
}

TEST_CASE("control characters inside strings are refused at every place of a word", "[base][json_scan]") {
    for (std::size_t at = 0; at < 20; ++at) {
        for (int c = 0; c < 0x20; ++c) {
            std::string text = "\"" + std::string(20, 'a') + "\"";
            text[1 + at] = static_cast<char>(c);
            REQUIRE(first_value(text).has_error());
            REQUIRE(first_value(text).error() == json::ScanError{ScanErrc::syntax, 1 + at});
        }
        for (int c = 0x20; c < 0x100; ++c) {
            if (c == '"' || c == '\\') continue;
            std::string text = "\"" + std::string(20, '\x7f') + "\"";
            text[1 + at] = static_cast<char>(c);
            REQUIRE(first_value(text).has_value());
        }
    }
}

TEST_CASE("a zero octet is no escape and no blank", "[base][json_scan]") {
    using namespace std::string_view_literals;
    CHECK(refusal_of("\"\\\0\""sv) == ScanErrc::syntax);
    CHECK(refusal_of("[\0]"sv) == ScanErrc::syntax);
}

TEST_CASE("ten thousand levels pass and one more does not", "[base][json_scan]") {
    CHECK(first_value(nested(10'000)).has_value());
    CHECK(refusal_of(nested(10'001)) == ScanErrc::depth);
    CHECK(refusal_of(std::string(1'000'000, '[')) == ScanErrc::depth);
    CHECK(first_value("[[1]]", 2).has_value());
    CHECK(first_value("[[{}]]", 2).error().code == ScanErrc::depth);
    CHECK(first_value("1", 0).has_value());
}

TEST_CASE("an object's members come in order, with raw keys, and duplicates stay", "[base][json_scan]") {
    const auto object = first_value(R"( { "a" : "x,}" , "\u0062":[1,{"c":"]"}],"a":-1.5 , "":{} } )");
    REQUIRE(object.has_value());
    json::MemberCursor members{*object};
    std::vector<std::string> seen;
    while (const auto member = members.next()) {
        seen.push_back(std::string{member->key} + "=" + std::string{member->value.raw});
    }
    CHECK(seen ==
          std::vector<std::string>{R"("a"="x,}")", R"("\u0062"=[1,{"c":"]"}])", R"("a"=-1.5)", R"(""={})"});
    CHECK_FALSE(members.next().has_value());
}

TEST_CASE("an array's elements come in order with their kinds", "[base][json_scan]") {
    const auto array = first_value(R"([ null,true , 12 ,"a\"]", [[]] ,{"k":[]}])");
    REQUIRE(array.has_value());
    json::ElementCursor elements{*array};
    std::vector<std::string> seen;
    while (const auto element = elements.next()) seen.push_back(std::string{element->raw});
    CHECK(seen == std::vector<std::string>{"null", "true", "12", R"("a\"]")", "[[]]", R"({"k":[]})"});
    CHECK_FALSE(elements.next().has_value());
}

TEST_CASE("empty containers have nothing to walk", "[base][json_scan]") {
    CHECK_FALSE(json::MemberCursor{*first_value("{ }")}.next().has_value());
    CHECK_FALSE(json::ElementCursor{*first_value("[\n]")}.next().has_value());
}

TEST_CASE("unescaping follows Go, replacement characters included", "[base][json_scan]") {
    CHECK(json::unescape(R"("a\"\\\/\b\f\n\r\tz")") == "a\"\\/\b\f\n\r\tz");
    CHECK(json::unescape(R"("\u0041\u00e9\u20AC")") == "A\xC3\xA9\xE2\x82\xAC");
    CHECK(json::unescape(R"("\ud83d\ude00")") == "\xF0\x9F\x98\x80");
    CHECK(json::unescape(R"("\ud83dx")") == "\xEF\xBF\xBDx");
    CHECK(json::unescape(R"("\ude00\ud83d")") == "\xEF\xBF\xBD\xEF\xBF\xBD");
    CHECK(json::unescape(R"("\ud83d\u0041")") ==
          "\xEF\xBF\xBD"
          "A");
    CHECK(json::unescape("\"\xC3\xA9\xF0\x9F\x98\x80\"") == "\xC3\xA9\xF0\x9F\x98\x80");
    CHECK(json::unescape("\"\xFF\xC3\"") == "\xEF\xBF\xBD\xEF\xBF\xBD");
    CHECK(json::unescape("\"\xC0\xAF\xED\xA0\x80\"") ==
          "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("a key matches its field whatever its case, its escapes and its two odd letters",
          "[base][json_scan]") {
    CHECK(json::key_matches("\"blockNumber\"", "blockNumber"));
    CHECK(json::key_matches("\"BLOCKNUMBER\"", "blockNumber"));
    CHECK(json::key_matches(R"("block\u004eumber")", "blockNumber"));
    CHECK(json::key_matches("\"bloc\xE2\x84\xAANumber\"", "blockNumber"));
    CHECK(json::key_matches(R"("ga\u017fUsed")", "gasUsed"));
    CHECK_FALSE(json::key_matches("\"blockNumbe\"", "blockNumber"));
    CHECK_FALSE(json::key_matches("\"blockNumberr\"", "blockNumber"));
    CHECK_FALSE(json::key_matches("\"block_Number\"", "blockNumber"));
    CHECK_FALSE(json::key_matches("\"\"", "id"));
    CHECK_FALSE(
        json::key_matches("\"\xFF"
                          "d\"",
                          "id"));
}
