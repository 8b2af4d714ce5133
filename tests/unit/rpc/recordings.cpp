#include "tests/unit/rpc/recordings.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "tests/support/checkout.hpp"
#include "tests/unit/rpc/raw_client.hpp"

namespace conductor::rpc::test {

Line::Line(std::string text) : text_{std::move(text)} {
    const auto value = json::first_value(text_);
    REQUIRE(value.has_value());
    REQUIRE(value->kind == json::Kind::object);
}

std::optional<json::RawValue> Line::raw(std::string_view name) const {
    json::MemberCursor members{*json::first_value(text_)};
    while (const auto member = members.next()) {
        if (member->key.substr(1, member->key.size() - 2) != name) continue;
        if (member->value.kind == json::Kind::null) return std::nullopt;
        return member->value;
    }
    return std::nullopt;
}

std::optional<std::string> Line::text(std::string_view name) const {
    const auto value = raw(name);
    if (!value || value->kind != json::Kind::string) return std::nullopt;
    return json::unescape(value->raw);
}

std::string Line::need(std::string_view name) const {
    INFO(name << " of " << text_.substr(0, 200));
    const auto value = text(name);
    REQUIRE(value.has_value());
    return *value;
}

std::optional<Line> Line::object(std::string_view name) const {
    const auto value = raw(name);
    if (!value || value->kind != json::Kind::object) return std::nullopt;
    return Line{std::string{value->raw}};
}

std::vector<Line> Line::objects(std::string_view name) const {
    std::vector<Line> out;
    const auto value = raw(name);
    if (!value) return out;
    json::ElementCursor elements{*value};
    while (const auto element = elements.next()) out.emplace_back(std::string{element->raw});
    return out;
}

long Line::number(std::string_view name) const {
    const auto value = raw(name);
    REQUIRE(value.has_value());
    return std::stol(std::string{value->raw});
}

std::string Line::octets(std::string_view name) const {
    if (const auto packed = object(name)) return from_base64(packed->need("base64"));
    return text(name).value_or("");
}

std::vector<std::pair<std::string, std::string>> Line::headers() const {
    std::vector<std::pair<std::string, std::string>> out;
    json::ElementCursor fields{*raw("headers")};
    while (const auto field = fields.next()) {
        json::ElementCursor pair{*field};
        const auto name = json::unescape(pair.next()->raw);
        const auto value = *pair.next();
        if (value.kind == json::Kind::string) {
            out.emplace_back(name, json::unescape(value.raw));
        } else {
            const Line repeated{std::string{value.raw}};
            const auto piece = repeated.need("repeat");
            std::string whole;
            for (long count = repeated.number("count"); count > 0; --count) whole += piece;
            out.emplace_back(name, whole);
        }
    }
    return out;
}

std::string file_text(const std::string& file) {
    std::ifstream in{conductor::checkout::test_data() + "/" + file, std::ios::binary};
    INFO(file);
    REQUIRE(in.good());
    std::ostringstream text;
    text << in.rdbuf();
    return file.ends_with(".gz") ? gunzip(text.str()) : text.str();
}

std::vector<Line> recorded_lines(const std::string& file) {
    std::istringstream in{file_text(file)};
    std::vector<Line> out;
    for (std::string line; std::getline(in, line);)
        if (!line.empty()) out.emplace_back(line);
    return out;
}

std::string from_base64(std::string_view text) {
    static constexpr std::string_view alphabet{
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"};
    std::string out;
    unsigned bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const auto value = alphabet.find(c);
        if (value == std::string_view::npos) break;
        bits = (bits << 6U | static_cast<unsigned>(value)) & 0xffffffU;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xffU);
    }
    return out;
}

std::string joined_parts(const json::RawValue& parts) {
    std::string out;
    json::ElementCursor elements{parts};
    while (const auto part = elements.next()) {
        json::ElementCursor pair{*part};
        const auto piece = json::unescape(pair.next()->raw);
        const auto count = std::stoul(std::string{pair.next()->raw});
        if (piece.size() == 1) {
            out.append(count, piece.front());
        } else {
            for (auto left = count; left > 0; --left) out += piece;
        }
    }
    return out;
}

namespace {

// `… + 'a' x k + … , N bytes in all[, none of it sent]`
std::string long_body(const std::string& recipe) {
    const std::string front{R"({"jsonrpc":"2.0","id":1,"method":"conductor_leader","params":[],"x":")"};
    const std::string back{"\"}"};
    const auto size_at = recipe.rfind("\"}', ") + 5;
    const auto size = std::stoul(recipe.substr(size_at));
    if (recipe.ends_with("none of it sent")) return {};
    return front + std::string(size - front.size() - back.size(), 'a') + back;
}

std::string chunked_in_one(const std::string& body) {
    std::ostringstream out;
    out << std::hex << body.size() << "\r\n" << body << "\r\n0\r\n\r\n";
    return out.str();
}

}  // namespace

std::string request_octets(const Line& request) {
    if (request.raw("raw")) return request.octets("raw");
    std::string out =
        request.need("method") + " " + request.need("path") + " " + request.need("version") + "\r\n";
    bool chunked = false;
    for (const auto& [name, value] : request.headers()) {
        out.append(name).append(": ").append(value).append("\r\n");
        chunked = chunked || (name == "Transfer-Encoding" && value == "chunked");
    }
    out += "\r\n";
    if (const auto recipe = request.text("body_made_of")) {
        const auto body = long_body(*recipe);
        return out + (chunked ? chunked_in_one(body) : body);
    }
    return out + request.octets("body");
}

bool AdmittedDifference::covers(std::string_view name) const {
    if (cases.ends_with('*')) return name.starts_with(std::string_view{cases}.substr(0, cases.size() - 1));
    return name == cases;
}

std::vector<AdmittedDifference> admitted_differences(std::string_view heading) {
    std::ifstream in{conductor::checkout::sources() + "/docs/divergence.md"};
    REQUIRE(in.good());
    std::vector<AdmittedDifference> out;
    bool inside = false;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("#")) inside = line.ends_with(heading);
        if (!inside || !line.starts_with("| `")) continue;
        const auto case_end = line.find("` | `", 3);
        const auto ours_end = line.find("` |", case_end + 5);
        REQUIRE(ours_end != std::string::npos);
        out.push_back({line.substr(3, case_end - 3), line.substr(case_end + 5, ours_end - case_end - 5)});
    }
    return out;
}

}  // namespace conductor::rpc::test
