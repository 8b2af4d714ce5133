#include "real_disk.hpp"

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
        for (const auto& entry : one.what.entries) write.entries.push_back(wire::encode_entry(entry));
    }
    return writes;
}

}  // namespace

Disk::Found RealDisk::open() {
    store_.reset();
    if (files_) image_ = files_->disk();
    began_ = image_;
    files_ = std::make_unique<test::CrashFiles>(image_, ++seed_);
    auto opened = storage::LogStore::open(*files_, options());
    if (!opened) throw Violation{"durability: the store does not open: " + opened.error().text};
    store_ = std::move(*opened);
    began_.directories = files_->disk().directories;  // made in no operation that a crash could undo

    Found found;
    found.state = store_->recovered();
    if (found.state.hard_state.term < shadow_.hard_state().term)
        throw Violation{"vote durability: the store forgot a term"};
    for (const auto& facts : found.state.entries) {
        const auto entry = store_->read(facts.position.index);
        if (!entry) throw Violation{"durability: the store lost an entry: " + entry.error().text};
        found.entries.push_back(*entry);
    }
    const auto payload = store_->snapshot_payload();
    if (!payload) throw Violation{"durability: the store lost a snapshot: " + payload.error().text};
    found.snapshot_payload = *payload;

    DiskWrite all;
    all.what.hard_state = found.state.hard_state;
    all.what.snapshot = found.state.snapshot;
    all.snapshot_payload = found.snapshot_payload;
    all.what.discard_log = true;
    all.what.entries = found.entries;
    shadow_.write({&all, 1});
    return found;
}

void RealDisk::write(std::span<const DiskWrite> batch) {
    const auto writes = stored(batch);
    if (const auto written = store_->write(writes); !written)
        throw Violation{"the store refuses a write: " + written.error().text};
    shadow_.write(batch);
}

void RealDisk::crash(std::span<const DiskWrite> batch, bool power, consensus::Random& draw) {
    const auto before = files_->history().size();
    const auto writes = stored(batch);
    if (!writes.empty()) (void)store_->write(writes);
    const auto count = before + draw.next() % (files_->history().size() - before + 1);
    const test::CrashedDisk left{files_->history(), began_};
    std::mt19937_64 torn{draw.next()};
    auto image = power ? left.image(count, torn) : left.whole(count);
    store_.reset();  // what it says while it goes is not on the image any more
    files_.reset();
    image_ = std::move(image);
}

void RealDisk::wipe() {
    store_.reset();
    files_.reset();
    image_ = {};
    shadow_.wipe();
}

}  // namespace conductor::sim
