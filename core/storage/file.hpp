// The port through which every file operation of the store passes, LevelDB's too: the machine's own files are
// one implementation, the recording disk of the crash images and the simulator's disk are others. It holds no
// state of its own, no thread and no clock. What an operation promises is what POSIX promises: a write is
// durable after sync(), a name after sync_directory() of its directory.
//
// One File may be used by one thread at a time, a FileSystem by several.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"

namespace conductor::storage {

using ByteSpace = std::span<std::uint8_t>;

/// A file operation that failed: the errno, the call as an operator knows it, and on what.
struct FileError {
    // Not an aggregate: Result<std::size_t, FileError> must not take a number for an error.
    FileError() = default;
    FileError(int code_, std::string operation_, std::string path_)
        : code{code_}, operation{std::move(operation_)}, path{std::move(path_)} {}
    int code{0};
    std::string operation;
    std::string path;
};

template <class T>
using FileResult = Result<T, FileError>;

enum class OpenMode : std::uint8_t {
    read,
    read_direct,  ///< past the page cache where the file system can; align as `direct_alignment`
    update,       ///< reads and writes; the file must exist
    create,       ///< as update; made if absent, mode 0644
    create_new,   ///< as create; an existing file is emptied first
};

/// What offset, length and memory of a read from a `read_direct` file must be multiples of.
inline constexpr std::size_t direct_alignment = 4096;

class File {
public:
    virtual ~File() = default;

    /// May read or write less than asked for; 0 read is the end of the file. See read_all() and write_all().
    [[nodiscard]] virtual FileResult<std::size_t> read(std::uint64_t offset, ByteSpace into) = 0;
    [[nodiscard]] virtual FileResult<std::size_t> write(std::uint64_t offset,
                                                        std::span<const ByteSpan> pieces) = 0;
    [[nodiscard]] virtual FileResult<void> sync() = 0;  ///< fdatasync
    /// Reserves space, so that later writes in it cannot meet a full disk; the size grows to cover it.
    [[nodiscard]] virtual FileResult<void> allocate(std::uint64_t offset, std::uint64_t octets) = 0;
    [[nodiscard]] virtual FileResult<void> truncate(std::uint64_t octets) = 0;
    [[nodiscard]] virtual FileResult<std::uint64_t> size() = 0;
    /// Takes the file for this open file alone, without waiting; EWOULDBLOCK: another has it. Ends with it.
    [[nodiscard]] virtual FileResult<void> lock() = 0;

    [[nodiscard]] virtual const std::string& path() const = 0;
};

class FileSystem {
public:
    virtual ~FileSystem() = default;

    [[nodiscard]] virtual FileResult<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
    [[nodiscard]] virtual FileResult<void> rename(const std::string& from, const std::string& to) = 0;
    [[nodiscard]] virtual FileResult<void> unlink(const std::string& path) = 0;
    /// The names in a directory, sorted, without "." and "..".
    [[nodiscard]] virtual FileResult<std::vector<std::string>> list(const std::string& directory) = 0;
    /// Mode 0755, with all parents; no error if it is there.
    [[nodiscard]] virtual FileResult<void> make_directory(const std::string& directory) = 0;
    [[nodiscard]] virtual FileResult<void> remove_directory(const std::string& directory) = 0;
    [[nodiscard]] virtual FileResult<void> sync_directory(const std::string& directory) = 0;
    /// Bytes that this user may still write.
    [[nodiscard]] virtual FileResult<std::uint64_t> free_octets(const std::string& directory) = 0;
    /// Who asks, for the lock file: the process id.
    [[nodiscard]] virtual std::uint64_t owner() const = 0;
    /// What nobody can foresee; a simulator's comes from its seed.
    [[nodiscard]] virtual std::uint32_t entropy() = 0;
};

/// Writes all pieces, one behind the other, with as few calls as the system allows: one, as a rule.
[[nodiscard]] FileResult<void> write_all(File& file, std::uint64_t offset, std::span<const ByteSpan> pieces);
[[nodiscard]] FileResult<void> write_all(File& file, std::uint64_t offset, ByteSpan piece);
/// Fills `into` as far as the file reaches and returns how far that was.
[[nodiscard]] FileResult<std::size_t> read_all(File& file, std::uint64_t offset, ByteSpace into);

/// `No such file or directory`, without the locale.
[[nodiscard]] std::string errno_text(int code);
/// `open /data/vote: Permission denied`
[[nodiscard]] std::string to_string(const FileError& error);

}  // namespace conductor::storage
