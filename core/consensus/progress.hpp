// What a leader knows of one other member: how far its log is known to match, what is on the way to it, and
// when it last proved that it follows. Pure data; progress.cpp and reign.cpp move it.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/clock.hpp"
#include "core/consensus/message.hpp"

namespace conductor::consensus {

/// One request on its way. Lease and read-index count from `sent_at`, never from the arrival of the answer.
struct Flight {
    Exchange exchange;
    Instant sent_at;
    LogIndex prev;  ///< entries (prev, last] are carried; of a snapshot: both its last index
    LogIndex last;
    LogIndex acknowledged;  ///< what the peer had acknowledged when this left (raft-wire 5.8.1)
    bool heals{false};      ///< sent without a predecessor (raft-wire 5.11, #697)
};

enum class Mode : std::uint8_t {
    probe,     ///< looks for the point where the logs agree: one request, then wait
    stream,    ///< it was found: requests leave before the last is answered
    snapshot,  ///< a snapshot is on its way
};

struct Progress {
    ServerId id;
    bool voter{false};
    bool forgetful{false};      ///< lost what it had acknowledged: counts for nothing until promoted again
    bool change_queued{false};  ///< its demotion or promotion waits for its turn

    Mode mode{Mode::probe};
    LogIndex next;
    LogIndex match;
    LogIndex announced;        ///< the commit index it was last told
    LogIndex restored;         ///< of the snapshot it has just installed; 0 once it took entries after it
    bool heal{false};          ///< the next append goes without a predecessor
    bool wants_contact{true};  ///< an append is due even if it carries nothing
    std::vector<Flight> bulk;
    unsigned failures{0};
    Instant bulk_at{};   ///< no bulk request before
    Instant quiet_at{};  ///< then an empty append proves that the bulk link still works

    std::vector<Flight> heartbeats;
    unsigned heartbeat_failures{0};
    Instant heartbeat_at{};

    Instant contact{Instant::min()};  ///< when the last request left that was answered
    Exchange confirmed;               ///< the newest request it answered with Success in this term
};

inline constexpr std::size_t max_bulk_in_flight = 2;  ///< raft-wire 1.7: each costs a Go follower an fsync
inline constexpr std::size_t max_heartbeats_in_flight = 2;  ///< the second only for a read that cannot wait

}  // namespace conductor::consensus
