// What plugins cost the host. A verdict: from the question on the core thread to its answer there, of a check
// that says "healthy" at once, beside the bare way to another thread and back. A hung plugin: commits on a node
// with a check that never comes back, beside the same node without it, one by one in turn.
//   bench_plugins [ROUNDS]     default 7; one JSON line a case, then a table
#include <sched.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include "core/payload/transcode.hpp"
#include "core/plugin/health_check.hpp"
#include "core/plugin/process_guard.hpp"
#include "core/plugin/registry.hpp"
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

constexpr int verdicts = 5000;  // a round
constexpr int commits = 60;     // a round

double ms_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// A thread that takes a function and runs it: what any host must have at least.
class BareWorker {
public:
    ~BareWorker() {
        {
            const std::lock_guard lock{mutex_};
            ended_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }
    void submit(std::function<void()> work) {
        {
            const std::lock_guard lock{mutex_};
            work_ = std::move(work);
        }
        changed_.notify_all();
    }

private:
    void run() {
        std::unique_lock lock{mutex_};
        while (true) {
            changed_.wait(lock, [&] { return ended_ || work_; });
            if (ended_) return;
            const auto work = std::exchange(work_, nullptr);
            lock.unlock();
            work();
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::function<void()> work_;
    bool ended_{false};
    std::thread thread_{[this] { run(); }};
};

struct NoLog final : plugin::PluginLog {
    void write(plugin::LogLevel, std::string_view, std::string_view, std::string_view,
               std::span<const plugin::LogPair>) override {}
};
struct NoMetrics final : plugin::PluginMetrics {
    void gauge(const plugin::MetricSeries&, double) override {}
    void count(const plugin::MetricSeries&, std::uint64_t) override {}
};
struct NoHttp final : plugin::HttpPost {
    Result<plugin::HttpReply, plugin::HttpError> post(const plugin::HttpCall&) override { return none(); }
    Result<plugin::HttpReply, plugin::HttpError> get(const plugin::HttpCall&) override { return none(); }
    static plugin::HttpError none() { return {plugin::HttpError::Kind::no_endpoint, "none"}; }
};

plugin::Admitted second_sample() {
    const auto file = std::filesystem::path{CONDUCTOR_TEST_PLUGINS} / "sample.so";
    const auto notes = plugin::read_notes(file);
    if (!notes) fail(notes.error().text);
    const auto mapped = plugin::map_library(file, *notes);
    if (!mapped) fail(mapped.error().text);
    for (const auto& one : (*mapped)->plugins)
        if (one.id == "org.example.second") return {*mapped, &one, false};
    fail("the library has no such plugin");
}

/// While it lives, this thread and those that it starts share one processor. Else it is a matter of luck, for
/// rounds on end, whether a hand-over wakes a sleeping processor, which a virtual machine is slow to do.
class OneProcessor {
public:
    OneProcessor() {
        if (::sched_getaffinity(0, sizeof all_, &all_) != 0) fail("sched_getaffinity");
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<unsigned>(::sched_getcpu()), &one);
        if (::sched_setaffinity(0, sizeof one, &one) != 0) fail("sched_setaffinity");
    }
    ~OneProcessor() { (void)::sched_setaffinity(0, sizeof all_, &all_); }
    OneProcessor(const OneProcessor&) = delete;
    OneProcessor& operator=(const OneProcessor&) = delete;

private:
    cpu_set_t all_{};
};

Row verdict(int rounds) {
    const OneProcessor pinned;
    boost::asio::io_context core{1};
    const auto guard = boost::asio::make_work_guard(core);
    const auto post = [&core](std::function<void()> work) { boost::asio::post(core, std::move(work)); };
    plugin::arm_process_guard([](const std::string& line) { fail(line); });  // as the daemon does
    plugin::Instance instance{{"bench", second_sample(), {}},
                              {std::make_shared<NoLog>(), std::make_shared<NoMetrics>(),
                               std::make_shared<plugin::SystemClock>(), std::make_shared<NoHttp>()},
                              std::make_shared<plugin::Watch>(),
                              post};
    const auto turn_until = [&core](const bool& done) {
        while (!done) core.run_one();
    };
    bool open = false;
    instance.open(5s, [&](const auto& opened) { open = opened.has_value(); });
    turn_until(open);

    plugin::HealthCheck check{instance};
    BareWorker worker;
    Row row{"plugin_verdict", "verdict, host overhead", {}, {}};
    for (int round = 0; round < rounds; ++round) {
        std::vector<double> judged;
        std::vector<double> bare;
        for (int i = 0; i < verdicts; ++i) {
            bool done = false;
            auto start = Clock::now();
            check.judge(
                5s, [&](const plugin::Finding& found) { done = found.verdict == plugin::Verdict::healthy; });
            turn_until(done);
            judged.push_back(ms_since(start));

            done = false;
            start = Clock::now();
            worker.submit([&] { post([&] { done = true; }); });
            turn_until(done);
            bare.push_back(ms_since(start));
        }
        row.subject.add_round(judged);
        row.floor.add_round(bare);
    }
    bool closed = false;
    instance.close(5s, [&](bool) { closed = true; });
    turn_until(closed);
    return row;
}

double commit(HttpClient& client, const std::string& body) {
    const auto start = Clock::now();
    const auto answer = client.post("/", "application/json", body);
    const auto took = ms_since(start);
    if (!answer || answer->body.find("\"result\":null") == std::string::npos)
        fail("a commit failed: " + (answer ? answer->body : "no answer"));
    return took;
}

/// A sole voter that leads; with a file of plugins, or without.
std::unique_ptr<ConductorDaemon> leader(const std::filesystem::path& work, const std::string& config) {
    std::map<std::string, std::string> more;
    if (!config.empty()) {
        std::ofstream{work / "conductord.toml"} << config;
        more["OP_CONDUCTOR_CONFIG"] = (work / "conductord.toml").string();
    }
    auto daemon = std::make_unique<ConductorDaemon>(DaemonSetup{daemon_program(), work, "seq-1", more, {}});
    daemon->start();
    if (!daemon->leads(10s)) fail("the daemon does not lead:\n" + daemon->process().output());
    return daemon;
}

Row hung(int rounds) {
    const TempDir with{"bench-plugins-hung"};
    const TempDir without{"bench-plugins-plain"};
    const auto subject = leader(
        with.path(), "[plugins]\ntrust = \"user\"\ndirectories = [\"" + std::string{CONDUCTOR_TEST_PLUGINS} +
                         "\"]\n[[health]]\nname = \"hung\"\nplugin = \"org.example.sample\"\n"
                         "role = \"advice\"\ninterval = \"100ms\"\n"
                         "options = { mode = \"hang\", release = \"/nowhere\" }\n");
    const auto floor = leader(without.path(), {});
    const auto to_subject = subject->client();
    const auto to_floor = floor->client();
    const auto json = payload::test::generated_json({.seed = 7, .version = 4, .size = 500'000});
    const RecordedBlock block{"0.5MB", true, {}, *payload::envelope_from_json(json)};
    std::uint64_t number = 0x1'0000'0000;  // above every number that the generator draws
    Row row{"plugin_hung", "commit 0.5MB, hung plugin", {}, {}};
    for (int round = 0; round < rounds; ++round) {
        std::vector<double> beside;
        std::vector<double> alone;
        for (int i = 0; i < commits; ++i) {
            const auto next = at_height(block, ++number);
            beside.push_back(commit(*to_subject, next.body));
            alone.push_back(commit(*to_floor, next.body));
        }
        row.subject.add_round(beside);
        row.floor.add_round(alone);
    }
    return row;
}

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::max(2, std::atoi(argv[1])) : 7;
    std::vector<Row> rows;
    rows.push_back(verdict(rounds));
    print(rows.back());
    rows.push_back(hung(rounds));
    print(rows.back());
    print_table(rows);
    const auto& commits_beside = rows.back();
    std::printf("\ncommit p99 beside a hung plugin: %.3f of %.3f ms without it\n",
                commits_beside.subject.p99() / commits_beside.floor.p99(), commits_beside.floor.p99());
}
