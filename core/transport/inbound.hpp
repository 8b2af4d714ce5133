// One accepted connection: requests in, answers out in the order of the requests, however they become ready
// (raft-wire 1.4). For acceptor.cpp alone. One executor.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "core/consensus/raft.hpp"
#include "core/transport/receive_buffer.hpp"
#include "core/transport/wire_message.hpp"

namespace conductor::transport {

class Inbound : public std::enable_shared_from_this<Inbound> {
public:
    /// A request that waits for its answer.
    struct Owed {
        consensus::Exchange exchange;
        wire::Rpc rpc{};
        std::size_t octets{0};
        std::optional<Bytes> answer;
    };

    Inbound(consensus::Connection id, boost::asio::ip::tcp::socket socket);

    [[nodiscard]] consensus::Connection id() const noexcept { return id_; }
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    [[nodiscard]] const std::string& why() const noexcept { return why_; }
    void close(std::string why);
    /// Closes the connection unless called again, or calm(), in time.
    void expect_octets_within(std::chrono::milliseconds limit);
    void calm() { patience_.cancel(); }

    /// One more read into `received`; false once the connection is closed, by either side.
    boost::asio::awaitable<bool> read_more();
    /// Whether the other side has hung up, whatever of it is still to be read.
    [[nodiscard]] bool left();
    /// Waits until fewer than these are owed; false once the connection is closed.
    boost::asio::awaitable<bool> owes_less(std::size_t requests, std::size_t octets);
    /// Sends answers as they fall due; ends with the connection.
    boost::asio::awaitable<void> send_answers();

    void owe(Owed owed);
    /// Null where nothing is owed under that name.
    [[nodiscard]] const Owed* find(consensus::Exchange exchange) const;
    void answer(consensus::Exchange exchange, Bytes octets);
    [[nodiscard]] const std::deque<Owed>& owed() const noexcept { return owed_; }

    ReceiveBuffer received;
    ServerId sender;  ///< of its last request
    bool stranger{true};
    bool ended{false};  ///< the other side has sent its last octet

private:
    boost::asio::awaitable<void> sleep(boost::asio::steady_timer& timer);

    consensus::Connection id_;
    boost::asio::ip::tcp::socket socket_;
    boost::asio::steady_timer patience_;
    boost::asio::steady_timer answers_;  // wakes the writer
    boost::asio::steady_timer room_;     // wakes the reader
    std::deque<Owed> owed_;
    std::size_t owed_octets_{0};
    bool closed_{false};
    std::string why_;
};

}  // namespace conductor::transport
