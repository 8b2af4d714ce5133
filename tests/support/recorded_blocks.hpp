// Commit requests as op-node sent them (tests/data/commit): body, way in, and what the conductor must keep.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/payload/envelope.hpp"

namespace conductor::test {

struct RecordedBlock {
    std::string name;  ///< of its file
    bool json{true};   ///< otherwise SSZ, for the binary endpoint
    std::string body;  ///< the whole HTTP body, unpacked
    payload::Envelope envelope;

    [[nodiscard]] const char* path() const { return json ? "/" : "/commit-unsafe-payload"; }
    [[nodiscard]] const char* content_type() const {
        return json ? "application/json" : "application/octet-stream";
    }
};

/// All blocks of the directory, smallest first. Throws where one does not decode: then the checkout is broken.
[[nodiscard]] std::vector<RecordedBlock> recorded_blocks(const std::filesystem::path& directory);

/// The same block at another height: its claimed hash changes with the number, so that no two are alike.
[[nodiscard]] RecordedBlock at_height(const RecordedBlock& block, std::uint64_t number);

/// Whole file, unpacked where its name ends in .gz.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

}  // namespace conductor::test
