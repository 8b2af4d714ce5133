// What a leader costs: resident memory and CPU of the whole process, idle and under one block every 2 s.
//   bench_idle [SECONDS]     default 20 a case; one JSON line a case

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/payload/transcode.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/process_cost.hpp"
#include "tests/support/conductor_daemon.hpp"
#include "tests/support/recorded_blocks.hpp"
#include "tests/unit/payload/recipe.hpp"

namespace {

using namespace conductor;
using namespace conductor::bench;
using namespace conductor::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

}  // namespace

int main(int argc, char** argv) {
    const std::chrono::seconds span{argc > 1 ? std::max(4, std::atoi(argv[1])) : 20};
    const TempDir work{"bench-idle"};
    struct Load {
        const char* name;
        std::size_t ssz;  ///< 0: none
    };
    for (const auto& load :
         {Load{"idle", 0}, Load{"1.3MB every 2 s", 1'300'000}, Load{"10MB every 2 s", 10'000'000}}) {
        ConductorDaemon daemon{{daemon_program(), work.path(), "seq-1", {}, {}}};
        daemon.start();
        if (!daemon.leads(10s)) fail("the daemon does not lead");
        std::this_thread::sleep_for(2s);
        const auto pid = daemon.process().pid();
        const auto client = daemon.client();
        RecordedBlock block;
        if (load.ssz > 0) {
            const auto json = payload::test::generated_json({.seed = 7, .version = 4, .size = load.ssz});
            block = {load.name, true, {}, *payload::envelope_from_json(json)};
        }
        std::uint64_t number = 0x1'0000'0000;
        const auto before = cpu_seconds(pid);
        const auto began = Clock::now();
        while (Clock::now() - began < span) {
            if (load.ssz > 0) {
                const auto next = at_height(block, ++number);
                const auto answer = client->post("/", "application/json", next.body);
                if (!answer || answer->status != 200) fail("a commit failed");
            }
            std::this_thread::sleep_for(2s);
        }
        const auto wall = std::chrono::duration<double>(Clock::now() - began).count();
        std::printf(R"({"bench":"idle","case":"%s","cpu_percent":%.3f,"resident_mb":%.1f,"peak_mb":%.1f})"
                    "\n",
                    load.name, 100 * (cpu_seconds(pid) - before) / wall, memory_mb(pid, "VmRSS:"),
                    memory_mb(pid, "VmHWM:"));
        std::fflush(stdout);
    }
}
