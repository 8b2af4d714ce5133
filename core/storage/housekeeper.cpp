#include "core/storage/housekeeper.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "core/storage/errors.hpp"

namespace conductor::storage {

namespace {

constexpr std::size_t ready_spares = 2;
/// Tables that wait longer than this are not written: the next start scans their segments instead.
constexpr std::size_t max_waiting_tables = 8;
constexpr std::size_t zero_octets = 256UL << 10U;
/// A fresh spare is flushed in pieces, so that a commit's flush never waits for all of it.
constexpr std::uint64_t flush_every = 4ULL << 20U;

constexpr std::array<std::uint8_t, zero_octets> spare_zeros{};

bool full(const FileError& error) {
    return error.code == ENOSPC || error.code == EDQUOT;
}

}  // namespace

Housekeeper::Housekeeper(FileSystem& files, Settings settings, std::unique_ptr<LeveldbIndex> index,
                         std::vector<Retired> spares, std::uint64_t octets_on_disk, std::uint64_t next_ordinal)
    : files_{files},
      settings_{std::move(settings)},
      index_{std::move(index)},
      spares_{spares.begin(), spares.end()},
      octets_on_disk_{octets_on_disk},
      next_ordinal_{next_ordinal} {
    if (settings_.background) thread_ = std::thread{[this] { run(); }};
}

Housekeeper::~Housekeeper() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    due_.notify_one();
    if (thread_.joinable()) thread_.join();
}

SegmentId Housekeeper::draw_id() {
    const auto drawn = files_.entropy();
    const std::lock_guard lock{mutex_};
    return next_segment_id(next_ordinal_++, drawn);
}

std::optional<std::string> Housekeeper::take_spare() {
    std::optional<std::string> path;
    {
        const std::lock_guard lock{mutex_};
        spare_wanted_ = true;
        if (spares_.empty()) return std::nullopt;
        path = path_of(spare_file_name(spares_.front().name.id));
        spares_.pop_front();
    }
    due_.notify_one();
    return path;
}

void Housekeeper::made_segment(std::uint64_t octets) {
    {
        const std::lock_guard lock{mutex_};
        octets_on_disk_ += octets;
        spare_wanted_ = true;
    }
    due_.notify_one();
}

void Housekeeper::sealed(SegmentId segment, SegmentTable table) {
    {
        const std::lock_guard lock{mutex_};
        if (sealed_.size() >= max_waiting_tables) return;
        sealed_.push_back({segment, std::move(table)});
    }
    due_.notify_one();
}

void Housekeeper::retire(std::vector<Retired> segments) {
    {
        const std::lock_guard lock{mutex_};
        retired_.insert(retired_.end(), segments.begin(), segments.end());
    }
    due_.notify_one();
}

void Housekeeper::tend() {
    if (settings_.background) return;
    while (work_once()) {
    }
}

std::optional<StoreError> Housekeeper::failure() const {
    const std::lock_guard lock{mutex_};
    return failure_;
}

Housekeeper::Figures Housekeeper::figures() const {
    const std::lock_guard lock{mutex_};
    return {octets_on_disk_, spares_.size(), spare_failures_};
}

void Housekeeper::run() {
    for (;;) {
        if (work_once()) continue;
        std::unique_lock lock{mutex_};
        due_.wait(lock, [&] {
            return stopping_ || (!failure_ && (!sealed_.empty() || !retired_.empty() || spare_due()));
        });
        if (stopping_) return;
    }
}

bool Housekeeper::work_once() {
    std::optional<Sealed> table;
    std::optional<Retired> gone;
    {
        const std::lock_guard lock{mutex_};
        if (stopping_ || failure_) return false;
        if (!sealed_.empty()) {
            table = std::move(sealed_.front());
            sealed_.pop_front();
        } else if (!retired_.empty()) {
            gone = retired_.front();
            retired_.pop_front();
        } else if (!spare_due()) {
            return false;
        }
    }
    if (table) {
        write_table(*table);
    } else if (gone) {
        recycle(*gone);
        remove_surplus();
    } else {
        make_spare();
    }
    return true;
}

void Housekeeper::write_table(const Sealed& job) {
    if (const auto done = index_->put(job.segment, job.table); !done) fail(done.error());
}

// The new name is durable before anyone writes into the file: otherwise a crash could leave the old name on
// new octets.
void Housekeeper::recycle(const Retired& segment) {
    const auto from = path_of(to_file_name(segment.name));
    const auto fits = segment.octets == settings_.segment_octets;
    const auto to = path_of(spare_file_name(segment.name.id));
    const auto moved = fits ? files_.rename(from, to) : files_.unlink(from);
    if (!moved) return fail(store_error(moved.error()));
    if (const auto done = files_.sync_directory(settings_.directory); !done)
        return fail(store_error(done.error()));
    if (const auto done = index_->forget({segment.name.id}); !done) return fail(done.error());

    const std::lock_guard lock{mutex_};
    if (fits)
        spares_.push_back(segment);
    else
        octets_on_disk_ -= segment.octets;
}

void Housekeeper::remove_surplus() {
    const auto bound = settings_.retain_octets + settings_.retain_octets / 20 + 4 * settings_.segment_octets;
    for (;;) {
        Retired surplus;
        {
            const std::lock_guard lock{mutex_};
            if (spares_.size() <= ready_spares || octets_on_disk_ <= bound) return;
            surplus = spares_.back();
            spares_.pop_back();
        }
        const auto gone = files_.unlink(path_of(spare_file_name(surplus.name.id)));
        if (!gone) return fail(store_error(gone.error()));
        const std::lock_guard lock{mutex_};
        octets_on_disk_ -= surplus.octets;
    }
}

bool Housekeeper::spare_due() const {
    return spare_wanted_ && retired_.empty() && spares_.size() < ready_spares;
}

void Housekeeper::make_spare() {
    const auto id = draw_id();
    const auto unfinished = path_of(unfinished_file_name(id));
    const auto fill = [&]() -> FileResult<void> {
        auto file = files_.open(unfinished, OpenMode::create_new);
        if (!file) return file.error();
        std::uint64_t flushed = 0;
        for (std::uint64_t at = 0; at < settings_.segment_octets;) {
            {
                const std::lock_guard lock{mutex_};
                if (stopping_) return FileError{ECANCELED, "fill", unfinished};
            }
            const auto piece = std::min<std::uint64_t>(spare_zeros.size(), settings_.segment_octets - at);
            if (const auto put = write_all(**file, at, ByteSpan{spare_zeros}.first(piece)); !put)
                return put.error();
            at += piece;
            if (at - flushed < flush_every && at < settings_.segment_octets) continue;
            if (const auto done = (*file)->sync(); !done) return done.error();
            flushed = at;
        }
        if (const auto done = files_.rename(unfinished, path_of(spare_file_name(id))); !done)
            return done.error();
        return files_.sync_directory(settings_.directory);
    };

    const auto made = fill();
    if (!made) {
        // What is left of it is removed at the latest by the next start.
        static_cast<void>(files_.unlink(unfinished));
        if (made.error().code == ECANCELED) return;
        if (!full(made.error())) fail(store_error(made.error()));
        const std::lock_guard lock{mutex_};
        ++spare_failures_;
        spare_wanted_ = false;
        return;
    }
    const std::lock_guard lock{mutex_};
    spares_.push_back({SegmentName{id, LogIndex{}}, settings_.segment_octets});
    octets_on_disk_ += settings_.segment_octets;
}

void Housekeeper::fail(StoreError error) {
    const std::lock_guard lock{mutex_};
    if (!failure_) failure_ = std::move(error);
}

}  // namespace conductor::storage
