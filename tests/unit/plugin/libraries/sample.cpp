// A health check that behaves as its options tell it: every way to be good, wrong, slow or broken in one
// library.
#include <conductor/cpp/health_check.hpp>

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
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
        conductor::live(conductor::option_string("mode", "healthy", "what to do")),
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
    ~Sample() override {
        if (mode_ == "hang-in-destroy") hang();
    }
    void start(const conductor_call&) override {
        if (mode_ == "hang-in-start") hang();
        if (mode_ == "throw-in-start") throw std::runtime_error("cannot be started");
    }
    void stop(const conductor_call&) override {
        if (mode_ == "throw-in-start") host_.log(CONDUCTOR_LOG_INFO, "stopped");
        if (mode_ == "hang-in-stop") hang();
        if (mode_ == "throw-in-stop") throw std::runtime_error("cannot be stopped");
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
        if (mode_ == "segfault") (void)::raise(SIGSEGV);
        if (mode_ == "segfault-in-thread") std::thread{[] { fall(); }}.detach();
        if (mode_ == "exit") std::exit(3);
        if (mode_ == "exit-in-thread") std::thread{[] { std::exit(0); }}.detach();
        if (mode_ == "close-descriptors")
            for (int fd = 0; fd <= 100; ++fd) (void)::close(fd);
        if (mode_ == "take-handler") (void)::signal(SIGTERM, SIG_IGN);
        if (mode_ == "leak") leak();
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
    // A gibibyte, once, and every page of it touched.
    void leak() {
        constexpr std::size_t size = std::size_t{1} << 30U;
        if (leaked_ != nullptr) return;
        leaked_ = static_cast<volatile char*>(std::malloc(size));
        for (std::size_t at = 0; leaked_ != nullptr && at < size; at += 4096) leaked_[at] = 1;
    }
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
    [[gnu::noinline]] static void fall() {
        volatile int* volatile nowhere = nullptr;
        *nowhere = 1;
    }
    [[gnu::noinline]] static int deeper(int depth) {
        volatile char frame[4096];
        frame[0] = static_cast<char>(depth);
        return depth == 0 ? frame[0] : deeper(depth + 1) + frame[0];
    }

    conductor::Host host_;
    std::string mode_;
    std::string release_;
    volatile char* leaked_{nullptr};
};

/// A second plugin of the same library.
class Second final : public conductor::HealthCheck {
public:
    static constexpr conductor::About about{"org.example.second", "Second", "1.2.3", "Always fine"};
    explicit Second(conductor::Host) {}
    conductor::Finding judge(const conductor_call&) override { return conductor::Finding::healthy(); }
};

/// Never two at once, and it sees to that.
class Single final : public conductor::HealthCheck {
public:
    static constexpr conductor::About about{"org.example.single", "Single", "1.2.3", "Alone in the world"};
    static constexpr std::uint32_t flags = CONDUCTOR_SINGLE;
    static constexpr std::array options{
        conductor::live(conductor::option_string("mode", "healthy", "what to do"))};
    static constexpr std::array<const char*, 2> reasons{"single.bad", nullptr};

    explicit Single(conductor::Host host) : mode_{host.string("mode")} {
        if (alive_.exchange(true)) throw std::runtime_error("there is another one");
        if (mode_ != "throw-in-create") return;
        alive_ = false;
        throw std::runtime_error("cannot be created");
    }
    ~Single() override { alive_ = false; }
    conductor::Finding judge(const conductor_call&) override {
        if (mode_ == "unhealthy") return conductor::Finding::unhealthy("single.bad", "it is bad");
        return conductor::Finding::healthy();
    }

private:
    static inline std::atomic<bool> alive_{false};
    std::string mode_;
};

CONDUCTOR_EXPORT_PLUGINS(Sample, Second, Single)
