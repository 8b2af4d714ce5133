#include "core/daemon/status_line.hpp"

#include <utility>

#include "core/runtime/logging.hpp"

namespace conductor::daemon {

namespace {

constexpr Duration period = std::chrono::minutes{1};

logging::Field number(const char* key, const std::optional<std::uint64_t>& value) {
    return value ? logging::Field{key, *value} : logging::Field{key, nullptr};
}

void say(const StatusLine::Standing& standing) {
    logging::info("where this node stands", {{"status", to_text(standing.triple)},
                                             {"paused", standing.paused},
                                             number("consensus_num", standing.replicated_head),
                                             number("node_num", standing.node_head),
                                             {"term", standing.term.value()},
                                             {"leader_id", standing.leader},
                                             {"event", "status"}});
}

}  // namespace

StatusLine::StatusLine(control::CoreLoop& loop, Look look)
    : loop_{loop}, look_{std::move(look)}, self_{std::make_shared<StatusLine*>(this)} {
    wait();
}

void StatusLine::wait() {
    loop_.wake_at(loop_.now() + period, [self = std::weak_ptr{self_}] {
        const auto alive = self.lock();
        if (!alive) return;
        (*alive)->wait();
        (*alive)->look_([self](const Standing& standing) {
            if (self.lock()) say(standing);
        });
    });
}

}  // namespace conductor::daemon
