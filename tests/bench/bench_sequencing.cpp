// What a change of leadership costs, of a sole voter beside one simulated node: from the election to the
// answered start, with 0, 1, 8 and 32 blocks missing; from a bad head to the stopped sequencer; and what
// conductor_leader, which a node asks before each block, costs beside large commits.
//   bench_sequencing [REPETITIONS]     default 50; one JSON line a case, then a table
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <thread>

#include "core/payload/transcode.hpp"
#include "tests/bench/figures.hpp"
#include "tests/integration/sequencing.hpp"
#include "tests/unit/payload/recipe.hpp"

namespace {

using namespace conductor;
using namespace conductor::bench;
using namespace conductor::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// Milliseconds of the day at which a line of the JSON log was written.
double written_at(const std::string& line) {
    int hours = 0;
    int minutes = 0;
    double seconds = 0;
    const auto at = line.find('T');
    if (at == std::string::npos ||
        std::sscanf(line.c_str() + at, "T%d:%d:%lf", &hours, &minutes, &seconds) != 3)
        fail("a line without its time: " + line);
    return (hours * 3600.0 + minutes * 60.0 + seconds) * 1000;
}

/// Between the last line that has `first` and the first after it that has `second`, as the daemon dated them.
double between(SequencingHost& host, const std::string& first, const std::string& second) {
    std::istringstream lines{host.daemon().process().output()};
    std::string begun;
    std::string ended;
    for (std::string line; std::getline(lines, line);) {
        if (line.find(first) != std::string::npos) {
            begun = line;
            ended.clear();
        }
        if (!begun.empty() && ended.empty() && line.find(second) != std::string::npos) ended = line;
    }
    if (begun.empty() || ended.empty()) fail("the log lacks " + (begun.empty() ? first : second));
    return written_at(ended) - written_at(begun);
}

void rest_and_stop(SequencingHost& host) {
    if (!host.rest()) fail("the node does not rest");
    if (host.daemon().stop() != 0) fail("the daemon does not stop");
}

/// One new leader whose node is `gap` blocks behind.
double election_to_start(SequencingHost& host, unsigned gap) {
    if (gap > 0) (void)host.node().sim("sim_fork", "[" + std::to_string(gap) + ",0]");
    if (!host.start_daemon() || !host.logs("started sequencer")) fail("no start");
    const auto took = between(host, "\"event\":\"leader_gained\"", "started sequencer");
    rest_and_stop(host);
    return took;
}

struct Stopping {
    double from_verdict;
    double from_fault;
};

Stopping fault_to_stop(SequencingHost& host) {
    const auto stops = host.logged("stopped sequencer");
    const auto start = Clock::now();
    host.sicken(true);
    if (!eventually(10s, [&] { return host.logged("stopped sequencer") > stops; })) fail("no stop");
    const auto from_fault = ms_since(start);
    const Stopping took{between(host, "Health state changed", "stopped sequencer"), from_fault};
    host.sicken(false);
    if (!host.says("conductor_sequencerHealthy", "true") || !host.says("conductor_active", "true") ||
        !host.produces(2))
        fail("no blocks after the fault");
    return took;
}

/// conductor_leader 50 times a second, beside `commit` five times a second where it is given.
std::vector<double> leader_latency(ConductorDaemon& daemon, std::chrono::seconds span,
                                   const RecordedBlock* block, std::uint64_t& number) {
    std::atomic<bool> over{false};
    std::thread committer;
    if (block != nullptr)
        committer = std::thread{[&] {
            const auto client = daemon.client();
            for (auto next = Clock::now(); !over; next += 200ms) {
                const auto commit = at_height(*block, ++number);
                const auto answer = client->post("/", "application/json", commit.body);
                if (!answer || answer->status != 200) fail("a commit failed");
                std::this_thread::sleep_until(next + 200ms);
            }
        }};
    const auto client = daemon.client();
    std::vector<double> took;
    const auto until = Clock::now() + span;
    while (Clock::now() < until) {
        const auto start = Clock::now();
        if (result_of(rpc_call(*client, "conductor_leader")) != "true") fail("no leader");
        took.push_back(ms_since(start));
        std::this_thread::sleep_for(20ms);
    }
    over = true;
    if (committer.joinable()) committer.join();
    return took;
}

constexpr std::size_t round_size = 10;

Row row(const std::string& name, const std::vector<double>& samples) {
    Row out{"sequencing", name, {}, {}};
    for (std::size_t at = 0; at < samples.size(); at += round_size) {
        const auto end = std::min(at + round_size, samples.size());
        out.subject.add_round({samples.begin() + static_cast<std::ptrdiff_t>(at),
                               samples.begin() + static_cast<std::ptrdiff_t>(end)});
    }
    print(out);
    return out;
}

/// New leaders with each gap in turn, so that what else the machine does meets all of them.
void gaps(SequencingHost& host, int repetitions, std::vector<Row>& rows) {
    constexpr std::array counts{0U, 1U, 8U, 32U};
    std::array<std::vector<double>, counts.size()> whole;
    std::array<std::vector<double>, counts.size()> a_block;
    for (int i = 0; i < repetitions; ++i)
        for (std::size_t g = 0; g < counts.size(); ++g) {
            whole[g].push_back(election_to_start(host, counts[g]));
            if (counts[g] > 0) a_block[g].push_back((whole[g].back() - whole[0].back()) / counts[g]);
        }
    for (std::size_t g = 0; g < counts.size(); ++g) {
        const auto missing = std::to_string(counts[g]);
        rows.push_back(row("elected to started, gap " + missing, whole[g]));
        if (counts[g] > 0) rows.push_back(row("a missing block of " + missing, a_block[g]));
    }
}

}  // namespace

int main(int argc, char** argv) {
    const int repetitions = argc > 1 ? std::max(3, std::atoi(argv[1])) : 50;
    std::vector<Row> rows;
    const Variables dated{{"OP_CONDUCTOR_LOG_FORMAT", "json"}, {"OP_CONDUCTOR_HEALTHCHECK_INTERVAL", "1"}};
    {
        SequencingHost host{"bench", dated, {"--block-time-ms=20"}};
        if (!host.sequence(40)) fail("no blocks");
        rest_and_stop(host);
        gaps(host, repetitions, rows);
    }
    {
        SequencingHost host{"bench-stop", dated};
        if (!host.sequence(2)) fail("no blocks");
        std::vector<double> from_verdict;
        std::vector<double> from_fault;
        for (int i = 0; i < std::max(3, repetitions * 2 / 5); ++i) {
            const auto took = fault_to_stop(host);
            from_verdict.push_back(took.from_verdict);
            from_fault.push_back(took.from_fault);
        }
        rows.push_back(row("unhealthy to stopped", from_verdict));
        rows.push_back(row("head old to stopped", from_fault));
    }
    const TempDir work{"bench-leader"};
    ConductorDaemon daemon{{daemon_program(), work.path(), "seq-1", {}, {}}};
    daemon.start();
    if (!daemon.leads(10s)) fail("the daemon does not lead");
    const auto json = payload::test::generated_json({.seed = 7, .version = 4, .size = 2'000'000});
    const RecordedBlock block{"2MB", true, {}, *payload::envelope_from_json(json)};
    std::uint64_t number = 0x1'0000'0000;  // above every number that the generator draws
    rows.push_back(row("conductor_leader", leader_latency(daemon, 10s, nullptr, number)));
    rows.push_back(row("conductor_leader by 2MB 5/s", leader_latency(daemon, 20s, &block, number)));
    print_table(rows);
}
