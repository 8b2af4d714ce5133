// What the other conductors say of themselves, and how long ago (conductor.md 1.7). The poller fills the table;
// policy, ladder and strategies read views of it and never the network. Unknown is a value of its own: a member
// that never answered, cannot say, or has been silent for two periods is unknown, and no reader may take that
// for consent. Pure; owned by the core thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/ordinal.hpp"

namespace conductor::peers {

enum class Health : std::uint8_t {
    unknown,
    healthy,
    degraded,  ///< fit, but without its builder
    stalled,   ///< fit, but its head ages because the chain stands still: nothing but STALE findings, heads
               ///< equal
    unhealthy,
};
/// The words of `conductor_peerStatus`; empty for unknown, which is `null` there.
[[nodiscard]] std::string_view to_text(Health health) noexcept;
/// unknown for any other word.
[[nodiscard]] Health health_of(std::string_view text) noexcept;

enum class Says : std::uint8_t { unknown, no, yes };
[[nodiscard]] constexpr Says says(bool value) noexcept {
    return value ? Says::yes : Says::no;
}

enum class Protocol : std::uint8_t { unknown, go, ours };

/// A block as far as rules ask for it.
struct Head {
    BlockNumber number;
    BlockHash hash;
    friend bool operator==(const Head&, const Head&) = default;
};

/// What one poll has learnt. What the member cannot say stays unknown.
struct Status {
    ServerId id;  ///< as the member names itself; empty: its program cannot (Go)
    Protocol protocol{Protocol::unknown};
    std::string version;
    std::optional<Duration> lease_timeout;
    Health health{Health::unknown};
    Says paused{Says::unknown};
    Says overridden{Says::unknown};
    Says active{Says::unknown};
    Says ready{Says::unknown};
    std::optional<Head> head;  ///< of its execution layer
    friend bool operator==(const Status&, const Status&) = default;
};

/// How a member's RPC is found.
enum class Reach : std::uint8_t {
    none,        ///< nowhere to ask: unknown for good
    guessed,     ///< derived from its raft address
    configured,  ///< named in `peers.rpc`
};

struct Member {
    ServerId id;
    bool voter{true};
    Reach reach{Reach::configured};
    friend bool operator==(const Member&, const Member&) = default;
};

/// One other member at one moment. `status` is all unknown unless `known`.
struct Row {
    Member member;
    bool known{false};
    bool asked{false};            ///< one poll since our start has ended, answered or not
    std::optional<Duration> age;  ///< since its last answer, however old
    Status status;
};

/// The table at one moment, without this node itself, in the order of the membership.
struct View {
    std::vector<Row> rows;

    /// Whether every member that can be asked has been asked once since our start (5.5.8).
    [[nodiscard]] bool first_poll_ended() const;
    /// "The peers' RPC is known": every other voter answers (1.7.4). True where there is no other voter.
    [[nodiscard]] bool all_voters_known() const;
    [[nodiscard]] const Row* find(const ServerId& id) const;
};

/// Known to be fit to lead, by health (P-47: a stalled member is). Says nothing of pause and readiness.
[[nodiscard]] bool fit(const Row& row);
/// A voter known fit and known unpaused, not known to be overridden or unready: it may be handed leadership.
/// Go members cannot say whether they are ready.
[[nodiscard]] bool candidate(const Row& row);
/// As candidate, and known ready: reason enough to decline leadership in its favour (raft-wire 5.10.2).
[[nodiscard]] bool eligible(const Row& row);
/// A candidate that says it is healthy without reservation.
[[nodiscard]] bool healthy_candidate(const Row& row);

enum class NoteKind : std::uint8_t {
    silent,         ///< warn: a voter has become unknown
    back,           ///< info: it is known again
    another_id,     ///< warn: the answer came from a server of another id; counts as unknown
    lease_differs,  ///< warn: its lease time-out is not ours
};
/// Something an operator should read; the shell logs it.
struct Note {
    NoteKind kind{};
    ServerId id;
    std::string detail;
    friend bool operator==(const Note&, const Note&) = default;
};

struct Settings {
    ServerId self;
    Duration poll_interval{std::chrono::seconds{1}};
    Duration lease_timeout{std::chrono::milliseconds{500}};
};

class Table {
public:
    explicit Table(Settings settings) : settings_{std::move(settings)} {}

    /// The members of the latest configuration; the own id is skipped. What is known of those who stay is kept,
    /// unless the way to ask them has changed.
    void set_members(const std::vector<Member>& members);
    [[nodiscard]] std::vector<Note> answered(Instant now, const ServerId& id, Status status);
    /// A poll of `id` ended without an answer. What it said before counts until it is two periods old.
    [[nodiscard]] std::vector<Note> silent(Instant now, const ServerId& id);
    [[nodiscard]] View view(Instant now) const;

private:
    struct Record {
        bool asked{false};
        bool missed{false};  ///< its silence has been noted
        std::optional<Instant> heard;
        Status status;
        ServerId noted_id;
        std::optional<Duration> noted_lease;
    };
    [[nodiscard]] bool known(Instant now, const Record& record) const;
    void note_silence(std::vector<Note>& notes, const Member& member, Record& record, std::string why) const;

    Settings settings_;
    std::vector<Member> members_;
    std::map<ServerId, Record> records_;
};

}  // namespace conductor::peers
