// The small parts, each alone.
#include <catch2/catch.hpp>

#include "core/rpc/body_pool.hpp"
#include "core/rpc/chunked.hpp"
#include "core/rpc/http_message.hpp"
#include "core/rpc/json_text.hpp"
#include "core/rpc/jsonrpc_frame.hpp"
#include "core/rpc/media_type.hpp"
#include "core/rpc/params.hpp"
#include "core/rpc/request_head.hpp"
#include "core/rpc/url_path.hpp"

using namespace conductor;
using namespace conductor::rpc;

namespace {

struct Unchunked {
    std::string body;
    std::string rest;
    ChunkDecoder::Status status;
};

// Fed `step` octets at a time.
Unchunked unchunk(std::string_view octets, std::size_t step) {
    ChunkDecoder decoder;
    Unchunked out{{}, {}, ChunkDecoder::Status::more};
    while (!octets.empty() && decoder.status() == ChunkDecoder::Status::more) {
        auto piece = octets.substr(0, step);
        const auto given = piece.size();
        for (auto data = decoder.take(piece); !data.empty(); data = decoder.take(piece)) out.body += data;
        octets.remove_prefix(given - piece.size());
    }
    out.rest = octets;
    out.status = decoder.status();
    return out;
}

}  // namespace

TEST_CASE("chunks come off however they were cut by the network", "[rpc][chunked]") {
    const auto step = GENERATE(1U, 2U, 3U, 7U, 1000U);
    const auto out = unchunk("3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\nnext", step);
    CHECK(out.status == ChunkDecoder::Status::done);
    CHECK(out.body == "abc0123456789");
    CHECK(out.rest == "next");
}

TEST_CASE("broken chunk framing is seen", "[rpc][chunked]") {
    const auto octets = GENERATE(as<std::string>{}, "\r\n", "g\r\n", "1\nx", "1\r\nxy\r\n", "1\r\nx\n",
                                 "11111111111111111\r\n", "1;" + std::string(5000, 'x') + "\r\n");
    INFO(octets.substr(0, 30));
    CHECK(unchunk(octets, 1000).status == ChunkDecoder::Status::malformed);
}

TEST_CASE("framing out of proportion to its data is refused", "[rpc][chunked]") {
    std::string octets;
    for (int i = 0; i < 100; ++i) octets += "1;" + std::string(3000, 'x') + "\r\nx\r\n";
    CHECK(unchunk(octets, 4096).status == ChunkDecoder::Status::malformed);
}

TEST_CASE("paths clean as Go cleans them", "[rpc][paths]") {
    CHECK(clean_path("/") == "/");
    CHECK(clean_path("//") == "/");
    CHECK(clean_path("/a/./b/../c") == "/a/c");
    CHECK(clean_path("/a/") == "/a/");
    CHECK(clean_path("/../..") == "/");
    CHECK(clean_path("") == "/");
    CHECK(percent_decode("/%41%2f") == "/A/");
    CHECK_FALSE(percent_decode("/%4"));
    CHECK_FALSE(percent_decode("/%zz"));
    CHECK(percent_encode_unsafe("/a b\x80") == "/a%20b%80");
}

TEST_CASE("media types are read as by mime.ParseMediaType", "[rpc][media_type]") {
    CHECK(media_type("Application/JSON") == "application/json");
    CHECK(media_type(" application/json ; charset=utf-8;") == "application/json");
    CHECK(media_type("a/b; x=\"q;\\\"r\"") == "a/b");
    CHECK(media_type("a/b; x=1; X=\"1\"") == "a/b");
    for (const auto* bad : {"", ";", "a/", "/b", "a/b c", "a/b, c/d", "a/b; x", "a/b; x=1; x=2",
                            "a/b; x=a; x=A", "a/b; x=\"open"})
        CHECK_FALSE(media_type(bad));
}

TEST_CASE("strings are printed as by Go's encoder", "[rpc][json_text]") {
    CHECK(json_string("a\"\\\n\x01<>&") == R"("a\"\\\n\u0001\u003c\u003e\u0026")");
    CHECK(json_string("\xff\xc0\x80") == R"("\ufffd\ufffd\ufffd")");
    CHECK(json_string("\xed\xa0\x80") == R"("\ufffd\ufffd\ufffd")");
    CHECK(json_string("\xe2\x80\xa8\xe2\x82\xac") == "\"\\u2028\xe2\x82\xac\"");
    CHECK(escaped_token("\"<\xff\xe2\x80\xa9\"") == "\"\\u003c\xff\\u2029\"");
}

TEST_CASE("dates are those of RFC 7231", "[rpc][http_message]") {
    CHECK(http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST_CASE("members of a frame match in any case, and the last one wins", "[rpc][jsonrpc]") {
    const auto frame =
        read_frame(R"({"JSONRPC":"2.0","id":1,"Method":"a_b","method":null,"ID":2,"params":[1]})");
    REQUIRE(frame.has_value());
    const auto message = read_message(frame->value);
    CHECK(message.is_call());
    CHECK(message.id == "2");
    CHECK(message.method == "a_b");
}

TEST_CASE("uint64 parameters take the whole range and nothing else", "[rpc][params]") {
    const auto value_of = [](std::string_view text) {
        return decode_params<std::uint64_t>(*json::first_value(text));
    };
    CHECK(std::get<0>(*value_of("[18446744073709551615]")) == 18446744073709551615U);
    CHECK(
        value_of("[18446744073709551616]").error().message ==
        "invalid argument 0: json: cannot unmarshal number 18446744073709551616 into Go value of type uint64");
    CHECK(value_of("[-1]").error().message ==
          "invalid argument 0: json: cannot unmarshal number -1 into Go value of type uint64");
    CHECK(std::get<0>(*value_of("[null]")) == 0);
    CHECK_FALSE(std::get<0>(*decode_params<std::optional<bool>>(std::nullopt)).has_value());
}

TEST_CASE("the head is complete at its blank line, wherever the network cut it", "[rpc][request_head]") {
    const std::string_view whole{"GET / HTTP/1.1\r\nHost: t\r\n\r\nrest"};
    for (std::size_t seen = 0; seen < 27; ++seen)
        for (std::size_t from = 0; from <= seen; ++from) CHECK(head_length(whole.substr(0, seen), from) == 0);
    for (std::size_t from = 0; from < 27; ++from) CHECK(head_length(whole, from) == 27);
}

TEST_CASE("a body's memory is charged while it lives, and lives on as octets", "[rpc][body_pool]") {
    BodyPool pool{{1000, 2, 1000}};
    Bytes kept;
    {
        auto body = pool.take();
        REQUIRE(body.reserve(600));
        CHECK_FALSE(pool.take().reserve(600));
        CHECK(pool.octets_in_use() == 600);
        body.buffer().append(std::string(500, 'x'));
        kept = body.into_bytes();
        CHECK(pool.octets_in_use() == 0);
    }
    CHECK(as_text(kept.span()) == std::string(500, 'x'));
    const auto* const memory = kept.data();
    kept = {};
    auto again = pool.take();
    CHECK(static_cast<const void*>(again.buffer().data()) == memory);  // its pages are still mapped
    CHECK(again.buffer().size() == 0);
}

TEST_CASE("a few octets in a large buffer are copied out of it", "[rpc][body_pool]") {
    BodyPool pool{{}};
    auto body = pool.take();
    REQUIRE(body.reserve(1U << 20U));
    body.buffer().append("few");
    const auto bytes = body.into_bytes();
    CHECK(bytes.size() == 3);
    CHECK(body.buffer().capacity() == 1U << 20U);
}
