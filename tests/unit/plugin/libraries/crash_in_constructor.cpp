// A library that brings the process down as soon as it is mapped.
#include <conductor/cpp/health_check.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace {
// Who else is there by then.
void tell_neighbours() {
    std::ifstream maps{"/proc/self/maps"};
    for (std::string line; std::getline(maps, line);)
        if (line.find("driver-op-node.so") != std::string::npos)
            return (void)std::fputs("the driver is mapped\n", stderr);
}

struct Falls {
    Falls() {
        if (std::getenv("CONDUCTOR_TEST_CRASH") == nullptr) return;
        tell_neighbours();
        std::abort();
    }
};
const Falls falls;
}  // namespace

class Unborn final : public conductor::HealthCheck {
public:
    static constexpr conductor::About about{"org.example.unborn", "Unborn", "1.0.0", "Never gets so far"};
    explicit Unborn(conductor::Host) {}
    conductor::Finding judge(const conductor_call&) override { return conductor::Finding::healthy(); }
};
CONDUCTOR_EXPORT_HEALTH_CHECK(Unborn)
