#include "core/storage/vote_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/storage/crc32c.hpp"
#include "core/storage/errors.hpp"
#include "core/storage/format.hpp"
#include "core/storage/little_endian.hpp"

namespace conductor::storage {

namespace {

constexpr std::size_t slot_octets = 4096;
constexpr FileMagic vote_magic{'C', 'N', 'D', 'V', 'O', 'T', 'E', '\n'};
constexpr std::size_t slot_crc_at = slot_octets - 4;
constexpr std::size_t candidate_at = 44;
constexpr std::size_t floor_term_at = 4068;
constexpr std::size_t floor_index_at = 4076;
constexpr std::size_t segment_at = 4084;
constexpr std::size_t max_candidate = floor_term_at - candidate_at;

using Slot = std::array<std::uint8_t, slot_octets>;

struct Decoded {
    consensus::HardState state;
    std::uint64_t sequence{0};
    std::uint64_t segment{0};
};

Slot encode_slot(const consensus::HardState& state, std::uint64_t sequence, std::uint64_t segment) {
    Slot slot{};
    auto* const at = slot.data();
    put_preamble(slot, vote_magic);
    put(at + 16, sequence);
    put(at + 24, state.term.value());
    put(at + 32, state.vote_term.value());
    put(at + 40, static_cast<std::uint32_t>(state.vote_candidate.size()));
    std::memcpy(at + candidate_at, state.vote_candidate.data(), state.vote_candidate.size());
    put(at + floor_term_at, state.floor.term.value());
    put(at + floor_index_at, state.floor.index.value());
    put(at + segment_at, segment);
    put(at + slot_crc_at, crc32c(ByteSpan{slot}.first(slot_crc_at)));
    return slot;
}

std::optional<Decoded> decode_slot(ByteSpan slot) {
    const auto* const at = slot.data();
    if (look_at_preamble(slot, vote_magic) != Preamble::ours) return std::nullopt;
    if (get<std::uint32_t>(at + slot_crc_at) != crc32c(slot.first(slot_crc_at))) return std::nullopt;
    const auto octets = get<std::uint32_t>(at + 40);
    if (octets > max_candidate) return std::nullopt;

    Decoded decoded;
    decoded.sequence = get<std::uint64_t>(at + 16);
    decoded.state.term = Term{get<std::uint64_t>(at + 24)};
    decoded.state.vote_term = Term{get<std::uint64_t>(at + 32)};
    decoded.state.vote_candidate = as_text(slot.subspan(candidate_at, octets));
    decoded.state.floor.term = Term{get<std::uint64_t>(at + floor_term_at)};
    decoded.state.floor.index = LogIndex{get<std::uint64_t>(at + floor_index_at)};
    decoded.segment = get<std::uint64_t>(at + segment_at);
    return decoded;
}

std::string path_in(const std::string& directory) {
    return directory + "/vote";
}

}  // namespace

Result<std::optional<VoteFile::Found>, StoreError> VoteFile::look(FileSystem& files,
                                                                  const std::string& directory) {
    const auto path = path_in(directory);
    const auto file = files.open(path, OpenMode::read);
    if (!file) {
        if (file.error().code == ENOENT) return std::optional<Found>{};
        return store_error(file.error());
    }
    std::array<std::uint8_t, 2 * slot_octets> octets{};
    if (const auto got = read_all(**file, 0, octets); !got) return store_error(got.error());

    const ByteSpan first = ByteSpan{octets}.first(slot_octets);
    const ByteSpan second = ByteSpan{octets}.subspan(slot_octets);
    for (const auto slot : {first, second})
        if (look_at_preamble(slot, vote_magic) == Preamble::newer) return newer_format(path);

    const auto a = decode_slot(first);
    const auto b = decode_slot(second);
    if (!a && !b)
        return StoreError{StoreErrc::vote_lost, path,
                          path +
                              ": both copies of term and vote are damaged, so this member may have voted "
                              "and does not know for whom; replace the member: remove it from the cluster, "
                              "wipe its directory, add it again"};

    const bool first_counts = a && (!b || a->sequence >= b->sequence);
    const auto& counts = first_counts ? *a : *b;
    Found found{counts.state, counts.sequence, counts.segment, std::nullopt};
    if (!a || a->sequence < counts.sequence) found.stale_slot = 0;
    if (!b || b->sequence < counts.sequence) found.stale_slot = 1;
    return std::optional<Found>{found};
}

Result<VoteFile, StoreError> VoteFile::open(FileSystem& files, const std::string& directory,
                                            std::optional<Found> found) {
    const auto path = path_in(directory);
    if (!found) {
        // Made beside and renamed: a file called `vote` has always had two good slots.
        const auto fresh = path + ".new";
        auto made = files.open(fresh, OpenMode::create_new);
        if (!made) return store_error(made.error());
        VoteFile vote{std::move(*made), Found{{}, 1, 0, std::nullopt}};
        for (const auto slot : {0, 1})
            if (const auto written = vote.write_slot(slot); !written) return store_error(written.error());
        vote.file_.reset();
        if (const auto done = files.rename(fresh, path); !done) return store_error(done.error());
        if (const auto done = files.sync_directory(directory); !done) return store_error(done.error());
        found = Found{{}, 1, 0, std::nullopt};
    }
    auto file = files.open(path, OpenMode::update);
    if (!file) return store_error(file.error());
    VoteFile vote{std::move(*file), *found};
    if (found->stale_slot)
        if (const auto written = vote.write_slot(*found->stale_slot); !written)
            return store_error(written.error());
    return vote;
}

Result<void, StoreError> VoteFile::write(const consensus::HardState& state) {
    if (state.vote_candidate.size() > max_candidate)
        return StoreError{StoreErrc::io, file_->path(),
                          file_->path() + ": a candidate's address of " +
                              std::to_string(state.vote_candidate.size()) + " octets does not fit (at most " +
                              std::to_string(max_candidate) + ")"};
    state_ = state;
    ++sequence_;
    for (const auto slot : {0, 1})
        if (const auto written = write_slot(slot); !written) return store_error(written.error());
    return {};
}

Result<bool, StoreError> VoteFile::saw_segment(std::uint64_t ordinal) {
    const bool first = segment_ == 0;
    segment_ = std::max(segment_, ordinal);
    if (!first || ordinal == 0) return false;
    if (const auto written = write(state_); !written) return written.error();
    return true;
}

FileResult<void> VoteFile::write_slot(int slot) {
    const auto octets = encode_slot(state_, sequence_, segment_);
    const auto offset = static_cast<std::uint64_t>(slot) * slot_octets;
    if (const auto written = write_all(*file_, offset, ByteSpan{octets}); !written) return written.error();
    return file_->sync();
}

}  // namespace conductor::storage
