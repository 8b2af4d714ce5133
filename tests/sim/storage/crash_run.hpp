// A random life of a store on a recording disk, with every state that its log went through, so that what is
// found after a crash can be judged. Equal seeds give equal lives.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "tests/support/crash_files.hpp"
#include "tests/support/store_model.hpp"

namespace conductor::test {

class CrashRun {
public:
    /// Goes on from `disk`, where a store already holds `log` and `hard_state`.
    CrashRun(std::uint64_t seed, DiskImage disk = {}, ModelLog log = {}, consensus::HardState hard_state = {});

    /// Opens a store and does `steps` things with it. Empty, or what went wrong.
    [[nodiscard]] std::string live(std::size_t steps);

    [[nodiscard]] std::size_t operations() const { return files_.history().size(); }
    /// Where the crash may come from: before this, the store was not yet open.
    [[nodiscard]] DiskImage crash(std::size_t operation, std::mt19937_64& draw) const;
    [[nodiscard]] DiskImage whole(std::size_t operation) const;
    /// Whether term and vote were being written at that moment.
    [[nodiscard]] bool voting(std::size_t operation) const;

    struct Judgement {
        std::string fault;  ///< empty: the store holds what it promised, and nothing else
        ModelLog log;       ///< what it turned out to hold
        consensus::HardState hard_state;
    };
    [[nodiscard]] Judgement judge(storage::LogStore& store, std::size_t operation) const;

    [[nodiscard]] static storage::StoreOptions options();

private:
    struct LogMoment {
        std::size_t begun;  ///< operations before its write began
        std::size_t acked;  ///< operations when its write was acknowledged
        ModelLog log;
    };
    struct VoteMoment {
        std::size_t begun;
        std::size_t acked;
        consensus::HardState state;
    };

    [[nodiscard]] std::uint64_t pick(std::uint64_t low, std::uint64_t high) {
        return std::uniform_int_distribution<std::uint64_t>{low, high}(draw_);
    }
    [[nodiscard]] Bytes octets(std::size_t count);
    [[nodiscard]] storage::StoreWrite invent();
    void add_entries(storage::StoreWrite& write, std::size_t count);
    void became(ModelLog log) { moments_.push_back({begun_, unacknowledged, std::move(log)}); }

    static constexpr std::size_t unacknowledged = SIZE_MAX;

    std::mt19937_64 draw_;
    DiskImage start_;
    CrashFiles files_;
    ModelLog log_;
    std::uint64_t term_;
    std::size_t begun_{0};
    std::vector<LogMoment> moments_;
    std::vector<VoteMoment> votes_;
};

}  // namespace conductor::test
