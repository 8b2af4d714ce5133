// docs/divergence.md is the only place where we may refuse what Go accepts. This test reads the page: every
// recording that diverges must stand there under the rule that refuses it, and nothing else may.
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <set>

#include "core/payload/transcode.hpp"
#include "tests/support/checkout.hpp"
#include "tests/unit/payload/vectors.hpp"

using namespace conductor;
using namespace conductor::payload;

namespace {

std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells;
    for (std::size_t at = 1; at < line.size();) {
        const auto end = line.find('|', at);
        if (end == std::string::npos) break;
        const auto first = line.find_first_not_of(' ', at);
        const auto last = line.find_last_not_of(' ', end - 1);
        cells.push_back(first < end ? line.substr(first, last - first + 1) : "");
        at = end + 1;
    }
    return cells;
}

struct Page {
    std::map<std::string, std::string> answers;  // of each rule: how its refusals begin
    std::map<std::string, std::string> rules;    // of each recorded case
};

Page read_page() {
    std::ifstream in{conductor::checkout::sources() + "/docs/divergence.md"};
    REQUIRE(in.is_open());
    Page page;
    bool ours = false;
    std::string line;
    while (std::getline(in, line)) {
        if (line.starts_with("## ")) ours = line == "## payload";
        if (!ours || !line.starts_with("| ")) continue;
        const auto cells = cells_of(line);
        if (cells.size() == 3 && cells[0].starts_with("payload-")) {
            page.answers[cells[0]] = cells[1].substr(1, cells[1].size() - 2);
        } else if (cells.size() == 2 && cells[1].starts_with("payload-")) {
            REQUIRE(page.rules.emplace(cells[0], cells[1]).second);
        }
    }
    return page;
}

// What Go takes: v1.19 also says yes to what its followers then cannot apply.
struct Taken {
    std::string name;
    std::string json;
};
std::vector<Taken> taken_by_go() {
    std::vector<Taken> out;
    for (const auto& one : test::recorded("malformed_json")) {
        if (!one.text("go_error")) out.push_back({"malformed_json/" + one.need("name"), one.json_input()});
    }
    for (const auto& one : test::recorded("pairs"))
        out.push_back({"pairs/" + one.need("name"), one.need("json")});
    return out;
}

}  // namespace

TEST_CASE("whatever Go takes and we refuse stands in the page of divergences, under its rule",
          "[payload][divergence]") {
    const auto page = read_page();
    CHECK(page.answers.size() >= 3);
    std::set<std::string> refused;
    std::string missing;
    for (const auto& [name, text] : taken_by_go()) {
        INFO(name);
        const auto answer = envelope_from_json(text);
        if (answer) continue;
        refused.insert(name);
        CHECK(answer.error().code == -32602);
        const auto rule = page.rules.find(name);
        if (rule == page.rules.end()) {
            missing += name + ": " + answer.error().message + "\n";
            continue;
        }
        const auto begins = page.answers.find(rule->second);
        REQUIRE(begins != page.answers.end());
        CHECK(answer.error().message.starts_with("invalid argument 0: " + begins->second));
    }
    CHECK(missing.empty());
    if (!missing.empty()) WARN(missing);
    for (const auto& [name, rule] : page.rules) {
        INFO(name << " is listed but not refused");
        CHECK(refused.contains(name));
    }
}

TEST_CASE("without strictness only what no follower can apply is refused", "[payload][divergence]") {
    for (const auto& one : test::recorded("malformed_json")) {
        if (one.text("go_error")) continue;
        INFO(one.need("name"));
        CHECK(envelope_from_json(one.json_input(), {.strict = false}).has_value() ==
              (one.need("stage") == "ok"));
    }
}

TEST_CASE("of SSZ we refuse exactly what the Go state machine refuses", "[payload][divergence]") {
    for (const auto& one : test::recorded("malformed_ssz")) {
        INFO(one.need("name"));
        const auto ssz = Bytes::adopt(*one.ssz_input());
        CHECK(envelope_from_ssz(ssz).has_value() == one.flag("fsm_accepted"));
    }
}
