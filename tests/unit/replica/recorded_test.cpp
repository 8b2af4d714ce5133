// A whole member of ours is asked what hand-written octets asked of hashicorp/raft v1.7.3, and answers as it
// did.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "core/transport/wire_message.hpp"
#include "tests/unit/replica/group.hpp"
#include "tests/unit/transport/recordings.hpp"

using namespace conductor;
using namespace conductor::replica::test;

namespace {

/// A socket that never blocks the one thread on which the member lives too.
class Asker {
public:
    explicit Asker(std::uint16_t port) {
        sockaddr_in there{};
        there.sin_family = AF_INET;
        there.sin_port = htons(port);
        there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0);
        REQUIRE(::fcntl(socket_, F_SETFL, O_NONBLOCK) == 0);
    }
    ~Asker() { ::close(socket_); }
    Asker(const Asker&) = delete;
    Asker& operator=(const Asker&) = delete;

    void send(ByteSpan octets) const {
        REQUIRE(::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(octets.size()));
    }
    void no_more() const { ::shutdown(socket_, SHUT_WR); }
    /// Takes what has come; true once the other side has closed.
    bool ended() {
        std::uint8_t piece[4096];
        ssize_t got = 0;
        while ((got = ::recv(socket_, piece, sizeof piece, 0)) > 0)
            received.insert(received.end(), piece, piece + got);
        return got == 0 || errno == ECONNRESET;
    }

    std::vector<std::uint8_t> received;

private:
    int socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
};

/// All of an answer but who gives it.
std::string verdict(const wire::Reply& reply) {
    if (!reply.error.empty()) return reply.error;
    if (const auto* append = std::get_if<wire::AppendEntriesReply>(&reply.body))
        return "append: term " + std::to_string(append->term.value()) + ", last " +
               std::to_string(append->last_log.value()) + (append->success ? ", taken" : ", refused") +
               (append->no_retry_backoff ? ", at once" : "");
    if (const auto* vote = std::get_if<wire::RequestVoteReply>(&reply.body))
        return "vote: term " + std::to_string(vote->term.value()) + (vote->granted ? ", granted" : ", refused");
    return "something else";
}

/// The answers in these octets, which are answers and nothing else: two objects each.
std::vector<std::string> verdicts(ByteSpan octets, const std::vector<wire::Rpc>& asked) {
    std::vector<std::string> all;
    auto rest = Bytes::copy_of(octets);
    for (std::size_t i = 0; !rest.empty(); ++i) {
        wire::ReplyDecoder decoder;
        REQUIRE(i < asked.size());
        const auto framed = conductor::test::good(decoder.advance(asked[i], rest));
        REQUIRE(framed.has_value());
        all.push_back(verdict(framed->message));
        rest = rest.slice(framed->consumed, rest.size() - framed->consumed);
    }
    return all;
}

std::vector<wire::Rpc> requests_in(const conductor::test::Recording& recording) {
    std::vector<wire::Rpc> asked;
    for (const auto& message : recording.messages)
        if (message.kind == "request") asked.push_back(static_cast<wire::Rpc>(message.rpc_type));
    return asked;
}

}  // namespace

TEST_CASE("a member of ours answers every hand-written request as Go answered it, or closes as Go closed",
          "[replica][wire][C-3][C-9][C-15][C-16][C-17][C-20]") {
    Group group;
    group.start("x");
    REQUIRE(group.until([&] { return group.at("x").ready; }));
    std::size_t seen = 0;
    // One member for all, as when they were recorded: empty, and taught term and leader by the first of them.
    for (const auto& recording : conductor::test::recordings()) {
        if (recording.origin != "hand") continue;
        INFO(recording.name);
        if (recording.name == "snapshot-short-read") continue;  // ours closes, which C-61 allows
        Asker asker{group.at("x").links->port()};
        std::vector<std::uint8_t> theirs;
        for (const auto& message : recording.messages) {
            if (message.kind == "request" || message.kind == "partial") asker.send(message.octets.span());
            if (message.kind == "response")
                theirs.insert(theirs.end(), message.octets.span().begin(), message.octets.span().end());
        }
        asker.no_more();
        REQUIRE(group.until([&] { return asker.ended(); }));
        const auto asked = requests_in(recording);
        CHECK(verdicts(asker.received, asked) == verdicts(theirs, asked));
        ++seen;
    }
    CHECK(seen == 25);
}
