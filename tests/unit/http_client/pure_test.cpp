// What needs no socket: URLs, answers octet by octet, JSON-RPC answers.
#include <catch2/catch.hpp>

#include "core/runtime/http_answer.hpp"
#include "core/runtime/http_url.hpp"
#include "core/runtime/jsonrpc_client.hpp"

using conductor::http::read_rpc_answer;
using conductor::http::read_url;
using RpcKind = conductor::http::RpcFailure::Kind;
using conductor::http::AnswerReader;
using Progress = AnswerReader::Progress;

namespace {

constexpr std::string_view chunked =
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n";

Progress read_all(AnswerReader& reader, std::string_view text, std::size_t step) {
    auto progress = Progress::more;
    while (!text.empty() && progress == Progress::more) {
        progress = reader.take(text.substr(0, step));
        text.remove_prefix(std::min(step, text.size()));
    }
    return progress;
}

}  // namespace

TEST_CASE("an answer reads the same in one piece and octet by octet", "[runtime][http]") {
    const std::size_t step = GENERATE(1U, 2U, 7U, 4096U);
    AnswerReader reader{100};
    CHECK(read_all(reader, chunked, step) == Progress::done);
    CHECK(reader.answer().status == 200);
    CHECK(reader.answer().body == "abcde");
    CHECK(reader.reusable());

    AnswerReader sized{100};
    CHECK(read_all(sized, "HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nbody", step) == Progress::done);
    CHECK(sized.answer().status == 500);
    CHECK(sized.answer().body == "body");
    CHECK(sized.reusable());
}

TEST_CASE("a body without length ends with its connection", "[runtime][http]") {
    AnswerReader reader{100};
    CHECK(reader.take("HTTP/1.0 200 OK\n\nall of it") == Progress::more);
    CHECK(reader.peer_closed() == Progress::done);
    CHECK(reader.answer().body == "all of it");
    CHECK_FALSE(reader.reusable());
}

TEST_CASE("a connection is not used again where the peer ends it or says too much", "[runtime][http]") {
    const std::string_view text =
        GENERATE(as<std::string_view>{}, "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n",
                 "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
                 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n");
    AnswerReader reader{100};
    CHECK(reader.take(text) == Progress::done);
    CHECK_FALSE(reader.reusable());
}

TEST_CASE("what is no HTTP answer is named", "[runtime][http]") {
    const auto [text, why] = GENERATE(table<std::string, std::string>({
        {"SSH-2.0-x\r\n", "malformed HTTP response \"SSH-2.0-x\""},
        {"HTTP/2.0 200 OK\r\n", "malformed HTTP response"},
        {"HTTP/1.1 +20 OK\r\n", "malformed HTTP response"},
        {"HTTP/1.1 200 OK\r\nno colon\r\n", "malformed MIME header line"},
        {"HTTP/1.1 200 OK\r\nContent-Length : 1\r\n", "malformed MIME header line"},
        {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n", "bad Content-Length"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n", "bad Content-Length"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n", "unsupported transfer encoding"},
        {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n", "unsupported content encoding"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "malformed chunked encoding"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "malformed chunked encoding"},
        {"HTTP/1.1 101 Switching\r\n\r\n", "unexpected HTTP status"},
        {std::string(AnswerReader::line_limit + 1, 'a'), "line too long"},
    }));
    AnswerReader reader{100};
    INFO(text.substr(0, 80));
    CHECK(reader.take(text) == Progress::malformed);
    CHECK(reader.complaint().find(why) != std::string::npos);
}

TEST_CASE("heads are bounded, however many lines they have", "[runtime][http]") {
    AnswerReader reader{100};
    auto progress = reader.take("HTTP/1.1 200 OK\r\n");
    for (int line = 0; line < 100 && progress == Progress::more; ++line)
        progress = reader.take("X: " + std::string(1000, 'x') + "\r\n");
    CHECK(progress == Progress::malformed);
}

TEST_CASE("a body beyond its limit is refused as soon as it is known", "[runtime][http]") {
    const std::string_view text =
        GENERATE(as<std::string_view>{}, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
                 "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\n",
                 "HTTP/1.1 200 OK\r\n\r\nabcde");
    AnswerReader reader{4};
    CHECK(reader.take(text) == Progress::too_large);

    AnswerReader fits{4};
    CHECK(fits.take("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd") == Progress::done);
}

TEST_CASE("a URL gives its host, port and target", "[runtime][http]") {
    const auto url = read_url("http://node-1:8545/rpc/v1?key=a#part");
    REQUIRE(url.has_value());
    CHECK(url->host == "node-1");
    CHECK(url->port == 8545);
    CHECK(url->target == "/rpc/v1?key=a");
    CHECK(url->place() == "node-1:8545");
}

TEST_CASE("a URL without port and path means port 80 and the root", "[runtime][http]") {
    const auto url = read_url("http://node");
    REQUIRE(url.has_value());
    CHECK(url->place() == "node:80");
    CHECK(url->target == "/");
    CHECK(read_url("http://node?x=1")->target == "/?x=1");
}

TEST_CASE("an IPv6 host stands in brackets only where it is shown", "[runtime][http]") {
    const auto url = read_url("http://[::1]:8545");
    REQUIRE(url.has_value());
    CHECK(url->host == "::1");
    CHECK(url->place() == "[::1]:8545");
}

TEST_CASE("user and password of a URL become the authorization and never show", "[runtime][http]") {
    const auto [text, header] = GENERATE(table<std::string, std::string>({
        {"http://Aladdin:open%20sesame@node:1", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},  // RFC 7617 §2
        {"http://a@node:1", "Basic YTo="},
        {"http://a:b@c@node:1", "Basic YTpiQGM="},
        {"http://ab:c:d@node:1", "Basic YWI6Yzpk"},
        {"http://node:1/a@b", ""},
    }));
    const auto url = read_url(text);
    INFO(text);
    REQUIRE(url.has_value());
    CHECK(url->authorization == header);
    CHECK(url->place() == "node:1");
}

TEST_CASE("a URL that cannot be asked is refused with its reason", "[runtime][http]") {
    const auto [text, why] = GENERATE(table<std::string, std::string>({
        {"https://node", "https is not supported"},
        {"ws://node", "must begin with http://"},
        {"node:8545", "must begin with http://"},
        {"http://", "names no host"},
        {"http://:8545", "names no host"},
        {"http://node:0", "port must be"},
        {"http://node:65536", "port must be"},
        {"http://node:80x", "port must be"},
        {"http://[::1", "without `]`"},
        {"http://[::1]x", "followed by a port"},
        {"http://node/a b", "blank"},
        {"http://node/a\r\nHost: x", "control character"},
        {"http://user:secret%@node", "begins no escape"},
        {"http://user:secret%1g@node", "begins no escape"},
        {"http://user:secret@", "names no host"},
    }));
    const auto url = read_url(text);
    INFO(text);
    REQUIRE_FALSE(url.has_value());
    CHECK(url.error().text.find(why) != std::string::npos);
    CHECK(url.error().text.find("secret") == std::string::npos);
}

TEST_CASE("a result comes back as the text it was", "[runtime][jsonrpc]") {
    const auto [body, result] = GENERATE(table<std::string, std::string>({
        {R"({"jsonrpc":"2.0","id":7,"result":{"a": 1.0}})", R"({"a": 1.0})"},
        {R"({"jsonrpc":"2.0","id":7,"result":null})", "null"},
        {R"({"id":7,"error":null,"result":[]})", "[]"},
    }));
    const auto got = read_rpc_answer(body, 7);
    REQUIRE(got.has_value());
    CHECK(*got == result);
}

TEST_CASE("an error object keeps its code, message and data", "[runtime][jsonrpc]") {
    const auto got = read_rpc_answer(
        R"({"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"a \"b\"","data":[1, 2]}})", 7);
    REQUIRE_FALSE(got.has_value());
    CHECK(got.error().kind == RpcKind::remote);
    CHECK(got.error().code == -32000);
    CHECK(got.error().message == "a \"b\"");
    CHECK(got.error().data == "[1, 2]");
}

TEST_CASE("what is no answer to this call is never taken for a result", "[runtime][jsonrpc]") {
    const auto [body, why] = GENERATE(table<std::string, std::string>({
        {"", "no JSON-RPC"},
        {"<html>", "no JSON-RPC"},
        {"[]", "no JSON-RPC"},
        {R"({"jsonrpc":"2.0","id":7)", "no JSON-RPC"},
        {R"({"jsonrpc":"2.0","id":8,"result":1})", "another call"},
        {R"({"jsonrpc":"2.0","id":"7","result":1})", "another call"},
        {R"({"jsonrpc":"2.0","result":1})", "another call"},
        {R"({"jsonrpc":"2.0","id":7})", "neither result nor error"},
        {R"({"jsonrpc":"2.0","id":7,"error":"x","result":1})", "no object"},
    }));
    INFO(body);
    const auto got = read_rpc_answer(body, 7);
    REQUIRE_FALSE(got.has_value());
    CHECK(got.error().kind == RpcKind::no_answer);
    CHECK(got.error().message.find(why) != std::string::npos);
}
