// Where operators' wishes for the group are carried out: members are added, demoted and removed, leadership is
// handed over, in op-conductor's words (conductor.md 3.4), and a head that a reorganisation has left behind is
// replaced (5.10.5). Asked from any thread; works on core.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>

#include "core/control/ports.hpp"
#include "core/peers/table.hpp"
#include "core/replica/replica.hpp"
#include "core/runtime/task_group.hpp"

namespace conductor::daemon {

/// What Go says where `address` takes no connection; empty: it does. Never longer than `limit`.
[[nodiscard]] boost::asio::awaitable<std::string> connection_test(std::string address, Duration limit);

class GroupDesk final : public control::GroupOperator {
public:
    using PayloadDone = std::function<void(Result<payload::Envelope, Complaint>)>;
    /// What a reset of the head needs beside the group. On core.
    struct Reset {
        std::function<peers::View()> peers;
        /// The payload of the node's newest block, which must be this one; one at a time, `done` on core.
        std::function<void(BlockHash, PayloadDone)> newest_payload;
    };
    /// `transfer_limit` is `raft.transfer-timeout`.
    GroupDesk(boost::asio::io_context& core, ServerId self, Duration transfer_limit, Reset reset = {})
        : core_{core}, self_{std::move(self)}, transfer_limit_{transfer_limit}, reset_{std::move(reset)} {}

    /// From now on there is a replica; it outlives stop(). On core.
    void open(replica::Replica& replica) { replica_ = &replica; }
    /// Ends what is under way; before this object goes. On core.
    boost::asio::awaitable<void> stop() { return tasks_.stop(); }

    void change(control::ChangeRequest request, control::OperatorDone done) override;
    void transfer(ServerId target, std::string address, control::OperatorDone done) override;
    void reset_head(BlockHash hash, control::OperatorDone done) override;

private:
    void begin_reset(BlockHash hash, control::OperatorDone done);
    void commit_reset(const payload::Envelope& head, control::OperatorDone done);
    [[nodiscard]] std::string reason_not_to_reset() const;
    boost::asio::awaitable<void> carry_out(control::ChangeRequest request, control::OperatorDone done);
    boost::asio::awaitable<void> hand_over(ServerId target, std::string address, control::OperatorDone done);
    [[nodiscard]] std::string wrong_address(const ServerId& target, const std::string& address) const;

    boost::asio::io_context& core_;
    ServerId self_;
    Duration transfer_limit_;
    Reset reset_;
    bool resetting_{false};
    replica::Replica* replica_{nullptr};
    TaskGroup tasks_;
};

}  // namespace conductor::daemon
