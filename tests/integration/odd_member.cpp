#include "tests/integration/odd_member.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace conductor::test {
namespace {

std::string octets_of(const wire::Reply& reply) {
    return std::string{as_text(wire::encode(reply).span())};
}

wire::Reply sane_reply(const wire::Request& request, const consensus::Sender& self) {
    const auto rpc = wire::rpc_of(request);
    if (const auto* append = std::get_if<wire::AppendEntries>(&request)) {
        consensus::AppendReply reply;
        reply.term = append->term;
        reply.success = true;
        reply.last_log = LogIndex{append->prev_index.value() + append->entries.size()};
        return wire::reply_of(self, rpc, reply);
    }
    consensus::VoteReply refusal;
    if (const auto* vote = std::get_if<wire::RequestVote>(&request)) refusal.term = vote->term;
    if (const auto* vote = std::get_if<wire::RequestPreVote>(&request)) {
        refusal.ballot = consensus::Ballot::pre_vote;
        refusal.term = vote->term;
    }
    if (rpc == wire::Rpc::request_vote || rpc == wire::Rpc::request_pre_vote)
        return wire::reply_of(self, rpc, refusal);
    return wire::reply_of(self, rpc, consensus::ErrorReply{"not today"});
}

}  // namespace

OddMember::OddMember(std::string id) : id_{std::move(id)} {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof here;
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0 ||
        ::listen(listener_, 64) != 0)
        throw std::runtime_error("no port for the odd member");
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &length);
    address_ = "127.0.0.1:" + std::to_string(ntohs(here.sin_port));
    accepting_ = std::thread{[this] { accept(); }};
}

OddMember::~OddMember() {
    ending_.store(true);
    accepting_.join();
    for (auto& thread : serving_) thread.join();
    ::close(listener_);
}

void OddMember::accept() {
    while (!ending_.load()) {
        pollfd look{listener_, POLLIN, 0};
        if (::poll(&look, 1, 50) <= 0) continue;
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket >= 0) serving_.emplace_back([this, socket] { serve(socket); });
    }
}

void OddMember::serve(int socket) {
    wire::RequestDecoder decoder;
    std::vector<std::uint8_t> received;
    std::string held;
    const auto life = life_.load();
    while (!ending_.load() && life == life_.load()) {
        pollfd look{socket, POLLIN, 0};
        const int ready = ::poll(&look, 1, 100);
        if (ready == 0 && !held.empty()) say(socket, std::exchange(held, {}), Manner::sane);
        if (ready <= 0) continue;
        std::uint8_t octets[65536];
        const auto got = ::recv(socket, octets, sizeof octets, 0);
        if (got <= 0) break;
        received.insert(received.end(), octets, octets + got);
        while (!received.empty()) {
            const auto framed = decoder.advance(Bytes::adopt(received));
            if (!framed || !*framed) break;
            received.erase(received.begin(),
                           received.begin() + static_cast<std::ptrdiff_t>((*framed)->consumed));
            ++asked_;
            const auto manner = manner_.load();
            const auto words = answer((*framed)->message, manner, held);
            if (!words.empty()) say(socket, words, manner);
            if (manner == Manner::truncated) ::shutdown(socket, SHUT_RDWR);
        }
    }
    ::close(socket);
}

std::string OddMember::answer(const wire::Request& request, Manner manner, std::string& held) {
    const auto sane = octets_of(sane_reply(request, {ServerId{id_}, address_}));
    switch (manner) {
        case Manner::silent:
            return {};
        case Manner::truncated:
            return sane.substr(0, sane.size() / 2);
        case Manner::wrong_type:
            return "\xa0\x81\xa4"
                   "Term"
                   "\xa4"
                   "four";
        case Manner::nested:
            return "\xa0" + std::string(1200, '\x91');
        case Manner::garbage:
            return "\xc1\xff\x00\x13 HTTP/1.1 400 Bad Request\r\n\r\n";
        case Manner::swapped:
            if (!held.empty()) return sane + std::exchange(held, {});
            held = sane;
            return {};
        case Manner::sane:
        case Manner::endless:
        case Manner::slow:
            break;
    }
    return std::exchange(held, {}) + sane;
}

void OddMember::say(int socket, const std::string& octets, Manner manner) {
    const auto send = [&](const char* data, std::size_t size) {
        return ::send(socket, data, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size);
    };
    if (manner == Manner::slow) {
        for (const auto octet : octets)
            for (int tenth = 0; tenth < 10; ++tenth) {
                if (ending_.load() || manner_.load() != Manner::slow) return;
                if (tenth == 0 && !send(&octet, 1)) return;
                std::this_thread::sleep_for(std::chrono::milliseconds{100});
            }
        return;
    }
    if (manner == Manner::endless) {
        const std::string text(65536, 'a');
        if (!send("\xdb\xff\xff\xff\xff", 5)) return;
        while (!ending_.load() && manner_.load() == Manner::endless && send(text.data(), text.size())) continue;
        return;
    }
    (void)send(octets.data(), octets.size());
}

}  // namespace conductor::test
