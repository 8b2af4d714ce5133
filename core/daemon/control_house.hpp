// The control loop of this daemon with all that it acts through: the core thread as it sees it, the lanes to
// the node and to the group, the probe that comes before everything else, the desk for operators' wishes, what
// is known of the other conductors, and the figures. Composition only; core thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/config/settings.hpp"
#include "core/control/conductor.hpp"
#include "core/daemon/asio_loop.hpp"
#include "core/daemon/chain_check.hpp"
#include "core/daemon/control_log.hpp"
#include "core/daemon/group_desk.hpp"
#include "core/daemon/group_port.hpp"
#include "core/daemon/node_port.hpp"
#include "core/daemon/node_probe.hpp"
#include "core/daemon/outage_watch.hpp"
#include "core/daemon/payload_shelf.hpp"
#include "core/daemon/peer_watch.hpp"
#include "core/daemon/plugin_house.hpp"
#include "core/daemon/portrait_desk.hpp"
#include "core/daemon/status_line.hpp"
#include "core/metrics/metrics.hpp"
#include "core/replica/replica.hpp"

namespace conductor::daemon {

class ControlHouse {
public:
    struct Surroundings {
        boost::asio::io_context& core;
        PluginHouse& plugins;
        metrics::Metrics& metrics;
        const control::GroupView& group;
        peers::AddressBook peers;
        ChainFacts chain;  ///< of the network that the nodes should be of; empty: nobody says
        std::string version;
        std::function<void(std::function<void()>)> worker;  ///< as NodePort::Surroundings::worker
        std::function<void()> leave;                        ///< an operator asks the process to stop
    };
    /// What it is given outlives it.
    ControlHouse(const config::Settings& settings, Surroundings around);
    ControlHouse(const ControlHouse&) = delete;
    ControlHouse& operator=(const ControlHouse&) = delete;

    [[nodiscard]] control::Conductor& conductor() { return conductor_; }
    [[nodiscard]] const control::Conductor& conductor() const { return conductor_; }
    [[nodiscard]] GroupDesk& desk() { return desk_; }
    [[nodiscard]] control::Portrait& portrait() { return portrait_; }

    /// What the replica tells goes to the loop.
    void listen_to(replica::Events& events);
    /// From now on there is a group; `replica` outlives this object.
    void open(replica::Replica& replica);
    /// The driver is open. `done` gets why the node will never do; empty: control begins.
    void ask_node(std::function<void(std::string)> done);
    /// Levels for whoever scrapes.
    void show_levels();
    /// What runs on its own ends; `done` follows.
    void stop(std::function<void()> done);

private:
    void meet_members();
    void show_chain();
    void tell_standing(std::function<void(const StatusLine::Standing&)> told);
    boost::asio::awaitable<void> stop_parts();

    const config::Settings& settings_;
    Surroundings around_;
    replica::Replica* replica_{nullptr};
    bool stopping_{false};
    bool watching_{false};  ///< the node has answered, and is judged
    AsioLoop loop_;
    AsioLoop probe_loop_;
    AsioLoop status_loop_;
    ControlLog log_;
    PayloadShelf shelf_;
    NodePort node_;
    GroupPort group_;
    GroupDesk desk_;
    control::Conductor conductor_;
    PeerWatch peers_;
    PortraitDesk portrait_;
    std::optional<NodeProbe> probe_;
    ChainCheck chain_;
    OutageWatch outage_;
    std::optional<StatusLine> status_line_;
    std::optional<std::uint64_t> el_head_;  ///< as of the last time it was asked for
};

}  // namespace conductor::daemon
