#include "tests/simnode/http_post.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <charconv>
#include <optional>

#include "core/base/json_scan.hpp"
#include "tests/simnode/gunzip.hpp"

namespace conductor::simnode {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::uint64_t reply_limit = 64U << 20U;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

std::string address_text(const asio::ip::tcp::endpoint& address) {
    return address.address().to_string() + ":" + std::to_string(address.port());
}

Complaint failed(const Endpoint& to, const char* step, const error_code& error) {
    std::string why{"Post \"" + to.url + "\": "};
    if (error == beast::error::timeout) return {why + "context deadline exceeded"};
    if (error == http::error::end_of_stream || error == asio::error::eof) return {why + "EOF"};
    const auto text =
        error == asio::error::connection_refused ? "connect: connection refused" : error.message();
    return {why + step + " tcp " + address_text(to.address) + ": " + text};
}

http::request<http::string_body> request_to(const Endpoint& to, std::string body, BodyKind kind) {
    http::request<http::string_body> request{http::verb::post, to.target, 11};
    request.set(http::field::host, address_text(to.address));
    request.set(http::field::user_agent, "Go-http-client/1.1");
    request.body() = std::move(body);
    request.prepare_payload();
    if (kind == BodyKind::json) request.set(http::field::accept, "application/json");
    request.set(http::field::content_type,
                kind == BodyKind::json ? "application/json" : "application/octet-stream");
    request.set(http::field::accept_encoding, "gzip");
    return request;
}

std::optional<json::RawValue> member_of(const json::RawValue& object, std::string_view name) {
    if (object.kind != json::Kind::object) return std::nullopt;
    std::optional<json::RawValue> found;
    json::MemberCursor members{object};
    while (const auto member = members.next())
        if (json::key_matches(member->key, name)) found = member->value;
    return found;
}

}  // namespace

Result<Endpoint, Complaint> parse_endpoint(const std::string& url) {
    const Complaint bad{"not a URL of the form http://127.0.0.1:8547: " + url};
    constexpr std::string_view scheme{"http://"};
    if (!url.starts_with(scheme)) return bad;
    const auto slash = url.find('/', scheme.size());
    const auto authority =
        url.substr(scheme.size(), slash == std::string::npos ? slash : slash - scheme.size());
    const auto colon = authority.rfind(':');
    if (colon == std::string::npos) return bad;
    auto host = authority.substr(0, colon);
    if (host == "localhost") host = "127.0.0.1";
    std::uint16_t port = 0;
    const auto* const end = authority.data() + authority.size();
    const auto [used, fault] = std::from_chars(authority.data() + colon + 1, end, port);
    error_code error;
    const auto address = asio::ip::make_address(host, error);
    if (error || fault != std::errc{} || used != end || port == 0) return bad;
    Endpoint endpoint;
    endpoint.url = url;
    endpoint.address = {address, port};
    if (slash != std::string::npos) endpoint.target = url.substr(slash);
    return endpoint;
}

asio::awaitable<Result<HttpReply, Complaint>> http_post(Endpoint to, std::string body, Duration limit,
                                                        BodyKind kind) {
    beast::tcp_stream stream{co_await asio::this_coro::executor};
    stream.expires_after(std::chrono::duration_cast<std::chrono::nanoseconds>(limit));  // for all of it
    if (const auto [error] = co_await stream.async_connect(to.address, as_values); error)
        co_return failed(to, "dial", error);
    error_code ignored;
    stream.socket().set_option(asio::ip::tcp::no_delay{true}, ignored);

    const auto request = request_to(to, std::move(body), kind);
    if (const auto [error, sent] = co_await http::async_write(stream, request, as_values); error)
        co_return failed(to, "write", error);

    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(reply_limit);
    if (const auto [error, got] = co_await http::async_read(stream, buffer, parser, as_values); error)
        co_return failed(to, "read", error);
    HttpReply reply;
    reply.status = static_cast<int>(parser.get().result_int());
    reply.body = std::move(parser.get().body());
    if (parser.get()[http::field::content_encoding] == "gzip") {
        auto text = gunzip(reply.body, reply_limit);
        if (!text) co_return Complaint{"gzip: invalid header"};
        reply.body = std::move(*text);
    }
    co_return reply;
}

asio::awaitable<Result<JsonText, Complaint>> rpc_post(Endpoint to, RpcCall call, Duration limit) {
    std::string body{R"({"jsonrpc":"2.0","id":)"};
    body.append(std::to_string(call.id)).append(R"(,"method":")").append(call.method).append("\"");
    if (!call.params.empty()) body.append(R"(,"params":)").append(call.params);
    body += '}';
    auto posting = http_post(std::move(to), std::move(body), limit);
    const auto reply = co_await std::move(posting);
    if (!reply) co_return reply.error();
    if (reply->status != 200) co_return Complaint{std::to_string(reply->status) + ": " + reply->body};
    const auto object = json::first_value(reply->body);
    if (!object) co_return Complaint{"invalid character in answer"};
    if (const auto error = member_of(*object, "error"); error && error->kind == json::Kind::object) {
        const auto message = member_of(*error, "message");
        if (message && message->kind == json::Kind::string) co_return Complaint{json::unescape(message->raw)};
        co_return Complaint{std::string{error->raw}};
    }
    const auto result = member_of(*object, "result");
    if (!result) co_return Complaint{"no result in JSON-RPC response"};
    co_return JsonText{std::string{result->raw}};
}

}  // namespace conductor::simnode
