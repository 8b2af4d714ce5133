#include "core/plugin/services.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <ctime>
#include <utility>

#include "core/plugin/json_select.hpp"
#include "core/plugin/text.hpp"

namespace conductor::plugin {
namespace {

constexpr std::uint32_t pairs_limit = 32;

std::int64_t read_clock(clockid_t clock) {
    struct timespec now{};
    ::clock_gettime(clock, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

std::uint64_t SystemClock::monotonic_ns() {
    return static_cast<std::uint64_t>(read_clock(CLOCK_MONOTONIC));
}
std::int64_t SystemClock::unix_ns() {
    return read_clock(CLOCK_REALTIME);
}

// The C side. Nothing thrown may reach the plugin: what runs out of memory here answers INTERNAL or says
// nothing.
struct ServiceTables {
    static HostServices& of(const conductor_host* host) {
        return static_cast<HostServices&>(*const_cast<conductor_host*>(host));
    }

    static const void* service(const conductor_host* host, const char* id) {
        const auto& mine = of(host);
        if (id == nullptr) return nullptr;
        const std::string_view wanted{id};
        if (wanted == CONDUCTOR_LOG) return &log;
        if (wanted == CONDUCTOR_CLOCK) return &clock;
        if (wanted == CONDUCTOR_CONFIG) return &config;
        if (wanted == CONDUCTOR_METRICS) return &metrics;
        // A strategy answers from memory: the host polls the peers.
        const bool may_ask = mine.descriptor_.kind != CONDUCTOR_LEADER_TRANSFER;
        if (wanted == CONDUCTOR_RPC && may_ask) return &rpc;
        if (wanted == CONDUCTOR_RPC_BATCH && may_ask) return &rpc_batch;
        return nullptr;
    }

    static void write(const conductor_host* host, std::int32_t level, conductor_text message,
                      const conductor_pair* pairs, std::uint32_t count) noexcept try {
        auto& mine = of(host);
        std::uint64_t dropped_before = 0;
        if (!mine.may_log(dropped_before)) return;
        const auto said = [&mine](conductor_text text, std::size_t bound) {
            return mended(as_view(text).substr(0, bound), mine.secrets());
        };
        std::vector<LogPair> flat;
        for (std::uint32_t i = 0; i < std::min(count, pairs_limit); ++i)
            flat.emplace_back(said(pairs[i].key, reason_bound), said(pairs[i].value, detail_bound));
        if (dropped_before > 0) flat.emplace_back("dropped_lines", std::to_string(dropped_before));
        const auto bounded = std::clamp<std::int32_t>(level, CONDUCTOR_LOG_DEBUG, CONDUCTOR_LOG_ERROR);
        mine.ports_.log->write(static_cast<LogLevel>(bounded), mine.name_, mine.descriptor_.id,
                               said(message, detail_bound), flat);
    } catch (...) {
    }

    static std::uint64_t monotonic_ns(const conductor_host* host) {
        return of(host).ports_.clock->monotonic_ns();
    }
    static std::int64_t unix_ns(const conductor_host* host) { return of(host).ports_.clock->unix_ns(); }

    static std::uint32_t count_of(const conductor_host* host, const char* key) {
        const auto* values = of(host).values(key);
        return values == nullptr ? 0 : static_cast<std::uint32_t>(values->size());
    }
    template <class T>
    static conductor_status value(const conductor_host* host, const char* key, std::uint32_t index,
                                  const T** out) {
        const auto* values = of(host).values(key);
        if (values == nullptr || index >= values->size()) return CONDUCTOR_NOT_FOUND;
        *out = std::get_if<T>(&(*values)[index]);
        return *out == nullptr ? CONDUCTOR_BAD_CONFIG : CONDUCTOR_OK;
    }
    static conductor_status integer(const conductor_host* host, const char* key, std::uint32_t index,
                                    std::int64_t* out) {
        const std::int64_t* found = nullptr;
        const auto status = value(host, key, index, &found);
        if (status == CONDUCTOR_OK) *out = *found;
        return status;
    }
    static conductor_status real(const conductor_host* host, const char* key, std::uint32_t index,
                                 double* out) {
        const double* found = nullptr;
        const auto status = value(host, key, index, &found);
        if (status == CONDUCTOR_OK) *out = *found;
        return status;
    }
    static conductor_status string(const conductor_host* host, const char* key, std::uint32_t index,
                                   conductor_sink to) {
        const std::string* found = nullptr;
        const auto status = value(host, key, index, &found);
        if (status != CONDUCTOR_OK) return status;
        return put(to, *found) ? CONDUCTOR_OK : CONDUCTOR_TRUNCATED;
    }
    static bool put(const conductor_sink& to, std::string_view text) {
        return to.append == nullptr || to.append(to.self, as_slice(text)) == 1;
    }

    static void gauge(const conductor_host* host, const char* name, conductor_text label, double value) noexcept
        try {
        auto& mine = of(host);
        if (const auto* spec = mine.declared(name, false))
            mine.ports_.metrics->gauge(mine.series(*spec, as_view(label)), value);
    } catch (...) {
    }
    static void count(const conductor_host* host, const char* name, conductor_text label,
                      std::uint64_t delta) noexcept try {
        auto& mine = of(host);
        if (const auto* spec = mine.declared(name, true))
            mine.ports_.metrics->count(mine.series(*spec, as_view(label)), delta);
    } catch (...) {
    }

    // A plugin's own thread has no call: the endpoint's own timeout holds, and the beginning of stop cancels.
    static SteadyTime deadline_of(const conductor_call* call) {
        if (call == nullptr) return SteadyTime::max();
        const auto bounded = std::min<std::uint64_t>(call->deadline_ns, INT64_MAX);
        return SteadyTime{std::chrono::nanoseconds{static_cast<std::int64_t>(bounded)}};
    }
    static conductor_status finish(RpcReply& reply, const conductor_sink& to) {
        if (put(to, reply.text) || reply.status < 0) return reply.status;
        return CONDUCTOR_TRUNCATED;
    }
    static conductor_status json(const conductor_host* host, const conductor_call* call,
                                 conductor_text endpoint, conductor_text method, conductor_text params,
                                 conductor_sink result) noexcept try {
        auto& mine = of(host);
        if (!mine.names_endpoint(as_view(endpoint))) return unnamed(result);
        const int fd = call == nullptr ? mine.stop_fd_ : call->cancel_fd;
        auto reply = mine.rpc_.json(as_view(endpoint), as_view(method), as_view(params), deadline_of(call), fd);
        return finish(reply, result);
    } catch (...) {
        return CONDUCTOR_INTERNAL;
    }
    static conductor_status batch(const conductor_host* host, const conductor_call* call,
                                  conductor_text endpoint, const conductor_ask* asks, std::uint32_t count,
                                  conductor_answers answers, conductor_sink error) noexcept try {
        auto& mine = of(host);
        if (!mine.names_endpoint(as_view(endpoint))) return unnamed(error);
        const int fd = call == nullptr ? mine.stop_fd_ : call->cancel_fd;
        const auto take = [&](std::size_t index, conductor_status status, std::string_view text) {
            answers.take(answers.self, static_cast<std::uint32_t>(index), status, as_slice(text));
        };
        const auto reply = mine.rpc_.batch(as_view(endpoint), {asks, count}, deadline_of(call), fd, take);
        if (reply.status < 0) (void)put(error, reply.text);
        return reply.status;
    } catch (...) {
        return CONDUCTOR_INTERNAL;
    }
    static conductor_status get(const conductor_host* host, const conductor_call* call, conductor_text endpoint,
                                conductor_text path, std::int32_t* http_status, conductor_sink body) noexcept
        try {
        auto& mine = of(host);
        if (!mine.names_endpoint(as_view(endpoint))) return unnamed(body);
        const int fd = call == nullptr ? mine.stop_fd_ : call->cancel_fd;
        auto reply = mine.rpc_.get(as_view(endpoint), as_view(path), deadline_of(call), fd, *http_status);
        return finish(reply, body);
    } catch (...) {
        return CONDUCTOR_INTERNAL;
    }
    static conductor_status unnamed(const conductor_sink& to) {
        (void)put(to, R"({"code":0,"message":"no endpoint option of this instance holds that name","http":0})");
        return CONDUCTOR_BAD_CONFIG;
    }
    static conductor_status select(const conductor_host*, conductor_text json, conductor_text pointer,
                                   conductor_json* out) {
        return json_select(json, pointer, out);
    }

    static constexpr conductor_log log{sizeof(conductor_log), 0, &write};
    static constexpr conductor_clock clock{sizeof(conductor_clock), 0, &monotonic_ns, &unix_ns};
    static constexpr conductor_config config{sizeof(conductor_config), 0, &count_of, &integer, &real, &string};
    static constexpr conductor_metrics metrics{sizeof(conductor_metrics), 0, &gauge, &count};
    static constexpr conductor_rpc rpc{sizeof(conductor_rpc), 0, &json, &get, &select};
    static constexpr conductor_rpc_batch rpc_batch{sizeof(conductor_rpc_batch), 0, &batch};
};

HostServices::HostServices(std::string instance_name, const Descriptor& descriptor, OptionValues options,
                           Ports ports)
    : conductor_host{},
      name_{std::move(instance_name)},
      descriptor_{descriptor},
      options_{std::move(options)},
      ports_{std::move(ports)},
      rpc_{*ports_.http,
           descriptor.kind == CONDUCTOR_SEQUENCER_DRIVER ? driver_answer_bound : rpc_answer_bound},
      stop_fd_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
    size = sizeof(conductor_host);
    abi_major = CONDUCTOR_ABI_MAJOR;
    abi_minor = CONDUCTOR_ABI_MINOR;
    instance = as_slice(name_);
    service = &ServiceTables::service;
}

HostServices::~HostServices() {
    if (stop_fd_ >= 0) ::close(stop_fd_);
}

void HostServices::begin_stop() noexcept {
    if (stop_fd_ >= 0) ::eventfd_write(stop_fd_, 1);
}

const std::vector<OptionValue>* HostServices::values(const char* key) const {
    if (key == nullptr) return nullptr;
    const auto found = options_.values.find(std::string_view{key});
    return found == options_.values.end() ? nullptr : &found->second;
}

bool HostServices::names_endpoint(std::string_view endpoint) const {
    return std::ranges::any_of(descriptor_.options, [&](const OptionSpec& spec) {
        if (spec.type != OptionType::endpoint) return false;
        const auto* held = values(spec.key.c_str());
        return held != nullptr && std::ranges::any_of(*held, [&](const OptionValue& value) {
                   const auto* name = std::get_if<std::string>(&value);
                   return name != nullptr && *name == endpoint;
               });
    });
}

bool HostServices::may_log(std::uint64_t& dropped_before) {
    const auto now = ports_.clock->monotonic_ns();
    const std::scoped_lock lock{mutex_};
    const auto passed = now - std::min(now, log_credit_at_ns_);
    if (log_credit_at_ns_ != 0)
        log_credit_ =
            std::min(log_burst, log_credit_ + static_cast<double>(passed) * 1e-9 * log_lines_per_second);
    log_credit_at_ns_ = now;
    if (log_credit_ < 1) {
        ++dropped_lines_;
        ++unsaid_lines_;
        return false;
    }
    log_credit_ -= 1;
    dropped_before = std::exchange(unsaid_lines_, 0);
    return true;
}

const MetricSpec* HostServices::declared(const char* name, bool counter) const {
    const auto* spec = name == nullptr ? nullptr : descriptor_.metric(name);
    return spec != nullptr && spec->counter == counter ? spec : nullptr;
}

MetricSeries HostServices::series(const MetricSpec& spec, std::string_view label_value) {
    MetricSeries out{name_, spec.name, spec.summary, spec.label, {}};
    if (spec.label.empty()) return out;
    out.label_value = mended(label_value.substr(0, reason_bound), secrets());
    const std::scoped_lock lock{mutex_};
    auto& seen = label_values_[spec.name];
    if (seen.contains(out.label_value)) return out;
    if (seen.size() < label_values_limit) {
        seen.insert(out.label_value);
    } else {
        out.label_value = "other";
    }
    return out;
}

}  // namespace conductor::plugin
