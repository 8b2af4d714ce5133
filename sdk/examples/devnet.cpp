#include <conductor/cpp/network_profile.hpp>

/// One network: its facts, and limits that suit it.
class Devnet final : public conductor::NetworkProfile {
public:
    static constexpr conductor::About about{"org.example.devnet", "Devnet", "1.0.0", "The network of our lab"};

    explicit Devnet(conductor::Host) {}

    std::vector<std::string> list(const conductor_call&) override { return {"example-devnet"}; }

    std::optional<std::string> resolve(const conductor_call&, std::string_view name) override {
        if (name != "example-devnet") return std::nullopt;
        return "[facts]\n"
               "chain_id = 424242\n"
               "block_time_s = 1\n"
               "[policy]\n"
               "healthcheck.interval = 1\n"
               "healthcheck.unsafe-interval = 8\n"
               "healthcheck.min-peer-count = 1\n";
    }
};

CONDUCTOR_EXPORT_NETWORK_PROFILE(Devnet)
