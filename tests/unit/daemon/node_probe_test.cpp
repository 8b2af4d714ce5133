// The probe of the node, minute by minute, on a clock turned by hand.
#include "core/daemon/node_probe.hpp"

#include "core/runtime/logging.hpp"
#include "tests/unit/control/by_hand.hpp"

using namespace conductor;
using namespace conductor::daemon;
using conductor::control::test::HandCore;
using control::ActiveIs;
using control::Failed;
using control::FailureKind;
using namespace std::chrono_literals;

namespace {

class Probed {
public:
    void answer(control::Answer with) {
        REQUIRE(waiting_);
        const auto done = std::exchange(waiting_, nullptr);
        done(std::move(with));
        core.run();
    }
    void start() {
        probe.emplace(
            core, 10s,
            [this](Duration, std::function<void(control::Answer)> done) {
                ++asked;
                waiting_ = std::move(done);
            },
            [this](NodeProbe::Outcome outcome) { outcomes.push_back(std::move(outcome)); });
        core.run();
    }
    HandCore core;
    int asked{0};
    std::vector<NodeProbe::Outcome> outcomes;
    std::optional<NodeProbe> probe;

private:
    std::function<void(control::Answer)> waiting_;
};

const Failed refused{FailureKind::unreachable, "connection refused"};

}  // namespace

TEST_CASE("a node that lets a conductor decide is ready", "[daemon][probe][2.2]") {
    Probed probed;
    probed.start();
    CHECK(probed.asked == 1);
    probed.answer(ActiveIs{true});
    REQUIRE(probed.outcomes.size() == 1);
    CHECK(probed.outcomes[0].error.empty());
    CHECK_FALSE(probed.outcomes[0].cannot_tell);
    probed.core.pass(1h);
    CHECK(probed.asked == 1);
}

TEST_CASE("a node that does not answers no, and the process has to end", "[daemon][probe][2.2.4][S-49]") {
    Probed probed;
    probed.start();
    probed.answer(ActiveIs{false});
    REQUIRE(probed.outcomes.size() == 1);
    CHECK(probed.outcomes[0].error == "conductor is not enabled on sequencer, exiting...");
}

TEST_CASE("a node too old to be asked is taken for a yes, and that is known", "[daemon][probe][2.2.2][S-49]") {
    Probed probed;
    probed.start();
    probed.answer(Failed{FailureKind::unsupported, "the method does not exist"});
    REQUIRE(probed.outcomes.size() == 1);
    CHECK(probed.outcomes[0].error.empty());
    CHECK(probed.outcomes[0].cannot_tell);
}

TEST_CASE("a node that is not up yet is asked again every five seconds", "[daemon][probe][2.2.5][S-49]") {
    Probed probed;
    probed.start();
    for (int refusals = 1; refusals <= 3; ++refusals) {
        probed.answer(refused);
        CHECK(probed.asked == refusals);
        probed.core.pass(5s);
        CHECK(probed.asked == refusals + 1);
    }
    CHECK(probed.outcomes.empty());
    probed.answer(ActiveIs{true});
    CHECK(probed.outcomes.size() == 1);
}

TEST_CASE("after sixty tries the last error ends the wait", "[daemon][probe][2.2.3]") {
    Probed probed;
    probed.start();
    for (int i = 0; i < 59; ++i) {
        probed.answer(refused);
        probed.core.pass(5s);
    }
    CHECK(probed.outcomes.empty());
    probed.answer(refused);
    REQUIRE(probed.outcomes.size() == 1);
    CHECK(probed.outcomes[0].error ==
          "failed to connect to sequencer: operation failed permanently after 60 attempts: connection refused");
    probed.core.pass(1min);
    CHECK(probed.asked == 60);
}

TEST_CASE("that the node is waited for is said at once, and once a minute", "[daemon][probe][P-32]") {
    const logging::Capture capture;
    Probed probed;
    probed.start();
    for (int i = 0; i < 13; ++i) {
        probed.answer(refused);
        probed.core.pass(5s);
    }
    std::vector<std::string> said;
    for (const auto& line : capture.lines())
        if (line.find("waiting for the node") != std::string::npos) said.push_back(line);
    REQUIRE(said.size() == 2);
    CHECK(said[0].find("attempt=1 attempts=60 err=\"connection refused\"") != std::string::npos);
    CHECK(said[1].find("attempt=13 ") != std::string::npos);
}

TEST_CASE("a probe that has gone asks no more", "[daemon][probe]") {
    Probed probed;
    probed.start();
    probed.answer(refused);
    probed.probe.reset();
    probed.core.pass(1min);
    CHECK(probed.asked == 1);
}
