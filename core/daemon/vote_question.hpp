// Whether this node may have forgotten a vote, or a block that it acknowledged: one that comes up empty asks
// the other conductors whether they know it as a member (raft-wire 5.4.1, P-53). While it asks it gives no
// vote; who lists it, or feeds it, has settled the matter, and the vote is held until a leader's log is stored.
// The same answers keep it from founding a group beside one that is there (P-36). Silence of a listed conductor
// is no answer, however long it lasts. Core thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>
#include <vector>

#include "core/config/settings.hpp"
#include "core/peers/roll_call.hpp"
#include "core/replica/replica.hpp"

namespace conductor::daemon {

class VoteQuestion {
public:
    VoteQuestion(boost::asio::io_context& core, const config::Settings& settings, peers::AddressBook book);

    /// Before the replica is made.
    void listen_to(replica::Events& events);
    /// The log is read; `replica` outlives stop(). `found` is called, perhaps from inside, where
    /// `raft.bootstrap` is set and no conductor has said that there is a group.
    void begin(replica::Replica& replica, std::string own_address, std::function<void()> found);
    /// Before this object goes.
    boost::asio::awaitable<void> stop();

private:
    using Heard = std::vector<peers::Heard>;
    [[nodiscard]] bool asking() const;
    void ask_listed();
    void heard_listed(const Heard& heard);
    void candidate_came(const consensus::Sender& candidate);
    void heard_candidate(const Heard& heard);
    void members_changed();
    void hold(std::string why);
    void release(const char* message, const Heard& unheard);

    boost::asio::io_context& core_;
    config::RaftSettings raft_;
    Duration interval_;
    peers::AddressBook book_;
    peers::RollCall call_;
    boost::asio::steady_timer timer_;
    replica::Replica* replica_{nullptr};
    std::string own_address_;
    std::function<void()> found_;  ///< waits for the answers
    std::string why_held_{"it was held when this node was last at work"};
    bool held_{false};
    bool fed_{false};  ///< before anybody has answered
    bool calling_{false};
    bool stopped_{false};
};

}  // namespace conductor::daemon
