#include "tests/unit/plugins/driven.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;
using conductor::BlockHash;

namespace {

struct Kona : Driving {
    Kona() : Driving{"driver-kona", "io.conductord.kona", {}} {}
    void engine_is_at(const BlockHash& hash) {
        nodes.result("eth_getBlockByNumber", R"({"hash":")" + hex_of(hash) + R"(","parentHash":")" +
                                                 hex_of(filled(1)) + R"(","number":"0x7","timestamp":"0x65"})");
    }
    [[nodiscard]] bool was_asked(const std::string& what) const {
        for (const auto& one : nodes.asked())
            if (one == what) return true;
        return false;
    }
};

const std::string start_call = "node admin_startSequencer -";

}  // namespace

TEST_CASE("kona is started without a hash, once its engine stands on the wanted block",
          "[plugins][driver-kona][8.5]") {
    Kona kona;
    kona.nodes.result("admin_sequencerActive", "false");
    kona.nodes.result("admin_startSequencer", "null");
    kona.engine_is_at(filled(7));
    const auto started = kona.start(filled(7));
    REQUIRE(started.has_value());
    CHECK(*started == Change::done);
    CHECK(kona.nodes.asked() == std::vector<std::string>{"node admin_sequencerActive -",
                                                         "execution eth_getBlockByNumber [\"latest\",false]",
                                                         start_call});
}

TEST_CASE("another block at the head starts nothing and may be tried again", "[plugins][driver-kona][8.5]") {
    Kona kona;
    kona.nodes.result("admin_sequencerActive", "false");
    kona.engine_is_at(filled(8));
    const auto started = kona.start(filled(7));
    REQUIRE_FALSE(started.has_value());
    CHECK(started.error().status == CONDUCTOR_REMOTE_ERROR);
    CHECK(started.error().text.find("block hash does not match") == 0);
    CHECK_FALSE(kona.was_asked(start_call));
}

TEST_CASE("a kona that runs is not started again, whatever its head", "[plugins][driver-kona][8.5]") {
    Kona kona;
    kona.nodes.result("admin_sequencerActive", "true");
    const auto with_head = kona.start(filled(7));
    REQUIRE(with_head.has_value());
    CHECK(*with_head == Change::already);
    const auto without = kona.start(std::nullopt);
    REQUIRE(without.has_value());
    CHECK(*without == Change::already);
    CHECK_FALSE(kona.was_asked(start_call));
}

TEST_CASE("without a head kona is started on its own: an operator's wish", "[plugins][driver-kona]") {
    Kona kona;
    kona.nodes.result("admin_sequencerActive", "false");
    kona.nodes.result("admin_startSequencer", "null");
    const auto started = kona.start(std::nullopt);
    REQUIRE(started.has_value());
    CHECK(*started == Change::done);
    CHECK(kona.was_asked(start_call));
}

TEST_CASE("a stop tells the head that kona names", "[plugins][driver-kona]") {
    Kona kona;
    kona.nodes.result("admin_stopSequencer", '"' + hex_of(filled(9)) + '"');
    const auto stopped = kona.stop();
    REQUIRE(stopped.has_value());
    CHECK(stopped->head == filled(9));
    CHECK(kona.nodes.asked() == std::vector<std::string>{"node admin_stopSequencer -"});
}

TEST_CASE("an error to a stop that has worked is no error", "[plugins][driver-kona][8.5]") {
    Kona kona;
    kona.nodes.error("admin_stopSequencer", -32000, "failed to send head request");
    kona.nodes.result("admin_sequencerActive", "false");
    kona.nodes.result("admin_sequencerActive", "true");
    const auto stopped = kona.stop();
    REQUIRE(stopped.has_value());
    CHECK(stopped->change == Change::done);
    CHECK_FALSE(stopped->head.has_value());

    const auto runs_on = kona.stop();
    REQUIRE_FALSE(runs_on.has_value());
    CHECK(runs_on.error().status == CONDUCTOR_REMOTE_ERROR);
    CHECK(runs_on.error().text == "failed to send head request");
}

TEST_CASE("a kona that does not answer a stop, or cannot be asked behind its error, has not stopped",
          "[plugins][driver-kona]") {
    Kona kona;
    const auto silent = kona.stop();
    REQUIRE_FALSE(silent.has_value());
    CHECK(silent.error().status == CONDUCTOR_UNREACHABLE);
    kona.nodes.error("admin_stopSequencer", -32000, "boom");
    const auto unclear = kona.stop();
    REQUIRE_FALSE(unclear.has_value());
    CHECK(unclear.error().text == "boom");
}
