// Where the payload that the node's lane has fetched waits until the group's lane commits it. At most one. Core
// thread.
#pragma once

#include <optional>
#include <utility>

#include "core/payload/envelope.hpp"
#include "core/peers/table.hpp"

namespace conductor::daemon {

class PayloadShelf {
public:
    void put(payload::Envelope envelope) { envelope_ = std::move(envelope); }
    /// The payload of exactly this block, if it lies here; the shelf is empty afterwards.
    [[nodiscard]] std::optional<payload::Envelope> take(const peers::Head& block) {
        auto envelope = std::exchange(envelope_, std::nullopt);
        if (envelope && (envelope->number != block.number || envelope->hash != block.hash)) envelope.reset();
        return envelope;
    }

private:
    std::optional<payload::Envelope> envelope_;
};

}  // namespace conductor::daemon
