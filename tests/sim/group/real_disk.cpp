#include "real_disk.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <random>

#include "core/transport/wire_entry.hpp"
#include "trace.hpp"

namespace conductor::sim {

namespace {

storage::StoreOptions options() {
    storage::StoreOptions options;
    options.directory = "/data/member";
    options.segment_octets = 64U << 10U;
    options.retain_octets = 256U << 10U;
    options.background_spares = false;
    return options;
}

std::vector<storage::StoreWrite> stored(std::span<const DiskWrite> batch) {
    std::vector<storage::StoreWrite> writes;
    for (const auto& one : batch) {
        auto& write = writes.emplace_back();
        write.hard_state = one.what.hard_state;
        write.snapshot = one.what.snapshot;
        write.snapshot_payload = one.snapshot_payload;
        write.discard_log = one.what.discard_log;
        write.truncate = one.what.truncate;
        for (const auto* entries : {&one.what.put_back, &one.what.entries})
            for (const auto& entry : *entries) write.entries.push_back(wire::encode_entry(entry));
    }
    return writes;
}

// From where on the log may be another one once this is written.
LogIndex changes_from(std::span<const DiskWrite> batch) {
    LogIndex from{~std::uint64_t{0}};
    for (const auto& one : batch) {
        if (one.what.truncate) from = std::min(from, *one.what.truncate);
        if (!one.what.entries.empty()) from = std::min(from, one.what.entries.front().position.index);
        if (one.what.discard_log || one.what.snapshot) from = {};
    }
    return from;
}

std::string at(LogIndex index) {
    return std::to_string(index.value());
}

}  // namespace

Disk::Found RealDisk::open() {
    store_.reset();
    faulty_.reset();
    if (files_) image_ = files_->disk();
    began_ = image_;
    files_ = std::make_unique<test::CrashFiles>(image_, ++seed_);
    faulty_ = std::make_unique<test::FaultyFiles>(*files_);
    auto opened = storage::LogStore::open(*faulty_, options());
    if (!opened) {
        if (rotten_) throw Refused{opened.error().text};
        throw Violation{"durability: the store does not open: " + opened.error().text};
    }
    store_ = std::move(*opened);
    began_.directories = files_->disk().directories;  // made in no operation that a crash could undo

    Found found;
    found.state = store_->recovered();
    for (const auto& facts : found.state.entries) {
        const auto index = facts.position.index;
        if (std::ranges::find(found.state.corrupt, index) != found.state.corrupt.end()) continue;
        const auto entry = store_->read(index);
        if (entry) {
            found.entries.push_back(*entry);
            continue;
        }
        // A closed segment is not read when it opens: what has rotted in it shows now.
        const bool rotted = rotten_ && entry.error().code == storage::StoreErrc::corrupt_record;
        if (!rotted) throw Violation{"durability: the store lost an entry: " + entry.error().text};
        const bool counts = !found.state.snapshot || index > found.state.snapshot->last.index;
        if (counts) found.state.corrupt.push_back(index);
    }
    std::ranges::sort(found.state.corrupt);
    const auto payload = store_->snapshot_payload();
    if (!payload && rotten_) throw Refused{payload.error().text};
    if (!payload) throw Violation{"durability: the store lost a snapshot: " + payload.error().text};
    found.snapshot_payload = *payload;
    compare(found);

    DiskWrite all;
    all.what.hard_state = found.state.hard_state;
    all.what.snapshot = found.state.snapshot;
    all.snapshot_payload = found.snapshot_payload;
    all.what.discard_log = true;
    all.what.entries = found.entries;
    // What is unreadable is there all the same: its place is taken. Below the snapshot the shadow may have let
    // go of it, and nobody needs what stands in front of it.
    auto& entries = all.what.entries;
    const auto snapshot = found.state.snapshot ? found.state.snapshot->last.index : LogIndex{};
    for (const auto& facts : found.state.entries) {
        const auto index = facts.position.index;
        const auto behind =
            std::ranges::find_if(entries, [&](const auto& entry) { return entry.position.index >= index; });
        if (behind != entries.end() && behind->position.index == index) continue;
        const auto lost = shadow_.log().find(index);
        if (lost != shadow_.log().end())
            entries.insert(behind, lost->second);
        else if (index <= snapshot)
            entries.erase(entries.begin(), behind);
    }
    shadow_.write({&all, 1});
    in_doubt_ = false;
    rotten_ = !found.state.corrupt.empty();
    return found;
}

// Nothing that was acknowledged is missing, and nothing stands in its place.
void RealDisk::compare(const Found& found) const {
    const auto& kept = shadow_.hard_state();
    const auto& read = found.state.hard_state;
    if (read.term < kept.term) throw Violation{"vote durability: the store forgot a term"};
    if (read.term == kept.term && !in_doubt_ && read != kept)
        throw Violation{"vote durability: the store forgot a vote"};
    const auto behind = found.state.snapshot ? found.state.snapshot->last.index : LogIndex{};
    for (const auto& [index, entry] : shadow_.log()) {
        if (index <= behind) continue;
        if (in_doubt_ && index >= doubtful_from_) break;
        const auto same = std::ranges::find_if(
            found.state.entries, [&](const auto& facts) { return facts.position == entry.position; });
        if (same == found.state.entries.end())
            throw Violation{
                "durability: the store forgot the entry at " + at(index) + " of " +
                at(shadow_.log().rbegin()->first) + ", and begins at " +
                (found.state.entries.empty() ? "nothing" : at(found.state.entries[0].position.index)) +
                (in_doubt_ ? ", in doubt from " + at(doubtful_from_) : "")};
    }
    if (!rotten_ && !found.state.corrupt.empty())
        throw Violation{"durability: the store calls an entry corrupt that nothing has harmed: " +
                        at(found.state.corrupt.front())};
}

void RealDisk::write(std::span<const DiskWrite> batch) {
    const auto writes = stored(batch);
    if (const auto written = store_->write(writes); !written)
        throw Violation{"the store refuses a write: " + written.error().text};
    shadow_.write(batch);
}

void RealDisk::leave(std::size_t before, bool power, consensus::Random& draw) {
    const auto count = before + draw.next() % (files_->history().size() - before + 1);
    const test::CrashedDisk left{files_->history(), began_};
    std::mt19937_64 torn{draw.next()};
    auto image = power ? left.image(count, torn) : left.whole(count);
    store_.reset();  // what it says while it goes is not on the image any more
    faulty_.reset();
    files_.reset();
    image_ = std::move(image);
}

void RealDisk::crash(std::span<const DiskWrite> batch, bool power, consensus::Random& draw) {
    const auto before = files_->history().size();
    const auto writes = stored(batch);
    if (!writes.empty()) (void)store_->write(writes);
    in_doubt_ = !writes.empty();
    doubtful_from_ = changes_from(batch);
    leave(before, power, draw);
}

// After an error nothing is written any more, whatever is asked (reliability 1.3.7).
void RealDisk::fail(std::span<const DiskWrite> batch, bool power, consensus::Random& draw) {
    const auto before = files_->history().size();
    constexpr std::array<const char*, 3> operations{"write", "fdatasync", "fallocate"};
    const test::Fault fault{operations[draw.next() % operations.size()], "",
                            draw.next() % 2 == 0 ? ENOSPC : EIO, draw.next() % 4, draw.next() % 2 == 0};
    faulty_->plan(fault);
    const auto writes = stored(batch);
    const bool failed = !writes.empty() && !store_->write(writes);
    if (failed) {
        faulty_->clear();
        const auto then = files_->history().size();
        if (store_->write(writes) || store_->probe() || files_->history().size() != then)
            throw Violation{"failed store is mute: it writes on after an error"};
    }
    in_doubt_ = !writes.empty();
    doubtful_from_ = changes_from(batch);
    leave(before, power, draw);
}

void RealDisk::settle() {
    if (store_ && !store_->idle()) throw Violation{"the store refuses to settle"};
}

// One bit of one file: of the vote, of a segment, of the index. One of the two vote slots alone, since each
// write fills both.
bool RealDisk::rot(consensus::Random& draw) {
    std::vector<std::string> paths;
    for (const auto& [path, inode] : image_.names)
        if (!image_.files[inode].empty() && path.find(".lock") == std::string::npos) paths.push_back(path);
    if (paths.empty()) return false;
    // The vote is small and would hardly ever be hit.
    auto chosen = paths[draw.next() % paths.size()];
    if (draw.next() % 4 == 0)
        for (const auto& path : paths)
            if (path.ends_with("/vote")) chosen = path;
    auto& octets = *image_.find(chosen);
    // Near the front, where the records are, as often as anywhere.
    const auto within = draw.next() % 2 == 0 ? octets.size() : std::min<std::size_t>(octets.size(), 16384);
    octets[draw.next() % within] ^= static_cast<std::uint8_t>(1U << (draw.next() % 8));
    rotten_ = true;
    return true;
}

void RealDisk::spoil_vote(bool second) {
    for (const auto& [path, inode] : image_.names)
        if (path.ends_with("/vote")) image_.files[inode].at(second ? 4096 + 100 : 100) ^= 1U;
    rotten_ = true;
}

void RealDisk::wipe() {
    store_.reset();
    faulty_.reset();
    files_.reset();
    image_ = {};
    shadow_.wipe();
    in_doubt_ = rotten_ = false;
}

}  // namespace conductor::sim
