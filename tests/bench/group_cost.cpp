// What a group takes: memory and processor of every role, and room on the disk.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/bench/group_cases.hpp"
#include "tests/bench/group_stage.hpp"
#include "tests/bench/process_cost.hpp"

namespace conductor::bench {

using namespace conductor::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

struct Goals {
    double memory_must, memory_aim, cpu_must, cpu_aim;  ///< 0: none
};

struct LoadOf {
    const char* name;
    std::size_t ssz;  ///< 0: none
    Goals goals;
};

double disk_mb(const std::filesystem::path& directory) {
    double octets = 0;
    std::error_code gone;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{directory, gone}) {
        const auto size = entry.is_regular_file(gone) ? entry.file_size(gone) : 0;
        if (!gone) octets += static_cast<double>(size);
    }
    return octets / (1 << 20);
}

}  // namespace

// Beside nodes that are asked for their health once a second, as conductors are run; peers are polled.
void cost_case(const GroupOptions& options, Verdicts& verdicts) {
    const auto span = std::chrono::duration<double>(30 * options.scale);
    for (const auto& load :
         {LoadOf{"idle", 0, {25, 12, 0.5, 0.2}}, LoadOf{"1.3 MB every 2 s", 1'300'000, {60, 40, 2, 1}},
          LoadOf{"10 MB every 2 s", 10'000'000, {200, 120, 0, 0}}}) {
        StagePlan plan;
        plan.node_flags = {"--block-time-ms=1000"};
        Stage stage{"cost", plan};
        const auto leads = stage.leader();
        const auto block = block_of(load.ssz > 0 ? load.ssz : 20'000);
        std::this_thread::sleep_for(3s);
        std::vector<double> before;
        for (std::size_t i = 0; i < stage.size(); ++i) before.push_back(cpu_seconds(stage.pid(i)));
        const auto began = Clock::now();
        for (auto next = began; Clock::now() - began < span; std::this_thread::sleep_until(next += 2s))
            if (load.ssz > 0 && stage.commit(leads, block) < 0) fail("a commit failed");
        const auto wall = std::chrono::duration<double>(Clock::now() - began).count();
        double follower_cpu = 0;
        double follower_memory = 0;
        for (std::size_t i = 0; i < stage.size(); ++i) {
            const auto cpu = 100 * (cpu_seconds(stage.pid(i)) - before[i]) / wall;
            const auto memory = memory_mb(stage.pid(i), "VmRSS:");
            std::printf(
                R"({"bench":"group cost","case":"%s","role":"%s","cpu_percent":%.3f,"resident_mb":%.1f,"peak_mb":%.1f})"
                "\n",
                load.name, i == leads ? "leader" : "follower", cpu, memory, memory_mb(stage.pid(i), "VmHWM:"));
            if (i == leads) {
                const std::string name{load.name};
                verdicts.add({"leader, " + name + ", memory", "MB", memory, load.goals.memory_must,
                              load.goals.memory_aim});
                if (load.goals.cpu_must > 0)
                    verdicts.add(
                        {"leader, " + name + ", of a core", "%", cpu, load.goals.cpu_must, load.goals.cpu_aim});
            } else {
                follower_cpu = std::max(follower_cpu, cpu);
                follower_memory = std::max(follower_memory, memory);
            }
        }
        // No row of their own: a follower may take what a leader may.
        const std::string name{load.name};
        verdicts.add({"followers, " + name + ", memory", "MB", follower_memory, load.goals.memory_must,
                      load.goals.memory_aim});
        if (load.goals.cpu_must > 0)
            verdicts.add({"followers, " + name + ", of a core", "%", follower_cpu, load.goals.cpu_must,
                          load.goals.cpu_aim});
    }
}

void disk_case(const GroupOptions& options, Verdicts& verdicts) {
    constexpr double retained_mb = 256;
    constexpr double segment_mb = 64;
    StagePlan plan;
    plan.environment["OP_CONDUCTOR_STORAGE_RETAIN_BYTES"] = "268435456";
    Stage stage{"disk", plan};
    const auto leads = stage.leader();
    const auto block = block_of(1'300'000);
    const auto commits = static_cast<int>(std::lround(1200 * options.scale));
    double most = 0;
    for (int i = 0; i < commits; ++i) {
        if (stage.commit(leads, block) < 0) fail("a commit failed");
        if (i % 5 != 0) continue;
        for (std::size_t who = 0; who < stage.size(); ++who)
            most = std::max(most, disk_mb(stage.daemon(who).store()));
    }
    std::printf("%.0f MB committed, 256 MB retained, at most %.1f MB on any disk\n", commits * 1.3, most);
    const auto bound = retained_mb * 1.05 + 4 * segment_mb;
    verdicts.add({"disk at every moment, of what is allowed", "x", most / bound, 1, 1});
}

}  // namespace conductor::bench
