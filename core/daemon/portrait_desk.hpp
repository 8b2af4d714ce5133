// Says how this node is, what it knows of its peers, and what its checks have found, out of what the control
// loop holds at that moment. Asked from any thread; works on core.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>
#include <vector>

#include "core/config/settings.hpp"
#include "core/control/conductor.hpp"
#include "core/control/portrait.hpp"
#include "core/daemon/execution_head.hpp"
#include "core/replica/replica.hpp"

namespace conductor::daemon {

class PortraitDesk final : public control::Portrait {
public:
    struct Sitters {
        const control::Conductor& conductor;
        const control::GroupView& group;
        std::function<peers::View()> peers;
        std::vector<std::string> plugins;  ///< of the checks, in their order
        std::function<std::vector<control::PluginRow>()> plugin_rows;
        std::string version;
    };
    /// What it is given outlives it.
    PortraitDesk(boost::asio::io_context& core, const config::Settings& settings, Sitters sitters);

    /// From now on there is a replica; it outlives stop(). On core.
    /// The newest block of the own execution layer; nothing where it does not say in time.
    void ask_head(ExecutionHead::Done done) { head_.ask(std::move(done)); }
    void open(const replica::Replica& replica) { replica_ = &replica; }
    /// Before this object goes; nobody who waits is answered any more. On core.
    boost::asio::awaitable<void> stop() { return head_.stop(); }

    void own_status(std::function<void(peers::Status)> done) override;
    void peers(std::function<void(peers::View)> done) override;
    void health(std::function<void(control::HealthReport)> done) override;
    void plugins(std::function<void(std::vector<control::PluginRow>)> done) override;

private:
    [[nodiscard]] peers::Status status(const std::optional<peers::Head>& el_head) const;
    [[nodiscard]] control::HealthReport report() const;
    [[nodiscard]] std::vector<control::PluginRow> plugin_rows() const;

    boost::asio::io_context& core_;
    Sitters sitters_;
    ServerId self_;
    Duration lease_timeout_;
    const replica::Replica* replica_{nullptr};
    ExecutionHead head_;
};

}  // namespace conductor::daemon
