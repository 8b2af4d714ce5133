#include "tests/unit/transport/shell.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <variant>

namespace conductor::test {

namespace asio = boost::asio;
using boost::system::error_code;

Member::Member(transport::AcceptorOptions options, Answer answer,
               std::function<bool(const std::string&, const std::string&)> knows) {
    transport::AcceptorEvents events;
    events.knows = std::move(knows);
    events.on_left = [this](const ServerId& who) { left_.add(who); };
    events.on_request = [this, answer = std::move(answer)](
                            consensus::Connection connection, consensus::Exchange exchange,
                            const consensus::Sender& from, consensus::Message message) {
        const Request request{connection, exchange, from, std::move(message)};
        requests_.add(request);
        answer(*acceptor_, request);
    };
    acceptor_ = std::make_unique<transport::Acceptor>(core_.io().get_executor(),
                                                      consensus::Sender{ServerId{"seq-b"}, "10.0.0.2:50050"},
                                                      std::move(options), std::move(events));
    port_ = core_.on([this] {
        const auto listening = acceptor_->listen("127.0.0.1", 0);
        return listening ? acceptor_->port() : std::uint16_t{0};
    });
}

Member::~Member() {
    stop();
}

void Member::stop() {
    if (stopped_) return;
    stopped_ = true;
    core_.finish(acceptor_->stop());
}

void Member::agree(transport::Acceptor& acceptor, const Request& request) {
    if (const auto* append = std::get_if<consensus::AppendRequest>(&request.message))
        return acceptor.reply(request.exchange,
                              consensus::AppendReply{append->term, append->prev.index, true, false});
    if (const auto* vote = std::get_if<consensus::VoteRequest>(&request.message))
        return acceptor.reply(request.exchange, consensus::VoteReply{vote->ballot, vote->term, true});
    if (const auto* snapshot = std::get_if<consensus::SnapshotRequest>(&request.message))
        return acceptor.reply(request.exchange, consensus::SnapshotReply{snapshot->term, true});
    acceptor.reply(request.exchange, consensus::TimeoutNowReply{});
}

Wire::Wire(std::uint16_t port) : socket_{io_} {
    socket_.connect({asio::ip::address_v4::loopback(), port});
    const timeval patience{10, 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

void Wire::send(ByteSpan octets) {
    asio::write(socket_, asio::buffer(octets.data(), octets.size()));
}

bool Wire::send_fails(ByteSpan octets) {
    error_code error;
    asio::write(socket_, asio::buffer(octets.data(), octets.size()), error);
    return static_cast<bool>(error);
}

std::vector<std::uint8_t> Wire::read(std::size_t octets) {
    std::vector<std::uint8_t> got(octets);
    error_code error;
    got.resize(asio::read(socket_, asio::buffer(got), error));
    return got;
}

bool Wire::closed_by_peer() {
    std::uint8_t octet = 0;
    const auto got = ::recv(socket_.native_handle(), &octet, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

void Wire::no_more() {
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send);
}
void Wire::close() {
    socket_.close();
}

bool eventually(const std::function<bool()>& holds) {
    for (int i = 0; i < 1000; ++i) {
        if (holds()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return false;
}

}  // namespace conductor::test
