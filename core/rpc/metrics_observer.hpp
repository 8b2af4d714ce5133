// What the RPC server reports, counted and handed on to who logs it. Any net thread.
#pragma once

#include "core/metrics/metrics.hpp"
#include "core/rpc/observer.hpp"

namespace conductor::rpc {

class MetricsObserver final : public Observer {
public:
    /// Both outlive the observer.
    MetricsObserver(metrics::Metrics& metrics, Observer& next) : metrics_{metrics}, next_{next} {}

    void call_answered(const CallFacts& facts) override;
    void payload_transcoded(Duration took) override;
    void commit_begins(BlockNumber number, const BlockHash& hash) override {
        next_.commit_begins(number, hash);
    }
    void commit_answered(const CommitFacts& facts) override;
    void body_refused(std::uint64_t declared, std::uint64_t limit) override;
    void connection_refused() override;

private:
    metrics::Metrics& metrics_;
    Observer& next_;
};

}  // namespace conductor::rpc
