#include "core/runtime/http_answer.hpp"

#include <algorithm>
#include <charconv>

#include "core/base/go_text.hpp"

namespace conductor::http {

namespace {

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) noexcept {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

// Whether `word` is among the comma-separated words of a field.
bool lists(std::string_view value, std::string_view word) noexcept {
    while (true) {
        const auto comma = value.find(',');
        if (same(trimmed(value.substr(0, comma)), word)) return true;
        if (comma == std::string_view::npos) return false;
        value.remove_prefix(comma + 1);
    }
}

// The whole of `text`, digits only: no sign, no blank.
bool read_number(std::string_view text, std::uint64_t& number, int base) noexcept {
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number, base);
    return error == std::errc{} && stop == end;
}

}  // namespace

AnswerReader::Progress AnswerReader::malformed(std::string_view what, std::string_view line) {
    constexpr std::size_t quoted = 80;
    complaint_ = std::string{what} + " " + go_quote(line.substr(0, quoted));
    state_ = State::done;
    return Progress::malformed;
}

AnswerReader::Progress AnswerReader::take(std::string_view octets) {
    begun_ = begun_ || !octets.empty();
    while (!octets.empty()) {
        if (state_ == State::done) {
            reusable_ = false;  // who talks unasked cannot be trusted with the next question
            break;
        }
        if (state_ == State::sized || state_ == State::chunk || state_ == State::open) {
            const auto progress = body(octets);
            if (progress != Progress::more && progress != Progress::done) return progress;
            continue;
        }
        const auto end = octets.find('\n');
        const auto part = octets.substr(0, end);
        if (line_.size() + part.size() > line_limit) return malformed("line too long in HTTP answer", line_);
        line_ += part;
        octets.remove_prefix(part.size());
        if (end == std::string_view::npos) break;
        octets.remove_prefix(1);

        head_size_ += state_ == State::chunk_size || state_ == State::chunk_end ? 0 : line_.size() + 1;
        if (head_size_ > head_limit) return malformed("header too long in HTTP answer", line_);
        const auto line = std::move(line_);
        line_.clear();
        const auto progress = line_ended(
            line.ends_with('\r') ? std::string_view{line}.substr(0, line.size() - 1) : std::string_view{line});
        if (progress == Progress::malformed || progress == Progress::too_large) return progress;
    }
    return state_ == State::done ? Progress::done : Progress::more;
}

AnswerReader::Progress AnswerReader::peer_closed() {
    reusable_ = false;
    if (state_ == State::open) state_ = State::done;
    return state_ == State::done ? Progress::done : Progress::more;
}

AnswerReader::Progress AnswerReader::line_ended(std::string_view line) {
    switch (state_) {
        case State::status:
            return status_line(line);
        case State::field:
            return line.empty() ? head_ended() : field_line(line);
        case State::chunk_size:
            return chunk_size_line(line);
        case State::chunk_end:
            if (!line.empty()) return malformed("malformed chunked encoding", line);
            state_ = State::chunk_size;
            return Progress::more;
        case State::trailer:
            if (!line.empty()) return Progress::more;
            state_ = State::done;
            return Progress::done;
        default:
            return Progress::more;
    }
}

AnswerReader::Progress AnswerReader::status_line(std::string_view line) {
    const bool version = line.size() >= 12 && line.starts_with("HTTP/1.") && line[8] == ' ' &&
                         (line[7] == '0' || line[7] == '1') && (line.size() == 12 || line[12] == ' ');
    std::uint64_t status = 0;
    if (!version || !read_number(line.substr(9, 3), status, 10) || status < 100)
        return malformed("malformed HTTP response", line);
    answer_.status = static_cast<int>(status);
    keep_alive_ = line[7] == '1';
    has_length_ = chunked_ = false;
    left_ = 0;
    state_ = State::field;
    return Progress::more;
}

AnswerReader::Progress AnswerReader::field_line(std::string_view line) {
    const auto colon = line.find(':');
    // A blank before the colon hides a field from one of two readers (RFC 9112 §5.1).
    if (colon == 0 || colon == std::string_view::npos || line[colon - 1] == ' ' || line[colon - 1] == '\t')
        return malformed("malformed MIME header line:", line);
    const auto name = line.substr(0, colon);
    const auto value = trimmed(line.substr(colon + 1));
    if (same(name, "content-length")) {
        std::uint64_t length = 0;
        if (!read_number(value, length, 10) || (has_length_ && length != left_))
            return malformed("bad Content-Length", value);
        has_length_ = true;
        left_ = length;
    } else if (same(name, "transfer-encoding")) {
        if (!same(value, "chunked")) return malformed("unsupported transfer encoding:", value);
        chunked_ = true;
    } else if (same(name, "content-encoding")) {
        // We never ask for one; octets that we cannot read must not pass as JSON.
        if (!value.empty() && !same(value, "identity"))
            return malformed("unsupported content encoding:", value);
    } else if (same(name, "connection")) {
        if (lists(value, "close")) keep_alive_ = false;
        if (lists(value, "keep-alive")) keep_alive_ = true;
    }
    return Progress::more;
}

AnswerReader::Progress AnswerReader::head_ended() {
    if (answer_.status < 200) {  // interim: the answer itself follows
        if (answer_.status == 101) return malformed("unexpected HTTP status", "101");
        state_ = State::status;
        return Progress::more;
    }
    // Length and chunks together smell of smuggling: the chunks hold, the connection is given up (RFC 9112
    // §6.3).
    reusable_ = keep_alive_ && !(chunked_ && has_length_);
    if (answer_.status == 204 || answer_.status == 304) {
        state_ = State::done;
        return Progress::done;
    }
    if (chunked_) {
        state_ = State::chunk_size;
        return Progress::more;
    }
    if (!has_length_) {
        reusable_ = false;
        state_ = State::open;
        return Progress::more;
    }
    if (left_ > body_limit_) return Progress::too_large;
    state_ = left_ == 0 ? State::done : State::sized;
    return Progress::more;
}

AnswerReader::Progress AnswerReader::chunk_size_line(std::string_view line) {
    const auto digits = trimmed(line.substr(0, line.find(';')));
    if (!read_number(digits, left_, 16)) return malformed("malformed chunked encoding", line);
    if (left_ == 0) {
        state_ = State::trailer;
        return Progress::more;
    }
    if (left_ > body_limit_ - answer_.body.size()) return Progress::too_large;
    state_ = State::chunk;
    return Progress::more;
}

AnswerReader::Progress AnswerReader::body(std::string_view& octets) {
    const bool open = state_ == State::open;
    const auto part = open ? octets : octets.substr(0, std::min<std::uint64_t>(left_, octets.size()));
    if (part.size() > body_limit_ - answer_.body.size()) return Progress::too_large;
    answer_.body += part;
    octets.remove_prefix(part.size());
    if (open) return Progress::more;
    left_ -= part.size();
    if (left_ == 0) state_ = state_ == State::sized ? State::done : State::chunk_end;
    return Progress::more;
}

}  // namespace conductor::http
