// The head of one HTTP request, read from the octets of a whole header block. Refusals are answers of Go's
// server, octet for octet. Pure apart from Beast's parser; any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/rpc/http_message.hpp"

namespace conductor::rpc {

/// What is wrong, and the whole answer, after which the connection ends.
struct HeadRefusal {
    std::string answer;
};

/// The length of the header block at the start of `octets`, blank line included; 0 while it is not complete.
/// `from` is where an earlier look ended; only what is new is read again.
[[nodiscard]] std::size_t head_length(std::string_view octets, std::size_t from) noexcept;

/// `block` is exactly one header block.
[[nodiscard]] Result<RequestHead, HeadRefusal> parse_head(std::string_view block);

[[nodiscard]] HeadRefusal bad_request(std::string_view why = {});
[[nodiscard]] HeadRefusal head_too_large();

}  // namespace conductor::rpc
