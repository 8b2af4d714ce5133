// The metrics port: whatever path is asked with whatever verb, the answer is the scrape, as op-conductor's
// server answers (conductor.md 7.1). Text 0.0.4 alone, whatever the client accepts. Any net thread.
#pragma once

#include "core/metrics/metrics.hpp"
#include "core/rpc/http_handler.hpp"

namespace conductor::rpc {

class MetricsRoute final : public HttpHandler {
public:
    /// `metrics` outlives the route.
    explicit MetricsRoute(metrics::Metrics& metrics) : metrics_{metrics} {}

    Admission admit(const RequestHead& head) override;
    boost::asio::awaitable<HttpResponse> answer(HttpRequest& request) override;

private:
    metrics::Metrics& metrics_;
};

}  // namespace conductor::rpc
