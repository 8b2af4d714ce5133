// How bodies come in: octets go from the socket to where they will be parsed, 1 MiB at a time. Memory follows
// what has arrived, whatever a client announced.
#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/rpc/chunked.hpp"
#include "core/rpc/http_connection.hpp"

namespace conductor::rpc {

namespace asio = boost::asio;

namespace {

constexpr std::size_t read_step = std::size_t{1} << 20U;
// Most payloads fit without a second allocation; untouched pages cost nothing.
constexpr std::size_t first_reserve = std::size_t{4} << 20U;
constexpr std::size_t chunk_step = 64 * 1024;
// What Go reads of a body that nobody wanted, to keep the connection.
constexpr std::size_t discard_limit = 256 * 1024;

BodyEnd end_of(const boost::system::error_code& error) {
    return error == asio::error::timed_out ? BodyEnd::timed_out : BodyEnd::cut_off;
}

}  // namespace

asio::awaitable<BodyEnd> HttpConnection::read_body(const RequestHead& head, Body& body, std::size_t limit) {
    if (!head.has_body()) co_return BodyEnd::complete;
    if (head.expects_continue) {
        std::string go_on{"HTTP/1.1 100 Continue\r\n\r\n"};
        if (!co_await write_text(std::move(go_on))) co_return BodyEnd::cut_off;
    }
    if (head.chunked) co_return co_await read_chunked(body, limit);
    const auto length = std::min<std::uint64_t>(head.content_length, limit);
    const auto end = co_await read_sized(body, length);
    if (end == BodyEnd::complete && length < head.content_length) co_return BodyEnd::over_limit;
    co_return end;
}

asio::awaitable<BodyEnd> HttpConnection::read_sized(Body& body, std::size_t length) {
    if (!body.reserve(std::min(length, first_reserve))) co_return BodyEnd::no_room;
    auto& buffer = body.buffer();
    const auto early = input_.text().substr(0, std::min(length, buffer.capacity()));
    buffer.append(early);
    input_.use(early.size());

    while (buffer.size() < length) {
        if (buffer.free_space().empty() && !body.reserve(std::min(length, 2 * buffer.capacity())))
            co_return BodyEnd::no_room;
        auto space = buffer.free_space();
        space = space.first(std::min({space.size(), length - buffer.size(), read_step}));
        const auto got = co_await read_some(space);
        if (!got) co_return end_of(got.error());
        buffer.grew(*got);
    }
    co_return BodyEnd::complete;
}

asio::awaitable<BodyEnd> HttpConnection::read_chunked(Body& body, std::size_t limit) {
    ChunkDecoder decoder;
    auto& buffer = body.buffer();
    for (;;) {
        auto rest = input_.text();
        const auto piece = decoder.take(rest);
        const bool over = piece.size() > limit - buffer.size();
        const auto wanted = piece.substr(0, limit - buffer.size());
        const auto needed = buffer.size() + wanted.size();
        if (needed > buffer.capacity() &&
            !body.reserve(std::min(limit, std::max(needed, 2 * buffer.capacity()))))
            co_return BodyEnd::no_room;
        buffer.append(wanted);
        input_.use(input_.size() - rest.size());
        if (over) co_return BodyEnd::over_limit;
        if (!piece.empty()) continue;

        if (decoder.status() == ChunkDecoder::Status::done) co_return BodyEnd::complete;
        if (decoder.status() == ChunkDecoder::Status::malformed) co_return BodyEnd::malformed;
        const auto got = co_await read_more(chunk_step);
        if (!got) co_return end_of(got.error());
    }
}

asio::awaitable<bool> HttpConnection::discard_body(const RequestHead& head) {
    if (!head.has_body()) co_return true;
    // Who waits for our leave to send has sent nothing that could be skipped, or everything: unknowable.
    if (head.expects_continue) co_return false;
    if (!head.chunked) {
        if (head.content_length > discard_limit) co_return false;
        for (auto left = head.content_length;;) {
            const auto now_here = std::min<std::uint64_t>(left, input_.size());
            input_.use(now_here);
            left -= now_here;
            if (left == 0) co_return true;
            const auto got = co_await read_more(chunk_step);
            if (!got) co_return false;
        }
    }
    ChunkDecoder decoder;
    for (std::size_t taken = 0; taken <= discard_limit;) {
        auto rest = input_.text();
        const auto piece = decoder.take(rest);
        input_.use(input_.size() - rest.size());
        taken += piece.size();
        if (!piece.empty()) continue;
        if (decoder.status() != ChunkDecoder::Status::more)
            co_return decoder.status() == ChunkDecoder::Status::done;
        const auto got = co_await read_more(chunk_step);
        if (!got) co_return false;
    }
    co_return false;
}

}  // namespace conductor::rpc
