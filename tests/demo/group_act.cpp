#include <signal.h>

#include <ctime>

#include "tests/demo/acts.hpp"
#include "tests/demo/chronicle.hpp"
#include "tests/demo/story.hpp"

namespace conductor::demo {

using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t some_blocks = 15;

/// Three hosts and their story.
class Group {
public:
    explicit Group(const SitesSetup& setup) : sites{setup}, chronicle{sites} {}

    Sites sites;
    Chronicle chronicle;

    [[nodiscard]] const char* id(std::size_t which) { return sites.at(which).id.c_str(); }
    SimnodeProcess& node(std::size_t which) { return sites.at(which).node; }

    std::string ask(std::size_t which, const char* method, const std::string& params = "[]") {
        const auto answer = sites.call(which, method, params);
        auto result = result_of(answer);
        if (result.empty())
            throw Failed{std::string{id(which)} + ", " + method + ": " +
                         (answer.empty() ? "no answer" : answer)};
        return result;
    }
    void start(std::size_t which) {
        if (!sites.start(which))
            throw Failed{std::string{id(which)} + " does not start; its log:\n" +
                         sites.at(which).daemon.process().output()};
    }
    std::size_t leader() {
        int found = -1;
        await("somebody to lead", [&] { return (found = sites.leader()) >= 0; });
        return static_cast<std::size_t>(found);
    }
    /// Whoever leads and is not `old`.
    std::size_t heir_of(std::size_t old) {
        std::size_t heir = old;
        await("another one to lead", [&] {
            for (std::size_t i = 0; i < sites.size(); ++i)
                if (i != old && sites.at(i).runs && sites.leads(i)) heir = i;
            return heir != old;
        });
        return heir;
    }
    /// Whom Raft has elected; who is overridden says of himself what he was told to.
    std::size_t leader_seen_by(std::size_t witness) {
        std::size_t found = sites.size();
        await("a leader", [&] {
            const auto answer = ask(witness, "conductor_leaderWithID");
            for (std::size_t i = 0; i < sites.size(); ++i)
                if (answer.find("\"id\":\"" + sites.at(i).id) != std::string::npos) found = i;
            return found < sites.size();
        });
        return found;
    }
    void watch(std::size_t which, std::uint64_t more = some_blocks) {
        const auto from = node(which).head_number();
        await("new blocks",
              [&] { return node(which).flag("active") && node(which).head_number() >= from + more; });
        say("%s sequences: blocks %llu to %llu", id(which), printable(from + 1),
            printable(node(which).head_number()));
    }
    /// The first block of another sequencer.
    void watch_first(std::size_t heir, std::uint64_t head, const Stopwatch& since, const char* what) {
        await("the next block", [&] { return node(heir).flag("active") && node(heir).head_number() > head; });
        chronicle.handed_over(since.seconds());
        say("%s has started its node on top of the newest stored block, and block %llu is out: %.1f s after %s",
            id(heir), printable(head + 1), since.seconds(), what);
        watch(heir);
    }
    void await_follower(std::size_t which, std::size_t leads) {
        await("a follower", [&] {
            return !sites.leads(which) && !node(which).flag("active") &&
                   ask(which, "conductor_leaderWithID").find(sites.at(leads).id) != std::string::npos;
        });
        await("its engine to follow",
              [&] { return node(which).head_number() + 2 >= node(leads).head_number(); });
    }
    /// All of them, each knowing what the others say of themselves.
    void await_acquaintance() {
        await("the members to know each other", [&] {
            for (std::size_t i = 0; i < sites.size(); ++i)
                if (ask(i, "conductor_peers").find("\"health\":null") != std::string::npos) return false;
            return true;
        });
    }
};

void form(Group& group) {
    say("three hosts, each with a node and its conductord; what they say to each other goes through a proxy of "
        "this program");
    group.start(0);
    await("a leader", [&] { return group.sites.leads(0); });
    say("seq-1 starts on an empty directory, told to bootstrap: a group of one, led by seq-1, paused");
    for (const std::size_t i : {1U, 2U}) group.start(i);
    say("seq-2 and seq-3 start empty, and wait to be taken in");
    for (const std::size_t i : {1U, 2U}) {
        const Stopwatch watch;
        if (const auto refusal = group.sites.add_voter(0, i); !refusal.empty()) throw Failed{refusal};
        say("conductor_addServerAsVoter at seq-1: %s is fed the log, then it votes (%.1f s)", group.id(i),
            watch.seconds());
    }
    group.await_acquaintance();
    for (std::size_t i = 0; i < group.sites.size(); ++i) (void)group.ask(i, "conductor_resume");
    say("conductor_resume on all three: the group may act");
    const Stopwatch watch;
    await("seq-1 to start its node", [&] { return group.node(0).flag("active"); });
    say("seq-1 starts its node, %.1f s later: nothing is stored yet, all others were asked, nobody is ahead",
        watch.seconds());
    group.watch(0, 25);
}

void kill_the_leader(Group& group) {
    group.chronicle.chapter("SIGKILL of the leader's conductord");
    const auto old = group.leader();
    const Stopwatch watch;
    group.sites.kill(old);
    say("SIGKILL: conductord of %s, which leads. Its node seals on, but cannot have a block stored, so it "
        "publishes none",
        group.id(old));
    const auto heir = group.heir_of(old);
    const auto head = group.node(old).head_number();
    say("%s is elected by the two that are left, %.2f s after the SIGKILL", group.id(heir), watch.seconds());
    group.watch_first(heir, head, watch, "the SIGKILL");

    group.start(old);
    group.await_follower(old, heir);
    say("%s is started again: it follows %s, has stopped its node, and has the blocks that it missed",
        group.id(old), group.id(heir));
    group.await_acquaintance();
}

void hand_over(Group& group) {
    group.chronicle.chapter("planned hand-over");
    const auto old = group.leader();
    const Stopwatch watch;
    await("the hand-over to be taken on",
          [&] { return !result_of(group.sites.call(old, "conductor_transferLeader")).empty(); });
    say("conductor_transferLeader at %s, as before maintenance", group.id(old));
    const auto heir = group.heir_of(old);
    const auto head = group.node(old).head_number();
    say("%s leads, %.2f s after the call", group.id(heir), watch.seconds());
    group.watch_first(heir, head, watch, "the call");
    group.await_follower(old, heir);
    group.await_acquaintance();
}

void cut_off(Group& group) {
    group.chronicle.chapter("leader's host cut off, and back");
    const auto old = group.leader();
    const Stopwatch watch;
    group.sites.network().cut_off(group.id(old));
    say("the proxy lets nothing through to %s, which leads, and nothing from it; nobody is told",
        group.id(old));
    await("it to give up", [&] { return !group.sites.leads(old); });
    const auto head = group.node(old).head_number();
    say("%s says conductor_leader: false after %.2f s: without a quorum's answers its lease has run out. Its "
        "node stands at block %llu",
        group.id(old), watch.seconds(), printable(head));
    const auto heir = group.heir_of(old);
    say("%s is elected by the two that see each other, %.2f s after the cut", group.id(heir), watch.seconds());
    group.watch_first(heir, head, watch, "the cut");
    if (group.node(old).head_number() > head + 1)
        throw Failed{"the host that is cut off has gone on by itself"};
    say("%s, still cut off, has published nothing meanwhile: its newest block is %llu", group.id(old),
        printable(group.node(old).head_number()));
    group.sites.network().heal();
    group.await_follower(old, heir);
    say("the proxy lets everything through again: %s follows %s and has the blocks that it missed",
        group.id(old), group.id(heir));
    group.await_acquaintance();
}

/// Returns who is left.
std::size_t disaster(Group& group) {
    group.chronicle.chapter("two hosts lost: override on the third");
    group.chronicle.collect();
    const auto last = group.leader();
    const std::size_t lost[]{(last + 1) % 3, (last + 2) % 3};
    for (const auto i : lost) group.sites.kill_with_node(i);
    const Stopwatch watch;
    say("disaster: the hosts of %s and %s lose power, engines and all", group.id(lost[0]), group.id(lost[1]));
    await("it to give up", [&] { return !group.sites.leads(last) && !group.node(last).flag("active"); });
    say("%s has no quorum: %.1f s later it leads no more and has stopped its node. Safe, and at a standstill",
        group.id(last), watch.seconds());
    auto& node = group.node(last);
    const auto start = [&] { return node.cl("admin_startSequencer", "[\"" + node.head_hash() + "\"]"); };
    if (start().find("sequencer is not the leader") == std::string::npos)
        throw Failed{"the node starts without a leader"};
    say("admin_startSequencer on its node is refused: sequencer is not the leader, aborting");

    (void)group.ask(last, "conductor_pause");
    (void)group.ask(last, "conductor_overrideLeader", "[true]");
    group.chronicle.without_raft(true);
    (void)node.cl("admin_overrideLeader");
    if (result_of(start()).empty()) throw Failed{"the node does not start under the override"};
    say("the runbook's last resort, by hand: conductor_pause and conductor_overrideLeader at %s, "
        "admin_overrideLeader and admin_startSequencer at its node",
        group.id(last));
    group.watch(last);
    say("these blocks are published without Raft, on the operator's word that nobody else sequences");
    return last;
}

void undo(Group& group, std::size_t last) {
    group.chronicle.chapter("hosts back, override undone");
    const auto lost = (last + 1) % 3;
    for (std::size_t i = 0; i < group.sites.size(); ++i) {
        if (i == last) continue;
        if (!group.sites.start_node(i)) throw Failed{"a node does not start"};
    }
    for (std::size_t i = 0; i < group.sites.size(); ++i)
        if (i != last) group.start(i);
    const auto leads = group.leader_seen_by(lost);
    say("the hosts of the other two are back: a quorum, and a leader, %s. The logs know nothing of the last "
        "blocks",
        group.id(leads));
    std::this_thread::sleep_for(2s);
    for (std::size_t i = 0; i < group.sites.size(); ++i)
        if (i != last && group.node(i).flag("active")) throw Failed{"a second sequencer beside the override"};
    say("2 s later neither has started its node beside it: %s tells them that it is overridden",
        group.id(last));
    group.watch(last, 5);

    auto& node = group.node(last);
    const Stopwatch watch;
    (void)node.cl("admin_stopSequencer");
    group.chronicle.without_raft(false);
    const auto head = node.head_number();
    (void)node.sim("sim_restart", "[0]");
    (void)group.ask(last, "conductor_overrideLeader", "[false]");
    (void)group.ask(last, "conductor_resume");
    say("undone: its node is stopped at block %llu and restarted, which ends its override; "
        "conductor_overrideLeader [false] and conductor_resume at %s",
        printable(head), group.id(last));
    await("sequencing to go on", [&] {
        for (std::size_t i = 0; i < group.sites.size(); ++i)
            if (group.node(i).flag("active") && group.node(i).head_number() > head) return true;
        return false;
    });
    const auto heir = group.leader();
    say("%s leads, has had block %llu stored by all, and goes on from there: %.1f s after the stop",
        group.id(heir), printable(head), watch.seconds());
    group.watch(heir);
}

void end(Group& group) {
    const auto last = group.leader();
    for (std::size_t i = 0; i < group.sites.size(); ++i) (void)group.ask(i, "conductor_pause");
    if (result_of(group.node(last).cl("admin_stopSequencer")).empty()) throw Failed{"the node does not stop"};
    say("conductor_pause on all three, admin_stopSequencer on the node that sequences. Now the account:");
    group.chronicle.check_engines();
    if (!group.sites.all_reach(group.node(last).head_number())) throw Failed{"a conductor lags behind"};
    for (std::size_t i = 0; i < group.sites.size(); ++i)
        if (group.sites.stop(i) != 0)
            throw Failed{std::string{group.id(i)} + " did not end cleanly after SIGTERM"};
    group.chronicle.check_logs();
    group.chronicle.print();
}

}  // namespace

void group_act(const std::filesystem::path& conductord, const std::filesystem::path& simnode) {
    title("Act three: three conductord, three nodes, one chain. A node seals a block every 200 ms.");
    SitesSetup setup{conductord, simnode, "conductord-demo"};
    setup.networked = true;
    setup.node_flags = {"--block-time-ms=200", "--payload-bytes=20000"};
    setup.more = {{"OP_CONDUCTOR_HEALTHCHECK_UNSAFE_INTERVAL", "20"}};
    Group group{setup};
    group.chronicle.chapter("three voters, calm");
    form(group);
    for (std::size_t i = 0; i < group.sites.size(); ++i)
        group.sites.at(i).daemon.set("OP_CONDUCTOR_PAUSED", "false");
    kill_the_leader(group);
    hand_over(group);
    cut_off(group);
    undo(group, disaster(group));
    end(group);
}

}  // namespace conductor::demo
