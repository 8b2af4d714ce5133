#include "core/daemon/plugin_log.hpp"

#include <catch2/catch.hpp>

#include "core/runtime/logging.hpp"

using namespace conductor;
using namespace conductor::daemon;

TEST_CASE("a number that a plugin logs is a number, and nothing else is one", "[daemon][plugin][log]") {
    for (const auto* text : {"0", "7", "1795786400", "18446744073709551615"}) {
        CAPTURE(text);
        const auto value = number_or_text(text);
        REQUIRE(std::holds_alternative<std::uint64_t>(value.kind()));
        CHECK(std::to_string(std::get<std::uint64_t>(value.kind())) == text);
    }
    for (const std::string text :
         {"", "00", "007", "-1", "+1", "1.5", "1 ", "0x1", "18446744073709551616", "a"}) {
        CAPTURE(text);
        CHECK(std::holds_alternative<std::string_view>(number_or_text(text).kind()));
    }
}

TEST_CASE("a line of a plugin names the instance and its id", "[daemon][plugin][log]") {
    const logging::Capture capture;
    const std::vector<plugin::LogPair> pairs{{"connected", "0"}, {"minPeerCount", "1"}};
    PluginLines{}.write(plugin::LogLevel::error, "op-node-peers", "io.conductord.op-node-peers",
                        "peer count is below minimum", pairs);
    CHECK(
        capture.contains("lvl=error msg=\"peer count is below minimum\" plugin=op-node-peers "
                         "id=io.conductord.op-node-peers connected=0 minPeerCount=1"));
}
