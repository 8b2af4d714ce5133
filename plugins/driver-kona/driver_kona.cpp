// The driver of kona-node (conductor.md 8.5): its start takes no hash, checks nothing and is silent when it
// runs already; its stop may answer with an error although it has stopped. What op-node does itself is done
// here.
#include "plugins/driver-op-node/admin_driver.hpp"

using conductor::Failure;
using conductor::Hash;
using conductor::Outcome;

class Kona final : public admin::Driver {
public:
    static constexpr conductor::About about{
        "io.conductord.kona", "kona driver", "0.1.0",
        "Starts, stops and feeds a sequencer of kona-node and an execution engine"};
    static constexpr auto options = admin::options;
    static constexpr std::uint32_t driver_flags = CONDUCTOR_NEEDS_NO_HEAD;

    explicit Kona(conductor::Host host) : Driver{host} {}

    Outcome start_sequencer(const conductor_call& call, const std::optional<Hash>& head) override {
        if (head) return start_without_hash(call, *head);
        if (active(call)) return Outcome::already;
        const auto answer = ask(call, "admin_startSequencer");
        if (!answer.ok()) admin::fail(answer, "admin_startSequencer");
        return Outcome::done;
    }

    // It does not say whether it ran; asking first would hold up a stop that is needed.
    Outcome stop_sequencer(const conductor_call& call, Hash& head) override {
        const auto answer = ask(call, "admin_stopSequencer");
        if (answer.ok()) {
            head = told_head(answer);
            return Outcome::done;
        }
        if (answer.status != CONDUCTOR_REMOTE_ERROR || !has_stopped(call))
            admin::fail(answer, "admin_stopSequencer");
        return Outcome::done;
    }

private:
    // The node's first words count where it cannot be asked again.
    bool has_stopped(const conductor_call& call) {
        try {
            return !active(call);
        } catch (const Failure&) {
            return false;
        }
    }
};

CONDUCTOR_EXPORT_SEQUENCER_DRIVER(Kona)
