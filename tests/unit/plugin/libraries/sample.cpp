// A health check that behaves as its options tell it: every way to be good, wrong, slow or broken in one
// library.
#include <conductor/cpp/health_check.hpp>

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

namespace {
bool exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}
}  // namespace

class Sample final : public conductor::HealthCheck {
public:
    static constexpr conductor::About about{"org.example.sample", "Sample", "1.2.3", "Does what it is told"};
    static constexpr std::array options{
        conductor::option_string("mode", "healthy", "what to do"),
        conductor::option_string("release", "", "a file that ends every wait"),
        conductor::option_endpoint("node", "node", "somebody to ask"),
        conductor::option_integer("min", "1", 0, 1000, "a number"),
        conductor::option_duration("patience", "5s", 0, 3'600'000'000'000, "a duration"),
        conductor::option_bytes("min_free", "50GiB", "a size"),
        conductor::option_real("share", "0.5", "a real number"),
        conductor::option_bool("strict", "false", "a switch"),
        conductor::option_choice("colour", "red", "red|green|blue", "a choice"),
        conductor::list_of(conductor::option_string("paths", nullptr, "a list")),
        conductor::secret(conductor::option_string("token", nullptr, "a secret"))};
    static constexpr std::array<const char*, 3> reasons{"sample.bad", "sample.amber", nullptr};
    static constexpr std::array metrics{conductor::gauge("level", "A gauge", "kind"),
                                        conductor::counter("calls", "A counter")};

    explicit Sample(conductor::Host host)
        : host_{host}, mode_{host.string("mode")}, release_{host.string("release")} {
        if (mode_ == "throw-in-create") throw std::runtime_error("cannot be created");
        if (mode_ == "bad-config") throw conductor::Failure(CONDUCTOR_BAD_CONFIG, "no such thing");
        if (mode_ == "hang-in-create") hang();
        if (mode_ == "leaves-descriptor") (void)::dup(0);
        if (mode_ == "leaves-handler") ::signal(SIGUSR2, SIG_IGN);
        if (mode_ == "leaves-thread")
            std::thread{[] { std::this_thread::sleep_for(std::chrono::minutes{5}); }}.detach();
        if (mode_ == "leaves-memory") (void)new std::string(1000, 'x');
    }
    void stop(const conductor_call&) override {
        if (mode_ == "hang-in-stop") hang();
    }

    conductor::Finding judge(const conductor_call& call) override {
        using conductor::Finding;
        host_.add("calls", 1);
        if (mode_ == "healthy") return Finding::healthy();
        if (mode_ == "unhealthy") return Finding::unhealthy("sample.bad", "it is bad", CONDUCTOR_STALE);
        if (mode_ == "degraded") return Finding::degraded("sample.amber", "half");
        if (mode_ == "undeclared") return Finding::unhealthy("sample.invented", "made up");
        if (mode_ == "malformed-utf8") return Finding::unhealthy("sample.bad", "a\xff\xc3(\x01z");
        if (mode_ == "long") return Finding::unhealthy("sample.bad", std::string(1024 * 1024, 'x'));
        if (mode_ == "long-reason") return Finding::unhealthy(std::string(1000, 'r'), "");
        if (mode_ == "odd-verdict") return odd(9, CONDUCTOR_HARD);
        if (mode_ == "odd-class") return odd(CONDUCTOR_UNHEALTHY, 77);
        if (mode_ == "throw") throw std::runtime_error("judge threw");
        if (mode_ == "throw-int") throw 7;
        if (mode_ == "abort") std::abort();
        if (mode_ == "overflow") return Finding::unknown("", std::to_string(deeper(1)));
        if (mode_ == "tell-secret")
            return Finding::unhealthy("sample.bad", "token is " + host_.string("token"));
        if (mode_ == "hang") hang();
        if (mode_ == "late") std::this_thread::sleep_for(std::chrono::milliseconds{400});
        if (mode_ == "late") return Finding::healthy();
        if (mode_ == "wait") return wait_for_cancel(call);
        if (mode_ == "ask") {
            const auto answer = host_.call(call, "node", "some_method", "[1]");
            return answer.ok() ? Finding::healthy() : Finding::unhealthy("sample.bad", answer.why());
        }
        if (mode_ == "chatter") {
            for (int i = 0; i < 1000; ++i) host_.log(CONDUCTOR_LOG_INFO, "line", {{"i", std::to_string(i)}});
            for (int i = 0; i < 40; ++i) host_.gauge("level", i, "kind-" + std::to_string(i));
            host_.gauge("undeclared", 1);
        }
        return Finding::healthy();
    }

private:
    // Deaf to its cancellation, as a plugin that blocks in a library call is.
    void hang() const {
        while (!exists(release_)) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    static conductor::Finding wait_for_cancel(const conductor_call& call) {
        pollfd fd{call.cancel_fd, POLLIN, 0};
        (void)::poll(&fd, 1, 10'000);
        throw conductor::Failure(CONDUCTOR_TIMED_OUT, "heard the cancellation");
    }
    static conductor::Finding odd(std::uint32_t verdict, std::uint32_t fault_class) {
        conductor::Finding finding;
        finding.verdict = verdict;
        finding.fault_class = fault_class;
        finding.reason = "sample.bad";
        return finding;
    }
    [[gnu::noinline]] static int deeper(int depth) {
        volatile char frame[4096];
        frame[0] = static_cast<char>(depth);
        return depth == 0 ? frame[0] : deeper(depth + 1) + frame[0];
    }

    conductor::Host host_;
    std::string mode_;
    std::string release_;
};

/// A second plugin of the same library.
class Second final : public conductor::HealthCheck {
public:
    static constexpr conductor::About about{"org.example.second", "Second", "1.2.3", "Always fine"};
    explicit Second(conductor::Host) {}
    conductor::Finding judge(const conductor_call&) override { return conductor::Finding::healthy(); }
};

CONDUCTOR_EXPORT_PLUGINS(Sample, Second)
