// Says once a period that something still stands, the first time a whole period after it began. Pure.
#pragma once

#include <optional>

#include "core/base/clock.hpp"

namespace conductor::daemon {

class Reminder {
public:
    explicit Reminder(Duration period) : period_{period} {}

    [[nodiscard]] bool due(Instant now, bool stands) {
        if (!stands) last_.reset();
        if (stands && !last_) last_ = now;
        if (!last_ || now - *last_ < period_) return false;
        last_ = now;
        return true;
    }

private:
    const Duration period_;
    std::optional<Instant> last_;
};

}  // namespace conductor::daemon
