#include "core/rpc/metrics_observer.hpp"

namespace conductor::rpc {

void MetricsObserver::call_answered(const CallFacts& facts) {
    metrics_.rpc_answered({facts.method, facts.took, facts.params_octets, facts.result_octets, facts.error_code,
                           facts.notification});
    next_.call_answered(facts);
}

void MetricsObserver::payload_transcoded(Duration took) {
    metrics_.payload_transcoded(took);
    next_.payload_transcoded(took);
}

void MetricsObserver::commit_answered(const CommitFacts& facts) {
    const bool stored = facts.error.empty();
    metrics_.commit_answered(
        facts.via == CommitVia::json ? metrics::CommitRoute::json : metrics::CommitRoute::binary,
        stored ? metrics::Outcome::success : metrics::Outcome::failure, facts.took, facts.octets);
    // The same wait is what op-conductor of Base calls the raft apply of a commit that succeeded.
    if (stored) metrics_.payload_replicated(facts.took);
    next_.commit_answered(facts);
}

void MetricsObserver::body_refused(std::uint64_t declared, std::uint64_t limit) {
    metrics_.rpc_body_refused();
    next_.body_refused(declared, limit);
}

void MetricsObserver::connection_refused() {
    metrics_.rpc_connection_refused();
    next_.connection_refused();
}

}  // namespace conductor::rpc
