// What a log store must hold, told as simply as possible: the model that the real store is compared with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/storage/log_store.hpp"

namespace conductor::test {

/// The log at one moment.
struct ModelLog {
    std::optional<consensus::SnapshotMark> snapshot;
    Bytes payload;
    consensus::Position base;  ///< of the entry before the first
    std::vector<consensus::Entry> entries;

    [[nodiscard]] consensus::Position last() const { return entries.empty() ? base : entries.back().position; }
    [[nodiscard]] LogIndex first() const { return base.index.next(); }
    void take_snapshot(const consensus::SnapshotMark& mark, Bytes with, bool discard);
    void truncate(LogIndex from);
    void append(const consensus::Entry& entry);
};

/// Empty if `store` holds exactly `log`; otherwise what differs. Reads every entry.
[[nodiscard]] std::string difference(storage::LogStore& store, const ModelLog& log);
/// The same by what recovered() says alone.
[[nodiscard]] std::string difference(const consensus::StoredState& state, const ModelLog& log);
/// Empty if two starts say the same.
[[nodiscard]] std::string difference(const consensus::StoredState& a, const consensus::StoredState& b);

[[nodiscard]] consensus::Entry command(std::uint64_t term, std::uint64_t index, Bytes data);
[[nodiscard]] consensus::Entry configuration_entry(std::uint64_t term, std::uint64_t index,
                                                   const consensus::Configuration& configuration);
[[nodiscard]] storage::StoreWrite write_of(std::vector<consensus::Entry> entries);

}  // namespace conductor::test
