#include "core/base/masked_url.hpp"

namespace conductor {
namespace {

constexpr std::string_view mask = "xxxxx";

void append_masked_query(std::string& out, std::string_view query) {
    while (!query.empty()) {
        const auto pair = query.substr(0, query.find('&'));
        const auto equals = pair.find('=');
        // Without a name the whole word may be the key.
        out += equals == std::string_view::npos ? mask : pair.substr(0, equals + 1);
        if (equals != std::string_view::npos && equals + 1 < pair.size()) out += mask;
        query.remove_prefix(pair.size());
        if (query.empty()) break;
        out += '&';
        query.remove_prefix(1);
    }
}

}  // namespace

std::string masked_url(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme == std::string_view::npos) return std::string{url};
    const auto authority = scheme + 3;
    auto end = url.find_first_of("/?#", authority);
    // A password may itself hold `/`, `?` or `#`, unescaped: then the last `@` ends the credentials.
    const auto at = url.rfind('@');
    const bool credentials = at != std::string_view::npos && at >= authority;
    auto rest = url.substr(authority);
    std::string out{url.substr(0, authority)};
    if (credentials && (end == std::string_view::npos || at < end || url.find(':', authority) < end)) {
        out += mask;
        out += '@';
        rest = url.substr(at + 1);
    }
    const auto query = rest.find('?');
    out += rest.substr(0, query);
    if (query == std::string_view::npos) return out;
    const auto fragment = rest.find('#', query);
    out += '?';
    append_masked_query(
        out, rest.substr(query + 1, fragment == std::string_view::npos ? fragment : fragment - query - 1));
    if (fragment != std::string_view::npos) out += rest.substr(fragment);
    return out;
}

std::string masked_urls(std::string_view text) {
    constexpr std::string_view around = " ,\"'\t\n";
    std::string out;
    while (!text.empty()) {
        const auto word = text.substr(0, text.find_first_of(around));
        const auto scheme = word.find("://");
        // `id=http://…`: what stands before the scheme is a name and stays.
        const auto start =
            scheme == std::string_view::npos ? std::string_view::npos : word.find_last_of("=(<", scheme);
        const auto name = start == std::string_view::npos ? std::size_t{0} : start + 1;
        out += word.substr(0, name);
        out += masked_url(word.substr(name));
        text.remove_prefix(word.size());
        if (text.empty()) break;
        out += text.front();
        text.remove_prefix(1);
    }
    return out;
}

}  // namespace conductor
