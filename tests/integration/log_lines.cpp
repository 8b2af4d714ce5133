#include "tests/integration/log_lines.hpp"

#include "core/base/json_scan.hpp"

namespace conductor::test {
namespace {

std::optional<LogLine> finished(std::vector<std::pair<std::string, std::string>> fields) {
    if (fields.size() < 3 || fields[0].first != "t" || fields[1].first != "lvl" || fields[2].first != "msg")
        return std::nullopt;
    LogLine out{fields[1].second, fields[2].second, {}};
    out.fields.assign(fields.begin() + 3, fields.end());
    return out;
}

std::optional<LogLine> from_json(std::string_view line) {
    const auto object = json::first_value(line);
    if (!object || object->kind != json::Kind::object) return std::nullopt;
    std::vector<std::pair<std::string, std::string>> fields;
    json::MemberCursor members{*object};
    while (const auto member = members.next()) {
        const bool text = member->value.kind == json::Kind::string;
        fields.emplace_back(json::unescape(member->key),
                            text ? json::unescape(member->value.raw) : std::string{member->value.raw});
    }
    return finished(std::move(fields));
}

/// A word up to a blank, or a quoted text with Go's escapes.
std::string take_value(std::string_view& rest) {
    std::string out;
    if (!rest.starts_with('"')) {
        out = rest.substr(0, rest.find(' '));
        rest.remove_prefix(out.size());
        return out;
    }
    for (rest.remove_prefix(1); !rest.empty() && rest.front() != '"'; rest.remove_prefix(1)) {
        if (rest.front() == '\\' && rest.size() > 1) {
            rest.remove_prefix(1);
            out += rest.front() == 'n' ? '\n' : rest.front() == 't' ? '\t' : rest.front();
        } else {
            out += rest.front();
        }
    }
    if (!rest.empty()) rest.remove_prefix(1);
    return out;
}

std::optional<LogLine> from_logfmt(std::string_view rest) {
    std::vector<std::pair<std::string, std::string>> fields;
    while (!rest.empty()) {
        const auto equals = rest.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const std::string key{rest.substr(0, equals)};
        rest.remove_prefix(equals + 1);
        fields.emplace_back(key, take_value(rest));
        while (rest.starts_with(' ')) rest.remove_prefix(1);
    }
    return finished(std::move(fields));
}

}  // namespace

std::optional<std::string> LogLine::field(std::string_view key) const {
    for (const auto& [name, value] : fields)
        if (name == key) return value;
    return std::nullopt;
}

std::optional<LogLine> log_line(std::string_view line) {
    if (line.starts_with('{')) return from_json(line);
    return line.starts_with("t=") ? from_logfmt(line) : std::nullopt;
}

std::vector<LogLine> log_lines(std::string_view text) {
    std::vector<LogLine> out;
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (auto line = log_line(text.substr(0, end))) out.push_back(std::move(*line));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return out;
}

}  // namespace conductor::test
