#include "core/storage/posix_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "core/base/check.hpp"

namespace conductor::storage {

namespace {

FileError failed(const char* operation, const std::string& path) {
    return {errno, operation, path};
}

// The first result that is not an interruption by a signal.
template <class Call>
auto uninterrupted(Call call) {
    for (;;) {
        const auto result = call();
        if (result >= 0 || errno != EINTR) return result;
    }
}

class PosixFile final : public File {
public:
    PosixFile(int descriptor, std::string path) noexcept : descriptor_{descriptor}, path_{std::move(path)} {}
    ~PosixFile() override { ::close(descriptor_); }
    PosixFile(const PosixFile&) = delete;
    PosixFile& operator=(const PosixFile&) = delete;

    FileResult<std::size_t> read(std::uint64_t offset, ByteSpace into) override {
        const auto got = uninterrupted(
            [&] { return ::pread(descriptor_, into.data(), into.size(), static_cast<off_t>(offset)); });
        if (got < 0) return failed("read", path_);
        return static_cast<std::size_t>(got);
    }

    FileResult<std::size_t> write(std::uint64_t offset, std::span<const ByteSpan> pieces) override {
        std::array<iovec, IOV_MAX> vector;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled below
        const auto count = std::min(pieces.size(), vector.size());
        for (std::size_t i = 0; i < count; ++i)
            vector[i] = {const_cast<std::uint8_t*>(pieces[i].data()), pieces[i].size()};
        const auto put = uninterrupted([&] {
            return ::pwritev(descriptor_, vector.data(), static_cast<int>(count), static_cast<off_t>(offset));
        });
        if (put < 0) return failed("write", path_);
        return static_cast<std::size_t>(put);
    }

    FileResult<void> sync() override {
        // Not repeated on any error: the kernel marks the pages clean, a second call would lie.
        if (::fdatasync(descriptor_) != 0) return failed("fdatasync", path_);
        return {};
    }

    FileResult<void> allocate(std::uint64_t offset, std::uint64_t octets) override {
        const auto done = uninterrupted([&] {
            return ::fallocate(descriptor_, 0, static_cast<off_t>(offset), static_cast<off_t>(octets));
        });
        if (done == 0) return {};
        if (errno != EOPNOTSUPP) return failed("fallocate", path_);
        const auto now = size();
        if (!now) return now.error();
        return *now < offset + octets ? truncate(offset + octets) : FileResult<void>{};
    }

    FileResult<void> truncate(std::uint64_t octets) override {
        if (uninterrupted([&] { return ::ftruncate(descriptor_, static_cast<off_t>(octets)); }) != 0)
            return failed("truncate", path_);
        return {};
    }

    FileResult<std::uint64_t> size() override {
        struct stat status{};
        if (::fstat(descriptor_, &status) != 0) return failed("stat", path_);
        return static_cast<std::uint64_t>(status.st_size);
    }

    // Of the open file, not of the process: closing another descriptor of the file does not release it.
    FileResult<void> lock() override {
        struct flock whole{};
        whole.l_type = F_WRLCK;
        whole.l_whence = SEEK_SET;
        if (::fcntl(descriptor_, F_OFD_SETLK, &whole) != 0) {
            if (errno == EACCES) errno = EWOULDBLOCK;
            return failed("lock", path_);
        }
        return {};
    }

    const std::string& path() const override { return path_; }

private:
    int descriptor_;
    std::string path_;
};

int flags_of(OpenMode mode) {
    switch (mode) {
        case OpenMode::read:
            return O_RDONLY;
        case OpenMode::read_direct:
            return O_RDONLY | O_DIRECT;
        case OpenMode::update:
            return O_RDWR;
        case OpenMode::create:
            return O_RDWR | O_CREAT;
        case OpenMode::create_new:
            return O_RDWR | O_CREAT | O_TRUNC;
    }
    return O_RDONLY;
}

}  // namespace

FileResult<std::unique_ptr<File>> PosixFiles::open(const std::string& path, OpenMode mode) {
    const auto open_with = [&](int flags) {
        return uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0644); });
    };
    auto descriptor = open_with(flags_of(mode));
    if (descriptor < 0 && errno == EINVAL && mode == OpenMode::read_direct) descriptor = open_with(O_RDONLY);
    if (descriptor < 0) return failed("open", path);
    return std::unique_ptr<File>{std::make_unique<PosixFile>(descriptor, path)};
}

FileResult<void> PosixFiles::rename(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename", from);
    return {};
}

FileResult<void> PosixFiles::unlink(const std::string& path) {
    if (::unlink(path.c_str()) != 0) return failed("unlink", path);
    return {};
}

FileResult<std::vector<std::string>> PosixFiles::list(const std::string& directory) {
    const std::unique_ptr<DIR, int (*)(DIR*)> stream{::opendir(directory.c_str()), &::closedir};
    if (!stream) return failed("open", directory);
    std::vector<std::string> names;
    errno = 0;
    while (const auto* const found = ::readdir(stream.get())) {
        const std::string name = &found->d_name[0];
        if (name != "." && name != "..") names.push_back(name);
        errno = 0;
    }
    if (errno != 0) return failed("list", directory);
    std::ranges::sort(names);
    return names;
}

FileResult<void> PosixFiles::make_directory(const std::string& directory) {
    for (std::size_t end = directory.find('/', 1);; end = directory.find('/', end + 1)) {
        const auto part = directory.substr(0, end);
        if (::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST) {
            struct stat status{};  // a parent on a read-only file system may exist and still say EROFS
            const auto why = errno;
            if (::stat(part.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
                return FileError{why, "mkdir", part};
        }
        if (end == std::string::npos) return {};
    }
}

FileResult<void> PosixFiles::remove_directory(const std::string& directory) {
    if (::rmdir(directory.c_str()) != 0) return failed("rmdir", directory);
    return {};
}

FileResult<void> PosixFiles::sync_directory(const std::string& directory) {
    const auto descriptor =
        uninterrupted([&] { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
    if (descriptor < 0) return failed("open", directory);
    const auto failure = ::fsync(descriptor) != 0 ? errno : 0;
    ::close(descriptor);
    if (failure != 0) return FileError{failure, "fsync", directory};
    return {};
}

FileResult<std::uint64_t> PosixFiles::free_octets(const std::string& directory) {
    struct statvfs status{};
    if (::statvfs(directory.c_str(), &status) != 0) return failed("statvfs", directory);
    return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

std::uint64_t PosixFiles::owner() const {
    return static_cast<std::uint64_t>(::getpid());
}

std::uint32_t PosixFiles::entropy() {
    std::uint32_t value = 0;
    // Never short for so few octets; before the kernel's pool is ready it waits, which is at boot only.
    CONDUCTOR_CHECK(::getrandom(&value, sizeof value, 0) == sizeof value);
    return value;
}

}  // namespace conductor::storage
