// Every bundled library keeps what the SDK's suite asks of a stranger's.
#include <catch2/catch.hpp>
#include <conductor/testing/conformance.hpp>

namespace {

// What no value of the right type can stand for.
void set_up(const std::string& id, conductor::testing::Host& host) {
    if (id == "io.conductord.exec") host.option("command", std::string{"/bin/true"});
}

}  // namespace

CONDUCTOR_CONFORMANCE(CONDUCTOR_PLUGINS "/driver-kona.so", set_up)
CONDUCTOR_CONFORMANCE(CONDUCTOR_PLUGINS "/driver-op-node.so", set_up)
CONDUCTOR_CONFORMANCE(CONDUCTOR_PLUGINS "/health-disk.so", set_up)
CONDUCTOR_CONFORMANCE(CONDUCTOR_PLUGINS "/health-el-peers.so", set_up)
CONDUCTOR_CONFORMANCE(CONDUCTOR_PLUGINS "/health-exec.so", set_up)
CONDUCTOR_CONFORMANCE(CONDUCTOR_PLUGINS "/health-http.so", set_up)
CONDUCTOR_CONFORMANCE(CONDUCTOR_PLUGINS "/health-op-node.so", set_up)
CONDUCTOR_CONFORMANCE(CONDUCTOR_PLUGINS "/health-rollup-boost.so", set_up)
CONDUCTOR_CONFORMANCE(CONDUCTOR_PLUGINS "/profile-files.so", set_up)
CONDUCTOR_CONFORMANCE(CONDUCTOR_PLUGINS "/profile-superchain.so", set_up)
CONDUCTOR_CONFORMANCE(CONDUCTOR_PLUGINS "/transfer-health-aware.so", set_up)
CONDUCTOR_CONFORMANCE(CONDUCTOR_PLUGINS "/transfer-round-robin.so", set_up)

TEST_CASE("no bundled library goes without the suite", "[conformance]") {
    int libraries = 0;
    for (const auto& file : std::filesystem::directory_iterator{CONDUCTOR_PLUGINS})
        libraries += file.path().extension() == ".so" ? 1 : 0;
    CHECK(libraries == 12);
}
