// What real op-conductors were asked, asked of a real conductord: the recorded octets over a fresh connection,
// in the recorded state, status, header and body compared. Once as the daemon comes, once with compat=go.

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "tests/integration/corpus.hpp"
#include "tests/integration/recorded_stage.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;
using rpc::test::Line;

namespace {

/// What these cases need besides one node that leads and one that follows it.
const std::map<std::string, std::string> beyond_one_node{
    {"okx/conductor_addServerAsVoter of a voter again", "a voter that votes"},
    {"base/conductor_addServerAsVoter of a voter again", "a voter that votes"},
    {"okx/conductor_transferLeader", "another voter"},
    {"base/conductor_transferLeader", "another voter"},
    {"base/optimism_rollupConfig()", "a consensus node of that fork: one member more"},
    {"okx/conductor_transferLeaderToServer known id, wrong address #2", "another voter"},
    {"okx/conductor_transferLeaderToServer #2", "another voter"},
};

bool needs_others(const std::string& full, const Line& line, std::set<std::string>& left_out) {
    if (beyond_one_node.contains(full)) left_out.insert(full);
    return beyond_one_node.contains(full) || line.need("state") == "leader, quorum lost a moment ago";
}

std::vector<Line> one_or_several(const Line& line, const std::string& one, const std::string& several) {
    if (line.raw(several)) return line.objects(several);
    if (!line.raw(one)) return {};
    return {*line.object(one)};
}

struct Replay {
    AdmittedTable& admitted;
    std::size_t column;
    int compared{0};

    void judge(const RecordedCase& recorded, const Answer& ours, const Answer& theirs) {
        ++compared;
        const auto wrong = admitted.judge(recorded, column, summary(ours), !(ours == theirs));
        INFO("ours   " << ours << "\n theirs " << theirs);
        CHECK(wrong == "");
    }

    void play(RecordedStage& stage, const std::string& flavour, const Line& line) {
        const RecordedCase recorded{flavour, line.need("state"), line.need("name")};
        INFO(flavour << "/" << recorded.state << "/" << recorded.name);
        if (RecordedStage::act(line) == 4) return after_stop(stage, recorded);
        auto& host = stage.host_for(line);
        const auto version = host.ask("health_status");
        rpc::test::RawClient client{host.daemon().port()};
        std::string sent;
        for (const auto& request : one_or_several(line, "request", "requests")) sent += stage.octets(request);
        (void)client.send(sent);  // some are answered, and closed upon, before they are all sent
        if (recorded.name.find("end of stream") != std::string::npos) client.end_sending();

        bool same = true;
        for (const auto& response : one_or_several(line, "response", "responses")) {
            const auto answer = client.receive(sent.starts_with("HEAD "));
            CHECK(answer.has_value());
            if (!answer) return;
            const auto ours = comparable(*answer, version.substr(1, version.size() - 2));
            const auto theirs = comparable(response, flavour == "okx" ? "v1.19.0" : "untagged");
            judge(recorded, ours, theirs);
            same = same && ours == theirs;
        }
        if (!same) return;
        if (line.text("then") == "server closed the connection") CHECK(client.closed_within(2s));
        if (line.text("then") == "timeout") CHECK_FALSE(client.closed_within(100ms));
    }

    void after_stop(RecordedStage& stage, const RecordedCase& recorded) {
        const auto code = stage.follower().daemon().process().wait(soon);
        const auto refused = !stage.follower().daemon().client()->get("/healthz").has_value();
        CHECK(refused);
        judge(recorded, {0, {}, code ? "exit " + std::to_string(*code) : "process alive"},
              {0, {}, "process alive"});
    }
};

int replay(AdmittedTable& admitted, std::size_t column, const std::string& compat) {
    Replay replay{admitted, column};
    std::set<std::string> left_out;
    for (const std::string flavour : {"okx", "base"}) {
        RecordedStage stage{flavour, compat};
        REQUIRE(stage.set() == "");
        auto lines = rpc::test::recorded_lines("rpc/" + flavour + ".jsonl.gz");
        std::ranges::stable_sort(lines, {}, RecordedStage::act);
        int act = 0;
        for (const auto& line : lines) {
            if (needs_others(flavour + "/" + line.need("name"), line, left_out)) continue;
            for (; act < RecordedStage::act(line); ++act) stage.change_to(act + 1);
            replay.play(stage, flavour, line);
        }
    }
    CHECK(left_out.size() == beyond_one_node.size());
    return replay.compared;
}

}  // namespace

TEST_CASE("a real daemon answers the recorded requests as op-conductor did, but for the admitted differences",
          "[corpus][rpc][S-50][S-74]") {
    AdmittedTable admitted{"daemon: recorded requests that are answered differently"};
    CHECK(replay(admitted, 0, "none") > 820);
    CHECK(replay(admitted, 1, "go") > 820);
    CHECK(admitted.unused() == std::vector<std::string>{});
}
