// Whether a node is of the chain that it should be of.
#include "core/daemon/chain_facts.hpp"

#include <catch2/catch.hpp>

#include "core/plugin/network_lookup.hpp"

using namespace conductor;
using namespace conductor::daemon;

namespace {

/// As op-node answers on Base's main network, cut to what is compared.
constexpr const char* base_config = R"({"genesis":{
  "l1":{"hash":"0x5c13d307623a926cd31415036c8b7fa14572f9dac64528e857a470511fc30771","number":17481768},
  "l2":{"hash":"0xF712AA9241CC24369B143CF6DCE85F0902A9731E70D66818A3A5845B296C73DD","number":0},
  "l2_time":1686789347},"block_time":2,"max_sequencer_drift":600,"seq_window_size":3600,"l1_chain_id":1,
  "l2_chain_id":8453,"regolith_time":0,"canyon_time":1704992401,"delta_time":1708560000,"ecotone_time":1710374401,
  "fjord_time":1720627201,"granite_time":1726070401,"holocene_time":1736445601,"isthmus_time":1746806401,
  "jovian_time":1764691201})";

ChainFacts base_mainnet() {
    const auto facts = plugin::network_facts("base-mainnet", plugin::network_providers());
    if (!facts) FAIL(facts.error().text);
    return *facts;
}

std::string named(const std::vector<Mismatch>& all) {
    std::string out;
    for (const auto& one : all) out += one.fact + ": " + one.configured + " / " + one.node + "\n";
    return out;
}

}  // namespace

TEST_CASE("a node of the network contradicts no fact of its profile", "[daemon][profile]") {
    CHECK(base_mainnet().at("chain_id") == "8453");
    CHECK(named(mismatches(base_mainnet(), facts_in_rollup_config(base_config))).empty());
    CHECK(named(mismatches(base_mainnet(), facts_in_chain_id("\"0x2105\""))).empty());
}

TEST_CASE("each fact that a node contradicts is named with both values", "[daemon][profile]") {
    std::string other{base_config};
    const auto change = [&](const std::string& from, const std::string& to) {
        other.replace(other.find(from), from.size(), to);
    };
    change("8453", "84532");
    change("\"block_time\":2", "\"block_time\":1");
    change("\"canyon_time\":1704992401", "\"canyon_time\":7");
    change("\"jovian_time\":1764691201", "\"jovian_time\":null");
    CHECK(named(mismatches(base_mainnet(), facts_in_rollup_config(other))) ==
          "block_time_s: 2 / 1\nchain_id: 8453 / 84532\nforks.canyon: 1704992401 / 7\n"
          "forks.jovian: 1764691201 / not scheduled\n");
    CHECK(named(mismatches(base_mainnet(), facts_in_chain_id("\"0x385\""))) == "chain_id: 8453 / 901\n");
}

TEST_CASE("forks that a node knows and a profile does not are none of its business", "[daemon][profile]") {
    CHECK(mismatches({{"forks.canyon", "1"}}, {{"forks.canyon", "1"}, {"forks.karst", "9"}}).empty());
    CHECK(named(mismatches({{"forks.pectra_blob_schedule", "5"}},
                           facts_in_rollup_config(R"({"pectra_blob_schedule_time":6})"))) ==
          "forks.pectra_blob_schedule: 5 / 6\n");
}

TEST_CASE("what is no answer to the question says nothing of the chain", "[daemon][profile]") {
    for (const auto* text :
         {"", "null", "[]", "17", "\"0x\"", "\"0xzz\"", "\"8453\"", "{", "\"0x10000000000000000\""}) {
        CHECK(facts_in_chain_id(text).empty());
        CHECK(facts_in_rollup_config(text).empty());
    }
}
