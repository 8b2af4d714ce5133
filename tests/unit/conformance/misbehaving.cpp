// A check that breaks one rule of conformance, or none, as its option says.
#include <fcntl.h>
#include <conductor/cpp/health_check.hpp>

#include <chrono>
#include <csignal>
#include <thread>

class Misbehaving final : public conductor::HealthCheck {
public:
    static constexpr conductor::About about{"org.example.misbehaving", "Misbehaving", "1.0.0", "Breaks a rule"};
    static constexpr std::array options{conductor::option_string("mode", "good", "which rule")};

    explicit Misbehaving(conductor::Host host) : mode_{host.string("mode")} {}

    conductor::Finding judge(const conductor_call&) override {
        if (mode_ == "memory") [[maybe_unused]]
            const auto* lost = new std::array<char, 256>{};
        if (mode_ == "descriptor") [[maybe_unused]]
            const int lost = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (mode_ == "handler") (void)std::signal(SIGUSR2, [](int) {});
        if (mode_ == "thread" && !started_) {
            started_ = true;
            std::thread{[] { std::this_thread::sleep_for(std::chrono::seconds{5}); }}.detach();
        }
        if (mode_ == "deaf") std::this_thread::sleep_for(std::chrono::milliseconds{600});
        return conductor::Finding::healthy();
    }

private:
    std::string mode_;
    bool started_{false};
};

CONDUCTOR_EXPORT_HEALTH_CHECK(Misbehaving)
