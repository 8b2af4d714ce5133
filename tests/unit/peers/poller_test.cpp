// Members that answer as ours do, as Go's do, late, never, or nonsense: what the table says of them.
#include "core/peers/poller.hpp"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <map>
#include <mutex>

#include "core/peers/status_json.hpp"
#include "core/runtime/clock.hpp"
#include "tests/unit/http_client/peer.hpp"

using namespace conductor;
using namespace conductor::peers;
using conductor::test::BlackHole;
using conductor::test::Line;
using conductor::test::Peer;
using namespace std::chrono_literals;

namespace {

const ServerId self{"seq-0"};
const ServerId other{"seq-1"};
const std::string hash_text{"0x" + std::string(63, '0') + "7"};
const std::string ours_text{
    R"({"id":"seq-1","version":"v1","protocol":"conductord","leaseTimeoutMs":500,"health":"healthy","paused":false,)"
    R"("overridden":false,"active":true,"ready":true,"head":{"number":7,"hash":")" +
    hash_text + R"("}})"};

/// The RPC of one member: a result for each method, everything else is not known there.
class RpcDouble {
public:
    explicit RpcDouble(std::map<std::string, std::string> results) : results_{std::move(results)} {}
    [[nodiscard]] http::Url url() const { return {"127.0.0.1", peer_.port(), "/", {}}; }
    [[nodiscard]] int asked(const std::string& method) const {
        const std::lock_guard lock{mutex_};
        const auto found = asked_.find(method);
        return found == asked_.end() ? 0 : found->second;
    }
    [[nodiscard]] std::string last_request() const {
        const std::lock_guard lock{mutex_};
        return last_;
    }
    void answer(std::map<std::string, std::string> results) {
        const std::lock_guard lock{mutex_};
        results_ = std::move(results);
    }

private:
    static std::string between(const std::string& text, const std::string& from, char to) {
        const auto at = text.find(from) + from.size();
        return text.substr(at, text.find(to, at) - at);
    }
    void serve(Line& line) {
        while (true) {
            const auto request = line.read_request();
            if (request.empty()) return;
            const auto method = between(request, "\"method\":\"", '"');
            const std::lock_guard lock{mutex_};
            ++asked_[method];
            last_ = request;
            const auto found = results_.find(method);
            const auto said = found != results_.end() ? "\"result\":" + found->second
                                                      : R"("error":{"code":-32601,"message":"the method )" +
                                                            method + R"( does not exist/is not available"})";
            if (!line.say(test::ok(R"({"jsonrpc":"2.0","id":)" + between(request, "\"id\":", ',') + "," + said +
                                   "}")))
                return;
        }
    }

    mutable std::mutex mutex_;
    std::map<std::string, std::string> results_;
    std::map<std::string, int> asked_;
    std::string last_;
    Peer peer_{std::vector<test::Script>(4, [this](Line& line) { serve(line); })};
};

const std::map<std::string, std::string> as_ours{{"conductor_peerStatus", ours_text}};
const std::map<std::string, std::string> as_go{{"conductor_sequencerHealthy", "true"},
                                               {"conductor_paused", "true"},
                                               {"conductor_leaderOverridden", "false"}};

/// A poller on a core thread that the test turns.
class Watch {
public:
    explicit Watch(PollerSettings settings = {300ms, 300ms}, Duration counts = 10s) : counts_{counts} {
        poller.emplace(core, self, settings, table,
                       Poller::Ears{[this](const Note& note) { notes.push_back(note); }, [this] { ++rounds; }});
    }
    ~Watch() {
        bool stopped = false;
        boost::asio::co_spawn(core, poller->stop(), [&](const std::exception_ptr&) { stopped = true; });
        until([&] { return stopped; });
    }
    template <class Condition>
    bool until(Condition holds) {
        const auto end = std::chrono::steady_clock::now() + 5s;
        while (!holds() && std::chrono::steady_clock::now() < end) {
            core.restart();
            core.run_one_for(5ms);
        }
        return holds();
    }
    void meet(const http::Url& url, Reach reach = Reach::configured, const std::string& token = {}) {
        poller->set_contacts({{{other, true, reach}, url, token}});
    }
    [[nodiscard]] bool rounds_end(int more = 1) {
        const auto wanted = rounds + more;
        return until([&] { return rounds >= wanted; });
    }
    [[nodiscard]] Row row() { return *table.view(now()).find(other); }
    [[nodiscard]] int noted(NoteKind kind) const {
        return static_cast<int>(
            std::count_if(notes.begin(), notes.end(), [&](const Note& note) { return note.kind == kind; }));
    }

private:
    Duration counts_;

public:
    boost::asio::io_context core;
    Table table{{.self = self, .poll_interval = counts_ / 2, .lease_timeout = 500ms}};
    std::vector<Note> notes;
    int rounds{0};
    std::optional<Poller> poller;
};

}  // namespace

TEST_CASE("a member of ours says everything in one call", "[peers][poller][s1.7.3]") {
    RpcDouble member{as_ours};
    Watch watch;
    watch.meet(member.url(), Reach::configured, "secret");
    REQUIRE(watch.rounds_end());
    const auto row = watch.row();
    CHECK(row.known);
    CHECK(row.asked);
    CHECK(eligible(row));
    CHECK(row.status.active == Says::yes);
    REQUIRE(row.status.head);
    CHECK(row.status.head->number == BlockNumber{7});
    CHECK(to_hex(row.status.head->hash) == hash_text);
    CHECK(row.status.lease_timeout == Duration{500ms});
    CHECK(member.asked("conductor_paused") == 0);
    CHECK(member.last_request().find("Authorization: Bearer secret\r\n") != std::string::npos);
    CHECK(watch.notes.empty());
}

TEST_CASE("a Go member is asked what it knows, and not each time what it does not",
          "[peers][poller][s1.7.5][S-63]") {
    RpcDouble member{as_go};
    Watch watch;
    watch.meet(member.url());
    REQUIRE(watch.until([&] { return watch.row().known; }));
    REQUIRE(watch.rounds_end(3));
    const auto row = watch.row();
    CHECK(row.status.protocol == Protocol::go);
    CHECK(row.status.health == Health::healthy);
    CHECK(row.status.paused == Says::yes);
    CHECK(row.status.overridden == Says::no);
    CHECK(row.status.active == Says::unknown);
    CHECK(row.status.ready == Says::unknown);
    CHECK_FALSE(row.status.head.has_value());
    CHECK(member.asked("conductor_paused") > member.asked("conductor_peerStatus"));
}

TEST_CASE("a Go member that became ours is recognised", "[peers][poller][s1.7.5]") {
    RpcDouble member{as_go};
    Watch watch{{50ms, 50ms}};
    watch.meet(member.url());
    REQUIRE(watch.until([&] { return watch.row().status.protocol == Protocol::go; }));
    auto both = as_go;  // as ours do; it never falls silent
    both.insert(as_ours.begin(), as_ours.end());
    member.answer(both);
    CHECK(watch.until([&] { return watch.row().status.protocol == Protocol::ours; }));
}

TEST_CASE("what an older Go member lacks is unknown, the rest is believed", "[peers][poller][s1.7.5][S-63]") {
    RpcDouble member{{{"conductor_sequencerHealthy", "false"}}};
    Watch watch;
    watch.meet(member.url());
    REQUIRE(watch.rounds_end());
    const auto row = watch.row();
    CHECK(row.known);
    CHECK(row.status.health == Health::unhealthy);
    CHECK(row.status.paused == Says::unknown);
    CHECK(row.status.overridden == Says::unknown);
    CHECK_FALSE(candidate(row));
}

TEST_CASE("whoever knows none of the methods is no conductor, and unknown", "[peers][poller][s1.7.4][S-63]") {
    RpcDouble member{{}};
    Watch watch;
    watch.meet(member.url());
    REQUIRE(watch.rounds_end());
    CHECK_FALSE(watch.row().known);
    CHECK(watch.noted(NoteKind::silent) == 1);
}

TEST_CASE("an answer that is nonsense is silence", "[peers][poller][s1.7.4]") {
    const std::string nonsense =
        GENERATE("null", "[]", "{}", R"({"id":"seq-1"})", R"({"id":"","protocol":"conductord"})",
                 R"({"id":"seq-1","protocol":"conductord","paused":"no"})",
                 R"({"id":"seq-1","protocol":"conductord","head":{"number":1}})",
                 R"({"id":"seq-1","protocol":"conductord","leaseTimeoutMs":-1})");
    INFO(nonsense);
    RpcDouble member{{{"conductor_peerStatus", nonsense}}};
    Watch watch;
    watch.meet(member.url());
    REQUIRE(watch.rounds_end());
    CHECK(watch.row().asked);
    CHECK_FALSE(watch.row().known);
    CHECK(member.asked("conductor_paused") == 0);
}

TEST_CASE("a member that hangs is unknown at the deadline and holds nobody up",
          "[peers][poller][s1.7.3][S-63]") {
    const BlackHole hole;
    RpcDouble member{as_ours};
    Watch watch{{100ms, 100ms}};
    const ServerId hanging{"seq-2"};
    watch.poller->set_contacts({{{hanging, true, Reach::configured}, {"127.0.0.1", hole.port(), "/", {}}, {}},
                                {{other, true, Reach::configured}, member.url(), {}}});
    REQUIRE(watch.rounds_end(3));
    const auto view = watch.table.view(now());
    CHECK(view.first_poll_ended());
    CHECK_FALSE(view.all_voters_known());
    CHECK_FALSE(view.find(hanging)->known);
    CHECK(view.find(other)->known);
    CHECK(watch.noted(NoteKind::silent) == 1);
}

TEST_CASE("a dead host is unknown, and known again once it answers", "[peers][poller][s1.7.6][S-63]") {
    const auto port = test::free_port();
    Watch watch;
    watch.meet({"127.0.0.1", port, "/", {}});
    REQUIRE(watch.rounds_end());
    CHECK_FALSE(watch.row().known);
    CHECK(watch.noted(NoteKind::silent) == 1);
    RpcDouble member{as_ours};
    watch.meet(member.url());
    CHECK(watch.until([&] { return watch.row().known; }));
}

TEST_CASE("what was known is forgotten when nothing more is heard", "[peers][poller][s1.7.4]") {
    auto member = std::make_unique<RpcDouble>(as_ours);
    Watch watch{{50ms, 50ms}, 400ms};
    watch.meet(member->url());
    REQUIRE(watch.until([&] { return watch.row().known; }));
    member->answer({{"conductor_peerStatus", "null"}});
    CHECK(watch.until([&] { return !watch.row().known; }));
    CHECK(watch.until([&] { return watch.noted(NoteKind::silent) == 1; }));
    CHECK(watch.row().status.health == Health::unknown);
    member->answer(as_ours);
    CHECK(watch.until([&] { return watch.noted(NoteKind::back) == 1; }));
}

TEST_CASE("an answer under another id is unknown", "[peers][poller][s1.7.2][S-63]") {
    auto text = ours_text;
    text.replace(text.find("seq-1"), 5, "seq-9");
    RpcDouble member{{{"conductor_peerStatus", text}}};
    Watch watch;
    watch.meet(member.url());
    REQUIRE(watch.rounds_end(3));
    CHECK_FALSE(watch.row().known);
    CHECK(watch.noted(NoteKind::another_id) == 1);
}

TEST_CASE("a guess that reaches this node itself is dropped without a word", "[peers][poller][s1.7.2][S-63]") {
    auto text = ours_text;
    text.replace(text.find("seq-1"), 5, "seq-0");
    RpcDouble member{{{"conductor_peerStatus", text}}};
    Watch watch;
    watch.meet(member.url(), Reach::guessed);
    REQUIRE(watch.rounds_end(3));
    CHECK(watch.row().member.reach == Reach::none);
    CHECK_FALSE(watch.row().known);
    CHECK(member.asked("conductor_peerStatus") == 1);
    CHECK(watch.notes.empty());
}

TEST_CASE("a lease time-out that is not ours is noted once", "[peers][poller][s1.7.6]") {
    auto text = ours_text;
    text.replace(text.find(":500,"), 5, ":200,");
    RpcDouble member{{{"conductor_peerStatus", text}}};
    Watch watch;
    watch.meet(member.url());
    REQUIRE(watch.rounds_end(3));
    CHECK(watch.row().known);
    CHECK(watch.noted(NoteKind::lease_differs) == 1);
}

TEST_CASE("whoever is removed is asked no more, and whoever comes is asked at once", "[peers][poller]") {
    RpcDouble member{as_ours};
    Watch watch{{60s, 2s}};
    watch.poller->set_contacts({});
    REQUIRE(watch.rounds_end(1));
    watch.meet(member.url());
    CHECK(watch.until([&] { return watch.row().known; }));
    watch.poller->set_contacts({});
    REQUIRE(watch.rounds_end(1));
    CHECK(watch.table.view(now()).rows.empty());
    CHECK(member.asked("conductor_peerStatus") == 1);
}

TEST_CASE("a listed member is asked where the list says, others where their raft address lets guess",
          "[peers][address_book][s1.7.2][S-63]") {
    const auto voter = consensus::Suffrage::voter;
    const AddressBook book{
        self, 8547, {{other, {"rpc.example", 80, "/", {}}, "secret"}, {ServerId{"gone"}, {}, {}}}};
    const auto contacts = book.contacts({{self, "10.0.0.1:50050", voter},
                                         {other, "10.0.0.2:50050", voter},
                                         {ServerId{"seq-2"}, "10.0.0.3:50050", consensus::Suffrage::nonvoter},
                                         {ServerId{"seq-3"}, "10.0.0.1:50051", voter},
                                         {ServerId{"seq-4"}, "[fd00::4]:50050", voter},
                                         {ServerId{"seq-5"}, "nowhere", voter}});
    REQUIRE(contacts.size() == 5);
    CHECK(contacts[0].member == Member{other, true, Reach::configured});
    CHECK(contacts[0].url.host == "rpc.example");
    CHECK(contacts[0].token == "secret");
    CHECK(contacts[1].member == Member{ServerId{"seq-2"}, false, Reach::guessed});
    CHECK(contacts[1].url.place() == "10.0.0.3:8547");
    CHECK(contacts[1].token.empty());
    CHECK(contacts[2].member.reach == Reach::none);  // our own host: it would be our own listener
    CHECK(contacts[3].member.reach == Reach::guessed);
    CHECK(contacts[3].url.place() == "[fd00::4]:8547");
    CHECK(contacts[4].member.reach == Reach::none);
}

TEST_CASE("with an RPC port of the system's choice nobody is guessed", "[peers][address_book]") {
    const AddressBook book{self, 0, {}};
    const auto contacts = book.contacts({{other, "10.0.0.2:50050", consensus::Suffrage::voter}});
    REQUIRE(contacts.size() == 1);
    CHECK(contacts[0].member.reach == Reach::none);
}

TEST_CASE("a status is read as it was written, and what is not known is null", "[peers][json][s3.4.9]") {
    const auto status = read_status(ours_text);
    REQUIRE(status);
    CHECK(status_json(*status) == ours_text);
    Status bare;
    bare.id = other;
    bare.protocol = Protocol::ours;
    const auto text = status_json(bare);
    CHECK(
        text ==
        R"({"id":"seq-1","version":null,"protocol":"conductord","leaseTimeoutMs":null,"health":null,"paused":null,)"
        R"("overridden":null,"active":null,"ready":null,"head":null})");
    CHECK(read_status(text) == bare);
    CHECK(read_status(R"({"later":[1],"protocol":"conductord","id":"seq-1"})"));
}

TEST_CASE("the table shows every other member, its age and whether its address is a guess",
          "[peers][json][s3.4.9]") {
    Table table{{.self = self}};
    table.set_members({{other, true, Reach::guessed}, {ServerId{"seq-2"}, true, Reach::none}});
    Status go;
    go.protocol = Protocol::go;
    go.health = Health::healthy;
    (void)table.answered(Instant{10s}, other, go);
    CHECK(
        table_json(table.view(Instant{10s + 250ms})) ==
        R"([{"id":"seq-1","version":null,"protocol":"op-conductor","leaseTimeoutMs":null,"health":"healthy",)"
        R"("paused":null,"overridden":null,"active":null,"ready":null,"head":null,"ageMs":250,"guessed":true},)"
        R"({"id":"seq-2","version":null,"protocol":null,"leaseTimeoutMs":null,"health":null,"paused":null,)"
        R"("overridden":null,"active":null,"ready":null,"head":null,"ageMs":null,"guessed":false}])");
    CHECK(table_json({}) == "[]");
}
