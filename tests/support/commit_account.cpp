#include "tests/support/commit_account.hpp"

#include "core/storage/log_store.hpp"
#include "core/storage/posix_files.hpp"

namespace conductor::test {

std::string Account::commit(HttpClient& client, const RecordedBlock& block) {
    sent.emplace(block.envelope.hash, block.envelope.ssz);
    const auto answer = client.post(block.path(), block.content_type(), block.body);
    if (!answer) return "no answer";
    const bool good =
        answer->status == 200 && (!block.json || answer->body.find("\"result\":null") != std::string::npos);
    if (!good) return answer->body;
    acknowledged.emplace(block.envelope.hash, block.envelope.ssz);
    return {};
}

Result<BlocksByHash, std::string> blocks_in_log(const std::filesystem::path& directory) {
    storage::PosixFiles files;
    storage::StoreOptions options;
    options.directory = directory.string();
    auto store = storage::LogStore::open(files, options);
    if (!store) return "the log does not open: " + store.error().text;
    if (!(*store)->recovered().corrupt.empty()) return std::string{"the log has damaged entries"};

    BlocksByHash stored;
    for (const auto& facts : (*store)->recovered().entries) {
        if (facts.type != consensus::EntryType::command) continue;
        auto entry = (*store)->read(facts.position.index);
        if (!entry) return "an entry cannot be read: " + entry.error().text;
        const auto envelope = payload::envelope_from_ssz(entry->data);
        if (!envelope) return "an entry does not decode: " + envelope.error().precise;
        stored.emplace(envelope->hash, entry->data);
    }
    return stored;
}

std::string compare(const BlocksByHash& stored, const Account& account) {
    for (const auto& [hash, ssz] : account.acknowledged) {
        const auto found = stored.find(hash);
        if (found == stored.end()) return "acknowledged, but not in the log: " + to_hex(hash);
        if (!(found->second == ssz)) return "stored with other octets: " + to_hex(hash);
    }
    for (const auto& [hash, ssz] : stored)
        if (!account.sent.contains(hash)) return "in the log, but nobody sent it: " + to_hex(hash);
    return {};
}

std::string compare_log(const std::filesystem::path& store, const Account& account) {
    const auto stored = blocks_in_log(store);
    return stored ? compare(*stored, account) : stored.error();
}

}  // namespace conductor::test
