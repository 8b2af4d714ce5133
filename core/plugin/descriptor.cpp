#include "core/plugin/descriptor.hpp"

#include <algorithm>

#include "core/plugin/text.hpp"

namespace conductor::plugin {
namespace {

// Far above any plugin's; a bound for tables that lie.
constexpr std::uint32_t count_limit = 256;
constexpr std::uint32_t known_option_flags =
    CONDUCTOR_REQUIRED | CONDUCTOR_SECRET | CONDUCTOR_LIVE | CONDUCTOR_LIST;
constexpr std::uint32_t flags_that_bind = 0xffffU;  // bits 16-31 are hints that an older host ignores

template <class T>
const T& at_stride(const T* first, std::uint32_t index, std::uint32_t stride) {
    const auto* octets = reinterpret_cast<const unsigned char*>(first);
    return *reinterpret_cast<const T*>(octets + std::size_t{index} * stride);
}

std::string or_empty(const char* text) {
    return text == nullptr ? std::string{} : std::string{text};
}

std::vector<std::string> split(const char* text) {
    std::vector<std::string> parts;
    std::string_view rest = text == nullptr ? std::string_view{} : text;
    while (!rest.empty()) {
        const auto part = rest.substr(0, rest.find('|'));
        parts.emplace_back(part);
        rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    }
    return parts;
}

Result<OptionSpec, Complaint> read_option(const conductor_option& table) {
    OptionSpec spec;
    spec.key = or_empty(table.key);
    if (spec.key.empty()) return Complaint{"declares an option without a key"};
    if (table.type < CONDUCTOR_BOOL || table.type > CONDUCTOR_ENDPOINT)
        return Complaint{"option \"" + spec.key + "\" has type " + std::to_string(table.type) +
                         ", which needs a younger ABI"};
    if ((table.flags & flags_that_bind & ~known_option_flags) != 0)
        return Complaint{"option \"" + spec.key + "\" has flags that need a younger ABI"};
    spec.summary = or_empty(table.summary);
    if (table.fallback != nullptr) spec.fallback = table.fallback;
    spec.choices = split(table.choices);
    spec.min = table.min;
    spec.max = table.max;
    spec.type = static_cast<OptionType>(table.type);
    spec.required = (table.flags & CONDUCTOR_REQUIRED) != 0;
    spec.secret = (table.flags & CONDUCTOR_SECRET) != 0;
    spec.live = (table.flags & CONDUCTOR_LIVE) != 0;
    spec.list = (table.flags & CONDUCTOR_LIST) != 0;
    return spec;
}

}  // namespace

std::chrono::nanoseconds Descriptor::interval_or(std::chrono::nanoseconds fallback) const noexcept {
    using namespace std::chrono_literals;
    return interval == 0ns ? fallback : std::clamp<std::chrono::nanoseconds>(interval, 100ms, 1h);
}

std::chrono::nanoseconds Descriptor::timeout_or(std::chrono::nanoseconds fallback) const noexcept {
    using namespace std::chrono_literals;
    return timeout == 0ns ? fallback : std::clamp<std::chrono::nanoseconds>(timeout, 10ms, 60s);
}

const OptionSpec* Descriptor::option(std::string_view key) const noexcept {
    const auto found = std::ranges::find(options, key, &OptionSpec::key);
    return found == options.end() ? nullptr : &*found;
}

const MetricSpec* Descriptor::metric(std::string_view wanted) const noexcept {
    const auto found = std::ranges::find(metrics, wanted, &MetricSpec::name);
    return found == metrics.end() ? nullptr : &*found;
}

std::string Descriptor::reason_or_other(std::string_view word) const {
    return std::ranges::find(reasons, word) == reasons.end() ? std::string{"other"} : std::string{word};
}

Result<Descriptor, Complaint> read_descriptor(const conductor_descriptor& table) {
    if (!CONDUCTOR_HAS(conductor_descriptor, &table, timeout_ns))
        return Complaint{"its descriptor has " + std::to_string(table.size) + " bytes, ABI 0.1 has " +
                         std::to_string(sizeof table)};
    if (table.option_count > count_limit || table.metric_count > count_limit)
        return Complaint{"declares more than " + std::to_string(count_limit) + " options or metrics"};
    if (table.option_count > 0 && (table.options == nullptr || table.option_stride < sizeof(conductor_option)))
        return Complaint{"its options cannot be read"};
    if (table.metric_count > 0 && (table.metrics == nullptr || table.metric_stride < sizeof(conductor_metric)))
        return Complaint{"its metrics cannot be read"};

    Descriptor out;
    out.id = or_empty(table.id);
    out.kind = or_empty(table.kind);
    out.name = or_empty(table.name);
    out.version = or_empty(table.version);
    out.summary = or_empty(table.summary);
    if (out.id.empty() || out.kind.empty() || out.version.empty())
        return Complaint{"its descriptor names no id, kind or version"};
    const auto nanoseconds = [](std::uint64_t count) {
        return std::chrono::nanoseconds{static_cast<std::int64_t>(std::min<std::uint64_t>(count, INT64_MAX))};
    };
    out.interval = nanoseconds(table.interval_ns);
    out.timeout = nanoseconds(table.timeout_ns);
    out.single = (table.flags & CONDUCTOR_SINGLE) != 0;

    for (std::uint32_t i = 0; i < table.option_count; ++i) {
        auto spec = read_option(at_stride(table.options, i, table.option_stride));
        if (!spec) return spec.error();
        if (out.option(spec->key) != nullptr) return Complaint{"declares option \"" + spec->key + "\" twice"};
        out.options.push_back(std::move(*spec));
    }
    for (std::uint32_t i = 0; i < table.metric_count; ++i) {
        const auto& metric = at_stride(table.metrics, i, table.metric_stride);
        if (metric.name == nullptr || (metric.type != CONDUCTOR_GAUGE && metric.type != CONDUCTOR_COUNTER))
            return Complaint{"declares a metric without a name or of an unknown type"};
        out.metrics.push_back(
            {metric.name, or_empty(metric.summary), or_empty(metric.label), metric.type == CONDUCTOR_COUNTER});
    }
    for (const char* const* reason = table.reasons; reason != nullptr && *reason != nullptr; ++reason) {
        if (!is_slug(*reason))
            return Complaint{"declares the reason \"" + mended(*reason) + "\", which is no slug"};
        if (out.reasons.size() == count_limit) return Complaint{"its list of reasons does not end"};
        out.reasons.emplace_back(*reason);
    }
    return out;
}

}  // namespace conductor::plugin
