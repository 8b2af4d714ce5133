// A host for tests: options by hand, a clock that the test turns, nodes that answer what the test has put
// there, and everything a plugin logs or counts. Not for the daemon; one plugin at a time, from any thread.
#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <conductor/cpp/host.hpp>
#include <conductor/testing/select.hpp>

#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <variant>

namespace conductor {
inline namespace sdk_0_1 {
namespace testing {

/// One call, with a deadline on the real clock.
class Call : public conductor_call {
public:
    explicit Call(std::chrono::nanoseconds limit = std::chrono::seconds{5}) : conductor_call{} {
        size = sizeof(conductor_call);
        cancel_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        deadline_ns = now_ns() + static_cast<std::uint64_t>(limit.count());
        cancelled = [](const conductor_call* call) -> std::int32_t {
            const auto& mine = *static_cast<const Call*>(call);
            return mine.cancelled_ || now_ns() >= mine.deadline_ns ? 1 : 0;
        };
        error = into(error_text);
    }
    ~Call() {
        if (cancel_fd >= 0) ::close(cancel_fd);
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    /// As the host does at the deadline, or when it stops.
    void cancel() {
        cancelled_ = true;
        (void)::eventfd_write(cancel_fd, 1);
    }
    static std::uint64_t now_ns() {
        return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    }

    std::string error_text;

private:
    std::atomic<bool> cancelled_{false};
};

/// What stands behind one endpoint. Answers to a method, or to the GET of a path, come in turn; the last stays.
class Node {
public:
    Node& answers(const std::string& method, const std::string& result_json) {
        return put(method, {CONDUCTOR_OK, 200, result_json});
    }
    Node& errors(const std::string& method, int code, const std::string& message) {
        return put(method, {CONDUCTOR_REMOTE_ERROR, 200, error_object(code, message, 0)});
    }
    Node& page(const std::string& path, int http_status, const std::string& body) {
        return put("GET " + path, {CONDUCTOR_OK, http_status, body});
    }
    /// From now on nobody listens there.
    Node& refuses() { return everything(CONDUCTOR_UNREACHABLE); }
    /// From now on it takes requests and does not answer.
    Node& hangs() { return everything(CONDUCTOR_TIMED_OUT); }

    /// `method params`, or `GET path`, of every request.
    [[nodiscard]] std::vector<std::string> asked() const {
        const std::scoped_lock lock{mutex_};
        return asked_;
    }

private:
    friend class Host;
    struct Reply {
        conductor_status status;
        int http_status;
        std::string text;
    };
    static std::string error_object(int code, std::string_view message, int http) {
        std::string quoted;
        for (const char c : message) {
            if (c == '"' || c == '\\') quoted += '\\';
            quoted += c;
        }
        return "{\"code\":" + std::to_string(code) + ",\"message\":\"" + quoted +
               "\",\"http\":" + std::to_string(http) + "}";
    }
    Node& put(const std::string& what, Reply reply) {
        const std::scoped_lock lock{mutex_};
        everything_ = CONDUCTOR_OK;
        replies_[what].push_back(std::move(reply));
        return *this;
    }
    Node& everything(conductor_status status) {
        const std::scoped_lock lock{mutex_};
        everything_ = status;
        return *this;
    }
    Reply ask(const std::string& what, const std::string& shown, const conductor_call* call) {
        Reply reply{CONDUCTOR_UNREACHABLE, 0, error_object(0, "connect: connection refused", 0)};
        {
            const std::scoped_lock lock{mutex_};
            asked_.push_back(shown);
            if (everything_ == CONDUCTOR_UNREACHABLE) return reply;
            auto& queue = replies_[what];
            if (everything_ == CONDUCTOR_OK && queue.empty()) return reply;
            if (everything_ == CONDUCTOR_OK) {
                reply = queue.front();
                if (queue.size() > 1) queue.pop_front();
                return reply;
            }
        }
        return wait_in_vain(call);
    }
    // As the daemon's client: a little before the deadline, and at once when the call is cancelled.
    static Reply wait_in_vain(const conductor_call* call) {
        const Reply late{CONDUCTOR_TIMED_OUT, 0, error_object(0, "context deadline exceeded", 0)};
        if (call == nullptr) return late;
        const auto now = Call::now_ns();
        const auto left = call->deadline_ns > now ? call->deadline_ns - now : 0;
        const auto wait_ms = (left - std::min<std::uint64_t>(50'000'000, left / 10)) / 1'000'000;
        struct pollfd cancelled{call->cancel_fd, POLLIN, 0};
        if (::poll(&cancelled, 1, static_cast<int>(wait_ms)) <= 0) return late;
        return {CONDUCTOR_CANCELLED, 0, error_object(0, "context canceled", 0)};
    }

    mutable std::mutex mutex_;
    conductor_status everything_ = CONDUCTOR_OK;
    std::map<std::string, std::deque<Reply>> replies_;
    std::vector<std::string> asked_;
};

class Host : public conductor_host {
public:
    using Value = std::variant<std::int64_t, double, std::string>;
    struct Line {
        std::int32_t level;
        std::string message;
        std::map<std::string, std::string> pairs;
    };

    Host() : conductor_host{} {
        size = sizeof(conductor_host);
        abi_major = CONDUCTOR_ABI_MAJOR;
        abi_minor = CONDUCTOR_ABI_MINOR;
        instance = text("test");
        service = &Host::find;
    }
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    /// One more value of an option, as the plugin will see it: durations in nanoseconds, sizes in octets,
    /// booleans as 0 and 1. Before the plugin is created.
    Host& option(const std::string& key, Value value) {
        options_[key].push_back(std::move(value));
        return *this;
    }
    Host& no_option(const std::string& key) {
        options_.erase(key);
        return *this;
    }
    [[nodiscard]] bool has_option(const std::string& key) const { return options_.count(key) != 0; }

    /// What stands behind the endpoint of that name; made when it is first named.
    Node& node(const std::string& endpoint = "node") {
        const std::scoped_lock lock{mutex_};
        const auto [at, made] = nodes_.try_emplace(endpoint);
        if (made && every_node_hangs_) at->second.hangs();
        return at->second;
    }
    /// From now on whatever is asked takes requests and does not answer, until told otherwise by itself.
    Host& every_node_hangs() {
        const std::scoped_lock lock{mutex_};
        every_node_hangs_ = true;
        for (auto& [name, node] : nodes_) node.hangs();
        return *this;
    }

    void advance(std::chrono::nanoseconds by) {
        monotonic_ns += static_cast<std::uint64_t>(by.count());
        unix_ns += by.count();
    }
    std::atomic<std::uint64_t> monotonic_ns{1'000'000'000};
    std::atomic<std::int64_t> unix_ns{1'700'000'000'000'000'000};

    [[nodiscard]] std::vector<Line> lines() const { return copy(lines_); }
    /// By `name`, or `name/label value` where there is one.
    [[nodiscard]] std::map<std::string, double> gauges() const { return copy(gauges_); }
    [[nodiscard]] std::map<std::string, std::uint64_t> counts() const { return copy(counts_); }

    /// Services that are not offered: their ids.
    std::vector<std::string> withheld;

private:
    static Host& of(const conductor_host* host) {
        return *static_cast<Host*>(const_cast<conductor_host*>(host));
    }
    template <class T>
    T copy(const T& what) const {
        const std::scoped_lock lock{mutex_};
        return what;
    }
    static std::string named(const char* name, conductor_text label) {
        return label.size == 0 ? std::string{name} : name + ("/" + std::string(view(label)));
    }

    static const void* find(const conductor_host* host, const char* id) {
        static constexpr conductor_log log{
            sizeof(conductor_log), 0,
            [](const conductor_host* of_plugin, std::int32_t level, conductor_text message,
               const conductor_pair* pairs, std::uint32_t count) {
                Line line{level, std::string(view(message)), {}};
                for (std::uint32_t i = 0; i < count; ++i)
                    line.pairs[std::string(view(pairs[i].key))] = std::string(view(pairs[i].value));
                const std::scoped_lock lock{of(of_plugin).mutex_};
                of(of_plugin).lines_.push_back(std::move(line));
            }};
        static constexpr conductor_clock clock{
            sizeof(conductor_clock), 0,
            [](const conductor_host* of_plugin) -> std::uint64_t { return of(of_plugin).monotonic_ns; },
            [](const conductor_host* of_plugin) -> std::int64_t { return of(of_plugin).unix_ns; }};
        static constexpr conductor_metrics metrics{
            sizeof(conductor_metrics), 0,
            [](const conductor_host* of_plugin, const char* name, conductor_text label, double value) {
                const std::scoped_lock lock{of(of_plugin).mutex_};
                of(of_plugin).gauges_[named(name, label)] = value;
            },
            [](const conductor_host* of_plugin, const char* name, conductor_text label, std::uint64_t delta) {
                const std::scoped_lock lock{of(of_plugin).mutex_};
                of(of_plugin).counts_[named(name, label)] += delta;
            }};
        static constexpr conductor_config config{sizeof(conductor_config), 0,           &Host::count,
                                                 &Host::integer,           &Host::real, &Host::string};
        static constexpr conductor_rpc rpc{sizeof(conductor_rpc), 0, &Host::json, &Host::get, &select};
        if (id == nullptr) return nullptr;
        for (const auto& missing : of(host).withheld)
            if (missing == id) return nullptr;
        const std::string_view wanted{id};
        if (wanted == CONDUCTOR_LOG) return &log;
        if (wanted == CONDUCTOR_CLOCK) return &clock;
        if (wanted == CONDUCTOR_METRICS) return &metrics;
        if (wanted == CONDUCTOR_CONFIG) return &config;
        if (wanted == CONDUCTOR_RPC) return &rpc;
        return nullptr;
    }

    static std::uint32_t count(const conductor_host* host, const char* key) {
        const auto found = of(host).options_.find(key);
        return found == of(host).options_.end() ? 0 : static_cast<std::uint32_t>(found->second.size());
    }
    template <class T>
    static conductor_status value(const conductor_host* host, const char* key, std::uint32_t index,
                                  const T*& out) {
        const auto found = of(host).options_.find(key);
        if (found == of(host).options_.end() || index >= found->second.size()) return CONDUCTOR_NOT_FOUND;
        out = std::get_if<T>(&found->second[index]);
        return out == nullptr ? CONDUCTOR_BAD_CONFIG : CONDUCTOR_OK;
    }
    static conductor_status integer(const conductor_host* host, const char* key, std::uint32_t index,
                                    std::int64_t* out) {
        const std::int64_t* found = nullptr;
        const auto status = value(host, key, index, found);
        if (found != nullptr) *out = *found;
        return status;
    }
    static conductor_status real(const conductor_host* host, const char* key, std::uint32_t index,
                                 double* out) {
        const double* found = nullptr;
        const auto status = value(host, key, index, found);
        if (found != nullptr) *out = *found;
        return status;
    }
    static conductor_status string(const conductor_host* host, const char* key, std::uint32_t index,
                                   conductor_sink to) {
        const std::string* found = nullptr;
        const auto status = value(host, key, index, found);
        if (found == nullptr) return status;
        return write(to, *found) ? CONDUCTOR_OK : CONDUCTOR_TRUNCATED;
    }

    static conductor_status json(const conductor_host* host, const conductor_call* call,
                                 conductor_text endpoint, conductor_text method, conductor_text params,
                                 conductor_sink result) {
        const std::string what{view(method)};
        const auto reply =
            of(host).node(std::string(view(endpoint))).ask(what, what + " " + std::string(view(params)), call);
        const bool whole = write(result, reply.text);
        return reply.status < 0 || whole ? reply.status : CONDUCTOR_TRUNCATED;
    }
    static conductor_status get(const conductor_host* host, const conductor_call* call, conductor_text endpoint,
                                conductor_text path, std::int32_t* http_status, conductor_sink body) {
        const auto what = "GET " + std::string(view(path));
        const auto reply = of(host).node(std::string(view(endpoint))).ask(what, what, call);
        if (reply.status >= 0) *http_status = reply.http_status;
        const bool whole = write(body, reply.text);
        return reply.status < 0 || whole ? reply.status : CONDUCTOR_TRUNCATED;
    }

    mutable std::mutex mutex_;
    std::map<std::string, std::vector<Value>> options_;
    std::map<std::string, Node> nodes_;
    bool every_node_hangs_ = false;
    std::vector<Line> lines_;
    std::map<std::string, double> gauges_;
    std::map<std::string, std::uint64_t> counts_;
};

}  // namespace testing
}  // namespace sdk_0_1
}  // namespace conductor
