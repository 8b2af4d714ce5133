// The other conductors as this daemon sees them: the table of what they say, the poller that fills it, and what
// an operator reads of it in the log. Composition only; core thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/config/settings.hpp"
#include "core/control/ports.hpp"
#include "core/metrics/figures.hpp"
#include "core/peers/poller.hpp"

namespace conductor::daemon {

/// `peers.rpc` as it can be dialled; reads the files of its tokens.
///   errors  a sentence that names the entry: what cannot be dialled or read is refused at start, because a
///           member that is never asked looks like one that is silent
[[nodiscard]] Result<peers::AddressBook, Complaint> address_book(const config::Settings& settings);

class PeerWatch {
public:
    /// `seen` gets what is known after each round, and at once when the members have changed.
    PeerWatch(boost::asio::io_context& core, const config::Settings& settings, peers::AddressBook book,
              std::function<void(peers::View)> seen);

    void meet(const control::MembershipView& membership);
    [[nodiscard]] peers::View view() const;
    [[nodiscard]] std::vector<metrics::PeerRpc> figures() const;
    /// Before this object goes.
    boost::asio::awaitable<void> stop() { return poller_.stop(); }

private:
    void log(const peers::Note& note) const;

    peers::AddressBook book_;
    std::function<void(peers::View)> seen_;
    peers::Table table_;
    std::map<ServerId, std::string> places_;  ///< where each is asked, for the log
    peers::Poller poller_;
};

}  // namespace conductor::daemon
