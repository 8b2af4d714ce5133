// A stream of requests, and the same octets as answers: decoding stays within bounds, in one piece or in many,
// and what was decoded encodes to octets that decode to the same again.
#include "core/transport/wire_protocol.hpp"
#include "tests/fuzz/bounds.hpp"

using namespace conductor;
using namespace conductor::wire;

namespace {

Bytes joined(const Pieces& pieces) {
    std::vector<std::uint8_t> all;
    all.reserve(size_of(pieces));
    for (const auto& piece : pieces) all.insert(all.end(), piece.span().begin(), piece.span().end());
    return Bytes::adopt(std::move(all));
}

void check_request(const Request& request) {
    const auto once = joined(encode(request));
    RequestDecoder decoder;
    const auto again = decoder.advance(once);
    fuzz::require(again.has_value() && again->has_value(), "own request does not decode");
    fuzz::require((*again)->consumed == once.size(), "own request is shorter than it was written");
    fuzz::require(joined(encode((*again)->message)) == once, "own request changes when encoded again");
}

void check_reply(Rpc asked, const Reply& reply) {
    const auto once = encode(reply);
    ReplyDecoder decoder;
    const auto again = decoder.advance(asked, once);
    fuzz::require(again.has_value() && again->has_value(), "own answer does not decode");
    fuzz::require(encode((*again)->message) == once, "own answer changes when encoded again");
    static_cast<void>(understand(asked, reply));
}

// The end of a message must not depend on how its octets were cut.
void check_cut(const Bytes& octets, std::size_t consumed) {
    RequestDecoder decoder;
    const auto early = decoder.advance(octets.slice(0, consumed / 2));
    fuzz::require(early.has_value() && !early->has_value(), "half a request is taken for a whole one");
    const auto whole = decoder.advance(octets);
    fuzz::require(whole.has_value() && whole->has_value(), "a request is refused when it comes in two pieces");
    fuzz::require((*whole)->consumed == consumed, "a request in two pieces ends elsewhere");
}

void read_requests(Bytes octets) {
    RequestDecoder decoder;
    static_cast<void>(sender_so_far(octets));
    while (true) {
        auto framed = decoder.advance(octets);
        if (!framed || !*framed) return;
        const auto consumed = (*framed)->consumed;
        {
            const auto asked = understand(std::move((*framed)->message));
            static_cast<void>(asked.has_value());
        }
        octets = octets.slice(consumed, octets.size() - consumed);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes octets{nullptr, ByteSpan{data, size}};
    {
        const fuzz::Bounds bounds{size};
        read_requests(octets);
    }
    RequestDecoder decoder;
    if (const auto framed = decoder.advance(octets); framed && *framed) {
        check_request((*framed)->message);
        check_cut(octets, (*framed)->consumed);
    }
    for (std::uint8_t rpc = 0; rpc <= 4; ++rpc) {
        ReplyDecoder answers;
        const fuzz::Bounds bounds{size};
        const auto framed = answers.advance(static_cast<Rpc>(rpc), octets);
        if (framed && *framed) check_reply(static_cast<Rpc>(rpc), (*framed)->message);
    }
    return 0;
}
