// Takes the framing off a chunked body, piece by piece as it arrives. Nothing is copied or allocated. Bounds:
// a size line, the trailers, and framing in proportion to data, so that a body of one-octet chunks with long
// extensions ends early. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace conductor::rpc {

class ChunkDecoder {
public:
    static constexpr std::size_t max_line = 4096;  ///< Go's
    static constexpr std::size_t free_overhead = 64 * 1024;

    enum class Status : std::uint8_t { more, done, malformed };

    /// The next piece of body at the front of `input`, which loses what was used. Empty when `input` is used
    /// up or the body ended: see status(). Octets behind the body stay in `input`.
    [[nodiscard]] std::string_view take(std::string_view& input);
    [[nodiscard]] Status status() const noexcept { return status_; }

private:
    enum class State : std::uint8_t { size, extension, size_lf, data, data_cr, data_lf, trailer, trailer_lf };

    void step(char c);
    void fail() noexcept { status_ = Status::malformed; }

    Status status_{Status::more};
    State state_{State::size};
    bool any_digit_{false};
    std::uint64_t left_{0};      ///< of the current chunk
    std::uint64_t data_{0};      ///< octets of body so far
    std::uint64_t overhead_{0};  ///< octets of framing so far
    std::size_t line_{0};        ///< length of the current line
};

}  // namespace conductor::rpc
