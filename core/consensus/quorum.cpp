#include "core/consensus/quorum.hpp"

namespace conductor::consensus {

std::size_t majority(std::size_t voters) noexcept {
    return voters / 2 + 1;
}

}  // namespace conductor::consensus
