#include "core/storage/directory.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/storage/errors.hpp"

namespace conductor::storage {

namespace {

constexpr std::size_t max_signature = 32;

// The pid in a lock file; empty if nothing sensible is there yet.
std::string holder_in(File& lock) {
    std::array<std::uint8_t, max_signature> octets{};
    const auto got = read_all(lock, 0, octets);
    if (!got) return {};
    const auto text = as_text(ByteSpan{octets}.first(*got));
    const auto digits = text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
    return std::string{digits};
}

}  // namespace

Result<void, StoreError> refuse_foreign(FileSystem& files, const std::string& directory) {
    const auto names = files.list(directory);
    if (!names) {
        if (names.error().code == ENOENT) return {};
        return store_error(names.error());
    }
    const auto has = [&](const char* name) { return std::ranges::binary_search(*names, std::string{name}); };
    if (has("vote") || has("segments")) return {};
    for (const auto* const theirs : {"raft-log.db", "raft-stable.db"})
        if (has(theirs)) {
            const auto path = directory + "/" + theirs;
            return StoreError{StoreErrc::foreign, path,
                              path +
                                  ": this is op-conductor's (Go) Raft log, and there is no store of ours "
                                  "beside it; nothing was changed. Two ways on: take it over in place, "
                                  "which this version cannot do yet; or replace the member: remove it from "
                                  "the cluster, wipe this directory, add it as non-voter, and promote it "
                                  "once it has caught up"};
        }
    return {};
}

Result<std::unique_ptr<File>, StoreError> take_directory(FileSystem& files, const std::string& directory) {
    if (const auto made = files.make_directory(directory); !made) return store_error(made.error());
    const auto path = directory + "/lock";
    auto lock = files.open(path, OpenMode::create);
    if (!lock) return store_error(lock.error());
    if (const auto taken = (*lock)->lock(); !taken) {
        if (taken.error().code != EWOULDBLOCK) return store_error(taken.error());
        const auto holder = holder_in(**lock);
        return StoreError{StoreErrc::locked, path,
                          path + ": another process uses this directory" +
                              (holder.empty() ? std::string{} : " (pid " + holder + ")")};
    }
    return std::move(*lock);
}

Result<void, StoreError> sign(File& lock, std::uint64_t owner) {
    const auto text = std::to_string(owner) + "\n";
    if (const auto done = lock.truncate(0); !done) return store_error(done.error());
    if (const auto done = write_all(lock, 0, as_octets(text)); !done) return store_error(done.error());
    return {};
}

}  // namespace conductor::storage
