// Commits on one node over JSON and over the binary endpoint, beside the floor (floor_server.hpp), interleaved
// round by round, back to back and at a fixed rate.
//   bench_commit [ROUNDS]     default 7; one JSON line a case, then a table
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "core/payload/transcode.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/floor_server.hpp"
#include "tests/support/conductor_daemon.hpp"
#include "tests/support/recorded_blocks.hpp"
#include "tests/unit/payload/recipe.hpp"

namespace {

using namespace conductor;
using namespace conductor::bench;
using namespace conductor::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Size {
    const char* name;
    std::size_t ssz;
    int commits;  ///< a round
};

double post(HttpClient& client, const std::string& path, const std::string& type, const std::string& body,
            bool json) {
    const auto start = Clock::now();
    const auto answer = client.post(path, type, body);
    const auto took = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    if (!answer || answer->status != 200 || (json && answer->body.find("\"result\":null") == std::string::npos))
        fail("a commit failed: " + (answer ? answer->body : "no answer"));
    return took;
}

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::max(5, std::atoi(argv[1])) : 7;
    const TempDir work{"bench-commit"};
    ConductorDaemon daemon{{daemon_program(), work.path(), "seq-1", {}, {}}};
    daemon.start();
    if (!daemon.leads(10s)) fail("the daemon does not lead:\n" + daemon.process().output());
    const FloorServer floor{work.path()};

    const auto client = daemon.client();
    HttpClient floor_client{"127.0.0.1", floor.port(), 10s};
    std::uint64_t number = 0x1'0000'0000;  // above every number that the generator draws
    std::vector<Row> rows;
    for (const auto pace : {0ms, 100ms}) {
        for (const auto& size : {Size{"0.5MB", 500'000, 40}, Size{"1.3MB", 1'300'000, 20},
                                 Size{"2MB", 2'000'000, 15}, Size{"10MB", 10'000'000, 6}}) {
            const auto json = payload::test::generated_json({.seed = 7, .version = 4, .size = size.ssz});
            const auto envelope = *payload::envelope_from_json(json);
            const RecordedBlock block{size.name, true, {}, envelope};
            const std::string suffix = pace == 0ms ? "" : " every 100 ms";
            Row with_json{"commit", std::string{"json "} + size.name + suffix, {}, {}};
            Row with_ssz{"commit", std::string{"binary "} + size.name + suffix, {}, {}};
            const int commits = pace == 0ms ? size.commits : 6;
            for (int round = 0; round < (pace == 0ms ? rounds : 5); ++round) {
                std::vector<double> json_ms;
                std::vector<double> ssz_ms;
                std::vector<double> floor_ms;
                for (int i = 0; i < commits; ++i) {
                    const auto next = at_height(block, ++number);
                    std::this_thread::sleep_for(pace);
                    json_ms.push_back(post(*client, "/", "application/json", next.body, true));
                    std::this_thread::sleep_for(pace);
                    floor_ms.push_back(post(floor_client, "/", "application/json", next.body, false));
                    auto binary = at_height(block, ++number);
                    std::this_thread::sleep_for(pace);
                    ssz_ms.push_back(post(*client, "/commit-unsafe-payload", "application/octet-stream",
                                          std::string{as_text(binary.envelope.ssz.span())}, false));
                }
                with_json.subject.add_round(json_ms);
                with_ssz.subject.add_round(ssz_ms);
                with_json.floor.add_round(floor_ms);
                with_ssz.floor.add_round(floor_ms);
            }
            for (auto* row : {&with_json, &with_ssz}) {
                print(*row);
                rows.push_back(std::move(*row));
            }
        }
    }
    print_table(rows);
}
