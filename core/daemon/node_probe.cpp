#include "core/daemon/node_probe.hpp"

#include "core/base/check.hpp"
#include "core/runtime/logging.hpp"

namespace conductor::daemon {

namespace {

constexpr int attempts = 60;
constexpr Duration pause = std::chrono::seconds{5};
constexpr int tries_a_minute = std::chrono::minutes{1} / pause;

}  // namespace

NodeProbe::NodeProbe(control::CoreLoop& loop, Duration limit, Ask ask, std::function<void(Outcome)> done)
    : loop_{loop},
      limit_{limit},
      ask_{std::move(ask)},
      done_{std::move(done)},
      self_{std::make_shared<NodeProbe*>(this)} {
    loop_.post([self = std::weak_ptr{self_}] {
        if (const auto alive = self.lock()) (*alive)->attempt();
    });
}

void NodeProbe::attempt() {
    ++attempts_;
    ask_(limit_, [self = std::weak_ptr{self_}](const control::Answer& answer) {
        if (const auto alive = self.lock()) (*alive)->answered(answer);
    });
}

void NodeProbe::answered(const control::Answer& answer) {
    if (const auto* enabled = std::get_if<control::ActiveIs>(&answer)) {
        if (enabled->active) return done_({});
        return done_({false, "conductor is not enabled on sequencer, exiting..."});
    }
    const auto* failed = std::get_if<control::Failed>(&answer);
    CONDUCTOR_CHECK(failed != nullptr);
    if (failed->kind == control::FailureKind::unsupported) return done_({true, {}});
    if (attempts_ >= attempts)
        return done_({false, "failed to connect to sequencer: operation failed permanently after " +
                                 std::to_string(attempts) + " attempts: " + failed->text});
    if (attempts_ % tries_a_minute == 1)
        logging::warn("waiting for the node to say whether a conductor starts it",
                      {{"attempt", attempts_},
                       {"attempts", attempts},
                       {"err", failed->text},
                       {"event", "waiting_for_node"}});
    loop_.wake_at(loop_.now() + pause, [self = std::weak_ptr{self_}] {
        if (const auto alive = self.lock()) (*alive)->attempt();
    });
}

}  // namespace conductor::daemon
