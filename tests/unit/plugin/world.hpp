// What the tests of core/plugin share: a core thread that is a queue, ports that remember, a temporary
// directory, and instances of the libraries that the build has made.
#pragma once

#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/plugin/health_check.hpp"
#include "core/plugin/instance.hpp"
#include "core/plugin/registry.hpp"

// Catch would stream a result, and with it errors that have no stream.
namespace Catch {
template <class T, class E>
struct StringMaker<boost::system::result<T, E>> {
    static std::string convert(const boost::system::result<T, E>& result) {
        return result ? "a value" : "an error";
    }
};
}  // namespace Catch

namespace conductor::plugin::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

inline fs::path library(const std::string& name) {
    return fs::path{CONDUCTOR_TEST_PLUGINS} / (name + ".so");
}

/// The id of that variant of libraries/raw.cpp.
inline std::string raw_id(const std::string& variant) {
    return "org.example.raw." + variant;
}
inline std::string content(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

/// The core thread: functions run where the test waits for them.
class Core {
public:
    Post post() {
        return [this](std::function<void()> f) {
            {
                const std::scoped_lock lock{mutex_};
                queue_.push_back(std::move(f));
            }
            changed_.notify_one();
        };
    }
    /// Runs what is posted until `done` holds; false after `limit`.
    bool run_until(const std::function<bool()>& done, std::chrono::milliseconds limit = 10s) {
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!done()) {
            std::unique_lock lock{mutex_};
            if (!changed_.wait_until(lock, end, [this] { return !queue_.empty(); })) return done();
            const auto next = std::move(queue_.front());
            queue_.pop_front();
            lock.unlock();
            next();
        }
        return true;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> queue_;
};

struct FakeLog final : PluginLog {
    struct Line {
        LogLevel level;
        std::string instance, id, message;
        std::vector<LogPair> pairs;
    };
    void write(LogLevel level, std::string_view instance, std::string_view id, std::string_view message,
               std::span<const LogPair> pairs) override {
        const std::scoped_lock lock{mutex};
        lines.push_back({level,
                         std::string{instance},
                         std::string{id},
                         std::string{message},
                         {pairs.begin(), pairs.end()}});
    }
    std::mutex mutex;
    std::vector<Line> lines;
};
struct FakeMetrics final : PluginMetrics {
    void gauge(const MetricSeries& series, double value) override {
        const std::scoped_lock lock{mutex};
        gauges[series.name + "/" + series.label_value] = value;
    }
    void count(const MetricSeries& series, std::uint64_t delta) override {
        const std::scoped_lock lock{mutex};
        counts[series.name] += delta;
    }
    std::mutex mutex;
    std::map<std::string, double> gauges;
    std::map<std::string, std::uint64_t> counts;
};
struct FakeClock final : PluginClock {
    std::uint64_t monotonic_ns() override { return monotonic; }
    std::int64_t unix_ns() override { return unix_time; }
    std::atomic<std::uint64_t> monotonic{1'000'000'000};
    std::atomic<std::int64_t> unix_time{1'700'000'000'000'000'000};
};
struct FakeHttp final : HttpPost {
    Result<HttpReply, HttpError> post(const HttpCall& call) override {
        const std::scoped_lock lock{mutex};
        asked.emplace_back(call.body);
        return answer(call);
    }
    Result<HttpReply, HttpError> get(const HttpCall& call) override {
        const std::scoped_lock lock{mutex};
        asked.emplace_back(call.path);
        return answer(call);
    }
    std::mutex mutex;
    std::vector<std::string> asked;
    std::function<Result<HttpReply, HttpError>(const HttpCall&)> answer = [](const HttpCall&) {
        return HttpReply{200, R"({"jsonrpc":"2.0","id":1,"result":null})"};
    };
};

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string pattern = (fs::temp_directory_path() / "conductor-plugin-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    [[nodiscard]] const fs::path& path() const { return path_; }
    fs::path write(const std::string& name, const std::string& text) const {
        std::ofstream{path_ / name, std::ios::binary} << text;
        return path_ / name;
    }

private:
    fs::path path_;
};

inline RawOption raw(const std::string& key, std::string value) {
    return {key, {}, false, {{std::move(value), {}}}};
}

/// The ports of one daemon, and its core thread.
struct World {
    Core core;
    std::shared_ptr<FakeLog> log = std::make_shared<FakeLog>();
    std::shared_ptr<FakeMetrics> metrics = std::make_shared<FakeMetrics>();
    std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
    std::shared_ptr<FakeHttp> http = std::make_shared<FakeHttp>();
    std::shared_ptr<Watch> watch = std::make_shared<Watch>();

    [[nodiscard]] Ports ports() const { return {log, metrics, clock, http}; }

    static Admitted admit(const std::string& file, const std::string& id) {
        const auto notes = read_notes(library(file));
        REQUIRE(notes);
        const auto mapped = map_library(library(file), *notes);
        if (!mapped) FAIL(mapped.error().text);
        for (const auto& plugin : (*mapped)->plugins)
            if (plugin.id == id) return {*mapped, &plugin, false};
        FAIL("no plugin " << id);
        return {};
    }

    std::unique_ptr<Instance> make(const std::string& file, const std::string& id,
                                   std::vector<RawOption> options, LaneLimits limits = {}) {
        const auto admitted = admit(file, id);
        auto values =
            check_options("health \"test\"", {}, *admitted.descriptor, options, {"node", "execution"});
        if (!values) FAIL(values.error().front());
        return std::make_unique<Instance>(InstanceSpec{"test", admitted, std::move(*values)}, ports(), watch,
                                          core.post(), limits);
    }

    Result<void, CallError> open(Instance& instance, std::chrono::nanoseconds limit = 5s) {
        std::optional<Result<void, CallError>> got;
        instance.open(limit, [&](Result<void, CallError> result) { got = std::move(result); });
        REQUIRE(core.run_until([&] { return got.has_value(); }));
        return *got;
    }
    void close(Instance& instance, std::chrono::nanoseconds limit = 5s) {
        bool closed = false;
        instance.close(limit, [&](bool) { closed = true; });
        REQUIRE(core.run_until([&] { return closed; }));
    }
    /// An open sample check in that mode.
    std::unique_ptr<Instance> sample(const std::string& mode, std::vector<RawOption> more = {},
                                     LaneLimits limits = {}) {
        more.push_back(raw("mode", mode));
        auto instance = make("sample", "org.example.sample", std::move(more), limits);
        const auto opened = open(*instance);
        if (!opened) FAIL(opened.error().text);
        return instance;
    }
    Finding judge(Instance& instance, std::chrono::nanoseconds limit = 5s) {
        std::optional<Finding> got;
        HealthCheck{instance}.judge(limit, [&](Finding finding) { got = std::move(finding); });
        REQUIRE(core.run_until([&] { return got.has_value(); }));
        return *got;
    }
};

}  // namespace conductor::plugin::test
