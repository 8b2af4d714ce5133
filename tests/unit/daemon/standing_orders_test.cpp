// Orders of an operator that a restart must not forget, on real files.
#include "core/daemon/standing_orders.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/runtime/logging.hpp"
#include "core/storage/posix_files.hpp"
#include "tests/support/faulty_files.hpp"

using namespace conductor;
using namespace conductor::daemon;
namespace fs = std::filesystem;

namespace {

/// A control loop that says what it was told, and what lay on the disk at that moment.
class Loop final : public control::ControlOperator {
public:
    explicit Loop(fs::path directory) : directory_{std::move(directory)} {}
    void pause(control::OperatorDone done) override { take("pause", done); }
    void resume(control::OperatorDone done) override { take("resume", done); }
    void waive_peer_check(control::OperatorDone done) override { take("waive", done); }
    void stop(control::OperatorDone done) override { take("stop", done); }
    void override_leader(bool on, control::OperatorDone done) override { take(on ? "on" : "off", done); }

    std::vector<std::string> told;

private:
    void take(std::string what, const control::OperatorDone& done) {
        for (const auto* name : {"override", "paused"})
            if (fs::exists(directory_ / name)) what += std::string{" +"} + name;
        told.push_back(std::move(what));
        done({});
    }
    fs::path directory_;
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

private:
    fs::path root_;
};

}  // namespace

TEST_CASE("an override is on disk before it is in force, and outlives the process until it is cleared",
          "[daemon][orders][3.4.8][S-65]") {
    Home home;
    CHECK_FALSE(home.orders().overridden);
    Loop loop{home.directory()};
    int answers = 0;
    {
        StandingOrders orders{loop, home.files, home.directory(), KeepPause::no};
        orders.override_leader(true, [&](const std::string& error) { answers += error.empty() ? 1 : 0; });
    }
    CHECK(loop.told.back() == "on +override");
    CHECK(home.orders().overridden);
    StandingOrders again{loop, home.files, home.directory(), KeepPause::no};
    again.override_leader(true, [](const auto&) {});
    again.override_leader(false, [&](const std::string& error) { answers += error.empty() ? 1 : 0; });
    CHECK(loop.told.back() == "off");
    CHECK_FALSE(home.orders().overridden);
    again.override_leader(false, [](const auto&) {});
    CHECK(answers == 2);
}

TEST_CASE("a pause outlives the process only where that was asked for", "[daemon][orders][P-35]") {
    Home home;
    Loop loop{home.directory()};
    const auto keep = GENERATE(KeepPause::no, KeepPause::yes);
    StandingOrders orders{loop, home.files, home.directory(), keep};
    orders.pause([](const auto&) {});
    CHECK(home.orders().paused == (keep == KeepPause::yes));
    orders.resume([](const auto&) {});
    CHECK_FALSE(home.orders().paused);
    CHECK(loop.told.size() == 2);
}

TEST_CASE("an order that cannot be kept is carried out, and said", "[daemon][orders]") {
    const std::string broken = GENERATE(as<std::string>{}, "open", "write", "fdatasync", "rename");
    Home home;
    conductor::test::FaultyFiles faulty{home.files};
    faulty.plan({.operation = broken, .path_part = "override", .code = ENOSPC});
    Loop loop{home.directory()};
    StandingOrders orders{loop, faulty, home.directory(), KeepPause::no};
    const logging::Capture capture;
    int answers = 0;
    orders.override_leader(true, [&](const auto&) { ++answers; });
    CAPTURE(broken);
    CHECK(answers == 1);
    CHECK(faulty.struck() == 1);
    CHECK(capture.contains("order of an operator will not outlive a restart"));
    CHECK_FALSE(home.orders().overridden);
}

TEST_CASE("orders that need no memory are passed on", "[daemon][orders]") {
    Home home;
    Loop loop{home.directory()};
    StandingOrders orders{loop, home.files, home.directory(), KeepPause::yes};
    orders.waive_peer_check([](const auto&) {});
    orders.stop([](const auto&) {});
    CHECK(loop.told == std::vector<std::string>{"waive", "stop"});
}
