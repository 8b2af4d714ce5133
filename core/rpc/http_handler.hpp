// What the HTTP server asks of the routes behind it. Called on a connection's strand, from several threads.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/rpc/body_pool.hpp"
#include "core/rpc/http_message.hpp"

namespace conductor::rpc {

/// Decided from the head alone, before an octet of the body is read.
struct Admission {
    std::optional<HttpResponse> at_once;  ///< the answer; the body is thrown away
    std::size_t body_limit{0};            ///< otherwise: octets of body that answer() may see
};

enum class BodyEnd : std::uint8_t {
    complete,
    over_limit,  ///< more than the limit came; the body holds `limit` octets
    cut_off,     ///< the client stopped sending in mid-body
    timed_out,   ///< the read timeout ended first
    malformed,   ///< broken chunk framing
    no_room,     ///< the budget of all bodies is used up
};

struct HttpRequest {
    const RequestHead& head;
    Body& body;
    BodyEnd body_end{BodyEnd::complete};
    Instant answer_by;      ///< after this an answer is cut off on its way
    std::string_view peer;  ///< who asks, `host:port`
};

class HttpHandler {
public:
    virtual ~HttpHandler() = default;
    [[nodiscard]] virtual Admission admit(const RequestHead& head) = 0;
    /// Ends by `answer_by`, or soon after its cancellation.
    virtual boost::asio::awaitable<HttpResponse> answer(HttpRequest& request) = 0;
};

}  // namespace conductor::rpc
