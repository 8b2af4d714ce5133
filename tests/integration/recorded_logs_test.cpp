// What op-conductors wrote while they were led through a story, and what a real daemon writes in the same one,
// in each format: every recorded line must be there, at its level, with its keys and their values.

#include <catch2/catch.hpp>
#include <set>

#include "tests/integration/corpus.hpp"
#include "tests/integration/log_lines.hpp"
#include "tests/integration/sequencing.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

/// Values that no two runs share.
const std::set<std::string> own_values{"addr", "conn",        "consensus",  "duration",     "endpoint",
                                       "hash", "latestHead",  "listenAddr", "node",         "number",
                                       "port", "remote_addr", "reqid",      "response_len", "version"};

std::string plain_value(const std::string& key, const std::string& value) {
    if (own_values.contains(key)) return "#";
    if (value.starts_with("seq-")) return "seq-#";
    return value.substr(0, value.find('\n'));  // behind that Base's fork prints a Go stack
}

/// How the nearest of our lines differs from a recorded one, as the page of differences writes it.
std::string nearest(const LogLine& recorded, const std::vector<LogLine>& ours) {
    std::string best{"absent"};
    for (const auto& line : ours) {
        if (line.message != recorded.message) continue;
        std::string differs;
        if (line.level != recorded.level) differs += ", level " + line.level;
        for (const auto& [key, value] : recorded.fields) {
            const auto found = line.field(key);
            if (!found) differs += ", no " + key;
            if (found && plain_value(key, *found) != plain_value(key, value))
                differs += ", " + key + "=" + *found;
        }
        if (differs.empty()) return "";
        if (best == "absent" || differs.size() < best.size() + 2) best = differs.substr(2);
    }
    return best;
}

int compare(AdmittedTable& admitted, std::size_t column, const std::string& story, const std::string& file,
            const std::string& output) {
    const auto ours = log_lines(output);
    std::set<std::string> seen;
    int compared = 0;
    for (const auto& line : log_lines(rpc::test::file_text("logging/" + file))) {
        auto said = line.message;
        for (const auto& [key, value] : line.fields) said += " " + key + "=" + plain_value(key, value);
        if (!seen.insert(line.level + " " + said).second) continue;
        ++compared;
        const auto differs = nearest(line, ours);
        const RecordedCase recorded{file.substr(0, file.find('.')), story, said};
        INFO(file << ": " << line.level << " " << said);
        const auto wrong = admitted.judge(recorded, column, differs, !differs.empty());
        CHECK(wrong == "");
    }
    return compared;
}

Variables spoken(const std::string& format, const std::string& level, const std::string& compat) {
    return {{"OP_CONDUCTOR_LOG_FORMAT", format},      {"OP_CONDUCTOR_LOG_LEVEL", level},
            {"OP_CONDUCTOR_LOG_COLOR", "false"},      {"OP_CONDUCTOR_COMPAT", compat},
            {"OP_CONDUCTOR_METRICS_ENABLED", "true"}, {"OP_CONDUCTOR_METRICS_ADDR", "127.0.0.1"},
            {"OP_CONDUCTOR_METRICS_PORT", "0"}};
}

/// Bootstrapped, elected, resumed, paused, asked for nonsense, ended.
std::string bootstrap_story(const std::string& format, const std::string& compat) {
    SequencingHost host{"bootstrap-" + format + "-" + compat, spoken(format, "debug", compat)};
    REQUIRE(host.start_daemon());
    REQUIRE(host.says("conductor_leader", "true"));
    CHECK(host.ask("conductor_paused") == "true");
    REQUIRE(host.logs("sequencer is healthy"));
    CHECK(host.ask("conductor_resume") == "null");
    if (compat == "go") REQUIRE(host.logs("failed to execute step"));
    if (compat != "go") REQUIRE(host.produces(1));
    CHECK(host.ask("conductor_pause") == "null");
    CHECK(host.ask("conductor_foo").find("-32601") != std::string::npos);
    CHECK(host.daemon().stop() == 0);
    return host.daemon().process().output();
}

/// Started again over a chain: leads, sequences, is paused and resumed, ended.
std::string member_story(const std::string& format, const std::string& level, const std::string& compat) {
    SequencingHost host{"member-" + format + "-" + compat, spoken(format, level, compat)};
    REQUIRE(host.sequence_by_hand() == "");
    REQUIRE(host.rest());
    REQUIRE(host.daemon().stop() == 0);
    REQUIRE(host.start_daemon());
    REQUIRE(host.logs("started metrics server"));
    REQUIRE(host.produces(2));
    CHECK(host.ask("conductor_paused") == "false");
    REQUIRE(host.logs("sequencer is healthy"));
    CHECK(host.ask("conductor_pause") == "null");
    CHECK(host.ask("conductor_resume") == "null");
    REQUIRE(host.produces(2));
    CHECK(host.daemon().stop() == 0);
    return host.daemon().process().output();
}

}  // namespace

TEST_CASE("a real daemon says what op-conductor said in the same story, but for the admitted differences",
          "[corpus][logs][S-57]") {
    AdmittedTable admitted{"daemon: recorded lines that it says differently"};
    const std::vector<std::string> modes{"none", "go"};
    int compared = 0;
    for (std::size_t column = 0; column < modes.size(); ++column) {
        for (const std::string format : {"text", "logfmtms", "json", "jsonms"}) {
            const auto output = bootstrap_story(format, modes[column]);
            for (const std::string flavour : {"okx", "base"})
                compared += compare(admitted, column, "bootstrap", flavour + "-bootstrap-" + format + ".stdout",
                                    output);
        }
        compared += compare(admitted, column, "member", "okx-member-logfmt-debug.stdout.gz",
                            member_story("logfmt", "debug", modes[column]));
        compared += compare(admitted, column, "member", "okx-member-logfmtms-info.stdout",
                            member_story("logfmtms", "info", modes[column]));
    }
    CHECK(compared > 400);
    CHECK(admitted.unused() == std::vector<std::string>{});
}
