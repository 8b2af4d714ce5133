// What operators ask of the group, in op-conductor's words, over a real replica alone in its group.
#include "core/daemon/group_desk.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "core/daemon/dial_words.hpp"
#include "core/runtime/logging.hpp"
#include "tests/unit/replica/one_node.hpp"

using namespace conductor;
using namespace conductor::daemon;
using conductor::replica::test::MemoryDisk;
using conductor::replica::test::Node;
using control::MemberChange;
using namespace std::chrono_literals;

namespace {

/// A port that takes connections, and one that does not.
class Listener {
public:
    explicit Listener(boost::asio::io_context& core)
        : acceptor_{core, {boost::asio::ip::address_v4::loopback(), 0}} {}
    [[nodiscard]] std::string address() const {
        return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    }

private:
    boost::asio::ip::tcp::acceptor acceptor_;
};

class Desk {
public:
    ~Desk() {
        bool stopped = false;
        boost::asio::co_spawn(node.core, desk.stop(), [&](const std::exception_ptr&) { stopped = true; });
        CHECK(node.until([&] { return stopped; }));
        disk.resume();
    }
    std::string change(MemberChange change, const std::string& id, const std::string& address = {},
                       std::uint64_t version = 0) {
        return outcome([&](control::OperatorDone done) {
            desk.change({change, ServerId{id}, address, LogIndex{version}}, std::move(done));
        });
    }
    std::string transfer(const std::string& id, const std::string& address = {}) {
        return outcome(
            [&](control::OperatorDone done) { desk.transfer(ServerId{id}, address, std::move(done)); });
    }
    std::string reset(const BlockHash& hash) {
        return outcome([&](control::OperatorDone done) { desk.reset_head(hash, std::move(done)); });
    }
    void lead() {
        node.bootstrap();
        desk.open(*node.replica);
    }
    [[nodiscard]] std::size_t members() const { return node.replica->membership().servers.size(); }

private:
    std::string outcome(const std::function<void(control::OperatorDone)>& ask) {
        std::optional<std::string> error;
        ask([&](std::string text) { error = std::move(text); });
        REQUIRE(node.until([&] { return error.has_value(); }, 20s));
        return *error;
    }
    logging::Capture quiet_;

public:
    MemoryDisk disk;
    Node node{disk};
    peers::View view;
    std::vector<BlockHash> fetched;
    /// What the node gives for its newest block; while it is empty it gives nothing.
    std::optional<Result<payload::Envelope, Complaint>> newest;
    GroupDesk desk{node.core,
                   ServerId{"a"},
                   5s,
                   {[this] { return view; },
                    [this](BlockHash hash, const GroupDesk::PayloadDone& done) {
                        fetched.push_back(hash);
                        if (newest) done(*newest);
                    }}};
};

peers::Row member(const std::string& id, peers::Protocol protocol) {
    peers::Row row;
    row.member.id = ServerId{id};
    row.known = true;
    row.status.protocol = protocol;
    return row;
}

}  // namespace

TEST_CASE("who is to be added must take a connection, also if a follower is asked", "[daemon][desk][3.4]") {
    Desk follower;
    for (const auto change : {MemberChange::add_voter, MemberChange::add_nonvoter}) {
        CHECK(follower.change(change, "x", "127.0.0.1:1") ==
              "dial tcp 127.0.0.1:1: connect: connection refused");
        CHECK(follower.change(change, "x", "127.0.0.1") ==
              "dial tcp: address 127.0.0.1: missing port in address");
        CHECK(follower.change(change, "x", "") == "dial tcp: missing address");
        CHECK(follower.change(change, "x", "127.0.0.1:99999") == "dial tcp: address 99999: invalid port");
        CHECK(follower.change(change, "x", "::::") == "dial tcp: address ::::: too many colons in address");
    }
    const Listener listener{follower.node.core};
    CHECK(follower.change(MemberChange::add_nonvoter, "x", listener.address()) == "node is not the leader");
    CHECK(follower.change(MemberChange::remove, "x") == "node is not the leader");
    CHECK(follower.change(MemberChange::demote_voter, "x") == "node is not the leader");
}

TEST_CASE("what is no address to dial is refused in Go's words, but for what only Go would dial",
          "[daemon][desk]") {
    const auto [address, fault] = GENERATE(table<std::string, std::string>({
        {"", "missing address"},
        {"host", "address host: missing port in address"},
        {"[::1]", "address [::1]: missing port in address"},
        {"[::1]x", "address [::1]x: missing port in address"},
        {"[::1]x:1", "address [::1]x:1: missing port in address"},
        {"[::1:1", "address [::1:1: missing ']' in address"},
        {"[::1]:1:2", "address [::1]:1:2: too many colons in address"},
        {"::1:1", "address ::1:1: too many colons in address"},
        {"http://host:1", "address http://host:1: too many colons in address"},
        {"a[b:1", "address a[b:1: unexpected '[' in address"},
        {"a]b:1", "address a]b:1: unexpected ']' in address"},
        {"[a[b]:1", "address [a[b]:1: unexpected '[' in address"},
        {"[::1]:1]", "address [::1]:1]: unexpected ']' in address"},
        {"host:65536", "address 65536: invalid port"},
        {"host:-1", "address -1: invalid port"},
        {"host:nosuchservice", "lookup tcp/nosuchservice: unknown port"},
        {"host:1x", "lookup tcp/1x: unknown port"},
        // Go dials these: this host, and port 0.
        {":1", "address :1: missing host in address"},
        {"[]:1", "address []:1: missing host in address"},
        {"host:", "address host:: no port to connect to"},
        {"host:0", "address host:0: no port to connect to"},
        {"host:1", ""},
        {"[::1]:65535", ""},
    }));
    CAPTURE(address);
    CHECK(fault_of(address) == fault);
}

TEST_CASE("members come and go, under the version that the caller names", "[daemon][desk][3.4.1]") {
    Desk desk;
    desk.lead();
    const Listener listener{desk.node.core};
    REQUIRE(desk.change(MemberChange::add_nonvoter, "b", listener.address()).empty());
    CHECK(desk.members() == 2);
    const auto version = desk.node.replica->membership().version.value();
    CHECK(desk.change(MemberChange::remove, "b", {}, version + 7) ==
          "configuration changed since " + std::to_string(version + 7) + " (latest is " +
              std::to_string(version) + ")");
    CHECK(desk.change(MemberChange::remove, "b", {}, version).empty());
    CHECK(desk.members() == 1);
    CHECK(desk.change(MemberChange::remove, "nobody").empty());
    CHECK(desk.change(MemberChange::demote_voter, "nobody").empty());
}

TEST_CASE("a configuration without a voter or with an empty id is refused in Go's words", "[daemon][desk]") {
    Desk desk;
    desk.lead();
    CHECK(desk.change(MemberChange::remove, "a").starts_with("need at least one voter in configuration: "));
    const Listener listener{desk.node.core};
    CHECK(desk.change(MemberChange::add_nonvoter, "", listener.address())
              .starts_with("empty ID in configuration: {[{Voter a 10.0.0.1:50050} {Nonvoter  127.0.0.1:"));
}

TEST_CASE("leadership is handed to nobody else by a sole voter", "[daemon][desk][3.4]") {
    Desk desk;
    CHECK(desk.transfer("a") == "cannot transfer leadership to itself");
    CHECK(desk.transfer("b") == "node is not the leader");
    CHECK(desk.transfer("") == "node is not the leader");
    desk.lead();
    CHECK(desk.transfer("a") == "cannot transfer leadership to itself");
    CHECK(desk.transfer("") == "cannot find peer");
    CHECK(desk.transfer("nobody", "127.0.0.1:1") == "cannot find replication state for nobody");
}

TEST_CASE(
    "a leader whose members are all conductord makes its node's newest block the head, whatever its number",
    "[daemon][desk][5.10.5][P-10]") {
    Desk desk;
    const auto wanted = replica::test::block(7);
    desk.newest = wanted;
    CHECK(desk.reset(wanted.hash) == "node is not the leader");
    desk.lead();
    REQUIRE(desk.node.committed(replica::test::block(10)) == "ok");
    CHECK(desk.node.committed(wanted) == "ok");
    CHECK(desk.node.head() == 10);  // as any lower number

    CHECK(desk.reset(wanted.hash).empty());
    CHECK(desk.fetched == std::vector<BlockHash>{wanted.hash});
    CHECK(desk.node.head() == 7);
    CHECK(desk.node.committed(replica::test::block(8)) == "ok");
    CHECK(desk.node.head() == 8);

    const Listener listener{desk.node.core};
    REQUIRE(desk.change(MemberChange::add_nonvoter, "b", listener.address()).empty());
    const std::string refusal{"cannot reset: not every member is known to be conductord: b"};
    CHECK(desk.reset(wanted.hash) == refusal);
    desk.view.rows = {member("b", peers::Protocol::go)};
    CHECK(desk.reset(wanted.hash) == refusal);
    desk.view.rows = {member("b", peers::Protocol::ours)};
    desk.view.rows[0].known = false;
    CHECK(desk.reset(wanted.hash) == refusal);
    CHECK(desk.fetched.size() == 1);  // nothing was asked of the node
    CHECK(desk.node.head() == 8);
}

TEST_CASE("a reset without the payload changes nothing, and one at a time is enough",
          "[daemon][desk][5.10.5]") {
    Desk desk;
    desk.lead();
    REQUIRE(desk.node.committed(replica::test::block(10)) == "ok");
    desk.newest = Complaint{"context deadline exceeded"};
    CHECK(desk.reset(replica::test::block(7).hash) == "cannot reset: context deadline exceeded");
    desk.newest.reset();
    desk.desk.reset_head(replica::test::block(7).hash, [](const std::string&) { FAIL("the node is silent"); });
    CHECK(desk.reset(replica::test::block(7).hash) == "cannot reset: another reset is under way");
    CHECK(desk.node.head() == 10);
}

TEST_CASE("a target is not looked for at an address that is not its own", "[daemon][desk][3.4]") {
    Desk desk;
    desk.lead();
    const Listener listener{desk.node.core};
    REQUIRE(desk.change(MemberChange::add_nonvoter, "b", listener.address()).empty());
    CHECK(desk.transfer("b", "127.0.0.1:1") ==
          "failed to make TimeoutNow RPC to b: 127.0.0.1:1 is not its address, " + listener.address() + " is");
    CHECK(desk.transfer("b", listener.address()) == "node is not a voter");
    CHECK(desk.node.replica->leads());
}

TEST_CASE("a desk that closes does not wait for a change that hangs", "[daemon][desk]") {
    bool answered = false;
    {
        Desk desk;
        desk.lead();
        desk.disk.hang();
        desk.desk.change({MemberChange::remove, ServerId{"x"}, {}, {}},
                         [&](const std::string&) { answered = true; });
        REQUIRE(desk.node.until([&] { return desk.disk.hangs(); }));
    }
    CHECK_FALSE(answered);
}
