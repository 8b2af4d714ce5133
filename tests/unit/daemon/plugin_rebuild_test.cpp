// One plugin gives way to another of its name while the control loop goes on asking.
#include "core/daemon/plugin_rebuild.hpp"

#include <boost/asio/post.hpp>

#include "tests/unit/daemon/rig.hpp"

using namespace conductor;
using namespace conductor::daemon;
using namespace conductor::daemon::test;

namespace {

plugin::Admitted of_samples(const std::string& id) {
    const auto file = std::filesystem::path{CONDUCTOR_SAMPLE_PLUGINS} / "sample.so";
    const auto notes = plugin::read_notes(file);
    REQUIRE(notes);
    const auto mapped = plugin::map_library(file, *notes);
    REQUIRE(mapped);
    for (const auto& one : (*mapped)->plugins)
        if (one.id == id) return {*mapped, &one, false};
    FAIL("no plugin " << id);
    return {};
}

/// One seat, who sits there, and who is on the way.
class Table {
public:
    explicit Table(const std::string& id, const std::string& mode, plugin::LaneLimits limits = {})
        : admitted_{of_samples(id)}, limits_{limits}, seat_{make(options(mode))} {
        bool open = false;
        seat_->open(5s, [&](const auto& opened) { open = opened.has_value(); });
        REQUIRE(until([&] { return open; }));
        port_ = std::make_unique<HealthPort>(*seat_);
    }
    ~Table() {
        std::size_t closed = 0;
        guests_.push_back(std::move(seat_));
        for (const auto& one : guests_) one->close(2s, [&](bool) { ++closed; });
        CHECK(until([&] { return closed == guests_.size(); }));
    }
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;

    plugin::OptionValues options(const std::string& mode) {
        std::vector<plugin::RawOption> raw{{"mode", {}, false, {{mode, {}}}}};
        if (admitted_.descriptor->option("release") != nullptr)
            raw.push_back({"release", {}, false, {{release.string(), {}}}});
        auto values = plugin::check_options("health \"x\"", {}, *admitted_.descriptor, raw, {"node"});
        REQUIRE(values);
        return *values;
    }
    void begin(const std::string& was, const std::string& is, RebuildLimits limits = {}) {
        Rebuild::Place place{*seat_, port_.get(),
                             [this](const plugin::OptionValues& values) -> plugin::Instance& {
                                 return *guests_.emplace_back(make(values));
                             },
                             [this](plugin::Instance& guest) {
                                 std::erase_if(guests_, [&](const auto& one) { return one.get() == &guest; });
                             },
                             [] { return false; }};
        Rebuild::begin(
            core_, std::move(place), options(was), options(is),
            [this](std::string why) { outcome = std::move(why); }, limits);
    }
    /// The outcome of a whole rebuild.
    std::string rebuild(const std::string& was, const std::string& is, RebuildLimits limits = {}) {
        begin(was, is, limits);
        REQUIRE(until([&] { return outcome.has_value(); }));
        return *outcome;
    }
    std::optional<control::Finding> judge(Duration limit = 5s) {
        std::vector<std::optional<control::Finding>> got;
        port_->judge(limit, [&](std::optional<control::Finding> found) { got.push_back(std::move(found)); });
        REQUIRE(until([&] { return !got.empty(); }));
        return got.front();
    }
    [[nodiscard]] bool until(const std::function<bool()>& holds, std::chrono::milliseconds limit = 10s) {
        const auto end = std::chrono::steady_clock::now() + limit;
        core_.restart();
        while (!holds()) {
            if (std::chrono::steady_clock::now() > end) return false;
            if (core_.run_one_for(20ms) == 0) core_.restart();
        }
        return true;
    }
    [[nodiscard]] std::size_t guests() const { return guests_.size(); }
    [[nodiscard]] plugin::Instance& seat() { return *seat_; }

    std::optional<std::string> outcome;
    std::filesystem::path release{std::filesystem::temp_directory_path() /
                                  ("conductor-rebuild-" + std::to_string(::getpid()))};

private:
    std::unique_ptr<plugin::Instance> make(const plugin::OptionValues& values) {
        return std::make_unique<plugin::Instance>(
            plugin::InstanceSpec{"x", admitted_, values}, world_.ports(), world_.watch,
            [this](std::function<void()> work) { boost::asio::post(core_, std::move(work)); }, limits_);
    }

    boost::asio::io_context core_;
    World world_;
    plugin::Admitted admitted_;
    plugin::LaneLimits limits_;
    std::vector<std::unique_ptr<plugin::Instance>> guests_;
    std::unique_ptr<plugin::Instance> seat_;
    std::unique_ptr<HealthPort> port_;
};

constexpr const char* sample = "org.example.sample";
constexpr const char* single = "org.example.single";

}  // namespace

TEST_CASE("a new instance takes the place of the old one, which is stopped and destroyed", "[daemon][reload]") {
    const std::string id = GENERATE(sample, single);
    Table table{id, "healthy"};
    CHECK(table.judge()->judgement == control::Judgement::healthy);
    CHECK(table.rebuild("healthy", "unhealthy").empty());
    CHECK(table.judge()->judgement == control::Judgement::unhealthy);
    CHECK(table.until([&] { return table.guests() == 0; }));
}

TEST_CASE("if the new one fails the old one stays, and the reason is said", "[daemon][reload]") {
    const std::string id = GENERATE(sample, single);
    Table table{id, "unhealthy"};
    CHECK(table.rebuild("unhealthy", "throw-in-create") == "cannot be created");
    const auto found = table.judge();
    REQUIRE(found);
    CHECK(found->judgement == control::Judgement::unhealthy);
    CHECK(table.until([&] { return table.guests() == 0; }));
}

TEST_CASE("a single one that can be made neither new nor old is a fault from then on", "[daemon][reload]") {
    Table table{single, "healthy"};
    const auto why = table.rebuild("throw-in-create", "throw-in-create");
    CHECK(why == "cannot be created; nor could the old one be made again: cannot be created");
    const auto found = table.judge();
    REQUIRE(found);  // looked, and could not tell: the verdict is held for a while, not for ever
    CHECK(found->judgement == control::Judgement::unknown);
}

TEST_CASE("a call in flight ends with the old one, whose answer counts", "[daemon][reload]") {
    Table table{sample, "late"};
    std::optional<control::Finding> slow;
    HealthPort port{table.seat()};
    port.judge(5s, [&](std::optional<control::Finding> found) { slow = std::move(found); });
    CHECK(table.rebuild("late", "unhealthy").empty());
    REQUIRE(table.until([&] { return slow.has_value(); }));
    CHECK(slow->judgement == control::Judgement::healthy);
    CHECK(table.judge()->judgement == control::Judgement::unhealthy);
}

TEST_CASE("an instance whose call does not come back is not exchanged", "[daemon][reload]") {
    Table table{sample, "hang", {.grace = 5ms}};
    CHECK(table.judge(20ms)->judgement == control::Judgement::unknown);
    CHECK(table.rebuild("hang", "healthy", {.free = 50ms}) == "its last call still runs");
    CHECK(table.until([&] { return table.guests() == 0; }));
    std::ofstream{table.release} << "";
    CHECK(table.until([&] { return !table.seat().busy(); }));
    std::filesystem::remove(table.release);
}

TEST_CASE("an instance out of service stays so until a restart", "[daemon][reload]") {
    Table table{sample, "hang", {.grace = 1ms, .abandoned_in_row = 1}};
    CHECK(table.judge(5ms)->judgement == control::Judgement::unknown);
    CHECK(table.until([&] { return table.seat().out_of_service(); }));
    CHECK(table.rebuild("hang", "healthy") == "it is out of service until a restart");
    std::ofstream{table.release} << "";
    CHECK(table.until([&] { return !table.seat().busy(); }));
    std::filesystem::remove(table.release);
}

TEST_CASE("a check that is held does not look", "[daemon][health][reload]") {
    Table table{sample, "unhealthy"};
    HealthPort port{table.seat()};
    port.hold(true);
    bool skipped = false;
    port.judge(5s, [&](const auto& found) { skipped = !found.has_value(); });
    CHECK(skipped);
}
