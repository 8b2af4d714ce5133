#include "tests/sim/storage/crash_run.hpp"

#include <algorithm>
#include <utility>

namespace conductor::test {

using storage::LogStore;
using storage::StoreWrite;

namespace {

constexpr std::uint64_t segment_octets = 32UL << 10U;

}  // namespace

storage::StoreOptions CrashRun::options() {
    storage::StoreOptions options;
    options.directory = "/data/a";
    options.segment_octets = segment_octets;
    options.retain_octets = 2 * segment_octets;
    options.background_spares = false;
    return options;
}

CrashRun::CrashRun(std::uint64_t seed, DiskImage disk, ModelLog log, consensus::HardState hard_state)
    : draw_{seed},
      start_{disk},
      files_{std::move(disk), seed},
      log_{std::move(log)},
      term_{std::max<std::uint64_t>({1, log_.last().term.value(), hard_state.term.value()})} {
    moments_.push_back({0, 0, log_});
    votes_.push_back({0, 0, std::move(hard_state)});
}

Bytes CrashRun::octets(std::size_t count) {
    std::vector<std::uint8_t> out(count);
    for (auto& octet : out) octet = static_cast<std::uint8_t>(draw_());
    return Bytes::adopt(std::move(out));
}

void CrashRun::add_entries(StoreWrite& write, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        const auto index = log_.last().index.value() + 1;
        const auto kind = pick(0, 19);
        consensus::Entry entry;
        if (kind == 0) {
            consensus::Configuration members;
            for (std::uint64_t id = 0; id <= pick(0, 3); ++id)
                members.servers.push_back({ServerId{"server-" + std::to_string(id)},
                                           "host" + std::to_string(id) + ":50050", consensus::Suffrage::voter});
            entry = configuration_entry(term_, index, members);
        } else {
            const auto size = kind == 1 ? pick(segment_octets, segment_octets + 5000)
                                        : (kind < 10 ? pick(1, 300) : pick(300, 6000));
            entry = command(term_, index, octets(size));
        }
        write.entries.push_back(wire::encode_entry(entry));
        log_.append(entry);
        became(log_);
    }
}

StoreWrite CrashRun::invent() {
    StoreWrite write;
    if (pick(0, 5) == 0) {
        ++term_;
        consensus::HardState state{Term{term_}, Term{}, {}};
        if (pick(0, 1) == 0) {
            state.vote_term = state.term;
            state.vote_candidate = "host" + std::to_string(pick(0, 2)) + ":50050";
        }
        write.hard_state = state;
        votes_.push_back({begun_, unacknowledged, state});
    }
    const auto what = pick(0, 11);
    const auto reach = log_.snapshot ? log_.snapshot->last.index : LogIndex{0};
    if (what == 0 && log_.last().index > reach) {  // an own snapshot
        consensus::SnapshotMark mark;
        const auto covered = pick(std::max(reach.value() + 1, log_.first().value()), log_.last().index.value());
        const auto& entry = log_.entries[covered - log_.first().value()];
        mark.last = entry.position;
        mark.configuration.servers.push_back({ServerId{"a"}, "host:1", consensus::Suffrage::voter});
        mark.configuration_index = LogIndex{1};
        mark.first_kept = LogIndex{pick(log_.first().value(), covered + 1)};
        write.snapshot = mark;
        write.snapshot_payload = pick(0, 3) == 0 ? Bytes{} : octets(pick(1, 5000));
        log_.take_snapshot(mark, write.snapshot_payload, false);
        became(log_);
    } else if (what == 1) {  // a received one
        ++term_;
        consensus::SnapshotMark mark;
        mark.last = {Term{term_}, LogIndex{log_.last().index.value() + pick(1, 50)}};
        mark.first_kept = mark.last.index.next();
        write.snapshot = mark;
        write.snapshot_payload = octets(pick(1, 3000));
        write.discard_log = true;
        log_.take_snapshot(mark, write.snapshot_payload, true);
        became(log_);
    } else if (what < 4 && log_.last().index > reach && !log_.entries.empty()) {  // a conflict
        ++term_;
        const auto lowest = std::max(reach.value() + 1, log_.first().value());
        const LogIndex from{pick(lowest, log_.last().index.value())};
        if (what == 2) {
            write.truncate = from;
            log_.truncate(from);
            became(log_);
        } else {
            // As the protocol does it: the entries that replace, without a word about it.
            log_.truncate(from);
        }
        if (what == 3 || pick(0, 1) == 0) {
            add_entries(write, pick(1, 3));
            return write;
        }
        return write;
    }
    add_entries(write, pick(0, 4));
    return write;
}

std::string CrashRun::live(std::size_t steps) {
    auto store = LogStore::open(files_, options());
    if (!store) return "open: " + store.error().text;
    for (std::size_t step = 0; step < steps; ++step) {
        begun_ = files_.history().size();
        const auto kind = pick(0, 9);
        std::string fault;
        if (kind == 0) {
            if (const auto done = (*store)->idle(); !done) fault = done.error().text;
        } else if (kind == 1 && pick(0, 3) == 0) {
            // Before anything is in a segment, the probe writes the vote again.
            votes_.push_back({begun_, unacknowledged, votes_.back().state});
            if (const auto done = (*store)->probe(); !done) fault = done.error().text;
        } else {
            std::vector<StoreWrite> batch;
            for (auto count = pick(1, 3); count > 0; --count) batch.push_back(invent());
            // The first segment is named beside the vote, which is written again with that.
            if ((*store)->figures().segments == 0)
                votes_.push_back({begun_, unacknowledged, votes_.back().state});
            if (const auto done = (*store)->write(batch); !done) fault = done.error().text;
        }
        if (!fault.empty()) return fault;
        const auto now = files_.history().size();
        for (auto& moment : moments_) moment.acked = std::min(moment.acked, now);
        for (auto& vote : votes_) vote.acked = std::min(vote.acked, now);
    }
    return {};
}

DiskImage CrashRun::crash(std::size_t operation, std::mt19937_64& draw) const {
    auto image = CrashedDisk{files_.history(), start_}.image(operation, draw);
    for (const auto* const part : {"/data", "/data/a", "/data/a/segments", "/data/a/index"})
        image.directories.insert(part);
    return image;
}

DiskImage CrashRun::whole(std::size_t operation) const {
    auto image = CrashedDisk{files_.history(), start_}.whole(operation);
    for (const auto* const part : {"/data", "/data/a", "/data/a/segments", "/data/a/index"})
        image.directories.insert(part);
    return image;
}

bool CrashRun::voting(std::size_t operation) const {
    return std::ranges::any_of(votes_, [&](const VoteMoment& vote) {
        return vote.begun < operation && operation <= vote.acked && vote.acked > 0;
    });
}

CrashRun::Judgement CrashRun::judge(LogStore& store, std::size_t operation) const {
    Judgement judgement;
    judgement.hard_state = store.recovered().hard_state;
    bool kept = false;
    for (std::size_t i = votes_.size(); i-- > 0 && !kept;) {
        if (votes_[i].begun <= operation && votes_[i].state == judgement.hard_state) kept = true;
        if (votes_[i].acked <= operation) break;
    }
    if (!kept) {
        judgement.fault = "term and vote are not what was acknowledged";
        return judgement;
    }
    // From the newest that can be there down to the newest that must.
    std::string nearest;
    for (std::size_t i = moments_.size(); i-- > 0;) {
        const auto& moment = moments_[i];
        if (moment.begun > operation) continue;
        nearest = difference(store.recovered(), moment.log);
        if (nearest.empty()) nearest = difference(store, moment.log);
        if (nearest.empty()) {
            judgement.log = moment.log;
            return judgement;
        }
        if (moment.acked <= operation) break;
    }
    judgement.fault = "the log is none that it may be; nearest to the acknowledged one: " + nearest;
    return judgement;
}

}  // namespace conductor::test
