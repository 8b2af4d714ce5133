#include "core/storage/file.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

namespace conductor::storage {

FileResult<void> write_all(File& file, std::uint64_t offset, std::span<const ByteSpan> pieces) {
    std::vector<ByteSpan> rest;
    for (;;) {
        const auto put = file.write(offset, pieces);
        if (!put) return put.error();

        auto done = *put;
        std::size_t whole = 0;
        while (whole < pieces.size() && done >= pieces[whole].size()) done -= pieces[whole++].size();
        if (whole == pieces.size()) return {};
        if (*put == 0) return FileError{EIO, "write", file.path()};

        // A short write is rare (a signal, more pieces than one call takes): go on behind it.
        std::vector<ByteSpan> next{pieces.begin() + static_cast<std::ptrdiff_t>(whole), pieces.end()};
        next.front() = next.front().subspan(done);
        rest = std::move(next);
        pieces = rest;
        offset += *put;
    }
}

FileResult<void> write_all(File& file, std::uint64_t offset, ByteSpan piece) {
    return write_all(file, offset, std::span<const ByteSpan>{&piece, 1});
}

FileResult<std::size_t> read_all(File& file, std::uint64_t offset, ByteSpace into) {
    std::size_t done = 0;
    while (done < into.size()) {
        const auto got = file.read(offset + done, into.subspan(done));
        if (!got) return got.error();
        if (*got == 0) break;
        done += *got;
    }
    return done;
}

std::string errno_text(int code) {
    const char* const text = ::strerrordesc_np(code);
    return text != nullptr ? text : "errno " + std::to_string(code);
}

std::string to_string(const FileError& error) {
    return error.operation + " " + error.path + ": " + errno_text(error.code);
}

}  // namespace conductor::storage
