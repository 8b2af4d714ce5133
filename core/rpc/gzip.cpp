#include "core/rpc/gzip.hpp"

#include <zlib.h>

#include <limits>

#include "core/base/check.hpp"

namespace conductor::rpc {

std::string gzip(std::string_view text) {
    CONDUCTOR_CHECK(text.size() <= std::numeric_limits<uInt>::max());
    constexpr int gzip_window = 15 + 16;
    constexpr int memory_level = 8;
    z_stream stream{};
    CONDUCTOR_CHECK(::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, memory_level,
                                   Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out(::deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
    // zlib reads through a pointer that is not const, and writes nothing there.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = ::deflate(&stream, Z_FINISH);
    const auto written = stream.total_out;
    ::deflateEnd(&stream);
    CONDUCTOR_CHECK(result == Z_STREAM_END);
    out.resize(written);
    return out;
}

}  // namespace conductor::rpc
