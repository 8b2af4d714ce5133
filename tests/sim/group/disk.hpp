// The disk of one simulated member, as the shell sees the store. Nothing counts before write() has returned;
// what a crash finds under way may be there, not at all or in part.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "core/consensus/raft.hpp"
#include "core/consensus/random.hpp"

namespace conductor::sim {

/// What consensus asks for, with the payload of its snapshot in place.
struct DiskWrite {
    consensus::Write what;
    Bytes snapshot_payload;
};

class Disk {
public:
    virtual ~Disk() = default;

    struct Found {
        consensus::StoredState state;
        Bytes snapshot_payload;
        std::vector<consensus::Entry> entries;  ///< the readable ones of `state.entries`
    };
    /// A new process opens the store.
    [[nodiscard]] virtual Found open() = 0;
    virtual void write(std::span<const DiskWrite> batch) = 0;
    /// The process dies while `batch` is under way; `power`: the machine with it.
    virtual void crash(std::span<const DiskWrite> batch, bool power, consensus::Random& draw) = 0;
    /// Writing `batch` fails, for want of space or with an error, and the process ends over it.
    virtual void fail(std::span<const DiskWrite> batch, bool power, consensus::Random& draw) {
        crash(batch, power, draw);
    }
    /// A new, empty disk in the place of this one.
    virtual void wipe() = 0;
    /// What was written last counts as durable to whoever finds a later record bad.
    virtual void settle() {}
    /// While no process runs, something on this disk turns bad. False: there is nothing to turn bad.
    virtual bool rot(consensus::Random& draw) = 0;
    /// The end of the log, or the snapshot behind which nothing stands.
    [[nodiscard]] virtual consensus::Position last() const = 0;
    /// Whether entry and term would survive a crash now.
    [[nodiscard]] virtual bool holds(consensus::Position position) const = 0;
    [[nodiscard]] virtual const consensus::HardState& hard_state() const = 0;
};

/// A store as simple as its promise.
class ModelDisk : public Disk {
public:
    [[nodiscard]] Found open() override;
    void write(std::span<const DiskWrite> batch) override;
    void crash(std::span<const DiskWrite> batch, bool power, consensus::Random& draw) override;
    void wipe() override;
    bool rot(consensus::Random& draw) override;
    [[nodiscard]] bool holds(consensus::Position position) const override;
    [[nodiscard]] consensus::Position last() const override;
    [[nodiscard]] const consensus::HardState& hard_state() const override { return hard_state_; }
    [[nodiscard]] const std::map<LogIndex, consensus::Entry>& log() const noexcept { return log_; }

private:
    void apply(const DiskWrite& write, std::size_t entries);

    consensus::HardState hard_state_;
    std::optional<consensus::SnapshotMark> snapshot_;
    Bytes payload_;
    std::map<LogIndex, consensus::Entry> log_;
    std::set<LogIndex> rotten_;            ///< one run; of all but its last not even the term can be told
    std::shared_ptr<ModelDisk> unsynced_;  ///< what it held before the last write, under one planted fault
};

}  // namespace conductor::sim
