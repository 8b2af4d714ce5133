#include "core/ctl/trial_host.hpp"

#include <poll.h>

#include <algorithm>

namespace conductor::ctl {
namespace {

using namespace std::chrono_literals;

class DeafLog final : public plugin::PluginLog {
public:
    void write(plugin::LogLevel, std::string_view, std::string_view, std::string_view,
               std::span<const plugin::LogPair>) override {}
};

class DeafMetrics final : public plugin::PluginMetrics {
public:
    void gauge(const plugin::MetricSeries&, double) override {}
    void count(const plugin::MetricSeries&, std::uint64_t) override {}
};

/// A node that accepts every connection and says nothing.
class MuteNode final : public plugin::HttpPost {
public:
    Result<plugin::HttpReply, plugin::HttpError> post(const plugin::HttpCall& call) override {
        return wait(call);
    }
    Result<plugin::HttpReply, plugin::HttpError> get(const plugin::HttpCall& call) override {
        return wait(call);
    }

private:
    static plugin::HttpError wait(const plugin::HttpCall& call) {
        const auto own = std::chrono::steady_clock::now() + 5s;  // the endpoint's own timeout
        const auto left = std::min(call.deadline, own) - std::chrono::steady_clock::now();
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(left).count();
        pollfd cancelled{call.cancel_fd, POLLIN, 0};
        const auto ready = ::poll(&cancelled, 1, static_cast<int>(std::max<std::int64_t>(ms, 0)));
        if (ready > 0) return {plugin::HttpError::Kind::cancelled, "cancelled"};
        return {plugin::HttpError::Kind::timed_out, "no answer"};
    }
};

}  // namespace

plugin::Ports silent_ports() {
    return {std::make_shared<DeafLog>(), std::make_shared<DeafMetrics>(),
            std::make_shared<plugin::SystemClock>(), std::make_shared<MuteNode>()};
}

}  // namespace conductor::ctl
