#include "core/rpc/request_head.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "core/rpc/url_path.hpp"

namespace conductor::rpc {

namespace http = boost::beast::http;

namespace {

// Beast reads, we keep the few fields that anybody asks for: its own container takes no value above 64 KiB,
// where Go takes a megabyte.
class Parser final : public http::basic_parser<true> {
public:
    std::string method;
    std::string target;
    unsigned version{0};
    std::size_t hosts{0};
    std::size_t encodings{0};
    std::string encoding;
    std::string connection;  ///< all of them, joined by commas
    std::optional<std::string> expectation;
    RequestHead head;

private:
    using error_code = boost::beast::error_code;
    using text = boost::beast::string_view;

    static std::string_view view(text value) { return {value.data(), value.size()}; }
    static void keep_first(std::optional<std::string>& into, text value) {
        if (!into) into = view(value);
    }
    static void keep_first(std::string& into, text value) {
        if (into.empty()) into = view(value);
    }

    void on_request_impl(http::verb /*known*/, text verb, text wanted, int number, error_code& error) override {
        error = {};
        method = view(verb);
        target = view(wanted);
        version = static_cast<unsigned>(number);
    }
    void on_field_impl(http::field name, text /*as_sent*/, text value, error_code& error) override {
        error = {};
        switch (name) {
            case http::field::host:
                ++hosts;
                return;
            case http::field::transfer_encoding:
                ++encodings;
                encoding = view(value);
                return;
            case http::field::connection:
                connection.append(",").append(view(value));
                return;
            case http::field::expect:
                return keep_first(expectation, value);
            case http::field::content_type:
                return keep_first(head.content_type, value);
            case http::field::origin:
                return keep_first(head.origin, value);
            case http::field::access_control_request_method:
                return keep_first(head.cors_method, value);
            case http::field::access_control_request_headers:
                return keep_first(head.cors_headers, value);
            case http::field::accept_encoding:
                return keep_first(head.accept_encoding, value);
            default:
                return;
        }
    }
    void on_header_impl(error_code& error) override { error = {}; }

    // A request parser that is fed heads alone comes to none of these.
    void on_response_impl(int, text, int, error_code& error) override { error = {}; }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code& error) override { error = {}; }
    std::size_t on_body_impl(text piece, error_code& error) override {
        error = {};
        return piece.size();
    }
    void on_chunk_header_impl(std::uint64_t, text, error_code& error) override { error = {}; }
    std::size_t on_chunk_body_impl(std::uint64_t, text piece, error_code& error) override {
        error = {};
        return piece.size();
    }
    void on_finish_impl(error_code& error) override { error = {}; }
};

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

bool has_token(std::string_view list, std::string_view wanted) {
    const auto value = lowered(list);
    for (std::size_t start = 0; start <= value.size();) {
        const auto comma = std::min(value.find(',', start), value.size());
        auto token = std::string_view{value}.substr(start, comma - start);
        while (!token.empty() && (token.front() == ' ' || token.front() == '\t')) token.remove_prefix(1);
        while (!token.empty() && (token.back() == ' ' || token.back() == '\t')) token.remove_suffix(1);
        if (token == wanted) return true;
        start = comma + 1;
    }
    return false;
}

// Whether a request line is well formed but for its version: `HTTP/2.0`, say.
bool names_other_version(std::string_view block) {
    const auto line = block.substr(0, block.find("\r\n"));
    const auto version = line.substr(line.rfind(' ') + 1);
    return line.find('\n') == std::string_view::npos && version.size() == 8 && version.starts_with("HTTP/") &&
           !version.starts_with("HTTP/1.");
}

// `/a?b`, `http://host/a?b`, `*`; anything else is no target for this server. A `#` means nothing in a request.
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
    if (error == http::error::bad_version && names_other_version(block))
        return refusal("505 HTTP Version Not Supported: unsupported protocol version",
                       "505 HTTP Version Not Supported: unsupported protocol version");
    if ((error && error != http::error::need_more) || !parser.is_header_done()) return bad_request();

    auto head = std::move(parser.head);
    head.minor = parser.version % 10;
    head.method = std::move(parser.method);
    if (!take_target(head, parser.target)) return bad_request();
    if (parser.hosts > 1) return bad_request();
    if (parser.hosts == 0 && head.minor == 1) return bad_request("missing required Host header");

    // Go ignores the field from HTTP/1.0 clients and takes one value from others.
    if (head.minor == 1 && parser.encodings > 0) {
        if (parser.encodings > 1 || lowered(parser.encoding) != "chunked")
            return refusal("501 Not Implemented", "Unsupported transfer encoding");
        head.chunked = true;
    } else {
        head.content_length = parser.content_length().value_or(0);
    }
    head.keep_alive =
        head.minor == 1 ? !has_token(parser.connection, "close") : has_token(parser.connection, "keep-alive");
    if (parser.expectation && head.minor == 1) {
        head.expects_continue = lowered(*parser.expectation) == "100-continue";
        head.expects_unknown = !head.expects_continue && !parser.expectation->empty();
    }
    return head;
}

}  // namespace conductor::rpc
