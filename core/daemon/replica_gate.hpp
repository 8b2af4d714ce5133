// Stands for the replica while the store is still being opened, so that RPC answers from the first moment:
// until it opens, this node follows nobody and refuses commits as any follower does. Any thread.
#pragma once

#include <atomic>

#include "core/control/ports.hpp"
#include "core/replica/replica.hpp"

namespace conductor::daemon {

class ReplicaGate final : public control::Committer, public control::GroupView {
public:
    /// `replica` outlives every later call.
    void open(replica::Replica& replica) { replica_.store(&replica); }
    /// Until then this node is starting, whatever the replica says (conductor.md 2.2.6).
    void node_answered() { node_answered_.store(true); }

    void commit(payload::Envelope envelope, control::CommitDone done) override;
    [[nodiscard]] bool leads() const override;
    [[nodiscard]] control::LeaderView leader() const override;
    [[nodiscard]] control::MembershipView membership() const override;
    [[nodiscard]] std::string not_ready() const override;

private:
    std::atomic<replica::Replica*> replica_{nullptr};
    std::atomic<bool> node_answered_{false};
};

}  // namespace conductor::daemon
