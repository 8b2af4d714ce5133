#include "core/daemon/replica_gate.hpp"

namespace conductor::daemon {

void ReplicaGate::commit(payload::Envelope envelope, control::CommitDone done) {
    if (auto* replica = replica_.load()) return replica->commit(std::move(envelope), std::move(done));
    done(control::CommitError{"node is not the leader", false, false});
}

bool ReplicaGate::leads() const {
    const auto* replica = replica_.load();
    return replica != nullptr && replica->leads();
}

control::LeaderView ReplicaGate::leader() const {
    const auto* replica = replica_.load();
    return replica != nullptr ? replica->leader() : control::LeaderView{};
}

control::MembershipView ReplicaGate::membership() const {
    const auto* replica = replica_.load();
    return replica != nullptr ? replica->membership() : control::MembershipView{};
}

std::string ReplicaGate::not_ready() const {
    const auto* replica = replica_.load();
    return replica != nullptr && node_answered_.load() ? replica->not_ready() : "starting";
}

}  // namespace conductor::daemon
