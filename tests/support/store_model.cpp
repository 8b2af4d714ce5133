#include "tests/support/store_model.hpp"

#include <algorithm>
#include <utility>

namespace conductor::test {

void ModelLog::take_snapshot(const consensus::SnapshotMark& mark, Bytes with, bool discard) {
    snapshot = mark;
    payload = std::move(with);
    if (discard || last().index < mark.last.index) {
        entries.clear();
        base = mark.last;
        return;
    }
    while (!entries.empty() && entries.front().position.index < mark.first_kept) {
        base = entries.front().position;
        entries.erase(entries.begin());
    }
}

void ModelLog::truncate(LogIndex from) {
    while (!entries.empty() && entries.back().position.index >= from) entries.pop_back();
}

void ModelLog::append(const consensus::Entry& entry) {
    truncate(entry.position.index);
    entries.push_back(entry);
}

namespace {

std::string at(LogIndex index) {
    return "entry " + std::to_string(index.value()) + ": ";
}

}  // namespace

std::string difference(const consensus::StoredState& state, const ModelLog& log) {
    if (state.snapshot != log.snapshot) return "another snapshot";
    if (state.snapshot_has_payload != !log.payload.empty()) return "another snapshot payload";
    if (!state.corrupt.empty()) return at(state.corrupt.front()) + "called corrupt";
    if (state.entries.size() != log.entries.size())
        return std::to_string(state.entries.size()) + " entries instead of " +
               std::to_string(log.entries.size());
    for (std::size_t i = 0; i < log.entries.size(); ++i) {
        const auto& facts = state.entries[i];
        const auto& entry = log.entries[i];
        const auto index = entry.position.index;
        if (facts.position != entry.position) return at(index) + "another position";
        if (facts.type != entry.type) return at(index) + "another type";
        if (facts.octets != entry.data.size()) return at(index) + "another size";
        if ((facts.configuration != nullptr) != (entry.configuration != nullptr))
            return at(index) + "another kind of entry";
        if (facts.configuration && *facts.configuration != *entry.configuration)
            return at(index) + "another configuration";
    }
    return {};
}

std::string difference(storage::LogStore& store, const ModelLog& log) {
    if (auto facts = difference(store.recovered(), log); !facts.empty()) return facts;
    const auto payload = store.snapshot_payload();
    if (!payload) return payload.error().text;
    if (*payload != log.payload) return "other octets in the snapshot";
    for (const auto& entry : log.entries) {
        const auto stored = store.read(entry.position.index);
        if (!stored) return at(entry.position.index) + stored.error().text;
        if (!(*stored == entry)) return at(entry.position.index) + "other contents";
    }
    return {};
}

std::string difference(const consensus::StoredState& a, const consensus::StoredState& b) {
    if (a.hard_state != b.hard_state) return "another hard state";
    if (a.snapshot != b.snapshot) return "another snapshot";
    if (a.corrupt != b.corrupt) return "other corrupt entries";
    if (a.entries.size() != b.entries.size()) return "another number of entries";
    for (std::size_t i = 0; i < a.entries.size(); ++i)
        if (a.entries[i].position != b.entries[i].position || a.entries[i].octets != b.entries[i].octets ||
            a.entries[i].type != b.entries[i].type)
            return at(a.entries[i].position.index) + "other facts";
    return {};
}

consensus::Entry command(std::uint64_t term, std::uint64_t index, Bytes data) {
    consensus::Entry entry;
    entry.position = {Term{term}, LogIndex{index}};
    entry.data = std::move(data);
    return entry;
}

consensus::Entry configuration_entry(std::uint64_t term, std::uint64_t index,
                                     const consensus::Configuration& configuration) {
    auto entry = command(term, index, wire::encode_configuration(configuration));
    entry.type = consensus::EntryType::configuration;
    entry.configuration = std::make_shared<const consensus::Configuration>(configuration);
    return entry;
}

storage::StoreWrite write_of(std::vector<consensus::Entry> entries) {
    storage::StoreWrite write;
    for (const auto& entry : entries) write.entries.push_back(wire::encode_entry(entry));
    return write;
}

}  // namespace conductor::test
