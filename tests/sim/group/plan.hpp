// What one seed stands for: how many members, how they are set, and which troubles they meet how often. Each
// seed draws only some of the troubles, or rare mixes would never occur.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "core/consensus/raft.hpp"

namespace conductor::sim {

enum class Trouble : std::uint8_t {
    loss,         ///< a message comes late, as TCP repeats it; now and then its connection breaks
    delay,        ///< up to seconds
    duplicates,   ///< a request arrives twice
    reordering,   ///< of what one connection carries
    cuts,         ///< of all links of a member, or one way between two
    slow_links,   ///< a block takes longer than an election timeout
    large_lost,   ///< small frames pass, large ones do not
    resets,       ///< connections break under what they carry
    half_open,    ///< a connection carries nothing any more, and nobody says so
    slow_disk,    ///< flushes of up to half a second
    stalls,       ///< a flush takes up to a minute
    disk_errors,  ///< a flush fails; the process ends and is started again
    crashes,      ///< of a process, restarted at once or later
    crash_loops,  ///< several crashes in a row, soon after each start
    lost_host,    ///< a crash that nobody is told of: the host is silent
    pauses,       ///< a process is stopped for a while and goes on
    drift,        ///< clocks run at different pace
    transfers,
    membership,   ///< operators add, demote and remove members
    eligibility,  ///< operators pause and resume
    rot,          ///< an entry turns unreadable while its member is down
    wipe,         ///< once, a member comes back empty under its old name
    gone,         ///< members learn that the leader's host refuses connections
    control,      ///< the real control loop on every host decides who produces; the four below need it
    sick,         ///< a sequencer is unhealthy for a while
    down,         ///< a sequencer is restarted, and is idle then
    slow_node,    ///< a sequencer answers late, some calls after their deadline
    late_gossip,  ///< other sequencers get blocks late, or not before they are posted
    real_store,   ///< every member keeps its log in the real store, on a simulated disk
    full_disk,    ///< for a while every write fails, and the process with it, as often as it is started
    bad_reads,    ///< for a while nothing on a disk can be opened
    wall_jumps,   ///< the wall clock of a host jumps, up to ten seconds either way; needs control, as all below
    lies,         ///< a member's RPC is silent, says what was true before, or something that never was
    overrides,    ///< operators override a member's leadership for a while
    count
};
inline constexpr std::size_t trouble_count = static_cast<std::size_t>(Trouble::count);

[[nodiscard]] std::string_view name_of(Trouble trouble) noexcept;
[[nodiscard]] std::optional<Trouble> trouble_named(std::string_view name) noexcept;

/// One trouble: its kind, and the how manieth of that kind.
using Event = std::pair<Trouble, std::uint64_t>;

/// What is taken away from what a seed stands for. The rest stays as it is.
struct Cut {
    Duration span{std::chrono::seconds{300}};  ///< of the part with troubles
    std::bitset<trouble_count> without;
    std::set<Event> skipped;
    std::optional<unsigned> voters;
    std::optional<unsigned> spares;
    /// As the simulator's options say it; empty: nothing is taken away.
    [[nodiscard]] std::string text() const;
};

struct Plan {
    std::uint64_t seed{0};
    unsigned voters{3};
    unsigned spares{0};  ///< empty members that nobody has added yet
    Duration span{};     ///< of the part with troubles; a calm one follows
    Duration pace{};     ///< between two troubles of one kind, about
    Duration block_time{};
    std::uint64_t octets_declared{1};  ///< what network and disk charge for one octet
    consensus::Settings raft;          ///< without who and seed
    std::bitset<trouble_count> troubles;
    std::set<Event> skipped;

    [[nodiscard]] bool has(Trouble trouble) const { return troubles[static_cast<std::size_t>(trouble)]; }
    void drop(Trouble trouble) { troubles.reset(static_cast<std::size_t>(trouble)); }
    [[nodiscard]] std::string text() const;
};

enum class Control : std::uint8_t { sometimes, often, always };
/// `control`: how many seeds run the real control loops: one of twelve, of three, or each.
[[nodiscard]] Plan draw_plan(std::uint64_t seed, const Cut& cut, Control control = Control::sometimes);

}  // namespace conductor::sim
