#include <conductor/cpp/network_profile.hpp>

#include "plugins/profile-superchain/catalogue.hpp"

/// The OP Stack networks of the superchain registry, from a table that is compiled in: no file, no network.
class Superchain final : public conductor::NetworkProfile {
public:
    static constexpr conductor::About about{
        "io.conductord.superchain", "Superchain networks", "0.1.0",
        "Facts and starting limits of the networks in the superchain registry"};

    explicit Superchain(conductor::Host) : catalogue_{networks_text} {}

    std::vector<std::string> list(const conductor_call&) override { return catalogue_.names(); }
    std::optional<std::string> resolve(const conductor_call&, std::string_view name) override {
        return catalogue_.profile(name);
    }

private:
    Catalogue catalogue_;
};

CONDUCTOR_EXPORT_NETWORK_PROFILE(Superchain)
