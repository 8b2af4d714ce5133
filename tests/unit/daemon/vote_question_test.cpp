// What becomes of a vote that may have been forgotten, with a real replica over a disk in memory and conductors
// that say what the test wants.
#include "core/daemon/vote_question.hpp"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

#include "core/runtime/logging.hpp"
#include "tests/unit/http_client/peer.hpp"
#include "tests/unit/replica/memory_store.hpp"
#include "tests/unit/replica/overheard.hpp"

using namespace conductor;
using namespace conductor::daemon;
using conductor::replica::test::Overheard;
using conductor::test::MemoryDisk;
using consensus::VoteHold;
using namespace std::chrono_literals;

namespace {

const consensus::Sender rival{ServerId{"seq-2"}, "127.0.0.1:50050"};
const std::string own_place{"10.0.0.1:50050"};

std::string membership(const std::string& ids) {
    std::string servers;
    for (const char id : ids)
        servers += (servers.empty() ? "" : ",") + std::string{R"({"id":"seq-)"} + id + "\"}";
    return R"({"servers":)" + (ids.empty() ? "null" : "[" + servers + "]") + R"(,"version":1})";
}

/// A conductor that answers every question about its group in the same way.
conductor::test::Peer conductor_in(const std::string& ids) {
    return conductor::test::Peer{std::vector<conductor::test::Script>(20, [ids](conductor::test::Line& line) {
        while (true) {
            const auto request = line.read_request();
            const auto id = request.find("\"id\":");
            if (id == std::string::npos) return;
            const auto end = request.find_first_of(",}", id);
            const auto answer =
                R"({"jsonrpc":"2.0",)" + request.substr(id, end - id) + R"(,"result":)" + membership(ids) + "}";
            if (!line.say(conductor::test::ok(answer))) return;
        }
    })};
}

config::Settings settings_of(bool bootstrap) {
    config::Settings settings;
    settings.raft.server_id = "seq-1";
    settings.raft.bootstrap = bootstrap;
    settings.peers.poll_interval = 20ms;
    settings.peers.poll_timeout = 300ms;
    return settings;
}

/// A node that has just come up over `disk`.
class Blank {
public:
    Blank(MemoryDisk& disk, const config::Settings& settings, const std::vector<std::uint16_t>& listed,
          std::uint16_t rpc_port = 0)
        : question{core, settings, book(listed, rpc_port)} {
        replica::Options options;
        options.raft.self = {ServerId{"seq-1"}, own_place};
        options.raft.heartbeat_timeout = options.raft.election_timeout =
            60ms;  // a held vote is mute for 2E + L
        options.raft.lease_timeout = 50ms;
        replica::Events events;
        question.listen_to(events);
        node.emplace(core, std::move(options), disk.open(), links, std::move(events));
        node->start([this] { question.begin(*node, own_place, [this] { ++founded; }); });
        REQUIRE(until([&] { return node->vote_hold().has_value(); }));
    }
    ~Blank() {
        bool stopped = false;
        node->stop(2s);
        boost::asio::co_spawn(core, question.stop(), [&](const std::exception_ptr&) { stopped = true; });
        CHECK(until([&] { return stopped; }));
        core.restart();
        core.poll();
    }
    template <class Condition>
    bool until(Condition condition) {
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (!condition() && std::chrono::steady_clock::now() < end) {
            core.restart();
            core.run_one_for(5ms);
        }
        return condition();
    }
    [[nodiscard]] bool comes_to(VoteHold hold) {
        return until([&] { return node->vote_hold() == hold; });
    }
    /// Whether it gives its vote to `rival`, once it answers.
    [[nodiscard]] bool votes(std::uint64_t term) {
        const consensus::VoteRequest ask{consensus::Ballot::vote, Term{term}, {Term{9}, LogIndex{9}}, false};
        const consensus::Exchange exchange{1000 + term};
        node->receive({exchange, rival, ask, {}});
        const auto answer = [&]() -> const consensus::VoteReply* {
            for (const auto& posted : links.posted)
                if (posted.exchange == exchange) return std::get_if<consensus::VoteReply>(&posted.message);
            return nullptr;
        };
        REQUIRE(until([&] { return answer() != nullptr; }));
        return answer()->granted;
    }
    /// `rival` leads and stores its log here.
    void feed() {
        consensus::AppendRequest feed;
        feed.term = Term{4};
        feed.first = LogIndex{1};
        feed.count = 1;
        feed.commit = LogIndex{1};
        consensus::Entry first;
        first.position = {Term{4}, LogIndex{1}};
        first.type = consensus::EntryType::configuration;
        first.configuration = std::make_shared<consensus::Configuration>(
            consensus::Configuration{{{rival.id, rival.address, {}}, {ServerId{"seq-1"}, own_place, {}}}});
        feed.entries.push_back(first);
        node->receive({consensus::Exchange{77}, rival, feed, {}});
        feed.entries.clear();
        feed.count = 0;
        feed.prev = first.position;
        node->receive({consensus::Exchange{78}, rival, feed, {}});
    }
    [[nodiscard]] bool is_free_once_fed() {
        auto next = std::chrono::steady_clock::now();
        return until([&] {
            if (std::chrono::steady_clock::now() >= next) {
                feed();
                next = std::chrono::steady_clock::now() + 20ms;  // not faster than it is worked off
            }
            return node->vote_hold() == VoteHold::none;
        });
    }
    [[nodiscard]] bool logged(const std::string& text) const { return log.contains(text); }

    logging::Capture log;
    boost::asio::io_context core;
    Overheard links;
    int founded{0};
    VoteQuestion question;
    std::optional<replica::Replica> node;

private:
    static peers::AddressBook book(const std::vector<std::uint16_t>& listed, std::uint16_t rpc_port) {
        std::vector<peers::Listed> out;
        for (const auto port : listed)
            out.push_back(
                {ServerId{"seq-" + std::to_string(out.size() + 2)}, {"127.0.0.1", port, "/", {}}, {}});
        return {ServerId{"seq-1"}, rpc_port, std::move(out)};
    }
};

}  // namespace

TEST_CASE("an empty node that a conductor lists holds its vote until a leader has fed it",
          "[daemon][vote][C-86][P-53]") {
    const auto lists = conductor_in("0123");
    MemoryDisk disk;
    {
        Blank node{disk, settings_of(false), {lists.port(), conductor::test::free_port()}};
        REQUIRE(node.comes_to(VoteHold::held));
        CHECK_FALSE(node.votes(3));
        CHECK(node.node->not_ready() == "vote is held");
        CHECK(node.logged("listed by seq-2"));
    }
    Blank again{disk, settings_of(false), {}};  // it needs nobody to remember that
    REQUIRE(again.node->vote_hold() == VoteHold::held);
    CHECK_FALSE(again.votes(3));
    REQUIRE(again.is_free_once_fed());
    CHECK(again.node->not_ready().empty());
    CHECK(again.logged("this node votes again"));
    CHECK(again.votes(5));
}

TEST_CASE("a listed conductor that is silent is no consent, nor are those that know of no group",
          "[daemon][vote][C-86]") {
    const auto does_not = conductor_in("02");
    const auto in_none = conductor_in("");
    const auto in_none_either = conductor_in("");
    const bool silent = GENERATE(true, false);
    MemoryDisk disk;
    Blank node{disk,
               settings_of(false),
               {silent ? does_not.port() : in_none_either.port(),
                silent ? conductor::test::free_port() : in_none.port()}};
    REQUIRE(node.until([&] { return does_not.accepted() + in_none.accepted() > 0; }));
    for (std::uint64_t term = 1; term < 6; ++term) {
        CHECK_FALSE(node.votes(term));
        REQUIRE(node.until([end = std::chrono::steady_clock::now() + 50ms] {
            return std::chrono::steady_clock::now() > end;
        }));
    }
    CHECK(node.node->vote_hold() == VoteHold::asking);
}

TEST_CASE("in a group that is being formed those who are in none yet do not keep a vote back",
          "[daemon][vote][s5.4.1]") {
    const auto does_not = conductor_in("0");
    const auto in_none = conductor_in("");
    MemoryDisk disk;
    Blank node{disk, settings_of(false), {does_not.port(), in_none.port()}};
    CHECK(node.comes_to(VoteHold::none));
    CHECK(node.votes(1));
}

TEST_CASE("a node that nobody lists votes, and asks again after a restart in the middle",
          "[daemon][vote][C-38][s5.4.1]") {
    MemoryDisk disk;
    {
        Blank node{disk, settings_of(false), {conductor::test::free_port()}};
        REQUIRE(node.node->vote_hold() == VoteHold::asking);
        CHECK_FALSE(node.votes(3));  // it has a term from now on, and does not look empty any more
    }
    const auto does_not = conductor_in("02");
    Blank again{disk, settings_of(false), {does_not.port()}};
    REQUIRE(again.comes_to(VoteHold::none));
    CHECK(again.votes(4));
}

TEST_CASE("whoever is fed while it asks is a member, and holds its vote until that is on disk",
          "[daemon][vote][C-86]") {
    MemoryDisk disk;
    Blank node{disk, settings_of(false), {conductor::test::free_port()}};
    REQUIRE(node.node->vote_hold() == VoteHold::asking);
    REQUIRE(node.is_free_once_fed());
    CHECK(node.logged("a leader feeds it"));
    CHECK(node.votes(5));
}

TEST_CASE("without a list the host of a candidate is asked, and where nobody can be asked it votes as Go",
          "[daemon][vote][C-38]") {
    MemoryDisk disk;
    SECTION("the candidate's conductor lists it") {
        const auto lists = conductor_in("12");
        Blank node{disk, settings_of(false), {}, lists.port()};
        CHECK_FALSE(node.votes(2));
        CHECK(node.comes_to(VoteHold::held));
        CHECK_FALSE(node.votes(3));
    }
    SECTION("the candidate's conductor does not") {
        const auto does_not = conductor_in("2");
        Blank node{disk, settings_of(false), {}, does_not.port()};
        CHECK_FALSE(node.votes(2));
        CHECK(node.comes_to(VoteHold::none));
        CHECK(node.votes(3));
    }
    SECTION("there is none") {
        Blank node{disk, settings_of(false), {}, conductor::test::free_port()};
        CHECK_FALSE(node.votes(2));  // not before one try has ended
        CHECK(node.comes_to(VoteHold::none));
        CHECK(node.logged("no conductor can be asked"));
        CHECK(node.votes(3));
    }
}

TEST_CASE("raft.join=new frees a vote, and an empty node that is new asks nobody", "[daemon][vote][C-38]") {
    const auto lists = conductor_in("12");
    MemoryDisk disk;
    {
        Blank node{disk, settings_of(false), {lists.port()}};
        REQUIRE(node.comes_to(VoteHold::held));
    }
    auto settings = settings_of(false);
    settings.raft.join = config::Join::fresh;
    {
        Blank again{disk, settings, {lists.port()}};
        REQUIRE(again.comes_to(VoteHold::none));
        CHECK(again.votes(3));
    }
    MemoryDisk new_disk;
    Blank fresh{new_disk, settings, {lists.port()}};
    CHECK(fresh.node->vote_hold() == VoteHold::none);
    CHECK(fresh.votes(1));
}

TEST_CASE("an empty node with the bootstrap flag founds a group unless a conductor is in one",
          "[daemon][vote][P-36]") {
    MemoryDisk disk;
    SECTION("nobody to ask: at once") {
        Blank node{disk, settings_of(true), {}};
        CHECK(node.founded == 1);
        CHECK(node.node->vote_hold() == VoteHold::none);
    }
    SECTION("silence does not hold it back, and is said") {
        Blank node{disk, settings_of(true), {conductor::test::free_port()}};
        REQUIRE(node.until([&] { return node.founded == 1; }));
        CHECK(node.node->vote_hold() == VoteHold::none);
        CHECK(node.logged("seq-2"));
    }
    SECTION("others without a group do not") {
        const auto in_none = conductor_in("");
        Blank node{disk, settings_of(true), {in_none.port()}};
        CHECK(node.until([&] { return node.founded == 1; }));
    }
    SECTION("a group that lists it: the vote is held") {
        const auto lists = conductor_in("12");
        Blank node{disk, settings_of(true), {conductor::test::free_port(), lists.port()}};
        REQUIRE(node.comes_to(VoteHold::held));
        CHECK(node.logged("does not found one"));
        CHECK(node.founded == 0);
    }
    SECTION("a group that does not list it") {
        const auto does_not = conductor_in("2");
        Blank node{disk, settings_of(true), {does_not.port()}};
        REQUIRE(node.comes_to(VoteHold::none));
        CHECK(node.logged("does not found one"));
        CHECK(node.founded == 0);
    }
}

TEST_CASE("a node with a log asks nobody, with the bootstrap flag or without", "[daemon][vote]") {
    MemoryDisk disk;
    {
        Blank node{disk, settings_of(false), {}};
        REQUIRE(node.is_free_once_fed());
    }
    const auto bootstrap = GENERATE(true, false);
    const auto lists = conductor_in("12");
    Blank again{disk, settings_of(bootstrap), {lists.port()}};
    CHECK(again.node->vote_hold() == VoteHold::none);
    CHECK(again.founded == (bootstrap ? 1 : 0));  // consensus refuses it, and the log says so
    CHECK(lists.accepted() == 0);
}
