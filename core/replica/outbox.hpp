// What is about to leave: gives requests their bodies, out of memory, or off the disk where a follower lags
// behind what memory holds, and keeps the entries and snapshots for one member in the order in which the
// protocol asked for them. Heartbeats, votes and replies pass at once: they wait for no disk. Core thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/consensus/message.hpp"
#include "core/replica/disk_worker.hpp"
#include "core/replica/entry_cache.hpp"
#include "core/replica/links.hpp"

namespace conductor::replica {

class Outbox {
public:
    /// What the outbox works with outlives it.
    struct Surroundings {
        boost::asio::io_context& core;
        const EntryCache& cache;
        DiskWorker& disk;
        Links& links;
    };
    /// None is called from inside a call.
    struct Events {
        /// A request that will not leave.
        std::function<void(const ServerId& to, consensus::Exchange, const std::string& why)> on_lost;
        /// An entry cannot be read. What waits for the same member is lost, and that is said behind this.
        std::function<void(LogIndex, const storage::StoreError&)> on_unreadable;
        /// The disk did not give back what it holds.
        std::function<void(const storage::StoreError&)> on_failed;
    };
    Outbox(Surroundings around, Events events) : around_{around}, events_{std::move(events)} {}

    /// An append names entries of the log; those that are not in the cache are in the store, or on their way
    /// there in a write that was given to the disk before this call.
    void post(consensus::Envelope envelope);
    /// The newest snapshot among the writes given to the disk: what a read of its payload will return.
    void snapshot_written(consensus::Position last) { newest_snapshot_ = last; }
    /// Drops what waits for that member; nobody is told.
    void forget(const ServerId& member) { waiting_.erase(member); }
    void clear() { waiting_.clear(); }

private:
    struct Parcel {
        std::uint64_t number;
        consensus::Envelope envelope;
        Freight freight;
        bool packed{false};
    };
    /// What the disk thread gives back for one parcel.
    struct Fetched;
    using Fetch = std::function<void(storage::LogStore&, Fetched&)>;

    void pack_entries(Parcel parcel, LogIndex first, LogIndex end);
    void pack_snapshot(Parcel parcel, consensus::Position last);
    void leave(Parcel parcel);
    void wait_for(Parcel parcel, Fetch fetch);
    void fetched(const ServerId& to, std::uint64_t number, const std::shared_ptr<Fetched>& what);
    void lose(const consensus::Envelope& envelope, const std::string& why);

    Surroundings around_;
    Events events_;
    std::map<ServerId, std::deque<Parcel>> waiting_;
    std::uint64_t last_number_{0};
    consensus::Position newest_snapshot_;
};

}  // namespace conductor::replica
