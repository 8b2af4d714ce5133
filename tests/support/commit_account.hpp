// What a client sent to a conductor and what was acknowledged, compared with the log that the conductor leaves
// behind. For integration tests and the demo. Blocking; one thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/base/result.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/recorded_blocks.hpp"

namespace conductor::test {

using BlocksByHash = std::map<BlockHash, Bytes>;

struct Account {
    BlocksByHash sent;
    BlocksByHash acknowledged;

    /// Commits and notes the answer; empty where it was acknowledged, otherwise the answer or "no answer".
    std::string commit(HttpClient& client, const RecordedBlock& block);
};

/// All blocks in the log of a daemon that does not run; the error says what cannot be read.
[[nodiscard]] Result<BlocksByHash, std::string> blocks_in_log(const std::filesystem::path& store);

/// Empty: everything acknowledged is there, octet for octet, and nothing that nobody sent; otherwise what is
/// wrong.
[[nodiscard]] std::string compare(const BlocksByHash& stored, const Account& account);
[[nodiscard]] std::string compare_log(const std::filesystem::path& store, const Account& account);

}  // namespace conductor::test
