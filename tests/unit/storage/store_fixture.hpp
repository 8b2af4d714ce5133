// What most tests of the store need: a disk in memory, small segments, entries with recognisable octets.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "core/storage/log_store.hpp"
#include "tests/support/crash_files.hpp"
#include "tests/support/store_model.hpp"

namespace conductor::test {

inline constexpr std::uint64_t small_segment = 32UL << 10U;

inline storage::StoreOptions store_options(const std::string& directory = "/data/a") {
    storage::StoreOptions options;
    options.directory = directory;
    options.segment_octets = small_segment;
    options.retain_octets = 2 * small_segment;
    options.background_spares = false;
    return options;
}

inline std::unique_ptr<storage::LogStore> must_open(storage::FileSystem& files,
                                                    const storage::StoreOptions& options = store_options()) {
    auto store = storage::LogStore::open(files, options);
    INFO((store ? std::string{} : store.error().text));
    REQUIRE(store.has_value());
    return std::move(*store);
}

inline Bytes filled(std::size_t octets, std::uint64_t index) {
    std::vector<std::uint8_t> out(octets);
    for (std::size_t i = 0; i < octets; ++i) out[i] = static_cast<std::uint8_t>(i * 7 + index);
    return Bytes::adopt(std::move(out));
}

/// Commands first…last of `term`, each of `octets`.
inline std::vector<consensus::Entry> commands(std::uint64_t term, std::uint64_t first, std::uint64_t last,
                                              std::size_t octets = 100) {
    std::vector<consensus::Entry> entries;
    for (auto index = first; index <= last; ++index)
        entries.push_back(command(term, index, filled(octets, index)));
    return entries;
}

inline void must_write(storage::LogStore& store, const storage::StoreWrite& write) {
    const auto done = store.write({&write, 1});
    INFO((done ? std::string{} : done.error().text));
    REQUIRE(done.has_value());
}

inline void must_append(storage::LogStore& store, std::uint64_t term, std::uint64_t first, std::uint64_t last,
                        std::size_t octets = 100) {
    for (auto index = first; index <= last; ++index)
        must_write(store, write_of(commands(term, index, index, octets)));
}

inline storage::StoreWrite snapshot_at(std::uint64_t term, std::uint64_t index, std::uint64_t first_kept,
                                       Bytes payload) {
    storage::StoreWrite write;
    consensus::SnapshotMark mark;
    mark.last = {Term{term}, LogIndex{index}};
    mark.configuration.servers.push_back({ServerId{"a"}, "host:50050", consensus::Suffrage::voter});
    mark.configuration_index = LogIndex{1};
    mark.first_kept = LogIndex{first_kept};
    write.snapshot = mark;
    write.snapshot_payload = std::move(payload);
    return write;
}

inline storage::StoreWrite vote_for(std::uint64_t term, const std::string& candidate) {
    storage::StoreWrite write;
    write.hard_state = consensus::HardState{Term{term}, Term{term}, candidate};
    return write;
}

inline std::string segment_path(CrashFiles& files, std::size_t number) {
    const auto paths = files.disk().paths(".segment");
    REQUIRE(number < paths.size());
    return paths[number];
}

/// Where `octets` first stand in a file.
inline std::size_t place_of(const std::vector<std::uint8_t>& file, ByteSpan octets) {
    const auto at = std::search(file.begin(), file.end(), octets.begin(), octets.end());
    REQUIRE(at != file.end());
    return static_cast<std::size_t>(at - file.begin());
}

}  // namespace conductor::test
