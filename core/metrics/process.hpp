// What client libraries of Prometheus say of any process, read from /proc at the time of the scrape.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace conductor::metrics {

/// The families `process_*`; what cannot be read is left out.
[[nodiscard]] std::vector<prometheus::MetricFamily> process_families();

}  // namespace conductor::metrics
