#include "core/runtime/http_url.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/base/masked_url.hpp"

namespace conductor::http {

namespace {

constexpr std::string_view digits64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(std::string_view octets) {
    std::string out;
    while (!octets.empty()) {
        const auto group = octets.substr(0, 3);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i)
            bits = bits << 8U | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            out += i <= group.size() ? digits64[bits >> (18U - 6U * i) & 0x3FU] : '=';
        octets.remove_prefix(group.size());
    }
    return out;
}

// Nothing where a `%` begins no escape.
std::optional<std::string> percent_decoded(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const bool escape = text.front() == '%';
        if (!escape) {
            out += text.front();
            text.remove_prefix(1);
            continue;
        }
        unsigned char octet = 0;
        if (text.size() < 3) return std::nullopt;
        const auto [stop, error] = std::from_chars(text.data() + 1, text.data() + 3, octet, 16);
        if (error != std::errc{} || stop != text.data() + 3) return std::nullopt;
        out += static_cast<char>(octet);
        text.remove_prefix(3);
    }
    return out;
}

// RFC 7617. A user without a password has an empty one.
std::optional<std::string> basic_authorization(std::string_view user_info) {
    const auto colon = std::min(user_info.find(':'), user_info.size());
    const auto user = percent_decoded(user_info.substr(0, colon));
    const auto password = percent_decoded(user_info.substr(std::min(colon + 1, user_info.size())));
    if (!user || !password) return std::nullopt;
    return "Basic " + base64(*user + ":" + *password);
}

}  // namespace

std::string Url::place() const {
    const bool brackets = host.find(':') != std::string::npos;
    return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Url, Complaint> read_url(std::string_view text) {
    const auto wrong = [text](std::string_view why) {
        return Complaint{"URL \"" + masked_url(text) + "\": " + std::string{why}};
    };
    // A blank or a control character would end the request line early.
    if (std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c == '\x7f'; }))
        return wrong("holds a blank or a control character");
    auto rest = text.substr(0, text.find('#'));
    if (rest.starts_with("https://")) return wrong("https is not supported here, use http");
    constexpr std::string_view scheme = "http://";
    if (!rest.starts_with(scheme)) return wrong("must begin with http://");
    rest.remove_prefix(scheme.size());

    Url url;
    const auto end = std::min(rest.find_first_of("/?"), rest.size());
    auto authority = rest.substr(0, end);
    url.target = rest.substr(end);
    if (!url.target.starts_with('/')) url.target.insert(0, "/");
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
        auto authorization = basic_authorization(authority.substr(0, at));
        if (!authorization) return wrong("a `%` in user or password begins no escape");
        url.authorization = std::move(*authorization);
        authority.remove_prefix(at + 1);
    }

    std::string_view port;
    if (authority.starts_with('[')) {
        const auto close = authority.find(']');
        if (close == std::string_view::npos) return wrong("`[` without `]`");
        url.host = authority.substr(1, close - 1);
        port = authority.substr(close + 1);
        if (!port.empty() && port.front() != ':') return wrong("`]` must be followed by a port or the path");
    } else {
        const auto colon = std::min(authority.find(':'), authority.size());
        url.host = authority.substr(0, colon);
        port = authority.substr(colon);
    }
    if (url.host.empty()) return wrong("names no host");
    if (port.size() > 1) {
        const auto* last = port.data() + port.size();
        const auto [stop, error] = std::from_chars(port.data() + 1, last, url.port);
        if (error != std::errc{} || stop != last || url.port == 0) return wrong("the port must be 1 to 65535");
    }
    return url;
}

}  // namespace conductor::http
