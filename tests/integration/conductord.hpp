// What the integration tests of the real conductord share: where it is, the blocks it is given, and the account
// of what was sent and acknowledged, compared with the log that it leaves behind.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/conductor_daemon.hpp"
#include "tests/support/recorded_blocks.hpp"

namespace conductor::test {

[[nodiscard]] std::filesystem::path conductord_program();
/// Recorded blocks, smallest first; read once.
[[nodiscard]] const std::vector<RecordedBlock>& blocks();
/// A block of some kilobytes at this height.
[[nodiscard]] RecordedBlock small_block(std::uint64_t number);

struct Account {
    std::map<BlockHash, Bytes> sent;
    std::map<BlockHash, Bytes> acknowledged;

    /// Commits and notes the answer; empty where it was acknowledged, otherwise the answer or "no answer".
    std::string commit(HttpClient& client, const RecordedBlock& block);
};

/// Opens the log of a daemon that does not run. Empty: everything acknowledged is there, octet for octet, and
/// nothing that nobody sent; otherwise what is wrong.
[[nodiscard]] std::string compare_log(const std::filesystem::path& store, const Account& account);

}  // namespace conductor::test
