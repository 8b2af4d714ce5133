// A LogStore in memory whose disk can be told to hang or to fail, for tests of the shell around the protocol.
// What it holds survives the store object, as a disk would.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "core/storage/log_store.hpp"

namespace conductor::test {

/// Shared by the test's thread and the disk thread; every member locks.
class MemoryDisk {
public:
    ~MemoryDisk();
    void hang();
    void resume();
    void fail_next(storage::StoreErrc code);
    /// Whether a call hangs at this moment.
    [[nodiscard]] bool hangs() const;
    /// Whether within ten seconds no store is open any more: a thread that was left behind has gone too.
    [[nodiscard]] bool closes();
    [[nodiscard]] std::size_t batches() const;
    [[nodiscard]] std::size_t bodies_read() const;
    [[nodiscard]] std::size_t entries() const;
    /// Replaces the data of an entry, as if another program had written it.
    void overwrite(LogIndex index, Bytes data);

    /// The body of an entry does not come back any more, until it is written again; its front does.
    void rot(LogIndex index);

    [[nodiscard]] std::unique_ptr<storage::LogStore> open();

private:
    class Store;
    [[nodiscard]] Result<void, storage::StoreError> pass();

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool hanging_{false};
    bool waiting_{false};
    std::optional<storage::StoreErrc> failure_;
    int open_stores_{0};
    std::size_t batches_{0};
    std::size_t bodies_read_{0};
    consensus::HardState hard_;
    std::optional<consensus::SnapshotMark> snapshot_;
    Bytes snapshot_payload_;
    std::map<LogIndex, consensus::Entry> entries_;
    std::set<LogIndex> rotten_;
};

}  // namespace conductor::test
