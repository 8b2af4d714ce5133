// Plugins of the other kinds that hang in every function until a file appears, deaf to their cancellation.
#include <conductor/cpp/leader_transfer.hpp>
#include <conductor/cpp/network_profile.hpp>
#include <conductor/cpp/sequencer_driver.hpp>

#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

namespace {

constexpr std::array release_option{conductor::option_string("release", "", "a file that ends every wait")};

class Wait {
public:
    explicit Wait(const conductor::Host& host) : release_{host.string("release")} {}
    void operator()() const {
        while (::access(release_.c_str(), F_OK) != 0) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }

private:
    std::string release_;
};

}  // namespace

class HangingDriver final : public conductor::SequencerDriver {
public:
    static constexpr conductor::About about{"org.example.hanging-driver", "Hanging", "1.0.0", "Hangs"};
    static constexpr auto options = release_option;
    explicit HangingDriver(conductor::Host host) : wait_{host} {}

    conductor::Outcome start_sequencer(const conductor_call&, const std::optional<conductor::Hash>&) override {
        return wait_(), conductor::Outcome::done;
    }
    conductor::Outcome stop_sequencer(const conductor_call&, conductor::Hash&) override {
        return wait_(), conductor::Outcome::done;
    }
    bool active(const conductor_call&) override { return wait_(), true; }
    bool conductor_enabled(const conductor_call&) override { return wait_(), true; }
    conductor_block unsafe_head(const conductor_call&) override { return wait_(), conductor_block{}; }
    conductor_block block_at(const conductor_call&, std::uint64_t) override {
        return wait_(), conductor_block{};
    }
    conductor::Outcome post_payload(const conductor_call&, std::string_view) override {
        return wait_(), conductor::Outcome::done;
    }
    std::string payload_at(const conductor_call&, std::uint64_t) override { return wait_(), "{}"; }

private:
    Wait wait_;
};

class HangingStrategy final : public conductor::LeaderTransfer {
public:
    static constexpr conductor::About about{"org.example.hanging-strategy", "Hanging", "1.0.0", "Hangs"};
    static constexpr auto options = release_option;
    explicit HangingStrategy(conductor::Host host) : wait_{host} {}
    void rank(const conductor_call&, const conductor::Transfer& transfer) override {
        wait_();
        (void)transfer.emit(0);
    }

private:
    Wait wait_;
};

class HangingProfiles final : public conductor::NetworkProfile {
public:
    static constexpr conductor::About about{"org.example.hanging-profiles", "Hanging", "1.0.0", "Hangs"};
    static constexpr auto options = release_option;
    explicit HangingProfiles(conductor::Host host) : wait_{host} {}
    std::vector<std::string> list(const conductor_call&) override {
        return wait_(), std::vector<std::string>{};
    }
    std::optional<std::string> resolve(const conductor_call&, std::string_view) override {
        return wait_(), std::nullopt;
    }

private:
    Wait wait_;
};

CONDUCTOR_EXPORT_PLUGINS(HangingDriver, HangingStrategy, HangingProfiles)
