// Where operators' wishes for the group are carried out: members are added, demoted and removed, leadership is
// handed over, in op-conductor's words (conductor.md 3.4). Asked from any thread; works on core.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>

#include "core/control/ports.hpp"
#include "core/replica/replica.hpp"
#include "core/runtime/task_group.hpp"

namespace conductor::daemon {

/// What Go says where `address` takes no connection; empty: it does. Never longer than `limit`.
[[nodiscard]] boost::asio::awaitable<std::string> connection_test(std::string address, Duration limit);

class GroupDesk final : public control::GroupOperator {
public:
    /// `transfer_limit` is `raft.transfer-timeout`.
    GroupDesk(boost::asio::io_context& core, ServerId self, Duration transfer_limit)
        : core_{core}, self_{std::move(self)}, transfer_limit_{transfer_limit} {}

    /// From now on there is a replica; it outlives stop(). On core.
    void open(replica::Replica& replica) { replica_ = &replica; }
    /// Ends what is under way; before this object goes. On core.
    boost::asio::awaitable<void> stop() { return tasks_.stop(); }

    void change(control::ChangeRequest request, control::OperatorDone done) override;
    void transfer(ServerId target, std::string address, control::OperatorDone done) override;

private:
    boost::asio::awaitable<void> carry_out(control::ChangeRequest request, control::OperatorDone done);
    boost::asio::awaitable<void> hand_over(ServerId target, std::string address, control::OperatorDone done);
    [[nodiscard]] std::string wrong_address(const ServerId& target, const std::string& address) const;

    boost::asio::io_context& core_;
    ServerId self_;
    Duration transfer_limit_;
    replica::Replica* replica_{nullptr};
    TaskGroup tasks_;
};

}  // namespace conductor::daemon
