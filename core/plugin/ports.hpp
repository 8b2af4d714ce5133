// What plugins reach the world through, as the daemon implements it. Every member may be called from any worker
// thread at any time, also by a call that its lane has abandoned long ago: implementations are thread-safe and
// are held by shared_ptr until the last such call has returned.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.hpp"

namespace conductor::plugin {

enum class LogLevel : std::uint8_t { debug = 1, info, warn, error };
using LogPair = std::pair<std::string, std::string>;

class PluginLog {
public:
    virtual ~PluginLog() = default;
    /// Text is valid UTF-8 without control characters, and holds no secret of the instance.
    virtual void write(LogLevel level, std::string_view instance, std::string_view id, std::string_view message,
                       std::span<const LogPair> pairs) = 0;
};

/// One series: the daemon adds its prefix. `label` and `label_value` are empty where the metric has none.
struct MetricSeries {
    std::string instance;
    std::string name;
    std::string summary;
    std::string label;
    std::string label_value;
};

class PluginMetrics {
public:
    virtual ~PluginMetrics() = default;
    virtual void gauge(const MetricSeries& series, double value) = 0;
    virtual void count(const MetricSeries& series, std::uint64_t delta) = 0;
};

class PluginClock {
public:
    virtual ~PluginClock() = default;
    /// CLOCK_MONOTONIC: the clock of every deadline.
    virtual std::uint64_t monotonic_ns() = 0;
    virtual std::int64_t unix_ns() = 0;
};

using SteadyTime = std::chrono::steady_clock::time_point;

struct HttpCall {
    std::string_view endpoint;  ///< name of an `[endpoints.…]` table, which holds URL, TLS and credentials
    std::string_view path;      ///< appended to the URL as it stands; empty for JSON-RPC
    std::string_view body;      ///< JSON; empty for GET
    SteadyTime deadline{SteadyTime::max()};  ///< max: the endpoint's own timeout holds
    int cancel_fd{-1};                       ///< poll() only: readable once the call is cancelled
    std::size_t limit{0};                    ///< octets of body, beyond which the answer is `too_large`
};

struct HttpReply {
    int status{0};
    std::string body;  ///< unpacked
};

struct HttpError {
    enum class Kind : std::uint8_t { timed_out, cancelled, unreachable, too_large, no_endpoint };
    Kind kind{Kind::unreachable};
    std::string text;  ///< for a person, without credentials
};

/// HTTP as plugins need it: one exchange, blocking the worker that asks.
class HttpPost {
public:
    virtual ~HttpPost() = default;
    virtual Result<HttpReply, HttpError> post(const HttpCall& call) = 0;
    virtual Result<HttpReply, HttpError> get(const HttpCall& call) = 0;
};

struct Ports {
    std::shared_ptr<PluginLog> log;
    std::shared_ptr<PluginMetrics> metrics;
    std::shared_ptr<PluginClock> clock;
    std::shared_ptr<HttpPost> http;
};

/// The clocks of this machine.
class SystemClock final : public PluginClock {
public:
    std::uint64_t monotonic_ns() override;
    std::int64_t unix_ns() override;
};

}  // namespace conductor::plugin
