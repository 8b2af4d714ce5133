// Several replicas in one process that form a group over real sockets on loopback. One core thread for all, the
// test's own; every member has its disk thread and a disk in memory that survives it. Limits are generous:
// nothing here measures time.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/replica/raft_links.hpp"
#include "core/replica/replica.hpp"
#include "tests/unit/replica/one_node.hpp"

namespace conductor::replica::test {

/// The block at this height with a last transaction that is longer by so many octets.
[[nodiscard]] payload::Envelope padded_block(std::uint64_t number, std::size_t octets);

struct GroupSettings {
    std::uint64_t cache_octets{16ULL << 20U};
    std::uint64_t snapshot_threshold{8192};
    std::uint64_t trailing{10240};  ///< entries and payloads kept behind a snapshot
    std::chrono::milliseconds patience{600};
    std::chrono::milliseconds lease{500};
    bool fast_failover{true};
};

class Group {
public:
    struct Member {
        std::unique_ptr<RaftLinks> links;
        std::unique_ptr<Replica> replica;
        bool ready{false};
        bool failed{false};
    };

    explicit Group(GroupSettings settings = {}) : settings_{settings} {}
    ~Group();

    /// Starts it (again), on the port that it had.
    void start(const std::string& id);
    /// Its connections break before its disk closes: nothing that it knows by then is said to anybody.
    void kill(const std::string& id);
    /// These found a group and have a leader.
    void found(const std::vector<std::string>& ids);

    [[nodiscard]] Member& at(const std::string& id) { return members_.at(id); }
    [[nodiscard]] MemoryDisk& disk(const std::string& id) { return disks_[id]; }
    [[nodiscard]] std::string address(const std::string& id) const;
    [[nodiscard]] boost::asio::io_context& core() { return core_; }

    template <class Condition>
    bool until(Condition condition, std::chrono::seconds limit = 30s) {
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!condition() && std::chrono::steady_clock::now() < end) {
            core_.restart();
            core_.run_one_for(5ms);
        }
        return condition();
    }
    void run_for(std::chrono::milliseconds span);

    /// Who leads now; empty: nobody.
    [[nodiscard]] std::string leading();
    /// Waits for a leader.
    [[nodiscard]] std::string leader();
    /// Another running member.
    [[nodiscard]] std::string follower();
    /// Committed by whoever leads, asked again where it was lost; false: not in time.
    [[nodiscard]] bool commit(const payload::Envelope& block);
    /// Whether all who run have this head soon.
    [[nodiscard]] bool all_reach(std::uint64_t number);
    /// What `change` came to: "ok" or the refusal.
    [[nodiscard]] std::string change(consensus::Change change, const std::string& id);

    /// The log of a disk; the member may run.
    [[nodiscard]] std::vector<consensus::Entry> log(const std::string& id);
    [[nodiscard]] std::optional<consensus::SnapshotMark> snapshot(const std::string& id);
    /// Whether all acknowledged blocks lie in this log or below its snapshot soon: a follower may know that an
    /// entry is committed before its own disk has it.
    [[nodiscard]] bool holds_all(const std::string& id);

private:
    [[nodiscard]] std::size_t missing(const std::string& id);

    GroupSettings settings_;
    boost::asio::io_context core_;
    std::map<std::string, MemoryDisk> disks_;
    std::map<std::string, std::uint16_t> ports_;
    std::map<std::string, Member> members_;
    std::map<BlockHash, BlockNumber> acknowledged_;
};

}  // namespace conductor::replica::test
