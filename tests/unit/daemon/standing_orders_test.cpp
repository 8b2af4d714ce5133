// Orders of an operator that a restart must not forget, on real files.
#include "core/daemon/standing_orders.hpp"

#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <catch2/catch.hpp>
#include <filesystem>

#include "core/runtime/clock.hpp"
#include "core/runtime/logging.hpp"
#include "core/storage/posix_files.hpp"
#include "tests/support/faulty_files.hpp"

using namespace conductor;
using namespace conductor::daemon;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

/// A control loop that says what it was told.
class Loop final : public control::ControlOperator {
public:
    void pause(std::string by, control::OperatorDone done) override {
        take(by.empty() ? "pause" : "pause by " + by, done);
    }
    void resume(control::OperatorDone done) override { take("resume", done); }
    void waive_peer_check(control::OperatorDone done) override { take("waive", done); }
    void stop(control::OperatorDone done) override { take("stop", done); }
    void override_leader(control::LeaderOverride order, control::OperatorDone done) override {
        take(order.on ? "on" : "off", done);
    }

    std::vector<std::string> told;
    std::string refusal;  ///< of a resume

private:
    void take(const std::string& what, const control::OperatorDone& done) {
        told.push_back(what);
        done(what == "resume" ? refusal : std::string{});
    }
};

class Home {
public:
    Home() {
        std::string pattern = (fs::temp_directory_path() / "conductor-orders-XXXXXX").string();
        root_ = ::mkdtemp(pattern.data());
    }
    ~Home() { fs::remove_all(root_); }
    [[nodiscard]] std::string directory() const { return (root_ / "seq-1").string(); }
    [[nodiscard]] Orders orders() { return read_orders(files, directory()); }

    storage::PosixFiles files;
    boost::asio::io_context core;
    Loop loop;

    /// How long the answer to an order takes that `give` gives; nothing: more than two seconds.
    template <class Give>
    std::optional<std::chrono::milliseconds> answered(Give give) {
        std::optional<std::string> answer;
        const auto began = now();
        give([&](const std::string& error) { answer = error; });
        const auto work = boost::asio::make_work_guard(core);
        core.restart();
        while (!answer && now() - began < 2s) core.run_one_for(10ms);
        if (!answer) return std::nullopt;
        last_answer = *answer;
        return std::chrono::duration_cast<std::chrono::milliseconds>(now() - began);
    }
    std::string last_answer;

    /// Whether `holds` comes true while core runs.
    template <class Holds>
    bool until(Holds holds, std::chrono::milliseconds limit = 5s) {
        const auto began = now();
        const auto work = boost::asio::make_work_guard(core);
        core.restart();
        while (!holds() && now() - began < limit) core.run_one_for(10ms);
        return holds();
    }

private:
    fs::path root_;
};

}  // namespace

TEST_CASE("an override is on disk before it is acknowledged, and outlives the process until it is cleared",
          "[daemon][orders][3.4.8][S-65]") {
    Home home;
    CHECK_FALSE(home.orders().overridden.has_value());
    {
        StandingOrders orders{home.core, home.loop, home.files, home.directory(), KeepPause::no};
        CHECK(home.answered([&](auto done) { orders.override_leader({true}, done); }));
        CHECK(home.orders().overridden.has_value());
    }
    StandingOrders again{home.core, home.loop, home.files, home.directory(), KeepPause::no};
    CHECK(home.answered([&](auto done) { again.override_leader({true}, done); }));
    CHECK(home.answered([&](auto done) { again.override_leader({false}, done); }));
    CHECK_FALSE(home.orders().overridden.has_value());
    CHECK(home.loop.told == std::vector<std::string>{"on", "on", "off"});
}

TEST_CASE("an override with a time to live clears itself, and its mark with it", "[daemon][orders][P-43]") {
    Home home;
    const logging::Capture capture;
    StandingOrders orders{home.core, home.loop, home.files, home.directory(), KeepPause::no};
    CHECK(home.answered([&](auto done) { orders.override_leader({true, 1s, "10.0.0.9:4711"}, done); }));
    const auto mark = home.orders().overridden;
    REQUIRE(mark.has_value());
    CHECK(mark->by == "10.0.0.9:4711");
    CHECK(mark->until == *mark->since + 1s);

    CHECK(home.until([&] { return home.loop.told.back() == "off"; }));
    CHECK(home.until([&] { return !home.orders().overridden; }));
    CHECK(home.loop.told == std::vector<std::string>{"on", "off"});
    CHECK(capture.contains("override of leadership has run out"));
    CHECK(capture.contains("by=10.0.0.9:4711"));
}

TEST_CASE("a later word about the override ends the time of the earlier one", "[daemon][orders][P-43]") {
    const bool stays = GENERATE(true, false);
    Home home;
    const logging::Capture capture;
    StandingOrders orders{home.core, home.loop, home.files, home.directory(), KeepPause::no};
    CHECK(home.answered([&](auto done) { orders.override_leader({true, 1s}, done); }));
    CHECK(home.answered([&](auto done) { orders.override_leader({stays}, done); }));
    CHECK_FALSE(home.until([&] { return home.loop.told.size() > 2; }, 1500ms));
    CHECK(home.orders().overridden.has_value() == stays);
    CHECK_FALSE(capture.contains("has run out"));
}

TEST_CASE("an override goes on for the rest of its time after a restart, and not at all once that is over",
          "[daemon][orders][P-43][S-65]") {
    const bool over = GENERATE(false, true);
    Home home;
    const auto asked = std::chrono::floor<std::chrono::milliseconds>(wall_clock()) - 10s;
    const OrderMark mark{asked, asked + (over ? 9s : 11s), "10.0.0.9:4711"};
    REQUIRE(write_mark(home.files, home.directory(), "override", mark).has_value());
    REQUIRE(home.orders().overridden == mark);

    const logging::Capture capture;
    StandingOrders orders{home.core, home.loop, home.files, home.directory(), KeepPause::no};
    orders.take_up(home.orders());
    if (!over) CHECK(home.loop.told == std::vector<std::string>{"on"});
    CHECK(home.until([&] { return home.loop.told.back() == "off" && !home.orders().overridden; }));
    CHECK(home.loop.told.size() == (over ? 1U : 2U));
    CHECK(capture.contains("override of leadership has run out"));
    CHECK(capture.contains("leadership is still overridden by an operator") != over);
}

TEST_CASE("a clock that was set back does not prolong an override", "[daemon][orders][P-43][P-46]") {
    Home home;
    const auto asked = std::chrono::floor<std::chrono::milliseconds>(wall_clock()) + 24h;
    REQUIRE(write_mark(home.files, home.directory(), "override", {asked, asked + 1s, {}}).has_value());
    StandingOrders orders{home.core, home.loop, home.files, home.directory(), KeepPause::no};
    orders.take_up(home.orders());
    CHECK(home.loop.told == std::vector<std::string>{"on"});
    CHECK(home.until([&] { return home.loop.told.back() == "off"; }));
}

TEST_CASE("a mark that cannot be read is an order all the same, until it is taken back",
          "[daemon][orders][3.4.8]") {
    const std::string content =
        GENERATE(as<std::string>{}, "", "\n\n", "until_unix_ms soon\n", "until_unix_ms 99999999999999999999\n",
                 "until_unix_ms -1\nby \n", "something else 17\n");
    CAPTURE(content);
    const auto mark = read_mark(content);
    CHECK_FALSE(mark.until.has_value());
    CHECK(read_mark(to_text({OrderMark::Wall{1s}, OrderMark::Wall{2s}, "h:1"})) ==
          OrderMark{OrderMark::Wall{1s}, OrderMark::Wall{2s}, "h:1"});

    Home home;
    StandingOrders orders{home.core, home.loop, home.files, home.directory(), KeepPause::no};
    orders.take_up({mark, std::nullopt});
    CHECK(home.loop.told == std::vector<std::string>{"on"});
    // As far in the future as a number goes: no timer overflows.
    orders.take_up({read_mark("since_unix_ms 0\nuntil_unix_ms 9223372036854775807\n"), std::nullopt});
    CHECK_FALSE(home.until([&] { return home.loop.told.back() == "off"; }, 100ms));
}

TEST_CASE("while an override stands a line says so again and again, and no longer", "[daemon][orders][P-43]") {
    Home home;
    const logging::Capture capture;
    const auto reminders = [&] {
        return std::ranges::count_if(capture.lines(), [](const std::string& line) {
            return line.find("event=override_stands") != std::string::npos;
        });
    };
    StandingOrders orders{home.core, home.loop, home.files, home.directory(), KeepPause::no, 50ms};
    CHECK(home.answered([&](auto done) { orders.override_leader({true, 60s, "10.0.0.9:4711"}, done); }));
    CHECK(home.until([&] { return reminders() >= 2; }));
    CHECK(capture.contains("by=10.0.0.9:4711 ends_in="));
    CHECK(home.answered([&](auto done) { orders.override_leader({false}, done); }));
    const auto said = reminders();
    CHECK_FALSE(home.until([&] { return reminders() > said; }, 200ms));
}

TEST_CASE("a pause that outlives a restart is taken up with its age and whoever asked for it",
          "[daemon][orders][P-35]") {
    const auto keep = GENERATE(KeepPause::no, KeepPause::yes);
    Home home;
    {
        StandingOrders orders{home.core, home.loop, home.files, home.directory(), KeepPause::yes};
        CHECK(home.answered([&](auto done) { orders.pause("10.0.0.9:4711", done); }));
    }
    const logging::Capture capture;
    StandingOrders orders{home.core, home.loop, home.files, home.directory(), keep};
    orders.take_up(home.orders());
    const bool kept = keep == KeepPause::yes;
    CHECK(home.loop.told.size() == (kept ? 2U : 1U));
    CHECK(home.loop.told.back() == "pause by 10.0.0.9:4711");
    CHECK(capture.contains("still paused by an operator, from before the restart") == kept);
}

TEST_CASE("a pause outlives the process only where that was asked for", "[daemon][orders][P-35]") {
    Home home;
    const auto keep = GENERATE(KeepPause::no, KeepPause::yes);
    StandingOrders orders{home.core, home.loop, home.files, home.directory(), keep};
    CHECK(home.answered([&](auto done) { orders.pause({}, done); }));
    CHECK(home.orders().paused.has_value() == (keep == KeepPause::yes));
    CHECK(home.answered([&](auto done) { orders.resume(done); }));
    CHECK_FALSE(home.orders().paused.has_value());
    CHECK(home.loop.told == std::vector<std::string>{"pause", "resume"});
}

TEST_CASE("a resume that is refused leaves the mark of the pause", "[daemon][orders][P-35]") {
    Home home;
    StandingOrders orders{home.core, home.loop, home.files, home.directory(), KeepPause::yes};
    CHECK(home.answered([&](auto done) { orders.pause({}, done); }));
    home.loop.refusal = "the node is mute";
    CHECK(home.answered([&](auto done) { orders.resume(done); }));
    CHECK(home.last_answer == "the node is mute");
    CHECK(home.orders().paused.has_value());
}

TEST_CASE("a disk that hangs delays no order: each is in force at once, and acknowledged within its bound",
          "[daemon][orders][P-30][P-35]") {
    Home home;
    conductor::test::FaultyFiles faulty{home.files};
    StandingOrders orders{home.core, home.loop, faulty, home.directory(), KeepPause::yes};
    faulty.hang_syncs("override");
    const logging::Capture capture;
    const auto overridden = home.answered([&](auto done) { orders.override_leader({true}, done); });
    REQUIRE(overridden.has_value());
    CHECK(*overridden >= StandingOrders::override_patience);
    CHECK(home.loop.told.back() == "on");

    // Behind the one that hangs.
    const auto paused = home.answered([&](auto done) { orders.pause({}, done); });
    REQUIRE(paused.has_value());
    CHECK(*paused >= StandingOrders::pause_patience);
    CHECK(home.loop.told.back() == "pause");
    CHECK(capture.contains("the disk hangs, order of an operator is in force and not yet kept"));
    CHECK_FALSE(home.orders().paused.has_value());

    faulty.release_syncs();
    CHECK(home.answered([&](auto done) { orders.override_leader({true}, done); }));
    CHECK(home.orders().paused.has_value());  // kept late, in the order in which they were given
    CHECK(home.orders().overridden.has_value());
}

TEST_CASE("while the disk hangs only the newest order of each kind waits for it",
          "[daemon][orders][P-30][3.4.8]") {
    constexpr std::size_t many{300};
    Home home;
    conductor::test::FaultyFiles faulty{home.files};
    faulty.count("open");
    StandingOrders orders{home.core, home.loop, faulty, home.directory(), KeepPause::yes};
    faulty.hang_syncs("override");
    const logging::Capture capture;
    std::size_t answered = 0;
    const auto count = [&](const std::string&) { ++answered; };
    orders.override_leader({true}, count);
    faulty.await_hanging_sync();
    for (std::size_t i = 0; i < many; ++i) {
        orders.override_leader({i % 2 == 0}, count);
        orders.pause({}, count);
    }
    orders.override_leader({true}, count);
    CHECK(home.loop.told.size() == 2 * many + 2);  // each is in force, the disk notwithstanding

    // Who was overruled is answered with the order that overruled it, or when its patience ends.
    faulty.release_syncs();
    const auto work = boost::asio::make_work_guard(home.core);
    for (const auto began = now(); answered < 2 * many + 2 && now() - began < 5s;) home.core.run_one_for(10ms);
    CHECK(answered == 2 * many + 2);
    CHECK(faulty.counted() == 3);  // the one that hung, the newest override, the newest pause
    CHECK(home.orders().overridden.has_value());
    CHECK(home.orders().paused.has_value());
}

TEST_CASE("without persistence a pause asks no disk", "[daemon][orders][P-30]") {
    Home home;
    conductor::test::FaultyFiles faulty{home.files};
    StandingOrders orders{home.core, home.loop, faulty, home.directory(), KeepPause::no};
    faulty.hang_syncs("override");
    orders.override_leader({true}, [](const auto&) {});
    faulty.await_hanging_sync();
    bool answered = false;
    orders.pause({}, [&](const auto&) { answered = true; });
    CHECK(answered);
    faulty.release_syncs();
}

TEST_CASE("an order that cannot be kept is carried out, and said", "[daemon][orders]") {
    const std::string broken = GENERATE(as<std::string>{}, "open", "write", "fdatasync", "rename");
    Home home;
    conductor::test::FaultyFiles faulty{home.files};
    faulty.plan({.operation = broken, .path_part = "override", .code = ENOSPC});
    StandingOrders orders{home.core, home.loop, faulty, home.directory(), KeepPause::no};
    const logging::Capture capture;
    CAPTURE(broken);
    CHECK(home.answered([&](auto done) { orders.override_leader({true}, done); }));
    CHECK(faulty.struck() == 1);
    CHECK(capture.contains("order of an operator will not outlive a restart"));
    CHECK_FALSE(home.orders().overridden.has_value());
}

TEST_CASE("orders that need no memory are passed on", "[daemon][orders]") {
    Home home;
    StandingOrders orders{home.core, home.loop, home.files, home.directory(), KeepPause::yes};
    orders.waive_peer_check([](const auto&) {});
    orders.stop([](const auto&) {});
    CHECK(home.loop.told == std::vector<std::string>{"waive", "stop"});
}
