// Calls to the group: confirm leadership, commit what the node alone has, rank the members, hand leadership
// over. None of them can be called back once it is under way, so one that is given up simply finds nobody.
// Core thread.
#pragma once

#include <functional>
#include <optional>

#include "core/control/surroundings.hpp"
#include "core/daemon/payload_shelf.hpp"
#include "core/peers/table.hpp"
#include "core/plugin/leader_transfer.hpp"
#include "core/replica/replica.hpp"

namespace conductor::daemon {

class GroupPort final : public control::CallLane {
public:
    GroupPort(ServerId self, PayloadShelf& shelf) : self_{std::move(self)}, shelf_{shelf} {}

    /// From now on there is a replica; it outlives this object. Before, this node leads nobody.
    void open(replica::Replica& replica);
    /// Passed on to consensus.
    void set_eligibility(const control::Eligibility& eligibility);
    /// Whom to ask for an order; without one consensus chooses. Outlives this object, as does what it asks.
    void rank_by(plugin::LeaderTransfer& strategy, std::function<peers::View()> peers);

    void make(const control::Action& action, std::function<void(control::Answer)> done) override;
    void abandon(control::Call) override {}

private:
    using Done = std::function<void(control::Answer)>;
    void confirm(Done done);
    void commit(const peers::Head& block, Done done);
    void rank(const control::RankTargets& ask, Duration limit, Done done);
    void transfer(const control::TransferLead& ask, Done done);
    [[nodiscard]] plugin::TransferRequest request_of(const control::RankTargets& ask) const;

    ServerId self_;
    PayloadShelf& shelf_;
    replica::Replica* replica_{nullptr};
    std::optional<consensus::EligibilityChanged> eligibility_;
    plugin::LeaderTransfer* strategy_{nullptr};
    std::function<peers::View()> peers_;
};

}  // namespace conductor::daemon
