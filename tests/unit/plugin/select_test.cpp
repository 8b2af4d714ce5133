#include <catch2/catch.hpp>
#include <cstring>

#include "core/plugin/json_select.hpp"
#include "core/plugin/text.hpp"

using namespace conductor::plugin;

namespace {

struct Selected {
    conductor_status status;
    conductor_json value;
    std::string text;
    bool cut;
};

Selected select(std::string_view json, std::string_view pointer, std::size_t bound = 4096) {
    BoundedText text{bound};
    conductor_json value{};
    value.size = sizeof value;
    value.text = text.sink();
    const auto status = json_select(as_slice(json), as_slice(pointer), &value);
    return {status, value, text.text(), text.cut()};
}

constexpr std::uint32_t all_fit = CONDUCTOR_FITS_INT64 | CONDUCTOR_FITS_UINT64 | CONDUCTOR_FITS_REAL;
const std::string document =
    R"( {"a":{"b/c":[10,-1,"0x19",18446744073709551615,1.5,true,null,{"m~n":"\u00fc\n\ud83d\ude00"}]},)"
    R"("a2":1,"a2":2,"h":"0x1111111111111111111111111111111111111111111111111111111111111111","":7} )";

}  // namespace

TEST_CASE("a pointer leads to the value it names", "[plugin][select]") {
    CHECK(select(document, "").value.kind == CONDUCTOR_JSON_OBJECT);
    CHECK(select(document, "").value.length == 5);
    CHECK(select(document, "/a/b~1c").value.length == 8);
    CHECK(select(document, "/a/b~1c/0").value.as_uint64 == 10);
    CHECK(select(document, "/a/b~1c/0").value.fits == all_fit);
    CHECK(select(document, "/a/b~1c/1").value.as_int64 == -1);
    CHECK(select(document, "/a/b~1c/1").value.fits == (CONDUCTOR_FITS_INT64 | CONDUCTOR_FITS_REAL));
    CHECK(select(document, "/a/b~1c/3").value.as_uint64 == UINT64_MAX);
    CHECK((select(document, "/a/b~1c/3").value.fits & CONDUCTOR_FITS_INT64) == 0);
    CHECK(select(document, "/a/b~1c/4").value.fits == CONDUCTOR_FITS_REAL);
    CHECK(select(document, "/a/b~1c/4").value.as_real == Approx(1.5));
    CHECK(select(document, "/a/b~1c/5").value.boolean == 1);
    CHECK(select(document, "/a/b~1c/6").value.kind == CONDUCTOR_JSON_NULL);
    CHECK(select(document, "/").value.as_int64 == 7);
}

TEST_CASE("a short hex string is a number too, a hash is not", "[plugin][select]") {
    CHECK(select(document, "/a/b~1c/2").value.as_int64 == 25);
    CHECK(select(document, "/h").value.fits == 0);
    CHECK(select(document, "/h").value.length == 66);
    CHECK(select(R"("0x")", "").value.fits == 0);
    CHECK(select(R"("0xffffffffffffffff")", "").value.as_uint64 == UINT64_MAX);
    CHECK(select(R"("0x1g")", "").value.fits == 0);
}

TEST_CASE("the last of equal names counts", "[plugin][select]") {
    CHECK(select(document, "/a2").value.as_int64 == 2);
    CHECK(select(R"({"a":{"b":1},"a":{}})", "/a/b").value.kind == CONDUCTOR_JSON_MISSING);
}

TEST_CASE("strings arrive unescaped", "[plugin][select]") {
    CHECK(select(document, "/a/b~1c/7/m~0n").text == "\u00fc\n\U0001f600");
    CHECK(select(R"("\ud800")", "").text == "\xef\xbf\xbd");
    CHECK(select(R"("\ud800\u0041")", "").text == "\xef\xbf\xbd");
}

TEST_CASE("no such place is an answer, not an error", "[plugin][select]") {
    for (const auto* place : {"/a/b~1c/8", "/a/b~1c/00", "/a/x/y", "/nothing", "/a/b~1c/-"}) {
        CAPTURE(place);
        CHECK(select(document, place).status == CONDUCTOR_OK);
        CHECK(select(document, place).value.kind == CONDUCTOR_JSON_MISSING);
    }
}

TEST_CASE("a bad pointer is a mistake of the plugin", "[plugin][select]") {
    for (const auto* bad : {"a", "/~2", "/~"}) CHECK(select(document, bad).status == CONDUCTOR_BAD_CONFIG);
}

TEST_CASE("text that is not JSON is a remote error and leaves nothing behind", "[plugin][select]") {
    for (const auto* bad : {"", "{", "{\"a\":1", "[1,]", "01", "-", "nul", "\"\\x\"", "1 2", "\"a\nb\"", "1.",
                            "1e", "{\"a\" 1}", "{a:1}", "\"\\u12\"", "[1 2]"}) {
        CAPTURE(bad);
        CHECK(select(bad, "").status == CONDUCTOR_REMOTE_ERROR);
        CHECK(select(bad, "").value.kind == CONDUCTOR_JSON_MISSING);
    }
    CHECK(select(std::string(100'000, '['), "").status == CONDUCTOR_REMOTE_ERROR);
}

TEST_CASE("a string that its sink cuts is truncated", "[plugin][select]") {
    const auto cut = select(document, "/h", 5);
    CHECK(cut.status == CONDUCTOR_TRUNCATED);
    CHECK(cut.text == "0x111");
}

TEST_CASE("select writes nothing beyond the size its caller states", "[plugin][select]") {
    struct {
        conductor_json value;
        std::uint64_t beyond;
    } both{};
    both.value.size = offsetof(conductor_json, text);
    both.beyond = 7;
    CHECK(json_select(as_slice("1"), as_slice(""), &both.value) == CONDUCTOR_INTERNAL);
    CHECK(both.value.kind == 0);
    CHECK(both.beyond == 7);
}

TEST_CASE("a slice found once can be searched again", "[plugin][select]") {
    const auto inner = json_slice(document, "/a/b~1c/7");
    REQUIRE(inner);
    CHECK(select(*inner, "/m~0n").value.kind == CONDUCTOR_JSON_STRING);
    CHECK_FALSE(json_slice(document, "/zz"));
    CHECK_FALSE(json_slice("{", ""));
}

TEST_CASE("quoting and reading a string give it back", "[plugin][select]") {
    const std::string text = "a\"b\\c\n\x01 ü";
    CHECK(select(json_quoted(text), "").text == text);
}
