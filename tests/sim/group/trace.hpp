// What happened, folded into one number, so that two runs can be compared, and told line by line to whoever
// wants to read it.
#pragma once

#include <cstdint>
#include <ostream>
#include <stdexcept>
#include <string>

#include "core/base/clock.hpp"

namespace conductor::sim {

/// A rule that was broken; what() says which, when and by whom.
class Violation : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class Trace {
public:
    void note(std::uint64_t what) noexcept { hash_ = (hash_ ^ what) * 0x100000001b3ULL; }
    [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }

    void tell_to(std::ostream& out) { out_ = &out; }
    [[nodiscard]] bool told() const noexcept { return out_ != nullptr; }
    void line(Instant when, const std::string& text) {
        if (out_ == nullptr) return;
        const auto us = std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch()).count();
        *out_ << us / 1'000'000 - 1000 << '.' << std::to_string(1'000'000 + us % 1'000'000).substr(1) << "  "
              << text << '\n';
    }

private:
    std::ostream* out_{nullptr};
    std::uint64_t hash_{0xcbf29ce484222325ULL};
};

}  // namespace conductor::sim
