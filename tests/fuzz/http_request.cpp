// Any octets as a connection would meet them: where a head ends, what it says, and its chunked body, which is
// the same however the network cut it.
#include <algorithm>
#include <string>

#include "core/base/check.hpp"
#include "core/rpc/chunked.hpp"
#include "core/rpc/cors.hpp"
#include "core/rpc/media_type.hpp"
#include "core/rpc/request_head.hpp"
#include "core/rpc/url_path.hpp"

using namespace conductor;
using namespace conductor::rpc;

namespace {

struct Body {
    std::string octets;
    ChunkDecoder::Status status;
    friend bool operator==(const Body&, const Body&) = default;
};

Body unchunked(std::string_view input, std::size_t step) {
    ChunkDecoder decoder;
    std::string out;
    while (!input.empty() && decoder.status() == ChunkDecoder::Status::more) {
        auto piece = input.substr(0, step);
        const auto given = piece.size();
        for (auto data = decoder.take(piece); !data.empty(); data = decoder.take(piece)) out += data;
        input.remove_prefix(given - piece.size());
    }
    return {out, decoder.status()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string octets{data, data + size};
    const auto length = head_length(octets, 0);
    CONDUCTOR_CHECK(length <= octets.size());
    for (std::size_t seen : {size / 3, size / 2})
        if (head_length(std::string_view{octets}.substr(0, seen), 0) == 0)
            CONDUCTOR_CHECK(head_length(octets, seen) == length);
    if (length == 0) return 0;
    const auto head = parse_head(std::string_view{octets}.substr(0, length));
    if (!head) {
        CONDUCTOR_CHECK(head.error().answer.starts_with("HTTP/1.1 "));
        return 0;
    }
    CONDUCTOR_CHECK(head->star || head->path.starts_with('/') || !head->path.empty());
    const auto clean = clean_path(head->escaped_path);
    CONDUCTOR_CHECK(clean_path(clean) == clean);
    CONDUCTOR_CHECK(percent_encode_unsafe(clean).find('\n') == std::string::npos);
    (void)media_type(head->content_type.value_or(""));
    (void)preflight_answer(*head);
    const auto rest = std::string_view{octets}.substr(length);
    CONDUCTOR_CHECK(unchunked(rest, 1) == unchunked(rest, rest.size() + 1));
    return 0;
}
