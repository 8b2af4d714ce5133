// Reads one HTTP/1.x answer octet by octet as it comes: interim answers are skipped, bodies end by length, by
// chunks or with the connection. Every buffer is bounded. Pure; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace conductor::http {

struct Answer {
    int status{0};
    std::string body;
};

class AnswerReader {
public:
    enum class Progress : std::uint8_t { more, done, malformed, too_large };

    static constexpr std::size_t line_limit = std::size_t{16} * 1024;
    static constexpr std::size_t head_limit = std::size_t{64} * 1024;  ///< all heads and trailers of one answer

    explicit AnswerReader(std::size_t body_limit) : body_limit_{body_limit} {}

    /// After anything but `more` the reader has ended.
    Progress take(std::string_view octets);
    /// The peer sends no more; `more` here means that the answer is cut off.
    Progress peer_closed();

    /// Whether any octet came.
    [[nodiscard]] bool begun() const noexcept { return begun_; }
    /// Once done: whether the connection can carry another exchange.
    [[nodiscard]] bool reusable() const noexcept { return reusable_; }
    /// What was malformed.
    [[nodiscard]] const std::string& complaint() const noexcept { return complaint_; }
    [[nodiscard]] Answer& answer() noexcept { return answer_; }

private:
    enum class State : std::uint8_t { status, field, sized, chunk_size, chunk, chunk_end, trailer, open, done };

    Progress line_ended(std::string_view line);
    Progress status_line(std::string_view line);
    Progress field_line(std::string_view line);
    Progress head_ended();
    Progress chunk_size_line(std::string_view line);
    Progress body(std::string_view& octets);
    Progress malformed(std::string_view what, std::string_view line);

    std::size_t body_limit_;
    State state_{State::status};
    std::string line_;
    std::size_t head_size_{0};
    std::uint64_t left_{0};  ///< of the body or the chunk
    bool begun_{false};
    bool reusable_{false};
    bool keep_alive_{false};
    bool has_length_{false};
    bool chunked_{false};
    std::string complaint_;
    Answer answer_;
};

}  // namespace conductor::http
