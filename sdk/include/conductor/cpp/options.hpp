// What a plugin declares: its options and metrics, as constant tables. C++17, header only, standard library
// only.
#pragma once

#include <conductor/plugin.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace conductor {
inline namespace sdk_0_1 {

constexpr conductor_option required(conductor_option o) {
    o.flags |= CONDUCTOR_REQUIRED;
    return o;
}
constexpr conductor_option secret(conductor_option o) {
    o.flags |= CONDUCTOR_SECRET;
    return o;
}
constexpr conductor_option live(conductor_option o) {
    o.flags |= CONDUCTOR_LIVE;
    return o;
}
constexpr conductor_option list_of(conductor_option o) {
    o.flags |= CONDUCTOR_LIST;
    return o;
}
constexpr conductor_option option_bool(const char* key, const char* fallback, const char* help) {
    return {key, help, fallback, nullptr, 1, 0, CONDUCTOR_BOOL, 0};
}
constexpr conductor_option option_integer(const char* key, const char* fallback, std::int64_t min,
                                          std::int64_t max, const char* help) {
    return {key, help, fallback, nullptr, min, max, CONDUCTOR_INT, 0};
}
constexpr conductor_option option_real(const char* key, const char* fallback, const char* help) {
    return {key, help, fallback, nullptr, 1, 0, CONDUCTOR_REAL, 0};
}
constexpr conductor_option option_string(const char* key, const char* fallback, const char* help) {
    return {key, help, fallback, nullptr, 1, 0, CONDUCTOR_STRING, 0};
}
/// Reaches the plugin in nanoseconds; `min` and `max` are nanoseconds too.
constexpr conductor_option option_duration(const char* key, const char* fallback, std::int64_t min,
                                           std::int64_t max, const char* help) {
    return {key, help, fallback, nullptr, min, max, CONDUCTOR_DURATION, 0};
}
constexpr conductor_option option_bytes(const char* key, const char* fallback, const char* help) {
    return {key, help, fallback, nullptr, 0, INT64_MAX, CONDUCTOR_BYTES, 0};
}
constexpr conductor_option option_choice(const char* key, const char* fallback, const char* choices,
                                         const char* help) {
    return {key, help, fallback, choices, 1, 0, CONDUCTOR_CHOICE, 0};
}
constexpr conductor_option option_endpoint(const char* key, const char* fallback, const char* help) {
    return {key, help, fallback, nullptr, 1, 0, CONDUCTOR_ENDPOINT, 0};
}

// What many plugins ask for, under the names that an operator knows from the others.

/// `node`: the endpoint of that name unless the file says otherwise.
inline constexpr conductor_option consensus_node = option_endpoint("node", "node", "the consensus node");
/// `execution`, likewise.
inline constexpr conductor_option execution_layer =
    option_endpoint("execution", "execution", "the execution layer");
/// A count below which the plugin says unhealthy. Read it with Host::natural().
constexpr conductor_option option_minimum(const char* key, const char* fallback) {
    return live(option_integer(key, fallback, 0, INT64_MAX, "unhealthy below this"));
}
/// A table that begins with another one: `together(base::options, std::array{option_bool(…)})`.
template <std::size_t A, std::size_t B>
constexpr std::array<conductor_option, A + B> together(const std::array<conductor_option, A>& first,
                                                       const std::array<conductor_option, B>& then) {
    std::array<conductor_option, A + B> all{};
    for (std::size_t i = 0; i < A; ++i) all[i] = first[i];
    for (std::size_t i = 0; i < B; ++i) all[A + i] = then[i];
    return all;
}

constexpr conductor_metric gauge(const char* name, const char* help, const char* label = nullptr) {
    return {name, help, label, CONDUCTOR_GAUGE, 0};
}
constexpr conductor_metric counter(const char* name, const char* help, const char* label = nullptr) {
    return {name, help, label, CONDUCTOR_COUNTER, 0};
}

}  // namespace sdk_0_1
}  // namespace conductor
