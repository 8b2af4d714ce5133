// What one of ours promised or declined, beside hashicorp/raft: a vote that outlives a kill, a hand-over to a
// paused member.
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "core/transport/wire_protocol.hpp"
#include "tests/integration/interop/mixed.hpp"
#include "tests/integration/interop/needs_go.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

/// The whole answer to one request on a connection of its own; nothing where it is closed instead.
std::optional<wire::Reply> ask_once(const Member& member, wire::Rpc rpc, const wire::Pieces& request) {
    sockaddr_in there{};
    there.sin_family = AF_INET;
    const auto address = member.address();
    there.sin_port = htons(static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1))));
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{10, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::optional<wire::Reply> reply;
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0) {
        for (const auto& piece : request) (void)::send(socket, piece.data(), piece.size(), MSG_NOSIGNAL);
        std::vector<std::uint8_t> answer;
        wire::ReplyDecoder decoder;
        std::uint8_t octets[512];
        for (ssize_t got = 0; !reply && (got = ::recv(socket, octets, sizeof octets, 0)) > 0;) {
            answer.insert(answer.end(), octets, octets + got);
            const auto framed = decoder.advance(rpc, Bytes::adopt(answer));
            if (framed && *framed) reply = (*framed)->message;
        }
    }
    ::close(socket);
    return reply;
}

/// Asks for a vote as that member would after TimeoutNow; whether it was granted. One of ours whose log is not
/// open yet closes.
bool votes_for(const Member& voter, const Place& candidate, std::uint64_t term) {
    consensus::VoteRequest ask;
    ask.term = Term{term};
    ask.last = {Term{term - 1}, LogIndex{1'000'000}};
    ask.transfer = true;
    const auto request = wire::encode(wire::request_of({ServerId{candidate.id}, candidate.address}, ask));
    std::optional<wire::Reply> reply;
    REQUIRE(eventually(10s, [&] {
        reply = ask_once(voter, wire::Rpc::request_vote, request);
        return reply.has_value();
    }));
    return std::get<wire::RequestVoteReply>(reply->body).granted;
}

}  // namespace

TEST_CASE("a vote of ours outlives SIGKILL right after it was given", "[integration][interop][C-28][C-29]") {
    NEEDS_GO();
    Mixed group{{Kind::go, Kind::ours, Kind::go}};
    REQUIRE(group.form() == "");
    REQUIRE(group.commit_many(3) == "");
    for (const std::size_t i : {0U, 2U}) group.at(i).signal(SIGSTOP);
    auto& voter = group.at(1);
    for (std::uint64_t term = 100; term < 105; ++term) {
        REQUIRE(votes_for(voter, group.at(0).place(), term));
        voter.kill();
        REQUIRE(voter.start());
        CHECK_FALSE(votes_for(voter, group.at(2).place(), term));
        CHECK(votes_for(voter, group.at(0).place(), term));
        CHECK_FALSE(votes_for(voter, group.at(0).place(), term - 1));
    }
    for (const std::size_t i : {0U, 2U}) group.at(i).signal(SIGCONT);
    CHECK(group.commit_many(3) == "");
    CHECK(group.compare() == "");
}

TEST_CASE("a paused member of ours declines Go's hand-over once, and Go goes on as leader",
          "[integration][interop][transfer][C-88][P-2]") {
    NEEDS_GO();
    const TempDir work{"interop-paused"};
    SimnodeProcess node{{conductord_program().parent_path() / "simnode",
                         work.path(),
                         "node",
                         {"--block-time-ms=100", "--genesis-seed=7",
                          "--genesis-time=" + std::to_string(std::time(nullptr) - 10)}}};
    node.start();
    REQUIRE(node.serves());
    (void)node.sim("sim_peerCount", "[3]");
    GoPeer leader{"go-1", work.path() / "go-1", {true, {}, {}, {}}};
    Ours able{"cpp-2",
              work.path() / "cpp-2",
              {},
              {{"OP_CONDUCTOR_PAUSED", "false"},
               {"OP_CONDUCTOR_NODE_RPC", node.cl_url()},
               {"OP_CONDUCTOR_EXECUTION_RPC", node.el_url()}}};
    Ours paused{"cpp-3", work.path() / "cpp-3", {}};
    REQUIRE(leader.start());
    REQUIRE(able.start());
    paused.daemon().set("OP_CONDUCTOR_PEERS_RPC",
                        "cpp-2=http://127.0.0.1:" + std::to_string(able.daemon().port()));
    REQUIRE(paused.start());
    REQUIRE(eventually(10s, [&] { return leader.leads(); }));
    for (const auto* member : {&able, &paused}) REQUIRE(leader.add_voter(member->place()) == "");
    // Nothing is committed yet, or its node would lack it and be no heir.
    REQUIRE(eventually(15s, [&] {
        const auto table = paused.call("conductor_peers");
        const auto row = table.find("\"id\":\"cpp-2\"");
        return row != std::string::npos && table.find("\"health\":\"healthy\"", row) != std::string::npos;
    }));

    const auto term = leader.term();
    const auto said = leader.transfer_to(paused.place());
    CHECK(said == "failed to make TimeoutNow RPC to cpp-3: not eligible for leadership: paused");
    CHECK(leader.commit(small_block(1)) == "");
    CHECK(leader.term() == term);
    CHECK(leader.transfer_to(paused.place()) == "");
    // It takes the lead, and being paused hands it on.
    CHECK(paused.daemon().process().line_with("transferring leadership to target", 5s).has_value());
    CHECK(eventually(5s, [&] { return leader.term() > term && leader.leader_id() != paused.id(); }));
}
