// A check that breaks one rule of conformance, or none, as its option says.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <conductor/cpp/health_check.hpp>
#include <conductor/cpp/sequencer_driver.hpp>

#include <atomic>
#include <chrono>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <thread>

class Misbehaving final : public conductor::HealthCheck {
public:
    static constexpr conductor::About about{"org.example.misbehaving", "Misbehaving", "1.0.0", "Breaks a rule"};
    static constexpr std::array options{conductor::option_string("mode", "good", "which rule")};

    explicit Misbehaving(conductor::Host host) : mode_{host.string("mode")} {
        if (mode_ == "unmade") throw conductor::Failure(CONDUCTOR_BAD_CONFIG, "not today");
    }

    conductor::Finding judge(const conductor_call&) override {
        if (mode_ == "memory") [[maybe_unused]]
            const auto* lost = new std::array<char, 256>{};
        if (mode_ == "descriptor") [[maybe_unused]]
            const int lost = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (mode_ == "handler") (void)std::signal(SIGUSR2, [](int) {});
        if (mode_ == "thread" && !started_.exchange(true))
            std::thread{[] { std::this_thread::sleep_for(std::chrono::seconds{20}); }}.detach();
        if (mode_ == "umask") (void)::umask(0);
        if (mode_ == "directory") (void)!::chdir("/");
        if (mode_ == "locale") (void)std::setlocale(LC_ALL, "C.UTF-8");
        if (mode_ == "environment") ::setenv("CONDUCTOR_MISBEHAVED", "1", 1);
        if (mode_ == "deaf") std::this_thread::sleep_for(std::chrono::milliseconds{600});
        return conductor::Finding::healthy();
    }

private:
    std::string mode_;
    static inline std::atomic<bool> started_{false};
};

/// Starts on whatever head there is, and does not say so.
class Headless final : public conductor::SequencerDriver {
public:
    static constexpr conductor::About about{"org.example.headless", "Headless", "1.0.0", "Breaks a rule"};
    explicit Headless(conductor::Host) {}
    conductor::Outcome start_sequencer(const conductor_call&, const std::optional<conductor::Hash>&) override {
        return conductor::Outcome::done;
    }
    conductor::Outcome stop_sequencer(const conductor_call&, conductor::Hash&) override {
        return conductor::Outcome::already;
    }
    bool active(const conductor_call&) override { return false; }
    conductor_block unsafe_head(const conductor_call&) override { return {}; }
    conductor_block block_at(const conductor_call&, std::uint64_t) override { return {}; }
    conductor::Outcome post_payload(const conductor_call&, std::string_view) override {
        return conductor::Outcome::done;
    }
};

CONDUCTOR_EXPORT_PLUGINS(Misbehaving, Headless)
