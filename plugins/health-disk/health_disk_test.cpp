#include <filesystem>

#include "tests/unit/plugin/world.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;

namespace {

RawOption paths(const std::vector<std::string>& all) {
    RawOption option{"paths", {}, true, {}};
    for (const auto& path : all) option.values.push_back({path, {}});
    return option;
}
RawOption inodes(std::int64_t count) {
    return {"min_inodes", {}, false, {{count, {}}}};
}

struct Disk {
    World world;
    std::unique_ptr<Instance> instance;
    explicit Disk(std::vector<RawOption> options)
        : instance{world.make("health-disk", "io.conductord.disk", std::move(options))} {
        REQUIRE(world.open(*instance));
    }
    ~Disk() { world.close(*instance); }
    Finding judge() { return world.judge(*instance); }
};

}  // namespace

TEST_CASE("a file system with room is healthy, one without is not", "[plugins][health-disk]") {
    Disk roomy{{paths({"/"}), raw("min_free", "1B")}};
    CHECK(roomy.judge().verdict == Verdict::healthy);
    CHECK(roomy.world.metrics->gauges.at("free_bytes//") ==
          Approx(static_cast<double>(std::filesystem::space("/").available)).epsilon(0.1));

    Disk full{{paths({"/"}), raw("min_free", "4000TiB")}};
    const auto finding = full.judge();
    CHECK(finding.verdict == Verdict::unhealthy);
    CHECK(finding.fault_class == FaultClass::hard);
    CHECK(finding.reason == "disk.low");
    CHECK(finding.detail.find(" bytes left at /, want 4398046511104000") != std::string::npos);
}

TEST_CASE("below the warning a disk is degraded", "[plugins][health-disk]") {
    Disk disk{{paths({"/"}), raw("min_free", "1B"), raw("warn_free", "4000TiB")}};
    const auto finding = disk.judge();
    CHECK(finding.verdict == Verdict::degraded);
    CHECK(finding.reason == "disk.warn");
}

TEST_CASE("a disk without inodes is as full as one without space", "[plugins][health-disk]") {
    Disk disk{{paths({"/"}), raw("min_free", "1B"), inodes(INT64_MAX)}};
    if (disk.world.judge(*disk.instance).verdict == Verdict::healthy) {
        WARN("the file system at / counts no inodes");
        return;
    }
    CHECK(disk.judge().reason == "disk.inodes");
}

TEST_CASE("the worst of several paths speaks, and unreadable is not unhealthy", "[plugins][health-disk]") {
    Disk lost{{paths({"/", "/nowhere/at/all"}), raw("min_free", "1B")}};
    auto finding = lost.judge();
    CHECK(finding.verdict == Verdict::unknown);
    CHECK(finding.detail == "/nowhere/at/all: No such file or directory");
    Disk worse{{paths({"/nowhere/at/all", "/"}), raw("min_free", "4000TiB")}};
    finding = worse.judge();
    CHECK(finding.verdict == Verdict::unhealthy);
    CHECK(finding.reason == "disk.low");
}
