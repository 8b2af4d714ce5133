#include "tests/simnode/gunzip.hpp"

#include <zlib.h>

#include <array>
#include <vector>

namespace conductor::simnode {
namespace {

constexpr int gzip_window = 15 + 16;  // zlib's way to ask for gzip's frame

}  // namespace

std::optional<std::string> gunzip(std::string_view packed, std::size_t most) {
    z_stream stream{};
    if (::inflateInit2(&stream, gzip_window) != Z_OK) return std::nullopt;
    std::vector<Bytef> input(packed.begin(), packed.end());
    stream.next_in = input.data();
    stream.avail_in = static_cast<uInt>(input.size());
    std::array<Bytef, 16'384> piece{};
    std::string out;
    int state = Z_OK;
    while (state == Z_OK && out.size() <= most) {
        stream.next_out = piece.data();
        stream.avail_out = static_cast<uInt>(piece.size());
        state = ::inflate(&stream, Z_NO_FLUSH);
        const auto got = piece.size() - stream.avail_out;
        out.append(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(got));
    }
    ::inflateEnd(&stream);
    if (state != Z_STREAM_END || out.size() > most) return std::nullopt;
    return out;
}

}  // namespace conductor::simnode
