// What an empty node learns of itself from conductors that are in a group, in none, silent, or somebody else.
#include "core/peers/roll_call.hpp"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

#include "tests/unit/http_client/peer.hpp"

using namespace conductor;
using namespace conductor::peers;
using namespace std::chrono_literals;

namespace {

const ServerId asker{"seq-1"};

std::string group_of(const std::string& ids) {
    std::string servers;
    for (const char id : ids)
        servers += (servers.empty() ? "" : ",") + std::string{R"({"id":"seq-)"} + id +
                   R"(","addr":"10.0.0.1:50050","suffrage":1})";
    return R"({"servers":[)" + servers + R"(],"version":7})";
}

test::Peer conductor_with(const std::string& membership) {
    return test::Peer{{[membership](test::Line& line) {
        const auto request = line.read_request();
        (void)line.say(test::ok(R"({"jsonrpc":"2.0","id":)" + request.substr(request.find("\"id\":") + 5, 1) +
                                R"(,"result":)" + membership + "}"));
    }}};
}

Contact contact(const std::string& id, std::uint16_t port) {
    return {{ServerId{id}, true, Reach::configured}, {"127.0.0.1", port, "/", {}}, {}};
}

std::vector<Heard> ask(const std::vector<Contact>& whom) {
    boost::asio::io_context core;
    RollCall call{core, asker, 2s};
    std::optional<std::vector<Heard>> heard;
    call.ask(whom, [&](const std::vector<Heard>& answers) { heard = answers; });
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!heard && std::chrono::steady_clock::now() < end) core.run_one_for(5ms);
    boost::asio::co_spawn(core, call.stop(), [](const std::exception_ptr&) {});
    core.restart();
    core.run_for(1s);
    REQUIRE(heard);
    return *heard;
}

}  // namespace

TEST_CASE("a membership lists a server with a vote or without", "[peers][roll-call][s5.4.1]") {
    CHECK(read_membership(group_of("012"), asker) == Word::listed);
    CHECK(read_membership(group_of("1"), asker) == Word::listed);
    CHECK(read_membership(R"({"Servers":[{"ID":"seq-1"}]})", asker) == Word::listed);
    CHECK(read_membership(group_of("023"), asker) == Word::not_listed);
    CHECK(read_membership(R"({"servers":[{"id":"seq-11"}]})", asker) == Word::not_listed);
}

TEST_CASE("a conductor without a group says so, and what cannot be read says nothing",
          "[peers][roll-call][s5.4.1]") {
    CHECK(read_membership(R"({"servers":null,"version":0})", asker) == Word::no_group);
    CHECK(read_membership(R"({"servers":[],"version":0})", asker) == Word::no_group);
    const auto* text = GENERATE("", "null", "[]", "{}", R"({"servers":7})", R"({"servers":[7]})",
                                R"({"servers":[{"id":1}]})", R"({"servers":[{}]})", R"({"servers":[)");
    INFO(text);
    CHECK(read_membership(text, asker) == Word::silent);
}

TEST_CASE("every conductor is asked, and a silent one is told apart", "[peers][roll-call][s5.4.1]") {
    const auto lists = conductor_with(group_of("012"));
    const auto does_not = conductor_with(group_of("02"));
    const auto in_none = conductor_with(R"({"servers":null,"version":0})");
    const auto heard = ask({contact("a", lists.port()), contact("b", does_not.port()),
                            contact("c", in_none.port()), contact("d", test::free_port())});
    REQUIRE(heard.size() == 4);
    CHECK(heard[0].who == ServerId{"a"});
    CHECK(heard[0].word == Word::listed);
    CHECK(heard[1].word == Word::not_listed);
    CHECK(heard[2].word == Word::no_group);
    CHECK(heard[3].who == ServerId{"d"});
    CHECK(heard[3].word == Word::silent);
}

TEST_CASE("a conductor that hangs is silent in time", "[peers][roll-call][s5.4.1]") {
    const test::BlackHole hole;
    const auto heard = ask({contact("a", hole.port())});
    REQUIRE(heard.size() == 1);
    CHECK(heard[0].word == Word::silent);
}

TEST_CASE("whom a blank node asks are the others of peers.rpc, or the host of a candidate",
          "[peers][roll-call][s1.7.2]") {
    const AddressBook book{
        asker,
        8545,
        {{asker, {"10.0.0.1", 8545, "/", {}}, {}}, {ServerId{"seq-2"}, {"10.0.0.2", 99, "/", {}}, "secret"}}};
    const auto listed = book.listed();
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].member.id == ServerId{"seq-2"});
    CHECK(listed[0].token == "secret");

    const AddressBook nobody{asker, 8545, {}};
    CHECK(nobody.listed().empty());
    const auto guessed = nobody.guess({ServerId{"seq-2"}, "10.0.0.2:50050"}, "10.0.0.1:50050");
    REQUIRE(guessed);
    CHECK(guessed->url.place() == "10.0.0.2:8545");
    CHECK(guessed->token.empty());
    CHECK_FALSE(nobody.guess({ServerId{"seq-2"}, "10.0.0.1:50050"}, "10.0.0.1:50050"));  // our own listener
    CHECK_FALSE(nobody.guess({ServerId{"seq-2"}, "nonsense"}, "10.0.0.1:50050"));
}
