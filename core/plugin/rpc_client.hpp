// JSON-RPC 2.0 as plugins call it: builds the request, reads the answer, and turns whatever happened into a
// status and either the text of `result` or an error object. Blocks the worker that asks, until a little before
// the call's deadline. Stateless but for the request id; any thread.
#pragma once

#include <conductor/draft/rpc_batch.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/plugin/ports.hpp"

namespace conductor::plugin {

inline constexpr std::size_t rpc_answer_bound = 4 * 1024 * 1024;
inline constexpr std::size_t driver_answer_bound = 64 * 1024 * 1024;

struct RpcReply {
    conductor_status status{CONDUCTOR_OK};
    std::string text;  ///< of `result`, or the error object
};

class RpcClient {
public:
    RpcClient(HttpPost& http, std::size_t answer_bound) : http_{http}, answer_bound_{answer_bound} {}

    /// `cancel_fd` and `deadline` where there is no call: of the instance. An empty `params`, or `[]`, is left
    /// out.
    RpcReply json(std::string_view endpoint, std::string_view method, std::string_view params,
                  SteadyTime deadline, int cancel_fd);
    /// All of `asks` in one request; `take` gets each answer that came, by the place of its call. OK: the node
    /// has answered with a batch, perhaps not with all of it.
    using TakeAnswer = std::function<void(std::size_t index, conductor_status, std::string_view text)>;
    RpcReply batch(std::string_view endpoint, std::span<const conductor_ask> asks, SteadyTime deadline,
                   int cancel_fd, const TakeAnswer& take);
    /// OK for any HTTP status. Else `text` is an error object.
    RpcReply get(std::string_view endpoint, std::string_view path, SteadyTime deadline, int cancel_fd,
                 std::int32_t& http_status);

private:
    /// The body of a 2xx answer, or what went wrong.
    RpcReply exchange(std::string_view endpoint, std::string_view body, SteadyTime deadline, int cancel_fd);

    HttpPost& http_;
    std::size_t answer_bound_;
    std::atomic<std::uint64_t> next_id_{1};
};

/// When an exchange must end so that its plugin can still answer in time: 50 ms, or a tenth of what is left,
/// before the deadline.
[[nodiscard]] SteadyTime exchange_deadline(SteadyTime deadline, SteadyTime now);

}  // namespace conductor::plugin
