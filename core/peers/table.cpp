#include "core/peers/table.hpp"

#include <algorithm>

namespace conductor::peers {

namespace {

// 1.7.4: an answer counts for two periods, so that one lost poll changes nothing.
constexpr int periods_an_answer_counts = 2;

std::string milliseconds(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) + "ms";
}

}  // namespace

std::string_view to_text(Health health) noexcept {
    switch (health) {
        case Health::healthy:
            return "healthy";
        case Health::degraded:
            return "degraded";
        case Health::stalled:
            return "stalled";
        case Health::unhealthy:
            return "unhealthy";
        case Health::unknown:
            break;
    }
    return {};
}

Health health_of(std::string_view text) noexcept {
    for (const auto health : {Health::healthy, Health::degraded, Health::stalled, Health::unhealthy})
        if (text == to_text(health)) return health;
    return Health::unknown;
}

bool View::first_poll_ended() const {
    return std::all_of(rows.begin(), rows.end(),
                       [](const Row& row) { return row.asked || row.member.reach == Reach::none; });
}

bool View::all_voters_known() const {
    return std::all_of(rows.begin(), rows.end(), [](const Row& row) { return row.known || !row.member.voter; });
}

const Row* View::find(const ServerId& id) const {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.member.id == id; });
    return found == rows.end() ? nullptr : &*found;
}

bool fit(const Row& row) {
    return row.known && (row.status.health == Health::healthy || row.status.health == Health::degraded ||
                         row.status.health == Health::stalled);
}

bool candidate(const Row& row) {
    return row.member.voter && fit(row) && row.status.paused == Says::no &&
           row.status.overridden != Says::yes && row.status.ready != Says::no;
}

bool eligible(const Row& row) {
    return candidate(row) && row.status.ready == Says::yes;
}

bool healthy_candidate(const Row& row) {
    return candidate(row) && row.status.health == Health::healthy;
}

void Table::set_members(const std::vector<Member>& members) {
    std::vector<Member> others;
    std::map<ServerId, Record> records;
    for (const auto& member : members) {
        if (member.id == settings_.self) continue;
        others.push_back(member);
        const auto before = std::find_if(members_.begin(), members_.end(),
                                         [&](const Member& old) { return old.id == member.id; });
        const bool same_way = before != members_.end() && before->reach == member.reach;
        if (same_way) records[member.id] = std::move(records_[member.id]);
    }
    members_ = std::move(others);
    records_ = std::move(records);
}

std::vector<Note> Table::answered(Instant now, const ServerId& id, Status status) {
    std::vector<Note> notes;
    const auto member =
        std::find_if(members_.begin(), members_.end(), [&](const Member& other) { return other.id == id; });
    if (member == members_.end()) return notes;  // removed while the poll was under way
    auto& record = records_[id];
    record.asked = true;

    if (!status.id.empty() && status.id != id) {
        // Whoever answers there, it is not this member: what it said before may have come from there as well.
        if (record.noted_id != status.id)
            notes.push_back({NoteKind::another_id, id, "answers as " + status.id.text()});
        record.noted_id = status.id;
        record.heard.reset();
        record.status = {};
        note_silence(notes, *member, record, "another server answers");
        return notes;
    }

    if (record.missed) notes.push_back({NoteKind::back, id, {}});
    record.missed = false;
    record.noted_id = {};
    if (status.lease_timeout && *status.lease_timeout != settings_.lease_timeout &&
        status.lease_timeout != record.noted_lease)
        notes.push_back(
            {NoteKind::lease_differs, id,
             milliseconds(*status.lease_timeout) + ", ours " + milliseconds(settings_.lease_timeout)});
    record.noted_lease = status.lease_timeout;
    record.heard = now;
    record.status = std::move(status);
    return notes;
}

std::vector<Note> Table::silent(Instant now, const ServerId& id) {
    std::vector<Note> notes;
    const auto member =
        std::find_if(members_.begin(), members_.end(), [&](const Member& other) { return other.id == id; });
    if (member == members_.end()) return notes;
    auto& record = records_[id];
    record.asked = true;
    if (!known(now, record))
        note_silence(notes, *member, record, record.heard ? "no answer" : "never answered");
    return notes;
}

View Table::view(Instant now) const {
    View view;
    view.rows.reserve(members_.size());
    for (const auto& member : members_) {
        Row row{.member = member, .known = false, .asked = false, .age = std::nullopt, .status = {}};
        const auto found = records_.find(member.id);
        if (found != records_.end()) {
            const auto& record = found->second;
            row.asked = record.asked;
            row.known = known(now, record);
            if (record.heard) row.age = now - *record.heard;
            if (row.known) row.status = record.status;
        }
        view.rows.push_back(std::move(row));
    }
    return view;
}

bool Table::known(Instant now, const Record& record) const {
    return record.heard && now - *record.heard <= periods_an_answer_counts * settings_.poll_interval;
}

void Table::note_silence(std::vector<Note>& notes, const Member& member, Record& record,
                         std::string why) const {
    if (record.missed || !member.voter) return;
    record.missed = true;
    notes.push_back({NoteKind::silent, member.id, std::move(why)});
}

}  // namespace conductor::peers
