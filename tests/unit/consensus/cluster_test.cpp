// Whole clusters from seeds: whatever breaks, nothing is lost or contradicted, and calm brings a leader back.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <string>

#include "core/consensus/describe.hpp"
#include "tests/support/cluster.hpp"

using namespace conductor;
using namespace conductor::test_support;
using namespace std::chrono_literals;

namespace {

consensus::Settings settings() {
    consensus::Settings settings;
    settings.heartbeat_timeout = settings.election_timeout = 300ms;
    settings.lease_timeout = 150ms;
    settings.snapshot_interval = 1s;
    settings.snapshot_threshold = 16;
    settings.trailing_logs = 8;
    settings.trailing_payloads = 3;
    settings.max_append_octets = 12;
    return settings;
}

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t usual_count = 300;
#else
constexpr std::uint64_t usual_count = 2000;
#endif

struct Totals {
    std::uint64_t steps{0}, committed{0}, elections{0}, snapshots{0}, trace{0};
};

Totals run_seed(std::uint64_t seed) {
    consensus::Random draw{seed};
    const auto voters = 1 + 2 * static_cast<unsigned>(draw.next() % 3);
    const auto spares = static_cast<unsigned>(draw.next() % 2);
    Cluster cluster{seed, voters, spares, settings()};
    if (std::getenv("CONDUCTOR_TRACE") != nullptr) {
        cluster.tell(
            [](Instant now, const ServerId& who, const consensus::Input& input, const std::string& out) {
                std::cout << now.time_since_epoch().count() / 1000 << ' ' << who << " input " << input.index();
                if (const auto* received = std::get_if<consensus::Received>(&input))
                    std::cout << " from " << received->from.id << ": " << received->message;
                std::cout << '\n' << out;
            });
    }
    cluster.run(draw.between(1s, 8s), draw_faults(draw));
    cluster.settle(20s);
    return {cluster.steps(), cluster.committed(), cluster.elections(), cluster.snapshots_sent(),
            cluster.trace()};
}

}  // namespace

TEST_CASE("no seed loses or contradicts what was committed, and every cluster comes to rest",
          "[consensus][cluster]") {
    const auto first = number_from("CONDUCTOR_SEED", 1);
    const auto count = number_from("CONDUCTOR_SEEDS", usual_count);
    Totals sum;
    for (auto seed = first; seed < first + count; ++seed) {
        INFO("CONDUCTOR_SEED=" << seed << " CONDUCTOR_SEEDS=1 shows it");
        try {
            const auto one = run_seed(seed);
            sum.steps += one.steps;
            sum.committed += one.committed;
            sum.elections += one.elections;
            sum.snapshots += one.snapshots;
        } catch (const Violation& violation) {
            FAIL(violation.what());
        }
    }
    WARN(count << " seeds: " << sum.steps << " steps, " << sum.committed << " committed, " << sum.elections
               << " elections, " << sum.snapshots << " snapshots sent");
    if (count < 100) return;
    CHECK(sum.committed > count * 10);
    CHECK(sum.snapshots > count / 10);
}

TEST_CASE("one seed gives one history", "[consensus][cluster]") {
    for (std::uint64_t seed = 1; seed < 20; ++seed) {
        INFO("seed " << seed);
        CHECK(run_seed(seed).trace == run_seed(seed).trace);
    }
}
