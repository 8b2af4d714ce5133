// Every start recorded from op-conductor (v1.19 of a fork, and Base's fork), given to ours.
#include <zlib.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "core/base/go_text.hpp"
#include "core/base/json_scan.hpp"
#include "tests/support/checkout.hpp"
#include "tests/support/pattern.hpp"
#include "tests/unit/config/support.hpp"

using namespace conductor;
using namespace conductor::config;

namespace {

struct Recorded {
    std::string name;
    std::string flavour;
    std::vector<std::string> words;
    Environment environment;
    int exit{0};
    bool ran{false};  // it started, and had to be stopped
    std::string out;
};

std::string unzipped(const std::string& path) {
    std::string text;
    auto* in = gzopen(path.c_str(), "rb");
    REQUIRE(in != nullptr);
    char part[4096];
    for (int got = gzread(in, part, sizeof part); got > 0; got = gzread(in, part, sizeof part))
        text.append(part, static_cast<std::size_t>(got));
    gzclose(in);
    return text;
}

Recorded parse(std::string_view line) {
    Recorded out;
    const auto object = json::first_value(line);
    REQUIRE(object.has_value());
    json::MemberCursor members{*object};
    while (const auto member = members.next()) {
        const auto key = json::unescape(member->key);
        if (key == "name") out.name = json::unescape(member->value.raw);
        if (key == "flavour") out.flavour = json::unescape(member->value.raw);
        if (key == "stdout") out.out = json::unescape(member->value.raw);
        if (key == "exit") out.exit = std::stoi(std::string{member->value.raw});
        if (key == "had_to_be_stopped") out.ran = member->value.raw == "true";
        if (key == "args") {
            json::ElementCursor items{member->value};
            while (const auto item = items.next()) out.words.push_back(json::unescape(item->raw));
        }
        if (key == "env") {
            json::MemberCursor items{member->value};
            while (const auto item = items.next())
                out.environment.emplace(json::unescape(item->key), json::unescape(item->value.raw));
        }
    }
    return out;
}

std::vector<Recorded> recordings() {
    std::vector<Recorded> out;
    for (const std::string flavour : {"okx", "base"}) {
        const auto text =
            unzipped(conductor::checkout::test_data() + "/config/bad-starts-" + flavour + ".jsonl.gz");
        for (std::size_t at = 0; at < text.size();) {
            const auto end = std::min(text.find('\n', at), text.size());
            out.push_back(parse(std::string_view{text}.substr(at, end - at)));
            at = end + 1;
        }
    }
    return out;
}

// The message of the recorded CRIT line, as the text that was quoted there.
std::string crit_message(const std::string& out) {
    const std::string mark = R"(lvl=crit msg="Application failed" message=")";
    auto at = out.find(mark);
    if (at == std::string::npos) return {};
    std::string text;
    for (at += mark.size(); out.at(at) != '"'; ++at) {
        if (out[at] == '\\') ++at;
        text += out.at(at);
    }
    return text;
}

// Starts that fail behind the configuration, where this module has no say: it must let them pass.
const std::map<std::string, std::string> fails_later{
    {"node URL garbage", "the node is dialled"},
    {"node URL of another program", "the node is asked for its state"},
    {"consensus wildcard without advertised", "the raft listener is opened"},
    {"advertised unresolvable", "the raft listener is opened"},
    {"consensus port taken", "the raft listener is opened"},
    {"rpc port taken", "the RPC listener is opened"},
    {"metrics port taken", "the metrics listener is opened"},
    {"storage dir is a file", "the store is opened"},
    {"websocket URL refused, left alone", "the builder's stream is dialled; ours has no relay"},
};

struct Divergence {
    bool restored_by_compat{false};
};

// Rows of docs/divergence.md, section config, that name starts.
std::map<std::string, Divergence> divergences() {
    std::map<std::string, Divergence> out;
    std::ifstream in{conductor::checkout::sources() + "/docs/divergence.md"};
    bool in_section = false;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("## ")) in_section = line == "## config";
        if (!in_section || !line.starts_with("| ")) continue;
        const auto starts = conductor::pattern::matches(line, R"(\(starts (.*?)\))");
        if (starts.empty()) continue;
        for (const auto& name : conductor::pattern::matches(starts[0].group, R"re("([^"]*)")re"))
            out[name.group].restored_by_compat = line.ends_with("| `compat=go` |");
    }
    return out;
}

test::Start as_recorded(const Recorded& recorded) {
    test::Start start;
    start.around.environment = recorded.environment;
    start.words(recorded.words);
    start.file("/net/rollup.json", R"({"l2_chain_id":901})");
    if (recorded.name == "rollup config bad")
        start.file(recorded.environment.at("OP_CONDUCTOR_ROLLUP_CONFIG"), "{");
    start.around.profile = [](const std::string& network) -> Result<Profile, Complaint> {
        if (network == "op-sepolia") return Profile{};
        return Complaint{"did you mean \"op-sepolia\"?"};
    };
    return start;
}

// Nothing, or in what ours differs.
std::string difference(const Recorded& recorded, test::Start start) {
    const auto loaded = start.load();
    const auto* exit = std::get_if<Exit>(&loaded.outcome);
    if (recorded.ran || fails_later.contains(recorded.name))
        return exit == nullptr
                   ? ""
                   : "ours refuses: " + (exit->crit ? exit->crit->fields.at(0).second : exit->output);
    if (exit == nullptr) return "ours starts";
    if (exit->code != recorded.exit) return "ours exits with " + std::to_string(exit->code);
    if (!exit->crit || exit->crit->message != "Application failed") return "ours has no CRIT line";
    const auto& ours = exit->crit->fields.at(0).second;
    if (ours.find(crit_message(recorded.out)) == std::string::npos) return "ours says: " + ours;
    if (recorded.out.starts_with("Incorrect Usage: ")) {
        const auto first = recorded.out.substr(0, recorded.out.find('\n'));
        if (exit->output.substr(0, exit->output.find('\n')) != first) return "ours prints: " + exit->output;
        if (exit->output.find("\n\nNAME:\n") == std::string::npos) return "ours prints no help";
    } else if (!exit->output.empty()) {
        return "ours prints: " + exit->output;
    }
    return {};
}

}  // namespace

TEST_CASE("recorded starts end as op-conductor's did", "[config][recordings]") {
    const auto known = divergences();
    std::set<std::string> used;
    std::size_t compared = 0;
    for (const auto& recorded : recordings()) {
        CAPTURE(recorded.flavour, recorded.name);
        const auto differs = difference(recorded, as_recorded(recorded));
        const auto full_name = recorded.flavour + "/" + recorded.name;
        const auto key = known.contains(full_name) ? full_name : recorded.name;
        ++compared;
        if (!known.contains(key)) {
            CHECK(differs == "");
            continue;
        }
        used.insert(key);
        CHECK(differs != "");  // or the line in docs/divergence.md is stale
        if (known.at(key).restored_by_compat) {
            auto start = as_recorded(recorded);
            start.variable("COMPAT", "go");
            CHECK(difference(recorded, start) == "");
        }
    }
    CHECK(compared > 100);
    for (const auto& [name, divergence] : known) {
        CAPTURE(name);
        CHECK(used.contains(name));
    }
}

TEST_CASE("a recorded log configuration is ours after the refusal", "[config][recordings]") {
    const auto loaded = test::Start{}.variable("LOG_FORMAT", "json").variable("LOG_LEVEL", "ERROR").load();
    CHECK(loaded.log.format == logging::Format::json);
    CHECK(loaded.log.level == logging::Level::error);
    // What cannot be parsed is refused before its log options are believed.
    const auto unparsed = test::Start{}.variable("LOG_FORMAT", "json").variable("PAUSED", "maybe").load();
    CHECK(unparsed.log == LogSettings{});
}
