// What a chain is, as a profile, a rollup config and the nodes themselves say it; and where they disagree.
// Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace conductor::daemon {

/// As a profile names them: `chain_id`, `block_time_s`, `forks.canyon`; numbers in decimal.
using ChainFacts = std::map<std::string, std::string, std::less<>>;

/// Out of what `optimism_rollupConfig` answers, or a rollup.json. Empty where the text is none.
[[nodiscard]] ChainFacts facts_in_rollup_config(std::string_view json);
/// Out of what `eth_chainId` answers.
[[nodiscard]] ChainFacts facts_in_chain_id(std::string_view json);

struct Mismatch {
    std::string fact;
    std::string configured;
    std::string node;  ///< `not scheduled` for a fork that it does not know
};
/// Facts of `configured` that the node contradicts. What it does not say, and what is configured nowhere, is
/// none; only a fork is contradicted by silence, if the node speaks of others.
[[nodiscard]] std::vector<Mismatch> mismatches(const ChainFacts& configured, const ChainFacts& node);

}  // namespace conductor::daemon
