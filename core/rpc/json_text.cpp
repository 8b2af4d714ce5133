#include "core/rpc/json_text.hpp"

#include "core/base/go_text.hpp"

namespace conductor::rpc {

std::string json_string(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 2);
    json_quote(out, text, JsonDialect::encoder);
    return out;
}

std::string escaped_token(std::string_view raw) {
    std::string out;
    out.reserve(raw.size());
    while (!raw.empty()) {
        std::size_t taken = 1;
        if (raw.front() == '<') {
            out += "\\u003c";
        } else if (raw.front() == '>') {
            out += "\\u003e";
        } else if (raw.front() == '&') {
            out += "\\u0026";
        } else if (raw.starts_with("\xe2\x80\xa8") || raw.starts_with("\xe2\x80\xa9")) {
            out += raw[2] == '\xa8' ? "\\u2028" : "\\u2029";  // JavaScript once took them for line ends
            taken = 3;
        } else {
            out += raw.front();
        }
        raw.remove_prefix(taken);
    }
    return out;
}

}  // namespace conductor::rpc
