#include "core/storage/log_store.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/check.hpp"
#include "core/storage/directory.hpp"
#include "core/storage/disk_log.hpp"
#include "core/storage/errors.hpp"

namespace conductor::storage {

namespace {

StoreError vote_missing(const std::string& directory) {
    const auto path = directory + "/vote";
    return {StoreErrc::vote_lost, path,
            path +
                ": missing beside a log, so this member may have voted and does not know for whom; replace "
                "the member: remove it from the cluster, wipe its directory, add it again"};
}

// A voter whose log is gone and who votes on has forgotten what it acknowledged. That there was one is told by
// the vote file (the directory is older than any vote; the newest segment is named in it), and by the index,
// which gets the table of a segment once its successor has a name.
StoreError log_missing(const std::string& segments, const std::string& what) {
    return {StoreErrc::log_lost, segments,
            segments + ": " + what +
                ", so this member has forgotten what it acknowledged; replace the member: remove it from the "
                "cluster, wipe its directory, add it again"};
}

std::uint64_t newest_ordinal(const Inventory& inventory) {
    return inventory.segments.empty() ? 0 : ordinal_of(inventory.segments.back().name.id);
}

Result<void, StoreError> refuse_lost_log(FileSystem& files, const std::string& segments,
                                         const VoteFile::Found& vote, const Inventory& inventory) {
    const auto there = files.list(segments);
    if (!there && there.error().code != ENOENT) return store_error(there.error());
    if (!there && vote.sequence > 1) return log_missing(segments, "missing beside a vote");
    if (vote.segment > newest_ordinal(inventory))
        return log_missing(segments,
                           "segment " + std::to_string(vote.segment) + ", which the vote names, is gone");
    return {};
}

// Spares of another size, and those that were never finished, are no use.
Result<std::vector<Housekeeper::Retired>, StoreError> sort_out_spares(FileSystem& files,
                                                                      const std::string& directory,
                                                                      const Inventory& inventory,
                                                                      std::uint64_t octets) {
    std::vector<Housekeeper::Retired> spares;
    auto surplus = inventory.unfinished;
    for (const auto id : inventory.spares) {
        const auto path = directory + "/" + spare_file_name(id);
        const auto file = files.open(path, OpenMode::read);
        if (!file) return store_error(file.error());
        const auto size = (*file)->size();
        if (!size) return store_error(size.error());
        if (*size == octets)
            spares.push_back({SegmentName{id, LogIndex{}}, octets});
        else
            surplus.push_back(path);
    }
    for (const auto& path : surplus)
        if (const auto gone = files.unlink(path); !gone) return store_error(gone.error());
    return spares;
}

}  // namespace

Result<std::unique_ptr<LogStore>, StoreError> LogStore::open(FileSystem& files, StoreOptions options) {
    const auto& directory = options.directory;
    const auto segments = directory + "/segments";
    CONDUCTOR_CHECK(!directory.empty());
    CONDUCTOR_CHECK(options.segment_octets % block_octets == 0);
    CONDUCTOR_CHECK(options.segment_octets >= 2 * block_octets);

    // First only look: what is not ours, or not ours to read, stays as it is.
    if (const auto ours = refuse_foreign(files, directory); !ours) return ours.error();
    auto lock = take_directory(files, directory);
    if (!lock) return lock.error();
    auto vote_found = VoteFile::look(files, directory);
    if (!vote_found) return vote_found.error();
    const auto inventory = look_around(files, segments);
    if (!inventory) return inventory.error();
    if (!*vote_found && !inventory->segments.empty()) return vote_missing(directory);
    if (*vote_found)
        if (const auto there = refuse_lost_log(files, segments, **vote_found, *inventory); !there)
            return there.error();

    if (const auto signed_in = sign(**lock, files.owner()); !signed_in) return signed_in.error();
    auto vote = VoteFile::open(files, directory, std::move(*vote_found));
    if (!vote) return vote.error();
    if (const auto made = files.make_directory(segments); !made) return store_error(made.error());
    if (const auto done = files.sync_directory(directory); !done) return store_error(done.error());

    auto index = LeveldbIndex::open(files, directory + "/index");
    if (!index) return index.error();
    const auto newest_table = (*index)->newest();
    if (newest_table && ordinal_of(*newest_table) >= newest_ordinal(*inventory))
        return log_missing(
            segments, "the segment behind number " + std::to_string(ordinal_of(*newest_table)) + " is gone");
    auto log = recover(files, segments, *inventory, **index, options.segment_octets);
    if (!log) return log.error();
    std::vector<SegmentId> present;
    for (const auto& segment : log->segments) present.push_back(segment.name.id);
    if (const auto done = (*index)->keep_only(present); !done) return done.error();

    // A store of an earlier version, or one that a crash has left between a segment's name and this.
    if (const auto told = vote->saw_segment(newest_ordinal(*inventory)); !told) return told.error();

    std::optional<SegmentFile> tail;
    if (log->tail) {
        const auto& name = log->segments.back().name;
        auto file = files.open(segments + "/" + to_file_name(name), OpenMode::update);
        if (!file) return store_error(file.error());
        tail.emplace(name, std::move(*file), *log->tail);
    }

    auto spares = sort_out_spares(files, segments, *inventory, options.segment_octets);
    if (!spares) return spares.error();
    std::uint64_t on_disk = spares->size() * options.segment_octets;
    for (const auto& segment : log->segments) on_disk += segment.octets;
    auto housekeeper =
        std::make_unique<Housekeeper>(files,
                                      Housekeeper::Settings{segments, options.segment_octets,
                                                            options.retain_octets, options.background_spares},
                                      std::move(*index), std::move(*spares), on_disk, inventory->next_ordinal);

    auto store = std::make_unique<DiskLog>(files, std::move(options),
                                           DiskLog::Parts{std::move(*lock), std::move(*vote), std::move(*log),
                                                          std::move(tail), std::move(housekeeper)});
    if (const auto settled = store->settle(); !settled) return settled.error();
    return std::unique_ptr<LogStore>{std::move(store)};
}

}  // namespace conductor::storage
