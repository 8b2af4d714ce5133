// What the integration tests of the real conductord share: where it is, and the blocks it is given.
#pragma once

#include <filesystem>
#include <vector>

#include "tests/support/commit_account.hpp"
#include "tests/support/conductor_daemon.hpp"
#include "tests/support/recorded_blocks.hpp"

namespace conductor::test {

[[nodiscard]] std::filesystem::path conductord_program();
/// Recorded blocks, smallest first; read once.
[[nodiscard]] const std::vector<RecordedBlock>& blocks();
/// A block of some kilobytes at this height.
[[nodiscard]] RecordedBlock small_block(std::uint64_t number);

}  // namespace conductor::test
