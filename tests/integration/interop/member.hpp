// One member of a group of both kinds, as these tests see it: conductord, or hashicorp/raft behind gopeer.
// Calls block; what changes something returns an empty text, or what the member said instead. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/recorded_blocks.hpp"

namespace conductor::test {

struct Place {
    std::string id;
    std::string address;
};

/// One entry as both kinds describe it.
struct LogLine {
    std::uint64_t index{0}, term{0};
    int type{0};
    std::int64_t unix_ns{0};  ///< when a leader appended it; 0: Go's zero time
    std::uint64_t octets{0};
    std::string sha256;
    friend bool operator==(const LogLine&, const LogLine&) = default;
};

struct Tuning {
    bool bootstrap{false};
    std::optional<std::chrono::milliseconds> snapshot_interval;
    std::optional<std::uint64_t> snapshot_threshold;
    std::optional<std::uint64_t> trailing_logs;
    bool beside_node{false};  ///< ours: of a simnode. Without one it ends after five minutes.
};

class Member {
public:
    explicit Member(std::string id) : id_{std::move(id)} {}
    virtual ~Member() = default;
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

    [[nodiscard]] const std::string& id() const noexcept { return id_; }
    [[nodiscard]] Place place() const { return {id_, address()}; }
    [[nodiscard]] virtual bool is_go() const = 0;

    /// Starts it (again) where it was; false: it does not serve.
    [[nodiscard]] virtual bool start() = 0;
    [[nodiscard]] virtual bool runs() const = 0;
    virtual void kill() = 0;
    virtual void signal(int number) = 0;
    [[nodiscard]] virtual std::string address() const = 0;
    [[nodiscard]] virtual std::string output() = 0;

    [[nodiscard]] virtual bool leads() = 0;
    [[nodiscard]] virtual std::uint64_t term() = 0;
    [[nodiscard]] virtual std::uint64_t head_number() = 0;
    /// The ID of the leader it knows.
    [[nodiscard]] virtual std::string leader_id() = 0;
    /// "Voter id address" a line, in order.
    [[nodiscard]] virtual std::string configuration() = 0;
    /// Kills a conductord, whose log has one owner; asks a gopeer that runs.
    [[nodiscard]] virtual std::vector<LogLine> log() = 0;

    [[nodiscard]] virtual std::string commit(const RecordedBlock& block) = 0;
    [[nodiscard]] virtual std::string add_voter(const Place& who) = 0;
    [[nodiscard]] virtual std::string add_nonvoter(const Place& who) = 0;
    [[nodiscard]] virtual std::string demote(const std::string& who) = 0;
    [[nodiscard]] virtual std::string remove(const std::string& who) = 0;
    [[nodiscard]] virtual std::string transfer() = 0;
    [[nodiscard]] virtual std::string transfer_to(const Place& who) = 0;

private:
    std::string id_;
};

}  // namespace conductor::test
