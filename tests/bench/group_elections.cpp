// Whether a leader that lives is ever replaced: ten megabytes every second and a half over links of 200 Mbit/s
// each, on disks whose every tenth flush or so takes 100 ms.
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <thread>

#include "tests/bench/group_cases.hpp"
#include "tests/bench/group_stage.hpp"
#include "tests/bench/thin_links.hpp"

namespace conductor::bench {

using namespace conductor::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

constexpr double octets_per_second = 200e6 / 8;

}  // namespace

void elections_case(const GroupOptions& options, Verdicts& verdicts) {
    std::map<std::size_t, std::unique_ptr<ThinLink>> links;
    StagePlan plan;
    plan.environment = {{"OP_CONDUCTOR_METRICS_ENABLED", "true"}, {"OP_CONDUCTOR_METRICS_ADDR", "127.0.0.1"},
                        {"OP_CONDUCTOR_METRICS_PORT", "0"},       {"LD_PRELOAD", CONDUCTOR_SLOW_FLUSH_LIBRARY},
                        {"CONDUCTOR_SLOW_FLUSH_EVERY", "10"},     {"CONDUCTOR_SLOW_FLUSH_MS", "100"}};
    plan.advertise = [&links](std::size_t which, const std::string& address) {
        auto& link = links[which];
        if (!link) link = std::make_unique<ThinLink>(address, octets_per_second);
        return link->address();
    };
    plan.node_flags = {"--block-time-ms=1000"};
    Stage stage{"elections", plan};
    stage.sequence();  // so that everybody would campaign as soon as anybody
    for (std::size_t i = 0; i < stage.size(); ++i) stage.node(i).sim("sim_stall", "[true]");
    const auto leads = stage.leader();
    const auto block = block_of(10'000'000);
    std::this_thread::sleep_for(2s);
    const auto term = stage.term(leads);
    int commits = 0;
    int failures = 0;
    std::vector<double> took;
    const auto until = Clock::now() + std::chrono::duration<double>(120 * options.scale);
    for (auto next = Clock::now(); Clock::now() < until; std::this_thread::sleep_until(next)) {
        took.push_back(stage.commit(leads, block));
        ++(took.back() < 0 ? failures : commits);
        next = std::max(next + 1500ms, Clock::now());
    }
    const auto raised = stage.term(stage.leader()) - term;
    std::printf("%d commits of 10 MB, %d failed, p50 %.0f ms, p99 %.0f ms\n", commits, failures,
                quantile(took, 0.5), quantile(took, 0.99));
    verdicts.add({"false elections, 10 MB on 200 Mbit/s", "", static_cast<double>(raised), 0, 0});
    verdicts.add({"commits that failed there", "", static_cast<double>(failures), 0, 0});
}

}  // namespace conductor::bench
