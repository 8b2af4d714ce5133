// The services of the host for one instance: the C tables of services.h in front of the daemon's ports. Bounded
// and honest where the plugin may not be: only declared metrics and at most 32 label values, a rate limit on
// the log, only endpoints that the instance's own options name. Any thread; lives until the last call into the
// instance has returned.
#pragma once

#include <conductor/services.h>

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "core/plugin/descriptor.hpp"
#include "core/plugin/options.hpp"
#include "core/plugin/ports.hpp"
#include "core/plugin/rpc_client.hpp"

namespace conductor::plugin {

class HostServices : public conductor_host {
public:
    static constexpr std::size_t label_values_limit = 32;
    static constexpr double log_lines_per_second = 10;
    static constexpr double log_burst = 50;

    HostServices(std::string name, const Descriptor& descriptor, OptionValues options, Ports ports);
    ~HostServices();
    HostServices(const HostServices&) = delete;
    HostServices& operator=(const HostServices&) = delete;

    /// Calls that the plugin's own threads make end now.
    void begin_stop() noexcept;

    [[nodiscard]] const Descriptor& descriptor() const noexcept { return descriptor_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const std::vector<std::string>& secrets() const noexcept { return options_.secrets; }
    /// Lines that the rate limit has dropped. The next that passes says how many.
    [[nodiscard]] std::uint64_t dropped_lines() const noexcept { return dropped_lines_; }

private:
    friend struct ServiceTables;

    [[nodiscard]] const std::vector<OptionValue>* values(const char* key) const;
    [[nodiscard]] bool names_endpoint(std::string_view endpoint) const;
    [[nodiscard]] bool may_log(std::uint64_t& dropped_before);
    [[nodiscard]] const MetricSpec* declared(const char* name, bool counter) const;
    [[nodiscard]] MetricSeries series(const MetricSpec& spec, std::string_view label_value);

    std::string name_;
    Descriptor descriptor_;
    OptionValues options_;
    Ports ports_;
    RpcClient rpc_;
    int stop_fd_;

    std::mutex mutex_;  // the plugin may log and measure from several threads
    double log_credit_{log_burst};
    std::uint64_t log_credit_at_ns_{0};
    std::uint64_t unsaid_lines_{0};  // dropped since the last line that passed
    std::map<std::string, std::set<std::string, std::less<>>, std::less<>> label_values_;  // by metric
    std::atomic<std::uint64_t> dropped_lines_{0};
};

}  // namespace conductor::plugin
