// Prometheus text 0.0.4 as Go writes it: families and series sorted, `le` and values spelled as Go spells
// floats (`1e+06`), because a recorded query names `le` by its text. prometheus-cpp's own serializer does
// neither.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

namespace conductor::metrics {

/// Families without series are left out.
[[nodiscard]] std::string exposition(std::vector<prometheus::MetricFamily> families);

/// The shortest text that reads back as `value`, exponents as in Go.
[[nodiscard]] std::string go_float(double value);

}  // namespace conductor::metrics
