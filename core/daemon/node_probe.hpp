// The question that comes before everything a conductor does to its node: does the node let a conductor decide
// (conductor.md 2.2)? Asked until it is answered, one try every five seconds and sixty at most, while RPC,
// metrics and raft are up already. Core thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/control/surroundings.hpp"

namespace conductor::daemon {

class NodeProbe {
public:
    /// One try: ActiveIs, or Failed, of the kind `unsupported` where the node cannot tell.
    using Ask = std::function<void(Duration limit, std::function<void(control::Answer)>)>;
    struct Outcome {
        bool cannot_tell{false};  ///< taken for yes, as in Go
        std::string error;        ///< empty: the node is ready; otherwise the process has to end with it
    };

    /// The alarm of `loop` is its own. Begins at once; `done` comes once, unless this object goes first.
    NodeProbe(control::CoreLoop& loop, Duration limit, Ask ask, std::function<void(Outcome)> done);
    ~NodeProbe() { loop_.cancel_alarm(); }
    NodeProbe(const NodeProbe&) = delete;
    NodeProbe& operator=(const NodeProbe&) = delete;

private:
    void attempt();
    void answered(const control::Answer& answer);

    control::CoreLoop& loop_;
    Duration limit_;
    Ask ask_;
    std::function<void(Outcome)> done_;
    int attempts_{0};
    std::shared_ptr<NodeProbe*> self_;
};

}  // namespace conductor::daemon
