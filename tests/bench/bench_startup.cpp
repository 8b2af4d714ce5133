// From exec to the first RPC answer and to leadership, of a sole voter: on an empty directory, and on a log of
// about 1 GiB; caches warm and, where the process may drop them, cold.
//   bench_startup [RUNS]     default 20; one JSON line a case, then a table
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "core/payload/transcode.hpp"
#include "tests/bench/figures.hpp"
#include "tests/support/conductor_daemon.hpp"
#include "tests/support/recorded_blocks.hpp"
#include "tests/unit/payload/recipe.hpp"

namespace {

using namespace conductor;
using namespace conductor::bench;
using namespace conductor::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Times {
    double answer_ms;
    double leader_ms;
};

Times start(ConductorDaemon& daemon) {
    const auto since = [start = Clock::now()] {
        return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    };
    daemon.start();
    if (!daemon.serves(10s)) fail("the daemon does not serve:\n" + daemon.process().output());
    if (rpc_call(*daemon.client(), "conductor_active").empty()) fail("no answer");
    const auto answer = since();
    if (!daemon.leads(10s)) fail("the daemon does not lead:\n" + daemon.process().output());
    return {answer, since()};
}

/// The kernel drops clean pages of these files; what it keeps anyway stays warm.
void forget_cached(const std::filesystem::path& directory) {
    for (const auto& item : std::filesystem::recursive_directory_iterator{directory}) {
        if (!item.is_regular_file()) continue;
        const int file = ::open(item.path().c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0) continue;
        ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
        ::close(file);
    }
}

void fill(ConductorDaemon& daemon) {
    const auto json = payload::test::generated_json({.seed = 7, .version = 4, .size = 1'000'000});
    const RecordedBlock block{"1MB", true, {}, *payload::envelope_from_json(json)};
    daemon.start();
    if (!daemon.leads(10s)) fail("the daemon does not lead");
    const auto client = daemon.client();
    for (std::uint64_t i = 0; i < 1050; ++i) {
        const auto next = at_height(block, 0x1'0000'0000 + i);
        const auto answer = client->post("/commit-unsafe-payload", "application/octet-stream",
                                         as_text(next.envelope.ssz.span()));
        if (!answer || answer->status != 200) fail("a commit failed");
    }
    if (daemon.stop() != 0) fail("the daemon did not stop cleanly");
}

}  // namespace

int main(int argc, char** argv) {
    const int runs = argc > 1 ? std::max(3, std::atoi(argv[1])) : 20;
    std::vector<Row> rows;
    const auto measure = [&](const std::string& name, const std::function<void()>& prepare,
                             ConductorDaemon& daemon) {
        std::vector<double> answers;
        std::vector<double> leaders;
        for (int i = 0; i < runs; ++i) {
            prepare();
            const auto times = start(daemon);
            answers.push_back(times.answer_ms);
            leaders.push_back(times.leader_ms);
            daemon.process().kill_hard();
        }
        for (const auto& [what, samples] :
             {std::pair{" first answer", answers}, std::pair{" leader", leaders}}) {
            rows.push_back({"startup", name + what, {}, {}});
            rows.back().subject.add_round(samples);
            print(rows.back());
        }
    };

    const TempDir work{"bench-startup"};
    ConductorDaemon daemon{{daemon_program(), work.path(), "seq-1", {}, {}}};
    measure("empty", [&] { std::filesystem::remove_all(daemon.store()); }, daemon);
    std::filesystem::remove_all(daemon.store());
    fill(daemon);
    measure("1 GiB warm", [] {}, daemon);
    measure("1 GiB cold", [&] { forget_cached(daemon.store()); }, daemon);
    print_table(rows);
}
