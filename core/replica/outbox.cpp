#include "core/replica/outbox.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "core/base/check.hpp"

namespace conductor::replica {

namespace {

// The protocol has two requests for a member under way; the rest belong to requests that it has given up.
constexpr std::size_t parcels_limit = 6;

}  // namespace

struct Outbox::Fetched {
    std::vector<wire::EncodedEntry> entries;
    Bytes payload;
    std::optional<storage::StoreError> error;
    std::optional<LogIndex> unreadable;  ///< the entry that the error is about
};

void Outbox::post(consensus::Envelope envelope) {
    const auto* append = std::get_if<consensus::AppendRequest>(&envelope.message);
    const auto* snapshot = std::get_if<consensus::SnapshotRequest>(&envelope.message);
    const bool bulk = snapshot != nullptr || (append != nullptr && !append->heartbeat);
    if (!bulk) return around_.links.post(std::move(envelope), {});

    const auto behind = waiting_.find(envelope.to);
    if (behind != waiting_.end() && behind->second.size() >= parcels_limit)
        return lose(envelope, "too much for this member waits for the disk");
    const auto first = append != nullptr ? append->first : LogIndex{};
    const LogIndex end{first.value() + (append != nullptr ? append->count : 0)};
    const auto last = snapshot != nullptr ? snapshot->last : consensus::Position{};
    Parcel parcel{++last_number_, std::move(envelope), {}, false};
    if (append != nullptr) return pack_entries(std::move(parcel), first, end);
    pack_snapshot(std::move(parcel), last);
}

// The cache holds the newest entries without a gap, so what it lacks is the beginning.
void Outbox::pack_entries(Parcel parcel, LogIndex first, LogIndex end) {
    auto cached = first;
    while (cached < end && around_.cache.find(cached) == nullptr) cached = cached.next();
    for (auto index = cached; index < end; index = index.next()) {
        const auto* entry = around_.cache.find(index);
        CONDUCTOR_CHECK(entry != nullptr);
        parcel.freight.entries.push_back(*entry);
    }
    if (cached == first) return leave(std::move(parcel));

    wait_for(std::move(parcel), [first, cached](storage::LogStore& store, Fetched& what) {
        for (auto index = first; index < cached; index = index.next()) {
            auto entry = store.read(index);
            if (!entry) {
                what.error = entry.error();
                if (entry.error().code == storage::StoreErrc::corrupt_record) what.unreadable = index;
                return;
            }
            what.entries.push_back(wire::encode_entry(*entry));
        }
    });
}

void Outbox::pack_snapshot(Parcel parcel, consensus::Position last) {
    // A newer one is on its way to the disk and will be read in the place of this one; then it is asked for.
    if (last != newest_snapshot_) return lose(parcel.envelope, "a newer snapshot is being written");
    wait_for(std::move(parcel), [](storage::LogStore& store, Fetched& what) {
        auto payload = store.snapshot_payload();
        if (payload) {
            what.payload = std::move(*payload);
        } else {
            what.error = payload.error();
        }
    });
}

void Outbox::leave(Parcel parcel) {
    parcel.packed = true;
    const auto before = waiting_.find(parcel.envelope.to);
    if (before != waiting_.end()) return before->second.push_back(std::move(parcel));
    around_.links.post(std::move(parcel.envelope), std::move(parcel.freight));
}

void Outbox::wait_for(Parcel parcel, Fetch fetch) {
    const auto to = parcel.envelope.to;
    const auto number = parcel.number;
    waiting_[to].push_back(std::move(parcel));
    around_.disk.run(
        [this, &core = around_.core, to, number, fetch = std::move(fetch)](storage::LogStore& store) {
            const auto what = std::make_shared<Fetched>();
            fetch(store, *what);
            boost::asio::post(core, [this, to, number, what] { fetched(to, number, what); });
        });
}

void Outbox::fetched(const ServerId& to, std::uint64_t number, const std::shared_ptr<Fetched>& what) {
    const auto queue = waiting_.find(to);
    if (queue == waiting_.end()) return;
    auto& parcels = queue->second;
    const auto parcel = std::ranges::find(parcels, number, &Parcel::number);
    if (parcel == parcels.end()) return;
    if (what->unreadable) {
        const auto lost = std::exchange(parcels, {});
        waiting_.erase(queue);
        events_.on_unreadable(*what->unreadable, *what->error);
        for (const auto& one : lost) lose(one.envelope, what->error->text);
        return;
    }
    if (what->error) return events_.on_failed(*what->error);

    auto& freight = parcel->freight;
    freight.payload = std::move(what->payload);
    freight.entries.insert(freight.entries.begin(), std::make_move_iterator(what->entries.begin()),
                           std::make_move_iterator(what->entries.end()));
    parcel->packed = true;
    while (!parcels.empty() && parcels.front().packed) {
        auto next = std::move(parcels.front());
        parcels.pop_front();
        around_.links.post(std::move(next.envelope), std::move(next.freight));
    }
    if (parcels.empty()) waiting_.erase(queue);
}

// Not from inside post(): whoever posts is in the middle of a step.
void Outbox::lose(const consensus::Envelope& envelope, const std::string& why) {
    boost::asio::post(around_.core, [this, to = envelope.to, exchange = envelope.exchange, why] {
        events_.on_lost(to, exchange, why);
    });
}

}  // namespace conductor::replica
