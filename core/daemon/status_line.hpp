// One line a minute that says where this node stands (conductor.md 7.5.2), so that a log in which nothing
// happens still answers the first questions of whoever opens it. Asks and says, decides nothing. Core thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/ordinal.hpp"
#include "core/control/describe.hpp"
#include "core/control/surroundings.hpp"

namespace conductor::daemon {

class StatusLine {
public:
    struct Standing {
        control::Triple triple;
        bool paused{false};
        Term term;
        std::string leader;  ///< its id; empty: nobody is known to lead
        std::optional<std::uint64_t> replicated_head;
        std::optional<std::uint64_t> node_head;  ///< of the execution layer; nothing: it did not answer
    };
    /// How things stand, told at once or later, or never where somebody hangs.
    using Look = std::function<void(std::function<void(const Standing&)>)>;

    /// The alarm of `loop` is its own.
    StatusLine(control::CoreLoop& loop, Look look);
    ~StatusLine() { loop_.cancel_alarm(); }
    StatusLine(const StatusLine&) = delete;
    StatusLine& operator=(const StatusLine&) = delete;

private:
    void wait();

    control::CoreLoop& loop_;
    Look look_;
    std::shared_ptr<StatusLine*> self_;
};

}  // namespace conductor::daemon
