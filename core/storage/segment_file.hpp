// A segment as it is written: a header block, then batches, each on 4 KiB of its own and flushed before the
// next begins, so that no acknowledged sector is ever written again (docs/formats/segment.md). Reading it
// after a crash is segment_scan. Owned by the disk thread.
#pragma once

#include <memory>
#include <vector>

#include "core/storage/file.hpp"
#include "core/storage/format.hpp"
#include "core/storage/segment_name.hpp"

namespace conductor::storage {

/// Batches start at multiples of this, and the header takes as much.
inline constexpr std::uint64_t block_octets = 4096;

using HeaderBlock = std::array<std::uint8_t, block_octets>;
[[nodiscard]] HeaderBlock encode_segment_header(const SegmentName& name);
/// Whether these octets, the file's first ones, are the header of `name` as we write it.
[[nodiscard]] bool is_segment_header(ByteSpan octets, const SegmentName& name);
[[nodiscard]] Preamble segment_preamble(ByteSpan octets);

class SegmentFile {
public:
    struct Place {
        std::uint64_t end{block_octets};  ///< where the next batch goes
        std::uint64_t capacity{0};        ///< of the file; a batch that does not fit goes elsewhere
        bool header_due{true};            ///< it goes out with the first batch
    };

    SegmentFile(const SegmentName& name, std::unique_ptr<File> file, Place place)
        : name_{name}, file_{std::move(file)}, place_{place} {}

    [[nodiscard]] const SegmentName& name() const noexcept { return name_; }
    [[nodiscard]] std::uint64_t end() const noexcept { return place_.end; }
    [[nodiscard]] std::uint64_t room() const noexcept {
        return place_.capacity > place_.end ? place_.capacity - place_.end : 0;
    }
    [[nodiscard]] const std::string& path() const { return file_->path(); }

    /// Writes `records` as one batch with one call and one flush. Returns the octets written.
    [[nodiscard]] FileResult<std::uint64_t> append(std::vector<ByteSpan> records);
    /// Writes the header again, as it is, and flushes: changes nothing, and shows whether the disk works.
    [[nodiscard]] FileResult<void> touch();

private:
    SegmentName name_;
    std::unique_ptr<File> file_;
    Place place_;
};

}  // namespace conductor::storage
