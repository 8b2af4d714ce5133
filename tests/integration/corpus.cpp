#include "tests/integration/corpus.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <ostream>
#include <set>

#include "core/base/json_scan.hpp"
#include "tests/support/checkout.hpp"
#include "tests/support/pattern.hpp"

namespace conductor::test {
namespace {

// Addresses, pointers, ids and the position of the newest configuration are a run's own.
std::string plain(std::string text) {
    static const std::vector<std::pair<std::string, std::string>> own{
        {R"(127\.0\.0\.1:[0-9]{4,5})", "127.0.0.1:#"},
        {R"(for 0x[0-9a-f]{8,})", "for #"},
        {R"(seq-[0-9])", "seq-#"},
        {R"(latest is [0-9]+)", "latest is #"},
        {R"((\{Voter seq-# 127\.0\.0\.1:#\} ?)+)", "{Voter seq-# 127.0.0.1:#} "},
        {R"((\{Nonvoter seq-# 127\.0\.0\.1:#\} ?)+)", ""},
    };
    for (const auto& [what, instead] : own) text = pattern::replaced(text, what, instead);
    return text;
}

std::string form(const json::RawValue& value) {
    switch (value.kind) {
        case json::Kind::null:
        case json::Kind::boolean:
            return std::string{value.raw};
        case json::Kind::number:
            return "#";
        case json::Kind::string: {
            const auto text = json::unescape(value.raw);
            return text.starts_with("0x") ? "hex" : "'" + plain(text) + "'";
        }
        case json::Kind::array: {
            std::set<std::string> forms;
            json::ElementCursor elements{value};
            while (const auto element = elements.next()) forms.insert(form(*element));
            std::string out;
            for (const auto& one : forms) out += (out.empty() ? "" : " or ") + one;
            return "[" + out + "]";
        }
        case json::Kind::object:
            break;
    }
    std::set<std::string> members;
    json::MemberCursor cursor{value};
    while (const auto member = cursor.next()) {
        const auto name = json::unescape(member->key);
        // What is in a block is its chain's affair.
        members.insert(name + ":" + (name == "transactions" ? "list" : form(member->value)));
    }
    std::string out;
    for (const auto& member : members) out += (out.empty() ? "" : ",") + member;
    return "{" + out + "}";
}

// The octets of one answer of a call, with the form of its result in place of the result.
std::string with_form(std::string_view text, const json::RawValue& call) {
    if (call.kind != json::Kind::object) return std::string{text};
    json::MemberCursor members{call};
    while (const auto member = members.next()) {
        if (member->key != "\"result\"") continue;
        const auto at = static_cast<std::size_t>(member->value.raw.data() - text.data());
        return std::string{text.substr(0, at)} + form(member->value) +
               std::string{text.substr(at + member->value.raw.size())};
    }
    return std::string{text};
}

std::string comparable_body(std::string_view body) {
    const auto value = json::first_value(body);
    if (!value) return std::string{body};
    if (value->kind != json::Kind::array) return with_form(body, *value);
    std::string out{"["};
    json::ElementCursor calls{*value};
    while (const auto call = calls.next()) out += (out.size() > 1 ? "," : "") + with_form(call->raw, *call);
    return out + "]" +
           std::string{
               body.substr(static_cast<std::size_t>(value->raw.data() - body.data()) + value->raw.size())};
}

Answer comparable(int status, std::vector<std::pair<std::string, std::string>> fields, std::string body,
                  const std::string& version) {
    for (auto& [name, value] : fields) {
        if (name == "Transfer-Encoding")
            name = "Content-Length";  // long results are chunked, of whatever length
        if (name == "Date" || name == "Content-Length") value.clear();
    }
    for (auto at = body.find('"' + version + '"'); at != std::string::npos; at = body.find('"' + version + '"'))
        body.replace(at + 1, version.size(), "the version");
    return {status, std::move(fields), plain(comparable_body(body))};
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Answer& answer) {
    out << answer.status;
    for (const auto& [name, value] : answer.fields) out << " [" << name << ": " << value << "]";
    return out << " " << answer.body.substr(0, 1200);
}

Answer comparable(const rpc::test::RawAnswer& answer, const std::string& version) {
    auto body = answer.body;
    if (answer.field("Content-Encoding") && !body.empty()) body = rpc::test::gunzip(body);
    return comparable(answer.status, answer.fields, body, version);
}

Answer comparable(const rpc::test::Line& recorded, const std::string& version) {
    return comparable(static_cast<int>(recorded.number("status")), recorded.headers(), recorded.octets("body"),
                      version);
}

std::string summary(const Answer& answer) {
    auto text = std::to_string(answer.status);
    const auto value = json::first_value(answer.body);
    if (value && value->kind == json::Kind::object) {
        const rpc::test::Line line{std::string{value->raw}};
        if (const auto error = line.object("error"))
            text += " " + std::string{error->raw("code")->raw} + " " + error->need("message");
        if (!line.object("error")) text += " " + answer.body.substr(0, 160);
    } else {
        text += " " + answer.body.substr(0, 160);
    }
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    return text;
}

AdmittedTable::AdmittedTable(std::string_view heading) {
    std::ifstream in{checkout::sources() + "/docs/divergence.md"};
    REQUIRE(in.good());
    bool inside = false;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("#")) inside = line.ends_with(heading);
        if (!inside || !line.starts_with("| `")) continue;
        std::vector<std::string> cells;
        for (std::size_t at = 2; at < line.size();) {
            const auto end = line.find(" | ", at);
            auto cell = line.substr(at, (end == std::string::npos ? line.size() - 2 : end) - at);
            if (cell.starts_with('`') && cell.ends_with('`')) cell = cell.substr(1, cell.size() - 2);
            cells.push_back(cell);
            at = end == std::string::npos ? line.size() : end + 3;
        }
        REQUIRE(cells.size() >= 3);
        rows_.push_back({cells.front(), {cells.begin() + 1, cells.end() - 1}, false});
    }
    REQUIRE_FALSE(rows_.empty());
}

AdmittedTable::Row* AdmittedTable::covering(const RecordedCase& recorded) {
    const auto names = {recorded.name, recorded.flavour + "/" + recorded.name,
                        recorded.flavour + "/" + recorded.state + "/" + recorded.name};
    const auto covers = [&](const Row& row) {
        return std::ranges::any_of(names, [&](const std::string& name) {
            return row.cases.ends_with('*') ? name.starts_with(row.cases.substr(0, row.cases.size() - 1))
                                            : name == row.cases;
        });
    };
    const auto found = std::ranges::find_if(rows_, covers);
    return found == rows_.end() ? nullptr : &*found;
}

std::string AdmittedTable::judge(const RecordedCase& recorded, std::size_t column, const std::string& ours,
                                 bool differs) {
    auto* row = covering(recorded);
    const std::string admitted{row == nullptr ? "as recorded" : row->ours.at(column)};
    if (row != nullptr && admitted != "as recorded") row->used = true;
    if (!differs) return admitted == "as recorded" ? "" : "as recorded, although the page says: " + admitted;
    if (admitted == "as recorded") return "no row for: " + ours;
    return ours == admitted ? "" : "the page says: " + admitted + "\nnot: " + ours;
}

std::vector<std::string> AdmittedTable::unused() const {
    std::vector<std::string> out;
    for (const auto& row : rows_)
        if (!row.used) out.push_back(row.cases);
    return out;
}

}  // namespace conductor::test
