// Envelopes made from a seed, for tests, fuzz seeds and benchmarks: the generator behind the recordings of
// large payloads, so that digests recorded from the Go programs hold for ours.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace conductor::payload::test {

/// A whole request body around an envelope text.
[[nodiscard]] std::string commit_call(std::string_view envelope);

/// The generator behind `big.jsonl`, as its README defines it.
struct Recipe {
    std::uint64_t seed{0};
    unsigned version{4};
    std::size_t size{0};                 ///< octets of SSZ; used if `lengths` is empty
    std::vector<std::size_t> lengths{};  ///< of the transactions
};
[[nodiscard]] std::string generated_json(const Recipe& recipe);

}  // namespace conductor::payload::test
