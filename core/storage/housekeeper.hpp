// What must be done and must not stand on the commit path: spare segments made or recycled before they are
// needed, tables of complete segments given to the index, files beyond the byte bound removed. In the
// background on one thread of its own, or, for tests and the simulator, whenever tend() is called.
//
// Called by the disk thread; the mutex guards what its own thread shares with it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/storage/file.hpp"
#include "core/storage/leveldb_index.hpp"
#include "core/storage/segment_name.hpp"

namespace conductor::storage {

class Housekeeper {
public:
    struct Settings {
        std::string directory;  ///< of the segments
        std::uint64_t segment_octets{0};
        std::uint64_t retain_octets{0};
        bool background{true};
    };
    struct Figures {
        std::uint64_t octets_on_disk{0};
        std::uint64_t spares{0};
        std::uint64_t spare_failures{0};
    };
    /// A file that leaves the log.
    struct Retired {
        SegmentName name;
        std::uint64_t octets{0};
    };

    /// `spares` are those found at start; `next_ordinal` is above that of every file there.
    Housekeeper(FileSystem& files, Settings settings, std::unique_ptr<LeveldbIndex> index,
                std::vector<Retired> spares, std::uint64_t octets_on_disk, std::uint64_t next_ordinal);
    ~Housekeeper();
    Housekeeper(const Housekeeper&) = delete;
    Housekeeper& operator=(const Housekeeper&) = delete;

    [[nodiscard]] SegmentId draw_id();
    /// The path of a file of segment_octets that holds nothing that counts; the caller renames it.
    [[nodiscard]] std::optional<std::string> take_spare();
    void made_segment(std::uint64_t octets);  ///< a segment that was not a spare
    void sealed(SegmentId segment, SegmentTable table);
    void retire(std::vector<Retired> segments);
    /// Does all that is due, now, unless a thread does it in the background.
    void tend();

    /// An error that is final for this process. A spare that could not be made is none; it is only counted.
    [[nodiscard]] std::optional<StoreError> failure() const;
    [[nodiscard]] Figures figures() const;

private:
    struct Sealed {
        SegmentId segment;
        SegmentTable table;
    };

    void run();
    bool work_once();  // false: nothing was due
    void write_table(const Sealed& job);
    void recycle(const Retired& segment);
    void remove_surplus();
    [[nodiscard]] bool spare_due() const;  // with mutex_ held
    void make_spare();
    void fail(StoreError error);
    [[nodiscard]] std::string path_of(const std::string& name) const {
        return settings_.directory + "/" + name;
    }

    FileSystem& files_;
    const Settings settings_;
    std::unique_ptr<LeveldbIndex> index_;  // after construction used by whoever runs work_once() alone

    mutable std::mutex mutex_;
    std::condition_variable due_;
    std::deque<Sealed> sealed_;
    std::deque<Retired> retired_;
    std::deque<Retired> spares_;  // ready; oldest first
    std::uint64_t octets_on_disk_;
    std::uint64_t next_ordinal_;
    std::uint64_t spare_failures_{0};
    bool spare_wanted_{true};  // false after a failure, until something changes
    bool stopping_{false};
    std::optional<StoreError> failure_;

    std::thread thread_;
};

}  // namespace conductor::storage
