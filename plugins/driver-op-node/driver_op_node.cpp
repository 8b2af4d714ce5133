// The driver of op-node and of consensus nodes that speak like it (conductor.md 8.3 to 8.5): its start takes
// the hash of the block to build on; a node that refuses that gets a start without, behind a check of ours.
#include "plugins/driver-op-node/admin_driver.hpp"

using conductor::Failure;
using conductor::Hash;
using conductor::Outcome;

class OpNode final : public admin::Driver {
public:
    static constexpr conductor::About about{
        "io.conductord.op-node", "op-node driver", "0.1.0",
        "Starts, stops and feeds a sequencer of op-node and an execution engine"};
    static constexpr auto options = conductor::together(
        admin::options, std::array{conductor::live(conductor::option_choice(
                            "start_mode", "auto", "hash-param|parameterless|auto",
                            "how the node takes the block to build on; auto tries with the hash first"))});

    explicit OpNode(conductor::Host host) : Driver{host} {
        const auto mode = host.string("start_mode");
        with_hash_ = mode != "parameterless";
        may_switch_ = mode == "auto";
    }

    Outcome start_sequencer(const conductor_call& call, const std::optional<Hash>& head) override {
        if (!head) throw Failure(CONDUCTOR_BAD_CONFIG, "op-node needs the hash of the block to build on");
        if (!with_hash_) return start_without_hash(call, *head);

        const auto answer = ask(call, "admin_startSequencer", "[\"" + admin::to_hex(*head) + "\"]");
        if (answer.ok()) return Outcome::done;
        if (admin::says(answer.why(), "sequencer already running")) return Outcome::already;
        if (may_switch_ && answer.code() == admin::invalid_params) {
            const auto outcome = start_without_hash(call, *head);
            // Only saves the node a call that it does not know; the check is made each time.
            with_hash_ = false;
            return outcome;
        }
        admin::fail(answer, "admin_startSequencer");
    }

    Outcome stop_sequencer(const conductor_call& call, Hash& head) override {
        const auto answer = ask(call, "admin_stopSequencer");
        if (!answer.ok()) {
            if (admin::says(answer.why(), "sequencer not running")) return Outcome::already;
            admin::fail(answer, "admin_stopSequencer");
        }
        head = told_head(answer);  // it has stopped, whatever it says of its head
        return Outcome::done;
    }

private:
    bool with_hash_{true};
    bool may_switch_{false};
};

CONDUCTOR_EXPORT_SEQUENCER_DRIVER(OpNode)
