#include "core/rpc/http_message.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace conductor::rpc {

namespace {

// Go buffers this much of an answer; a longer one starts to leave before its length is known, hence chunked.
constexpr std::size_t unchunked_limit = 2048;

std::string hex_length(std::size_t value) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
    return {digits.data(), end};
}

void add_field(std::string& head, std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string_view reason_of(int status) noexcept {
    switch (status) {
        case 200:
            return "OK";
        case 204:
            return "No Content";
        case 307:
            return "Temporary Redirect";
        case 400:
            return "Bad Request";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 413:
            return "Request Entity Too Large";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 500:
            return "Internal Server Error";
        case 503:
            return "Service Unavailable";
        default:
            return "Unknown";
    }
}

HttpResponse text_response(int status, std::string_view text) {
    HttpResponse response;
    response.status = status;
    response.fields = {{"Content-Type", "text/plain; charset=utf-8"}, {"X-Content-Type-Options", "nosniff"}};
    response.body = text;
    response.body += '\n';
    return response;
}

std::string http_date(std::int64_t unix_s) {
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t when = unix_s;
    std::tm t{};
    ::gmtime_r(&when, &t);
    std::array<char, 40> text{};
    const int size = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                   days[static_cast<std::size_t>(t.tm_wday)], t.tm_mday,
                                   months[static_cast<std::size_t>(t.tm_mon)], t.tm_year + 1900, t.tm_hour,
                                   t.tm_min, t.tm_sec);
    return {text.data(), static_cast<std::size_t>(size)};
}

// Go's order: what handlers set, sorted by name; then what the server adds, in the order of the server.
WireResponse to_wire(HttpResponse response, const RequestHead& request, const Framing& framing,
                     std::string_view date) {
    const bool bodiless = response.status == 204;
    const bool chunk =
        !bodiless && !response.plain && framing.minor == 1 && response.body.size() > unchunked_limit;
    const auto length = std::to_string(response.body.size());
    if (response.plain) response.fields.emplace_back("Content-Length", length);
    std::ranges::sort(response.fields, {}, &HeaderField::first);

    WireResponse wire;
    wire.head = framing.minor == 0 ? "HTTP/1.0 " : "HTTP/1.1 ";
    wire.head.append(std::to_string(response.status))
        .append(" ")
        .append(reason_of(response.status))
        .append("\r\n");
    for (const auto& [name, value] : response.fields) add_field(wire.head, name, value);
    add_field(wire.head, "Date", date);
    if (!bodiless && !chunk && !response.plain) add_field(wire.head, "Content-Length", length);
    const HeaderField said{"Connection", "close"};
    const bool closes = framing.close && framing.says_so && framing.minor == 1;
    if (closes && std::ranges::find(response.fields, said) == response.fields.end())
        add_field(wire.head, "Connection", "close");
    if (!framing.close && framing.keeps_10) add_field(wire.head, "Connection", "keep-alive");
    if (chunk) add_field(wire.head, "Transfer-Encoding", "chunked");
    wire.head += "\r\n";

    if (bodiless || request.method == "HEAD") return wire;
    if (chunk) {
        wire.head.append(hex_length(response.body.size())).append("\r\n");
        response.body += "\r\n0\r\n\r\n";
    }
    wire.body = std::move(response.body);
    return wire;
}

}  // namespace conductor::rpc
