// The directory of one member: whose it is, and that only this process uses it. Disk thread.
#pragma once

#include <memory>
#include <string>

#include "core/storage/file.hpp"
#include "core/storage/store_error.hpp"

namespace conductor::storage {

/// Looks before it touches: a directory with a Go conductor's files and no store of ours is left as it is.
///   errors  foreign, not_permitted, io
[[nodiscard]] Result<void, StoreError> refuse_foreign(FileSystem& files, const std::string& directory);

/// Makes the directory, opens its lock file and takes it; held for as long as the File lives.
///   errors  locked: the text names the holder; not_permitted, no_space, io
[[nodiscard]] Result<std::unique_ptr<File>, StoreError> take_directory(FileSystem& files,
                                                                       const std::string& directory);

/// Writes our process id into the lock file, for whoever meets it.
[[nodiscard]] Result<void, StoreError> sign(File& lock, std::uint64_t owner);

}  // namespace conductor::storage
