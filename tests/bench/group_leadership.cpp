// How long nobody leads, and how long nobody produces.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <thread>

#include "tests/bench/group_cases.hpp"
#include "tests/bench/group_stage.hpp"

namespace conductor::bench {

using namespace conductor::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

double ms_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// A block of 1.3 MB a second, sealed by the leader's node; every conductor may be elected.
StagePlan with_large_blocks() {
    StagePlan plan;
    plan.node_flags = {"--block-time-ms=1000", "--payload-bytes=1300000"};
    return plan;
}

std::chrono::milliseconds some_time(int from, int to) {
    static std::mt19937 random{7};
    return std::chrono::milliseconds{std::uniform_int_distribution{from, to}(random)};
}

void say(int done, int of) {
    if (done % 25 == 0 || done == of) std::fprintf(stderr, "  %d of %d\n", done, of);
}

Row row_of(const std::string& name, const std::vector<double>& samples) {
    Row row{"group", name, {}, {}};
    row.subject.add_round(samples);
    print(row);
    std::printf("%-28s", name.c_str());
    for (const double q : {0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0})
        std::printf(" %5.0f", quantile(samples, q));
    std::printf("  (least, 10, 25, 50, 75, 90, 95, 99 %%, most; ms)\n");
    return row;
}

}  // namespace

void failover_case(const GroupOptions& options, Verdicts& verdicts) {
    const int repetitions = options.repetitions > 0 ? options.repetitions : 200;
    Stage stage{"failover", with_large_blocks()};
    stage.sequence();
    std::vector<double> took;
    for (int i = 0; i < repetitions; ++i) {
        const auto old = stage.leader();
        std::this_thread::sleep_for(some_time(300, 1300));
        if (!stage.says_it_leads(old)) fail("leadership moved by itself");
        const auto start = Clock::now();
        stage.kill(old);
        (void)stage.leader(old);
        took.push_back(ms_since(start));
        stage.start(old);
        if (!stage.ready(old)) fail("it does not become ready");
        say(i + 1, repetitions);
    }
    const auto row = row_of("killed to next leader", took);
    verdicts.add({"leader killed to next leader, p50", "ms", row.subject.p50(), 700, 550});
    verdicts.add({"leader killed to next leader, p99", "ms", row.subject.p99(), 1100, 800});
}

void silent_case(const GroupOptions& options, Verdicts& verdicts) {
    const int repetitions = options.repetitions > 0 ? options.repetitions : 60;
    Stage stage{"silent", with_large_blocks()};
    stage.sequence();
    std::vector<double> took;
    int liars = 0;
    for (int i = 0; i < repetitions; ++i) {
        const auto old = stage.leader();
        std::this_thread::sleep_for(some_time(300, 1300));
        const auto start = Clock::now();
        stage.daemon(old).process().signal(SIGSTOP);
        (void)stage.leader(old);
        took.push_back(ms_since(start));
        stage.daemon(old).process().signal(SIGCONT);
        if (stage.says_it_leads(old)) ++liars;  // the first answer after its sleep
        say(i + 1, repetitions);
    }
    const auto row = row_of("frozen to next leader", took);
    verdicts.add({"leader frozen to next leader, p50", "ms", row.subject.p50(), 1400, 1250});
    verdicts.add({"leader frozen to next leader, p99", "ms", row.subject.p99(), 2100, 1800});
    verdicts.add({"thawed leaders that still said they lead", "", static_cast<double>(liars), 0, 0});
}

namespace {

double wall_ms() {
    return std::chrono::duration<double, std::milli>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// The value of the last such member of a list, or of the first; nothing: the list is empty.
std::optional<double> member_of(const std::string& list, const std::string& key, bool last) {
    const auto at = last ? list.rfind(key) : list.find(key);
    if (at == std::string::npos) return std::nullopt;
    return std::strtod(list.c_str() + at + key.size(), nullptr);
}

/// How far each node has come with blocks of its own.
class Production {
public:
    explicit Production(Stage& stage) : stage_{stage} {
        for (std::size_t i = 0; i < stage.size(); ++i) {
            const auto list = stage.node(i).sim("sim_produced", "[0]");
            last_.push_back(static_cast<std::uint64_t>(member_of(list, "\"seq\":", true).value_or(0)));
        }
    }
    /// Milliseconds from `start` until another node than `old` has its first acknowledged block.
    double elsewhere(std::size_t old, double start) {
        for (const auto until = Clock::now() + 30s; Clock::now() < until; std::this_thread::sleep_for(5ms))
            for (std::size_t i = 0; i < stage_.size(); ++i) {
                if (i == old) continue;
                const auto list = stage_.node(i).sim("sim_produced", "[" + std::to_string(last_[i]) + "]");
                if (const auto made = member_of(list, "\"unix_ms\":", false)) return *made - start;
            }
        fail("nobody produces");
    }

private:
    Stage& stage_;
    std::vector<std::uint64_t> last_;
};

void rest(Stage& stage, std::size_t dead = ~std::size_t{0}) {
    const auto leads = stage.leader(dead);
    const bool produces = eventually(20s, [&] {
        const auto head = stage.node(leads).head_number();
        return stage.node(leads).flag("active") && head > 0;
    });
    if (!produces) fail("the leader does not produce");
}

}  // namespace

void production_case(const GroupOptions& options, Verdicts& verdicts) {
    const int repetitions = options.repetitions > 0 ? options.repetitions : 60;
    StagePlan plan;
    plan.node_flags = {"--block-time-ms=50"};
    Stage stage{"production", plan};
    stage.sequence();
    std::vector<double> took;
    for (int i = 0; i < repetitions; ++i) {
        rest(stage);
        const auto old = stage.leader();
        std::this_thread::sleep_for(some_time(300, 800));
        Production production{stage};
        const auto start = wall_ms();
        stage.kill(old);
        took.push_back(production.elsewhere(old, start));
        stage.start(old);
        if (!stage.ready(old)) fail("it does not become ready");
        say(i + 1, repetitions);
    }
    const auto row = row_of("killed to next block", took);
    verdicts.add({"leader killed to a block elsewhere, p50", "ms", row.subject.p50(), 730, 570});
    verdicts.add({"leader killed to a block elsewhere, p99", "ms", row.subject.p99(), 1200, 860});
}

void transfer_case(const GroupOptions& options, Verdicts& verdicts) {
    const int repetitions = options.repetitions > 0 ? options.repetitions : 100;
    StagePlan plan;
    plan.node_flags = {"--block-time-ms=20"};
    Stage stage{"transfer", plan};
    stage.sequence();
    for (const bool behind : {false, true}) {
        std::vector<double> took;
        for (int i = 0; i < repetitions; ++i) {
            rest(stage);
            const auto old = stage.leader();
            const auto heir = (old + 1) % stage.size();
            std::this_thread::sleep_for(some_time(100, 300));
            if (behind) stage.node(heir).sim("sim_lag", "[true]");
            if (behind) std::this_thread::sleep_for(20ms);
            const auto params =
                "[\"seq-" + std::to_string(heir + 1) + "\",\"" + stage.daemon(heir).raft_address(1s) + "\"]";
            Production production{stage};
            const auto start = wall_ms();
            const auto answer = stage.call(old, "conductor_transferLeaderToServer", params);
            if (answer.find("\"result\":null") == std::string::npos) fail("no transfer: " + answer);
            took.push_back(production.elsewhere(old, start));
            if (behind) stage.node(heir).sim("sim_lag", "[false]");
            say(i + 1, repetitions);
        }
        const std::string name{behind ? "transfer, standby behind" : "transfer"};
        const auto row = row_of(name, took);
        verdicts.add({name + ", call to first block, p50", "ms", row.subject.p50(), behind ? 100.0 : 40.0,
                      behind ? 50.0 : 18.0});
        verdicts.add({name + ", call to first block, p99", "ms", row.subject.p99(), behind ? 250.0 : 120.0,
                      behind ? 120.0 : 60.0});
    }
}

}  // namespace conductor::bench
