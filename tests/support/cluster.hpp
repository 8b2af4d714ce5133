// Several Raft machines in one process, in virtual time, from one seed: a network that loses, delays, reorders
// and cuts, disks that forget what was not flushed, crashes, operators. After every step the rules that no
// single node can check are checked (reliability 3.2). A forerunner of tests/sim; no payloads, no real store.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/consensus/raft.hpp"
#include "core/consensus/random.hpp"

namespace conductor::test_support {

namespace raft = conductor::consensus;

/// A rule that was broken; what() says which, when and by whom.
class Violation : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// What goes wrong, and how often. Everything off: a calm network.
struct Faults {
    unsigned loss_percent{0};
    Duration delay{std::chrono::milliseconds{1}};  ///< of a message, at most
    Duration flush{std::chrono::milliseconds{1}};  ///< of a write, at most
    bool crashes{false};
    bool cuts{false};        ///< of all links of a member, or one way between two
    bool bulk_holes{false};  ///< heartbeats pass, entries do not
    bool transfers{false};
    bool changes{false};  ///< of the membership
    bool stalls{false};
    bool pauses{false};    ///< of whole processes, and of eligibility
    bool rot{false};       ///< an entry turns unreadable while its member is down, one at a time
    bool wipe{false};      ///< once, a member comes back empty under its old name
    bool refusals{false};  ///< a dead leader's host refuses connections, and others notice
};
/// Draws which faults a run has, so that rare mixes occur.
[[nodiscard]] Faults draw_faults(raft::Random& random);

class Cluster {
public:
    /// `voters` members that know each other, and `spares` empty ones.
    Cluster(std::uint64_t seed, unsigned voters, unsigned spares, const raft::Settings& settings);

    /// Hears every step that says anything: when, who, on what, and what is to be done.
    using Telling = std::function<void(Instant, const ServerId&, const raft::Input&, const std::string&)>;
    void tell(Telling telling) { tell_ = std::move(telling); }

    /// Runs on under `faults`, proposing all the while.
    void run(Duration span, const Faults& faults);
    /// Ends all faults; then a leader must be found and a proposal of then committed everywhere.
    void settle(Duration limit);

    [[nodiscard]] std::uint64_t steps() const { return steps_; }
    [[nodiscard]] std::uint64_t committed() const { return acknowledged_; }
    [[nodiscard]] std::uint64_t elections() const { return leaders_.size(); }
    [[nodiscard]] std::uint64_t snapshots_sent() const { return snapshots_sent_; }
    [[nodiscard]] std::uint64_t trace() const { return trace_; }  ///< equal seeds, equal traces

private:
    using Index = std::uint64_t;

    struct Disk {
        raft::HardState hard_state;
        std::optional<raft::SnapshotMark> snapshot;
        std::string payload;
        std::map<Index, raft::Entry> log;
        void apply(const raft::Write& write, const std::string& payload_of_write);
    };
    struct Flush {
        raft::Write write;
        std::string payload;
    };
    struct Member {
        ServerId id;
        raft::Sender sender;
        std::unique_ptr<raft::Raft> machine;
        std::uint64_t life{0};
        bool running{false};
        Instant frozen_until{};
        Disk disk;
        std::deque<Flush> flushing;
        bool flush_scheduled{false};
        bool stalled{false};
        WriteTicket flushed;
        std::vector<raft::Promise> promises;
        std::map<Index, raft::Entry> memory;
        Index applied{0};
        std::string state;  ///< all commands applied, folded
        bool has_head{false};
        Instant alarm{Instant::max()};
    };
    struct Asked {
        std::size_t by;
        std::uint64_t life;
        raft::Exchange exchange;
        std::size_t of;
        std::uint64_t of_life;
    };
    struct Event {
        Instant at;
        std::uint64_t order;
        std::function<void()> run;
        bool operator<(const Event& other) const {
            return std::pair{at, order} > std::pair{other.at, other.order};
        }
    };

    void pass(Duration span);
    void keep_proposing(std::uint64_t run);
    void keep_breaking(std::uint64_t run);
    void at(Instant when, std::function<void()> run);
    void boot(std::size_t who);
    void crash(std::size_t who);
    void step(std::size_t who, const raft::Input& input);
    void perform(std::size_t who, raft::Output out);
    void mirror(Member& member, const raft::Write& write);
    void apply(Member& member, Index commit);
    void post(std::size_t from, raft::Envelope envelope);
    void answer(std::size_t from, raft::Envelope envelope);
    void lost(const Asked& asked, Duration after);
    void schedule_flush(std::size_t who);
    void schedule_alarm(std::size_t who);
    void trouble();
    void propose();
    void check(std::size_t who);
    void fail(const std::string& what) const;
    [[nodiscard]] bool passes(std::size_t from, std::size_t to, bool bulk);
    [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return random_.next() % limit; }
    [[nodiscard]] Duration upto(Duration most) { return random_.between(Duration{1000}, most); }
    [[nodiscard]] std::optional<std::size_t> leader() const;
    void note(std::uint64_t what) { trace_ = (trace_ ^ what) * 0x100000001b3ULL; }

    Telling tell_;
    raft::Random random_;
    raft::Settings settings_;
    std::vector<Member> members_;
    std::priority_queue<Event> events_;
    std::uint64_t order_{0};
    std::uint64_t run_{0};  ///< ends the loops of the run before
    Instant now_{Instant{} + std::chrono::seconds{1000}};
    Faults faults_;
    std::set<std::pair<std::size_t, std::size_t>> cut_;
    std::set<std::size_t> holes_;
    std::map<std::size_t, Index> rotten_;
    std::optional<std::size_t> wiped_;
    std::uint64_t next_exchange_{1};
    std::map<raft::Exchange, Asked> asked_;
    std::map<std::pair<std::size_t, std::size_t>, std::uint64_t> connection_;
    std::uint64_t next_connection_{1};
    std::uint64_t next_ask_{1};

    std::map<std::uint64_t, std::size_t> leaders_;                   ///< of each term
    std::map<Index, std::pair<std::uint64_t, std::string>> agreed_;  ///< committed: term and content
    std::map<Index, std::uint64_t> committed_in_;                    ///< the term of whoever said so first
    std::map<std::pair<Index, std::uint64_t>, std::string> written_;
    std::map<Index, std::string> states_;
    Index acknowledged_{0};
    std::uint64_t steps_{0};
    std::uint64_t snapshots_sent_{0};
    std::uint64_t trace_{0xcbf29ce484222325ULL};
};

}  // namespace conductor::test_support
