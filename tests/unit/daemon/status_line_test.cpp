// The line of every minute, on a clock turned by hand.
#include "core/daemon/status_line.hpp"

#include "core/runtime/logging.hpp"
#include "tests/unit/control/by_hand.hpp"

using namespace conductor;
using namespace conductor::daemon;
using namespace std::chrono_literals;

namespace {

struct Standpoint {
    void begin() {
        line.emplace(core, [this](std::function<void(const StatusLine::Standing&)> told) {
            ++looks;
            if (hangs) return waiting.push_back(std::move(told));
            told(standing);
        });
    }
    std::vector<std::string> said() const {
        std::vector<std::string> out;
        for (const auto& one : capture.lines())
            if (one.find("where this node stands") != std::string::npos) out.push_back(one);
        return out;
    }

    logging::Capture capture;
    control::test::HandCore core;
    StatusLine::Standing standing;
    bool hangs{false};
    int looks{0};
    std::vector<std::function<void(const StatusLine::Standing&)>> waiting;
    std::optional<StatusLine> line;
};

}  // namespace

TEST_CASE("once a minute the log says where the node stands", "[daemon][status][7.5.2]") {
    Standpoint point;
    point.standing = {{true, true, false}, false, Term{7}, "seq-2", 41, 40};
    point.begin();
    point.core.pass(59s);
    CHECK(point.said().empty());
    point.core.pass(1s);
    REQUIRE(point.said().size() == 1);
    CHECK(
        point.said()[0].find(
            R"(lvl=info msg="where this node stands" status="leader: true, healthy: true, active: false" paused=false)"
            R"( consensus_num=41 node_num=40 term=7 leader_id=seq-2 event=status)") != std::string::npos);
    point.core.pass(10min);
    CHECK(point.said().size() == 11);
}

TEST_CASE("what is not known is said to be so", "[daemon][status][7.5.2]") {
    Standpoint point;
    point.begin();
    point.core.pass(1min);
    REQUIRE(point.said().size() == 1);
    CHECK(point.said()[0].find(R"(consensus_num=<nil> node_num=<nil> term=0 leader_id="" event=status)") !=
          std::string::npos);
}

TEST_CASE("a look that hangs costs its own line alone, and none comes once the speaker has gone",
          "[daemon][status][7.5.2]") {
    Standpoint point;
    point.begin();
    point.hangs = true;
    point.core.pass(1min);
    point.hangs = false;
    point.core.pass(1min);
    CHECK(point.looks == 2);
    CHECK(point.said().size() == 1);
    point.line.reset();
    point.waiting[0](point.standing);
    point.core.pass(5min);
    CHECK(point.said().size() == 1);
}
