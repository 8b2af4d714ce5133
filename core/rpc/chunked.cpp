#include "core/rpc/chunked.hpp"

#include <algorithm>

namespace conductor::rpc {

namespace {

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::string_view ChunkDecoder::take(std::string_view& input) {
    while (status_ == Status::more && !input.empty()) {
        if (state_ == State::data) {
            const auto piece = input.substr(0, std::min<std::uint64_t>(left_, input.size()));
            input.remove_prefix(piece.size());
            left_ -= piece.size();
            data_ += piece.size();
            if (left_ == 0) state_ = State::data_cr;
            return piece;
        }
        step(input.front());
        input.remove_prefix(1);
        if (++overhead_ > free_overhead + 2 * data_) fail();
    }
    return {};
}

void ChunkDecoder::step(char c) {
    switch (state_) {
        case State::size:
            if (const int value = digit(c); value >= 0) {
                if (left_ >> 60U != 0) return fail();
                left_ = left_ * 16 + static_cast<std::uint64_t>(value);
                any_digit_ = true;
            } else if (!any_digit_) {
                return fail();
            } else if (c == '\r') {
                state_ = State::size_lf;
            } else if (c == ';' || c == ' ' || c == '\t') {
                state_ = State::extension;
            } else {
                return fail();
            }
            if (++line_ > max_line) fail();
            return;
        case State::extension:
            if (c == '\n' || ++line_ > max_line) return fail();
            if (c == '\r') state_ = State::size_lf;
            return;
        case State::size_lf:
            if (c != '\n') return fail();
            line_ = 0;
            any_digit_ = false;
            state_ = left_ == 0 ? State::trailer : State::data;
            return;
        case State::data_cr:
            if (c != '\r') return fail();
            state_ = State::data_lf;
            return;
        case State::data_lf:
            if (c != '\n') return fail();
            state_ = State::size;
            return;
        case State::trailer:
            if (c == '\r') {
                state_ = State::trailer_lf;
            } else if (c == '\n' || ++line_ > max_line) {
                fail();
            }
            return;
        case State::trailer_lf:
            if (c != '\n') return fail();
            if (line_ == 0) status_ = Status::done;
            line_ = 0;
            state_ = State::trailer;
            return;
        case State::data:
            return;  // taken in pieces, never stepped through
    }
}

}  // namespace conductor::rpc
