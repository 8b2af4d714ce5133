// A library that brings the process down as soon as it is mapped.
#include <conductor/cpp/health_check.hpp>

#include <cstdlib>

namespace {
struct Falls {
    Falls() {
        if (std::getenv("CONDUCTOR_TEST_CRASH") != nullptr) std::abort();
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
