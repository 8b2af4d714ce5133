#include "core/rpc/request_head.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "core/rpc/url_path.hpp"

namespace conductor::rpc {

namespace http = boost::beast::http;

namespace {

using Parser = http::request_parser<http::empty_body>;

HeadRefusal refusal(std::string_view status, std::string_view body) {
    HeadRefusal out;
    out.answer.append("HTTP/1.1 ").append(status);
    out.answer += "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n";
    out.answer += body;
    return out;
}

std::string lowered(std::string_view text) {
    std::string out{text};
    std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    return out;
}

bool has_token(const http::fields& fields, http::field name, std::string_view wanted) {
    for (auto [at, end] = fields.equal_range(name); at != end; ++at) {
        const auto value = lowered({at->value().data(), at->value().size()});
        for (std::size_t start = 0; start <= value.size();) {
            const auto comma = std::min(value.find(',', start), value.size());
            auto token = std::string_view{value}.substr(start, comma - start);
            while (!token.empty() && (token.front() == ' ' || token.front() == '\t')) token.remove_prefix(1);
            while (!token.empty() && (token.back() == ' ' || token.back() == '\t')) token.remove_suffix(1);
            if (token == wanted) return true;
            start = comma + 1;
        }
    }
    return false;
}

std::optional<std::string> first_of(const http::fields& fields, http::field name) {
    const auto at = fields.find(name);
    if (at == fields.end()) return std::nullopt;
    return std::string{at->value().data(), at->value().size()};
}

// `/a?b`, `http://host/a?b`, `*`; anything else is no target for this server.
bool take_target(RequestHead& head, std::string_view target) {
    if (target == "*") {
        head.star = true;
        return true;
    }
    if (!target.starts_with('/')) {
        const auto scheme = target.find("://");
        if (scheme == std::string_view::npos) return false;
        const auto authority_end = target.find_first_of("/?", scheme + 3);
        target = authority_end == std::string_view::npos ? std::string_view{} : target.substr(authority_end);
    }
    target = target.substr(0, target.find('#'));
    const auto question = target.find('?');
    head.escaped_path = target.substr(0, question);
    if (question != std::string_view::npos) head.query = target.substr(question + 1);
    auto path = percent_decode(head.escaped_path);
    if (!path) return false;
    head.path = std::move(*path);
    if (head.path.empty()) head.path = "/";
    if (head.escaped_path.empty()) head.escaped_path = "/";
    return true;
}

}  // namespace

HeadRefusal bad_request(std::string_view why) {
    std::string status{"400 Bad Request"};
    if (!why.empty()) status.append(": ").append(why);
    return refusal(status, status);
}

HeadRefusal head_too_large() {
    return refusal("431 Request Header Fields Too Large", "431 Request Header Fields Too Large");
}

// Go ends lines at LF alone; the block is found as Go would, and a bare LF is refused by the parser then.
std::size_t head_length(std::string_view octets, std::size_t from) noexcept {
    for (auto at = octets.find('\n', from > 2 ? from - 2 : 0); at != std::string_view::npos;
         at = octets.find('\n', at + 1)) {
        if (octets.substr(at + 1).starts_with('\n')) return at + 2;
        if (octets.substr(at + 1).starts_with("\r\n")) return at + 3;
    }
    return 0;
}

Result<RequestHead, HeadRefusal> parse_head(std::string_view block) {
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(block.size() + 1, UINT32_MAX)));
    parser.body_limit(boost::none);
    boost::beast::error_code error;
    parser.put(boost::asio::buffer(block.data(), block.size()), error);
    if (error == http::error::bad_version && block.find(" HTTP/") != std::string_view::npos)
        return refusal("505 HTTP Version Not Supported: unsupported protocol version",
                       "505 HTTP Version Not Supported: unsupported protocol version");
    if ((error && error != http::error::need_more) || !parser.is_header_done()) return bad_request();

    const auto& message = parser.get();
    RequestHead head;
    head.minor = message.version() % 10;
    head.method = std::string{message.method_string().data(), message.method_string().size()};
    if (!take_target(head, {message.target().data(), message.target().size()})) return bad_request();

    const auto hosts = message.count(http::field::host);
    if (hosts > 1) return bad_request();
    if (hosts == 0 && head.minor == 1) return bad_request("missing required Host header");

    // Go ignores the field from HTTP/1.0 clients and takes one value from others.
    if (head.minor == 1 && message.count(http::field::transfer_encoding) > 0) {
        if (message.count(http::field::transfer_encoding) > 1 ||
            lowered(*first_of(message, http::field::transfer_encoding)) != "chunked")
            return refusal("501 Not Implemented", "Unsupported transfer encoding");
        head.chunked = true;
    } else {
        head.content_length = parser.content_length().value_or(0);
    }

    head.keep_alive = head.minor == 1 ? !has_token(message, http::field::connection, "close")
                                      : has_token(message, http::field::connection, "keep-alive");
    if (const auto expectation = first_of(message, http::field::expect); expectation && head.minor == 1) {
        head.expects_continue = lowered(*expectation) == "100-continue";
        head.expects_unknown = !head.expects_continue && !expectation->empty();
    }
    head.content_type = first_of(message, http::field::content_type);
    head.origin = first_of(message, http::field::origin);
    head.cors_method = first_of(message, http::field::access_control_request_method).value_or("");
    head.cors_headers = first_of(message, http::field::access_control_request_headers).value_or("");
    head.accept_encoding = first_of(message, http::field::accept_encoding).value_or("");
    return head;
}

}  // namespace conductor::rpc
