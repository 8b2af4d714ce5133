// Octets that came from a socket and nobody has used yet. Grows with what arrives, never by what was announced.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace conductor::rpc {

class InputBuffer {
public:
    [[nodiscard]] std::string_view text() const noexcept { return {memory_.data() + used_, size()}; }
    [[nodiscard]] std::size_t size() const noexcept { return filled_ - used_; }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    /// Room to read into, `step` octets at least; what was used is dropped first.
    [[nodiscard]] std::span<char> prepare(std::size_t step) {
        if (used_ > 0) {
            std::copy(memory_.begin() + at(used_), memory_.begin() + at(filled_), memory_.begin());
            filled_ -= used_;
            used_ = 0;
        }
        if (memory_.size() < filled_ + step) memory_.resize(std::max(filled_ + step, 2 * filled_));
        return {memory_.data() + filled_, memory_.size() - filled_};
    }
    void arrived(std::size_t octets) noexcept { filled_ += octets; }
    void use(std::size_t octets) noexcept { used_ += std::min(octets, size()); }
    /// Gives back what one large head needed.
    void shrink_if_empty(std::size_t keep) {
        if (!empty() || memory_.size() <= keep) return;
        memory_ = std::string(keep, '\0');
        used_ = filled_ = 0;
    }

private:
    static std::ptrdiff_t at(std::size_t offset) noexcept { return static_cast<std::ptrdiff_t>(offset); }

    std::string memory_;
    std::size_t used_{0};
    std::size_t filled_{0};
};

}  // namespace conductor::rpc
