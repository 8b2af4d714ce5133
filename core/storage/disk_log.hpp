// LogStore over segments: what the header of log_store promises, put together from its parts. Disk thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/storage/batch.hpp"
#include "core/storage/housekeeper.hpp"
#include "core/storage/log_store.hpp"
#include "core/storage/log_view.hpp"
#include "core/storage/record_reader.hpp"
#include "core/storage/recovery.hpp"
#include "core/storage/segment_file.hpp"
#include "core/storage/vote_file.hpp"

namespace conductor::storage {

class DiskLog final : public LogStore {
public:
    /// Everything that open() found and made.
    struct Parts {
        std::unique_ptr<File> lock;
        VoteFile vote;
        Recovered log;
        std::optional<SegmentFile> tail;
        std::unique_ptr<Housekeeper> housekeeper;
    };

    DiskLog(FileSystem& files, StoreOptions options, Parts parts);

    /// The last step of opening: reads the configurations in the log, and lets go of what no longer counts.
    [[nodiscard]] Result<void, StoreError> settle();

    [[nodiscard]] const consensus::StoredState& recovered() const override { return recovered_; }
    [[nodiscard]] Result<Bytes, StoreError> snapshot_payload() override;
    [[nodiscard]] Result<void, StoreError> write(std::span<const StoreWrite> batch) override;
    [[nodiscard]] Result<consensus::Entry, StoreError> read(LogIndex index) override;
    [[nodiscard]] Result<Bytes, StoreError> read_data_prefix(LogIndex index, std::size_t octets) override;
    [[nodiscard]] Result<void, StoreError> idle() override;
    [[nodiscard]] Result<void, StoreError> probe() override;
    [[nodiscard]] StoreFigures figures() const override;

private:
    [[nodiscard]] std::optional<StoreError> why_not() const;
    StoreError final(StoreError error);
    [[nodiscard]] Result<void, StoreError> write_drafts(const std::vector<Draft>& drafts);
    [[nodiscard]] Result<void, StoreError> flush(Batch& batch);
    [[nodiscard]] Result<void, StoreError> begin_segment(std::uint64_t octets);
    void note(const LocatedRecord& record);
    void let_go();
    void look_at_space();
    [[nodiscard]] const SegmentName& name_of(SegmentId segment) const;
    [[nodiscard]] RecordPlace place_of(const LogSlot& slot) const;
    [[nodiscard]] Result<consensus::Entry, StoreError> read_slot(const LogSlot& slot);
    [[nodiscard]] std::string segment_directory() const { return options_.directory + "/segments"; }

    FileSystem& files_;
    const StoreOptions options_;
    std::unique_ptr<File> lock_;  // outlives all that writes
    VoteFile vote_;
    LogView view_;
    std::vector<SegmentState> segments_;
    std::optional<SegmentFile> tail_;
    SegmentTable tail_table_;
    RecordReader reader_;
    consensus::StoredState recovered_;
    StoreFigures figures_;
    std::optional<StoreError> failure_;
    std::unique_ptr<Housekeeper> housekeeper_;  // its thread ends first
};

}  // namespace conductor::storage
