#include "core/metrics/exposition.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

namespace conductor::metrics {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

std::string_view type_name(MetricType type) noexcept {
    switch (type) {
        case MetricType::Counter:
            return "counter";
        case MetricType::Gauge:
            return "gauge";
        case MetricType::Histogram:
            return "histogram";
        case MetricType::Summary:
        case MetricType::Untyped:
            break;
    }
    return "untyped";
}

void append_escaped(std::string& out, std::string_view text, bool quotes) {
    for (const char c : text) {
        if (c == '\\')
            out += "\\\\";
        else if (c == '\n')
            out += "\\n";
        else if (c == '"' && quotes)
            out += "\\\"";
        else
            out += c;
    }
}

using LabelList = std::vector<ClientMetric::Label>;

// One line; `le` stands last, where a line has it.
void append_sample(std::string& out, std::string_view name, const LabelList& labels, std::string_view le,
                   double value) {
    out += name;
    char before = '{';
    for (const auto& label : labels) {
        out += before;
        out.append(label.name).append("=\"");
        append_escaped(out, label.value, true);
        out += '"';
        before = ',';
    }
    if (!le.empty()) {
        out += before;
        out.append("le=\"").append(le) += '"';
        before = ',';
    }
    if (before == ',') out += '}';
    out += ' ';
    out.append(go_float(value)) += '\n';
}

void append_histogram(std::string& out, const std::string& name, const ClientMetric& metric) {
    const auto& histogram = metric.histogram;
    const auto bucket_name = name + "_bucket";
    for (const auto& bucket : histogram.bucket)
        append_sample(out, bucket_name, metric.label, go_float(bucket.upper_bound),
                      static_cast<double>(bucket.cumulative_count));
    append_sample(out, name + "_sum", metric.label, {}, histogram.sample_sum);
    append_sample(out, name + "_count", metric.label, {}, static_cast<double>(histogram.sample_count));
}

bool by_labels(const ClientMetric& a, const ClientMetric& b) {
    return a.label < b.label;
}

}  // namespace

std::string go_float(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    std::array<char, 32> text{};
    auto* const begin = text.data();
    auto* const end = begin + text.size();
    const auto scientific = std::to_chars(begin, end, value, std::chars_format::scientific);
    const std::string_view written{begin, static_cast<std::size_t>(scientific.ptr - begin)};
    const auto e = written.find('e');
    int exponent = 0;
    const auto* digits = written.data() + e + (written[e + 1] == '+' ? 2 : 1);
    std::from_chars(digits, written.data() + written.size(), exponent);

    // strconv.FormatFloat(value, 'g', -1, 64).
    if (exponent < -4 || exponent >= 6) return std::string{written};
    const auto fixed = std::to_chars(begin, end, value, std::chars_format::fixed);
    return std::string{begin, fixed.ptr};
}

std::string exposition(std::vector<MetricFamily> families) {
    std::ranges::sort(families, {}, &MetricFamily::name);
    std::string out;
    for (auto& family : families) {
        if (family.metric.empty()) continue;
        out.append("# HELP ").append(family.name) += ' ';
        append_escaped(out, family.help, false);
        out.append("\n# TYPE ").append(family.name) += ' ';
        out.append(type_name(family.type)) += '\n';
        std::ranges::sort(family.metric, by_labels);
        for (const auto& metric : family.metric) {
            if (family.type == MetricType::Histogram)
                append_histogram(out, family.name, metric);
            else
                append_sample(out, family.name, metric.label, {},
                              family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value);
        }
    }
    return out;
}

}  // namespace conductor::metrics
