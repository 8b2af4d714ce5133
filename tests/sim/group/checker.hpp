// The rules that no single member can check (reliability.md §3.2), kept incrementally: each call costs no more
// than what the step brought. A broken rule throws Violation.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/consensus/raft.hpp"

namespace conductor::sim {

class Checker {
public:
    using Who = std::size_t;
    explicit Checker(std::size_t members) : members_(members) {}

    /// A step of `who` is done, and it leads in this term; `covers` says what its log has at an index, nothing
    /// where a snapshot stands for it.
    using LogView = std::function<std::optional<consensus::Position>(LogIndex)>;
    void leads(Who who, Term term, const LogView& log);
    /// Entries that `who` hands to its disk, and the position before the first of them.
    void writes(Who who, consensus::Position before, const std::vector<consensus::Entry>& entries);
    /// A vote leaves `who`, its own for itself too.
    void votes(Who who, Term term, const std::string& candidate);
    /// In this term `leader` is the leader to `who`.
    void follows(Who who, Term term, Who leader) const;
    /// Something that names a term leaves `who`.
    void names(Who who, Term term);
    void boots(Who who, const consensus::HardState& hard_state);
    /// A member that starts has this on disk, and can read it.
    void finds(const consensus::Entry& entry) const;
    void wiped(Who who) { members_[who] = {}; }

    /// Somebody asks the group to keep this.
    void proposes(std::uint64_t command) { proposed_.insert(command); }
    /// `who`, in `term`, applies an entry; `head` digests its state behind it.
    void applies(Who who, Term term, const consensus::Entry& entry, std::uint64_t head,
                 BlockNumber head_number);
    /// A restart or a snapshot put the state of `who` at this index.
    void restores(Who who, LogIndex index, std::uint64_t head, BlockNumber head_number);

    struct Block {
        BlockNumber number;
        BlockHash hash;
        BlockHash parent;
    };
    /// A commit is acknowledged, with this head behind its entry; `copies` of `voters` disks hold the entry.
    void acknowledges(Who who, Term term, consensus::Position position, const Block& block, const Block& head,
                      std::size_t copies, std::size_t voters);
    /// How many blocks are out that became the head.
    [[nodiscard]] std::uint64_t acknowledged() const noexcept { return acknowledged_; }
    /// Of all blocks that are out, the highest.
    [[nodiscard]] BlockNumber newest_block() const noexcept { return newest_block_; }
    [[nodiscard]] std::uint64_t elections() const noexcept { return leaders_.size(); }
    [[nodiscard]] LogIndex committed() const { return agreed_.empty() ? LogIndex{} : agreed_.rbegin()->first; }

private:
    struct Member {
        Term named;
        LogIndex applied;
        BlockNumber head;
    };
    struct Agreed {
        consensus::Position position;
        std::uint64_t content;
        Term by;  ///< of whoever said so first
    };
    struct Written {
        std::uint64_t content;
        consensus::Position before;
    };
    struct PlaceHash {
        std::size_t operator()(const std::pair<std::uint64_t, std::uint64_t>& place) const noexcept {
            return static_cast<std::size_t>(place.first * 0x9e3779b97f4a7c15ULL ^ place.second);
        }
    };

    std::vector<Member> members_;
    std::map<Term, Who> leaders_;
    std::map<LogIndex, Agreed> agreed_;
    std::map<LogIndex, std::uint64_t> heads_;
    std::unordered_map<std::pair<std::uint64_t, std::uint64_t>, Written, PlaceHash> written_;
    std::map<std::pair<Who, Term>, std::string> votes_;
    std::unordered_set<std::uint64_t> proposed_;
    std::map<std::pair<BlockNumber, BlockHash>, BlockHash>
        siblings_;  ///< number and parent: the one that is out
    BlockNumber newest_block_;
    Term newest_leader_;
    std::uint64_t acknowledged_{0};
};

/// Digests what an entry says: type, data and members.
[[nodiscard]] std::uint64_t content_of(const consensus::Entry& entry);

}  // namespace conductor::sim
