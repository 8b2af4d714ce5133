#include "core/plugin/lane.hpp"

#include <poll.h>

#include "tests/unit/plugin/world.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;

namespace {

/// A job that does what the test says and remembers how it ended.
class TestJob final : public Job {
public:
    TestJob(std::chrono::nanoseconds limit, std::function<void(TestJob&)> work)
        : Job{limit, "test"}, work_{std::move(work)} {}
    void run() override { work_(*this); }
    void deliver(Fate fate) override {
        ++delivered;
        last = fate;
    }
    int delivered{0};
    Fate last{Fate::stopped};

private:
    std::function<void(TestJob&)> work_;
};

struct Bench {
    Core core;
    std::shared_ptr<Watch> watch = std::make_shared<Watch>();

    std::unique_ptr<Lane> lane(LaneLimits limits = {}) {
        return std::make_unique<Lane>(watch, core.post(), CrashLabel{"test", "org.example.test", "/test.so"},
                                      limits);
    }
    std::shared_ptr<TestJob> submit(Lane& lane, std::chrono::nanoseconds limit,
                                    std::function<void(TestJob&)> work) {
        auto job = std::make_shared<TestJob>(limit, std::move(work));
        lane.submit(job);
        return job;
    }
    Fate fate(const std::shared_ptr<TestJob>& job) {
        REQUIRE(core.run_until([&] { return job->delivered > 0; }));
        return job->last;
    }
};

// A wait that ends only when the test lets it.
struct Gate {
    std::atomic<bool> open{false};
    void wait() const {
        while (!open) std::this_thread::sleep_for(1ms);
    }
};

}  // namespace

TEST_CASE("a call in time is delivered on the core thread, after it ran on another", "[plugin][lane]") {
    Bench bench;
    const auto lane = bench.lane();
    std::thread::id ran;
    const auto job = bench.submit(*lane, 5s, [&](TestJob&) { ran = std::this_thread::get_id(); });
    CHECK(bench.fate(job) == Fate::finished);
    CHECK(ran != std::this_thread::get_id());
    CHECK_FALSE(lane->busy());
}

TEST_CASE("however many lanes hang, another one's call waits for none of them", "[plugin][lane]") {
    Bench bench;
    Gate gate;
    std::atomic<int> begun{0};
    std::vector<std::unique_ptr<Lane>> stuck;
    for (int i = 0; i < 64; ++i) {
        stuck.push_back(bench.lane());
        (void)bench.submit(*stuck.back(), 60s, [&](TestJob&) {
            ++begun;
            gate.wait();
        });
    }
    while (begun < 64) std::this_thread::sleep_for(1ms);
    const auto lane = bench.lane();
    CHECK(bench.fate(bench.submit(*lane, 5s, [](TestJob&) {})) == Fate::finished);
    gate.open = true;
    for (const auto& one : stuck)
        while (one->busy()) std::this_thread::sleep_for(1ms);
}

TEST_CASE("what a lane may hold is one thread, whatever is asked of it while its call hangs",
          "[plugin][lane]") {
    const auto threads = [] {
        return std::distance(fs::directory_iterator{"/proc/self/task"}, fs::directory_iterator{});
    };
    Bench bench;
    auto before = threads();
    for (int calm = 0; calm < 20; ++calm) {  // those of earlier tests may be about to end
        std::this_thread::sleep_for(5ms);
        const auto now = threads();
        if (now != before) calm = 0;
        before = now;
    }
    const auto gate = std::make_shared<Gate>();
    auto lane = bench.lane({.grace = 1ms});
    CHECK(threads() == before + 1);
    (void)bench.submit(*lane, 500ms, [gate](TestJob&) { gate->wait(); });
    for (int i = 0; i < 100; ++i) (void)bench.submit(*lane, 1ms, [](TestJob&) {});
    while (lane->abandoned() == 0) std::this_thread::sleep_for(1ms);
    CHECK(threads() == before + 1);
    lane.reset();
    CHECK(threads() == before + 1);  // left behind with its call
    gate->open = true;
    while (threads() > before) std::this_thread::sleep_for(1ms);
}

TEST_CASE("a late call is given up at its deadline and its result dropped", "[plugin][lane]") {
    Bench bench;
    Gate gate;
    const auto lane = bench.lane();
    const auto job = bench.submit(*lane, 20ms, [&](TestJob&) { gate.wait(); });
    CHECK(bench.fate(job) == Fate::late);
    CHECK(lane->busy());
    gate.open = true;
    const auto idle = [&] { return !lane->busy(); };
    while (!idle()) std::this_thread::sleep_for(1ms);
    CHECK_FALSE(bench.core.run_until([&] { return job->delivered > 1; }, 20ms));
}

TEST_CASE("a lane whose call still runs says busy at once", "[plugin][lane]") {
    Bench bench;
    Gate gate;
    const auto lane = bench.lane();
    const auto first = bench.submit(*lane, 5s, [&](TestJob&) { gate.wait(); });
    const auto second = bench.submit(*lane, 5s, [](TestJob&) { FAIL("must not run"); });
    CHECK(bench.fate(second) == Fate::busy);
    gate.open = true;
    CHECK(bench.fate(first) == Fate::finished);
}

TEST_CASE("at the deadline the descriptor becomes readable and cancelled() says so", "[plugin][lane]") {
    Bench bench;
    const auto lane = bench.lane();
    std::atomic<int> polled{0};
    std::atomic<int> cancelled{0};
    const auto job = bench.submit(*lane, 20ms, [&](TestJob& self) {
        pollfd fd{self.frame.cancel_fd, POLLIN, 0};
        polled = ::poll(&fd, 1, 5000);
        cancelled = self.frame.cancelled(&self.frame);
    });
    CHECK(bench.fate(job) == Fate::late);
    while (lane->busy()) std::this_thread::sleep_for(1ms);
    CHECK(polled == 1);
    CHECK(cancelled == 1);
}

TEST_CASE("a call that heeds its cancellation does not count as abandoned", "[plugin][lane]") {
    Bench bench;
    const auto lane = bench.lane({.grace = 200ms, .abandoned_in_row = 1});
    const auto job = bench.submit(*lane, 10ms, [](TestJob& self) {
        pollfd fd{self.frame.cancel_fd, POLLIN, 0};
        (void)::poll(&fd, 1, 5000);
    });
    CHECK(bench.fate(job) == Fate::late);
    std::this_thread::sleep_for(250ms);
    CHECK_FALSE(lane->out_of_service());
    CHECK(lane->abandoned() == 0);
}

TEST_CASE("three abandoned calls in a row put the instance out of service", "[plugin][lane]") {
    Bench bench;
    const auto lane = bench.lane({.grace = 5ms});
    for (int i = 0; i < 3; ++i) {
        CHECK_FALSE(lane->out_of_service());
        Gate gate;
        const auto job = bench.submit(*lane, 5ms, [&](TestJob&) { gate.wait(); });
        CHECK(bench.fate(job) == Fate::late);
        const auto before = static_cast<std::uint64_t>(i);
        while (lane->abandoned() == before) std::this_thread::sleep_for(1ms);
        gate.open = true;
        while (lane->busy()) std::this_thread::sleep_for(1ms);
    }
    CHECK(lane->out_of_service());
    CHECK(bench.fate(bench.submit(*lane, 5s, [](TestJob&) { FAIL("must not run"); })) == Fate::out_of_service);
}

TEST_CASE("a call in time between abandoned ones keeps the instance in service", "[plugin][lane]") {
    Bench bench;
    const auto lane = bench.lane({.grace = 5ms, .abandoned_in_row = 2});
    for (std::uint64_t i = 0; i < 3; ++i) {
        Gate gate;
        (void)bench.submit(*lane, 5ms, [&](TestJob&) { gate.wait(); });
        while (lane->abandoned() == i) std::this_thread::sleep_for(1ms);
        gate.open = true;
        while (lane->busy()) std::this_thread::sleep_for(1ms);
        CHECK(bench.fate(bench.submit(*lane, 5s, [](TestJob&) {})) == Fate::finished);
    }
    CHECK_FALSE(lane->out_of_service());
}

TEST_CASE("a call that is stuck for too long puts the instance out of service alone", "[plugin][lane]") {
    Bench bench;
    Gate gate;
    const auto lane = bench.lane({.grace = 5ms, .abandoned_in_row = 100, .stuck = 30ms});
    (void)bench.submit(*lane, 5ms, [&](TestJob&) { gate.wait(); });
    while (!lane->out_of_service()) std::this_thread::sleep_for(1ms);
    CHECK(lane->abandoned() == 1);
    gate.open = true;
    while (lane->busy()) std::this_thread::sleep_for(1ms);
}

TEST_CASE("each call has its own deadline, however the one before it had ended", "[plugin][lane]") {
    Bench bench;
    const auto lane = bench.lane({.grace = 5ms, .abandoned_in_row = 100});
    // One that sets a far alarm, a nearer one behind it, and a far one that is late itself.
    CHECK(bench.fate(bench.submit(*lane, 60ms, [](TestJob&) {})) == Fate::finished);
    Gate gate;
    const auto late = bench.submit(*lane, 10ms, [&](TestJob&) { gate.wait(); });
    CHECK(bench.fate(late) == Fate::late);
    while (lane->abandoned() == 0) std::this_thread::sleep_for(1ms);
    gate.open = true;
    while (lane->busy()) std::this_thread::sleep_for(1ms);
    Gate last;
    const auto begun = std::chrono::steady_clock::now();
    const auto patient = bench.submit(*lane, 120ms, [&](TestJob&) { last.wait(); });
    CHECK(bench.fate(patient) == Fate::late);
    CHECK(std::chrono::steady_clock::now() - begun >= 120ms);  // not at an alarm of somebody before it
    last.open = true;
    while (lane->busy()) std::this_thread::sleep_for(1ms);
}

TEST_CASE("a lane that ends delivers what it leaves behind and does not wait for it", "[plugin][lane]") {
    Bench bench;
    auto gate = std::make_shared<Gate>();
    auto begun = std::make_shared<Gate>();
    auto done = std::make_shared<Gate>();
    auto lane = bench.lane({.grace = 5ms});
    const auto job = bench.submit(*lane, 60s, [gate, begun, done](TestJob&) {
        begun->open = true;
        gate->wait();
        done->open = true;
    });
    begun->wait();
    lane.reset();
    CHECK(bench.fate(job) == Fate::stopped);
    gate->open = true;
    done->wait();
}

TEST_CASE("cancel ends the call in flight as it ends itself", "[plugin][lane]") {
    Bench bench;
    const auto lane = bench.lane();
    std::atomic<bool> begun{false};
    const auto job = bench.submit(*lane, 60s, [&](TestJob& self) {
        begun = true;
        pollfd fd{self.frame.cancel_fd, POLLIN, 0};
        (void)::poll(&fd, 1, 5000);
    });
    while (!begun) std::this_thread::sleep_for(1ms);
    lane->cancel();
    CHECK(bench.fate(job) == Fate::finished);
}

TEST_CASE("the last call cancels the one in flight and begins when that has come back", "[plugin][lane]") {
    Bench bench;
    const auto lane = bench.lane();
    std::atomic<bool> begun{false};
    const auto first = bench.submit(*lane, 60s, [&](TestJob& self) {
        begun = true;
        pollfd fd{self.frame.cancel_fd, POLLIN, 0};
        (void)::poll(&fd, 1, 5000);
    });
    while (!begun) std::this_thread::sleep_for(1ms);
    std::atomic<int> cancelled{0};
    const auto last =
        std::make_shared<TestJob>(5s, [&](TestJob&) { cancelled = first->frame.cancelled(&first->frame); });
    lane->finish(last);
    CHECK(bench.fate(first) == Fate::finished);
    CHECK(bench.fate(last) == Fate::finished);
    CHECK(cancelled == 1);
    CHECK(bench.fate(bench.submit(*lane, 5s, [](TestJob&) { FAIL("must not run"); })) == Fate::stopped);
    const auto again = std::make_shared<TestJob>(5s, [](TestJob&) { FAIL("must not run"); });
    lane->finish(again);
    CHECK(bench.fate(again) == Fate::stopped);
}

TEST_CASE("the last call is given up when the one in flight never comes back", "[plugin][lane]") {
    Bench bench;
    auto gate = std::make_shared<Gate>();
    auto lane = bench.lane({.grace = 5ms});
    auto begun = std::make_shared<Gate>();
    const auto stuck = bench.submit(*lane, 60s, [gate, begun](TestJob&) {
        begun->open = true;
        gate->wait();
    });
    begun->wait();
    const auto last = std::make_shared<TestJob>(20ms, [](TestJob&) { FAIL("must not run"); });
    lane->finish(last);
    CHECK(bench.fate(last) == Fate::late);
    CHECK(stuck->delivered == 0);
    lane.reset();
    CHECK(bench.fate(stuck) == Fate::stopped);
    gate->open = true;
}

TEST_CASE("the last call runs on a lane that is out of service", "[plugin][lane]") {
    Bench bench;
    Gate gate;
    const auto lane = bench.lane({.grace = 5ms, .abandoned_in_row = 1});
    (void)bench.submit(*lane, 5ms, [&](TestJob&) { gate.wait(); });
    while (!lane->out_of_service()) std::this_thread::sleep_for(1ms);
    gate.open = true;
    const auto last = std::make_shared<TestJob>(5s, [](TestJob&) {});
    lane->finish(last);
    CHECK(bench.fate(last) == Fate::finished);
}

TEST_CASE("who waits for a free lane is told at once, or before the answer of the call in flight",
          "[plugin][lane]") {
    Bench bench;
    Gate gate;
    const auto lane = bench.lane();
    int told = 0;
    lane->when_free([&] { ++told; });
    CHECK(bench.core.run_until([&] { return told == 1; }));

    const auto job = bench.submit(*lane, 5s, [&](TestJob&) { gate.wait(); });
    bool first = false;
    lane->when_free([&] {
        ++told;
        first = job->delivered == 0;
    });
    gate.open = true;
    CHECK(bench.fate(job) == Fate::finished);
    CHECK(told == 2);
    CHECK(first);
}
