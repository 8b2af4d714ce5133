// Starts recorded from real op-conductors, refused ones above all, given to the real daemon: the same words,
// variables and files, the same end.

#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/integration/corpus.hpp"
#include "tests/integration/log_lines.hpp"
#include "tests/integration/recorded_stage.hpp"
#include "tests/support/pattern.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;
using rpc::test::Line;

namespace {

namespace fs = std::filesystem;

/// What the recorded starts found around them: a node, a rollup configuration, a file where a directory should
/// be, a port that is taken.
class Place {
public:
    Place()
        : work_{"recorded-starts"},
          node_{{conductord_program().parent_path() / "simnode", work_.path(), "node-1", {}}} {
        node_.start();
        if (!node_.serves()) throw std::runtime_error("simnode does not serve");
        std::ofstream{work_.path() / "rollup.json"} << R"({"l2_chain_id":901})";
        std::ofstream{work_.path() / "bad.json"} << "{";
        std::ofstream{work_.path() / "file"} << "no directory";
    }

    /// A recorded value, as it is called here. What a start stores is its own: `number` keeps it apart.
    [[nodiscard]] std::string here(const std::string& name, const std::string& value, int number) const {
        const auto port = pattern::matches(value, R"(127\.0\.0\.1:2[12]0([0-9][0-9]))");
        if (!port.empty())
            return port[0].group == "20" || port[0].group == "40" ? node_.el_url() : node_.cl_url();
        if (name.ends_with("_PORT") && taken_port(value)) return taken_.address().substr(10);
        if (name == "OP_CONDUCTOR_RPC_PORT" && value.starts_with('2')) return "0";
        if (value.starts_with("/data/s")) return (work_.path() / ("s" + std::to_string(number))).string();
        if (value.starts_with("/data/") || value.starts_with("/net/"))
            return (work_.path() / fs::path{value}.filename()).string();
        return value;
    }
    /// Without what is a run's own.
    [[nodiscard]] std::string plain(std::string text) const {
        for (const auto& [own, recorded] : {std::pair{work_.path().string(), std::string{"/data"}},
                                            {node_.cl_url(), "CL"},
                                            {node_.el_url(), "EL"}})
            for (auto at = text.find(own); at != std::string::npos; at = text.find(own))
                text.replace(at, own.size(), recorded);
        return pattern::replaced(text, R"(127\.0\.0\.1:[0-9]{4,5})", "127.0.0.1:#");
    }
    [[nodiscard]] const fs::path& work() const { return work_.path(); }

private:
    static bool taken_port(const std::string& value) {
        return value == "21029" || value == "22049" || value == "21027" || value == "22047";
    }
    TempDir work_;
    SimnodeProcess node_;
    SilentPort taken_;
};

/// How a start ended, as the page of differences writes it, and the line with which a wrong usage begins.
struct End {
    std::string text;
    std::string usage;
};

std::string crit_text(std::string_view output) {
    for (const auto& line : log_lines(output))
        if (line.level == "crit" && line.message == "Application failed")
            return line.field("message").value_or("");
    return {};
}

std::string usage_line(const std::string& output) {
    return output.starts_with("Incorrect Usage: ") ? output.substr(0, output.find('\n')) : std::string{};
}

End recorded_end(const Place& place, const Line& line) {
    const auto code = std::to_string(line.number("exit"));
    const auto output = line.octets("stdout");
    if (line.raw("had_to_be_stopped")->raw == "true") return {"runs, exit " + code, ""};
    return {"exit " + code + ": " + place.plain(crit_text(output)), usage_line(output)};
}

End our_end(const Place& place, const Line& line, const std::string& compat, int number) {
    std::map<std::string, std::string> environment{{"OP_CONDUCTOR_COMPAT", compat}};
    json::MemberCursor variables{*line.raw("env")};
    while (const auto variable = variables.next()) {
        const auto name = json::unescape(variable->key);
        environment[name] = place.here(name, json::unescape(variable->value.raw), number);
    }
    // The default port is anybody's on this machine; on an address of our own it is ours.
    const auto port = environment.find("OP_CONDUCTOR_CONSENSUS_PORT");
    const auto address = environment.find("OP_CONDUCTOR_CONSENSUS_ADDR");
    if ((port == environment.end() || port->second.empty()) && address != environment.end() &&
        !address->second.empty())
        address->second =
            "127.8." + std::to_string(::getpid() / 250 % 250 + 1) + "." + std::to_string(::getpid() % 250 + 1);
    std::vector<std::string> words;
    json::ElementCursor items{*line.raw("args")};
    while (const auto item = items.next()) words.push_back(json::unescape(item->raw));

    DaemonProcess process{
        {conductord_program(), words, environment, place.work() / ("out-" + std::to_string(number) + ".log")}};
    const bool runs = process.line_with("OpConductor started", 10s).has_value();
    if (runs) process.signal(SIGTERM);
    const auto code = process.wait(10s);
    const auto output = process.output();
    const auto end = code ? "exit " + std::to_string(*code) : std::string{"no end"};
    return {runs ? "runs, " + end : end + ": " + place.plain(crit_text(output)), usage_line(output)};
}

/// Ours may say more in the same line: several problems, the name of the flag, near names.
bool says_as_much(const End& ours, const End& theirs) {
    const auto colon = theirs.text.find(": ");
    const bool same = colon == std::string::npos
                          ? ours.text == theirs.text
                          : ours.text.starts_with(theirs.text.substr(0, colon + 2)) &&
                                ours.text.find(theirs.text.substr(colon + 2)) != std::string::npos;
    return same && ours.usage == theirs.usage;
}

}  // namespace

TEST_CASE("a real daemon ends the recorded starts as op-conductor did, but for the admitted differences",
          "[corpus][starts]") {
    AdmittedTable admitted{"daemon: recorded starts that end differently"};
    Place place;
    int compared = 0;
    for (const std::string flavour : {"okx", "base"}) {
        for (const auto& line : rpc::test::recorded_lines("config/bad-starts-" + flavour + ".jsonl.gz")) {
            const auto theirs = recorded_end(place, line);
            for (std::size_t column = 0; column < 2; ++column) {
                const RecordedCase recorded{flavour, column == 0 ? "none" : "go", line.need("name")};
                const auto ours = our_end(place, line, recorded.state, ++compared);
                INFO(flavour << "/" << recorded.name << ", compat=" << recorded.state);
                INFO("ours   " << ours.text << ours.usage << "\n theirs " << theirs.text << theirs.usage);
                const auto wrong = admitted.judge(recorded, column, ours.text, !says_as_much(ours, theirs));
                CHECK(wrong == "");
            }
        }
    }
    CHECK(compared > 200);
    CHECK(admitted.unused() == std::vector<std::string>{});
}
