// What strangers and a mad member send over the raft port, against a group of real daemons that commits.
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "core/transport/wire_protocol.hpp"
#include "tests/integration/group.hpp"
#include "tests/integration/odd_member.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

/// Megabytes of a process that lie in memory.
double resident_mb(pid_t pid) {
    std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
    std::string word;
    double kilobytes = 0;
    while (status >> word)
        if (word == "VmRSS:") status >> kilobytes;
    return kilobytes / 1000;
}

std::size_t descriptors(pid_t pid) {
    const std::filesystem::directory_iterator open{"/proc/" + std::to_string(pid) + "/fd"};
    return static_cast<std::size_t>(std::distance(begin(open), end(open)));
}

/// A connection to a raft port; -1: refused.
int dial(const std::string& address) {
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_port = htons(static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1))));
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{0, 200'000};
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0) return socket;
    ::close(socket);
    return -1;
}

bool send_all(int socket, const std::string& octets) {
    return ::send(socket, octets.data(), octets.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(octets.size());
}

std::string octets_of(const consensus::Sender& from, const consensus::Message& message) {
    std::string octets;
    for (const auto& piece : wire::encode(wire::request_of(from, message))) octets += as_text(piece.span());
    return octets;
}

consensus::AppendRequest append_of(std::uint64_t term) {
    consensus::AppendRequest append;
    append.term = Term{term};
    append.prev = {Term{1}, LogIndex{1}};
    return append;
}

/// What no member sends, by name. Said in a member's name where that makes it worse.
std::vector<std::pair<std::string, std::string>> bad_messages(const consensus::Sender& member) {
    const auto good = octets_of(member, append_of(2));
    auto wrong_type = good;
    wrong_type.replace(wrong_type.rfind("Term") + 4, 1, "\xa1x");
    auto negative = good;
    negative.replace(negative.rfind("Term") + 4, 1, "\xff");
    const auto entries = good.find("Entries") + 7;
    const auto until_entries = good.substr(0, entries);
    return {{"truncated", good.substr(0, good.size() / 2)},
            {"of an unknown type", "\x07" + good.substr(1)},
            {"wrong-typed", wrong_type},
            {"negative", negative},
            {"an array of four thousand million entries", until_entries + "\xdd\xff\xff\xff\xff"},
            {"deeply nested", until_entries + std::string(100'000, '\x91')},
            {"announced as 4 GiB",
             std::string{"\x00\x89\xa4", 3} + "Addr\xdb\xff\xff\xff\xff" + std::string(100'000, 'a')},
            {"a snapshot of a terabyte",
             [&] {
                 consensus::SnapshotRequest snapshot;
                 snapshot.term = Term{2};
                 snapshot.last = {Term{2}, LogIndex{1'000'000'000}};
                 std::string octets;
                 const auto request = wire::request_of(member, snapshot, 1ULL << 40U);
                 for (const auto& piece : wire::encode(request)) octets += as_text(piece.span());
                 return octets + std::string(200'000, 'b');
             }()},
            {"another protocol", "GET / HTTP/1.1\r\nHost: seq-1\r\n\r\n"}};
}

/// Commits `count` blocks one after the other, each through `leader` at the first try.
void commit_through(Sites& sites, std::size_t leader, Account& account, std::uint64_t& number, int count) {
    const auto client = sites.at(leader).daemon.client();
    for (int i = 0; i < count; ++i) {
        const auto said = account.commit(*client, small_block(++number));
        REQUIRE(said == "");
    }
}

double term_of(Sites& sites, std::size_t which) {
    return sites.figure(which, "op_conductor_raft_term").value_or(-1);
}

}  // namespace

TEST_CASE("what no member sends costs a group neither its leader nor a block", "[group][wire][C-2][C-9]") {
    Sites sites{three("group-bad-messages")};
    REQUIRE(sites.form() == "");
    const auto leader = static_cast<std::size_t>(sites.leader());
    Account account;
    std::uint64_t number = 1'000'000;
    commit_through(sites, leader, account, number, 3);
    REQUIRE(eventually(5s, [&] { return term_of(sites, leader) > 0; }));
    const auto term = term_of(sites, leader);
    const consensus::Sender stranger{ServerId{"nobody"}, "10.9.9.9:1"};
    const consensus::Sender member{ServerId{sites.at((leader + 1) % 3).id},
                                   sites.at((leader + 1) % 3).daemon.raft_address(1s)};
    std::vector<int> open;
    for (const auto& sender : {stranger, member}) {
        for (const auto& [name, octets] : bad_messages(sender)) {
            for (std::size_t i = 0; i < sites.size(); ++i) {
                INFO(name << " in the name of " << sender.id.text() << " to " << sites.at(i).id);
                const int socket = dial(sites.at(i).daemon.raft_address(1s));
                REQUIRE(socket >= 0);
                (void)send_all(socket, octets);
                open.push_back(socket);
                REQUIRE(sites.at(i).daemon.process().running());
            }
            INFO(name << " in the name of " << sender.id.text());
            commit_through(sites, leader, account, number, 3);
        }
    }
    // And one that is good, but comes an octet a second.
    std::atomic<bool> done{false};
    std::thread slow{[&] {
        const int socket = dial(sites.at(leader).daemon.raft_address(1s));
        for (const auto octet : octets_of(member, append_of(2)))
            for (int tenth = 0; tenth < 10 && !done.load(); ++tenth) {
                if (tenth == 0) (void)::send(socket, &octet, 1, MSG_NOSIGNAL);
                std::this_thread::sleep_for(100ms);
            }
        ::close(socket);
    }};
    for (int i = 0; i < 20; ++i) {
        commit_through(sites, leader, account, number, 1);
        std::this_thread::sleep_for(100ms);
    }
    done.store(true);
    slow.join();
    for (const int socket : open) ::close(socket);
    CHECK(sites.leader() == static_cast<int>(leader));
    CHECK(term_of(sites, leader) == term);
    REQUIRE(sites.all_reach(number));
    for (std::size_t i = 0; i < sites.size(); ++i) {
        INFO(sites.at(i).id);
        CHECK(resident_mb(sites.at(i).daemon.process().pid()) < 400);
        CHECK(sites.stop(i) == 0);
        CHECK(compare_log(sites.at(i).daemon.store(), account) == "");
    }
}

TEST_CASE("ten thousand strangers cost a group bounded memory and descriptors, and no lead",
          "[group][wire][C-95]") {
    Sites sites{three("group-strangers")};
    REQUIRE(sites.form() == "");
    const auto leader = static_cast<std::size_t>(sites.leader());
    Account account;
    std::uint64_t number = 1'000'000;
    commit_through(sites, leader, account, number, 5);
    const auto pid = sites.at(leader).daemon.process().pid();
    const auto memory = resident_mb(pid);
    const auto address = sites.at(leader).daemon.raft_address(1s);
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const auto at_once = std::min<std::size_t>(limit.rlim_max > 2000 ? limit.rlim_max - 1000 : 500, 10'000);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);

    // Each says who he is and begins a message that he does not end.
    const auto begun =
        octets_of({ServerId{"nobody"}, "10.9.9.9:1"}, append_of(2)).substr(0, 60) + std::string(2000, 'x');
    std::vector<int> open;
    std::size_t most = 0;
    std::size_t dialled = 0;
    for (std::size_t i = 0; i < 10'000; ++i) {
        if (open.size() >= at_once) {
            for (const int socket : open) ::close(socket);
            open.clear();
        }
        const int socket = dial(address);
        if (socket < 0) continue;
        ++dialled;
        (void)send_all(socket, begun);
        open.push_back(socket);
        if (i % 500 != 0) continue;
        most = std::max(most, descriptors(pid));
        commit_through(sites, leader, account, number, 1);
    }
    CHECK(dialled > 9'000);
    INFO("descriptors at most " << most << ", memory " << memory << " to " << resident_mb(pid) << " MB");
    CHECK(most < 500);
    CHECK(resident_mb(pid) - memory < 100);
    CHECK(sites.leader() == static_cast<int>(leader));
    for (const int socket : open) ::close(socket);
    commit_through(sites, leader, account, number, 5);
    CHECK(eventually(10s, [&] { return descriptors(pid) < 100; }));
    REQUIRE(sites.all_reach(number));
    for (std::size_t i = 0; i < sites.size(); ++i) {
        CHECK(sites.stop(i) == 0);
        CHECK(compare_log(sites.at(i).daemon.store(), account) == "");
    }
}

TEST_CASE("a voter that answers nonsense, nothing, too slowly or out of order costs the other two nothing",
          "[group][wire][C-5]") {
    OddMember odd{"odd-3"};
    Sites sites{three("group-odd-voter")};
    REQUIRE(sites.start(0));
    REQUIRE(sites.start(1));
    REQUIRE(sites.leader() == 0);
    REQUIRE(sites.add_voter(0, 1) == "");
    const auto added = sites.call(0, "conductor_addServerAsVoter", "[\"odd-3\",\"" + odd.address() + "\",0]");
    REQUIRE(added.find("\"result\":null") != std::string::npos);
    Account account;
    std::uint64_t number = 1'000'000;
    commit_through(sites, 0, account, number, 5);
    REQUIRE(eventually(5s, [&] { return term_of(sites, 0) > 0; }));
    const auto term = term_of(sites, 0);

    const std::pair<Manner, const char*> manners[]{
        {Manner::silent, "silent"},   {Manner::truncated, "truncated"}, {Manner::wrong_type, "wrong type"},
        {Manner::nested, "nested"},   {Manner::garbage, "garbage"},     {Manner::slow, "slow"},
        {Manner::swapped, "swapped"}, {Manner::endless, "endless"}};
    for (const auto& [manner, name] : manners) {
        INFO(name);
        odd.behave(manner);
        const auto asked = odd.asked();
        CHECK(eventually(5s, [&] {
            commit_through(sites, 0, account, number, 1);
            return odd.asked() > asked + 1;
        }));
        const auto until = std::chrono::steady_clock::now() + 1s;
        while (std::chrono::steady_clock::now() < until) {
            commit_through(sites, 0, account, number, 5);
            std::this_thread::sleep_for(20ms);
        }
        CHECK(resident_mb(sites.at(0).daemon.process().pid()) < 400);
        CHECK(sites.leads(0));
    }
    odd.behave(Manner::sane);
    const auto asked = odd.asked();
    CHECK(eventually(5s, [&] { return odd.asked() > asked + 5; }));
    CHECK(term_of(sites, 0) == term);
    REQUIRE(sites.all_reach(number));
    for (const std::size_t i : {0U, 1U}) {
        CHECK(sites.stop(i) == 0);
        CHECK(compare_log(sites.at(i).daemon.store(), account) == "");
    }
}
