#include "tests/unit/replica/group.hpp"

#include <boost/asio/co_spawn.hpp>
#include <cstring>
#include <set>

namespace conductor::replica::test {

payload::Envelope padded_block(std::uint64_t number, std::size_t octets) {
    constexpr std::size_t payload_at = 32;
    constexpr std::size_t withdrawals_offset_at = 540;
    const auto plain = block(number);
    std::vector<std::uint8_t> ssz{plain.ssz.span().begin(), plain.ssz.span().end()};
    std::uint32_t end = 0;  // of the transactions; x86 is little-endian
    std::memcpy(&end, &ssz[withdrawals_offset_at], sizeof end);
    ssz.insert(ssz.begin() + static_cast<std::ptrdiff_t>(payload_at + end), octets, 0x5a);
    end += static_cast<std::uint32_t>(octets);
    std::memcpy(&ssz[withdrawals_offset_at], &end, sizeof end);
    return *payload::envelope_from_ssz(Bytes::adopt(std::move(ssz)));
}

Group::~Group() {
    while (!members_.empty()) kill(members_.begin()->first);
}

std::string Group::address(const std::string& id) const {
    return "127.0.0.1:" + std::to_string(ports_.at(id));
}

void Group::start(const std::string& id) {
    auto& member = members_[id];
    RaftLinks::Options links;
    links.fast_failover = settings_.fast_failover;
    member.links = std::make_unique<RaftLinks>(core_, ServerId{id}, links);
    REQUIRE(member.links->listen("127.0.0.1", ports_[id]));
    ports_[id] = member.links->port();
    member.links->introduce(address(id));

    Options options;
    options.raft.self = {ServerId{id}, address(id)};
    options.raft.heartbeat_timeout = settings_.patience;
    options.raft.election_timeout = settings_.patience;
    options.raft.lease_timeout = settings_.lease;
    options.raft.snapshot_interval = 20ms;
    options.raft.snapshot_threshold = settings_.snapshot_threshold;
    options.raft.trailing_logs = settings_.trailing;
    options.raft.trailing_payloads = settings_.trailing;
    options.raft.seed = ports_[id];
    options.cache_octets = settings_.cache_octets;
    options.stall_timeout = 60s;
    Events events;
    events.store_failed = [&member](const auto&) { member.failed = true; };
    member.replica =
        std::make_unique<Replica>(core_, std::move(options), disk(id).open(), *member.links, std::move(events));
    member.links->open(*member.replica);
    member.replica->start([&member] { member.ready = true; });
}

void Group::kill(const std::string& id) {
    auto& member = members_.at(id);
    bool ended = false;
    boost::asio::co_spawn(core_, member.links->stop(), [&ended](const std::exception_ptr&) { ended = true; });
    CHECK(until([&] { return ended; }));
    member.replica->stop(10s);
    core_.restart();
    core_.poll();  // what its disk has posted
    members_.erase(id);
}

void Group::found(const std::vector<std::string>& ids) {
    consensus::Configuration configuration;
    for (const auto& id : ids) start(id);
    for (const auto& id : ids)
        configuration.servers.push_back({ServerId{id}, address(id), consensus::Suffrage::voter});
    REQUIRE(until([&] { return at(ids.front()).ready; }));
    at(ids.front()).replica->bootstrap(configuration, [](const auto& refusal) { CHECK_FALSE(refusal); });
    REQUIRE_FALSE(leader().empty());
}

void Group::run_for(std::chrono::milliseconds span) {
    const auto end = std::chrono::steady_clock::now() + span;
    (void)until([&] { return std::chrono::steady_clock::now() >= end; });
}

std::string Group::leading() {
    for (const auto& [id, member] : members_)
        if (member.replica->leads()) return id;
    return {};
}

std::string Group::leader() {
    (void)until([&] { return !leading().empty(); });
    return leading();
}

std::string Group::follower() {
    const auto leads = leader();
    for (const auto& [id, member] : members_)
        if (id != leads && !member.failed) return id;
    return {};
}

bool Group::commit(const payload::Envelope& block) {
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (std::chrono::steady_clock::now() < end) {
        const auto leads = leader();
        if (leads.empty()) return false;
        const Outcome outcome;
        at(leads).replica->commit(block, outcome.done());
        if (!until([&] { return outcome.arrived(); })) return false;
        if (!outcome.good()) continue;
        acknowledged_.emplace(block.hash, block.number);
        return true;
    }
    return false;
}

bool Group::all_reach(std::uint64_t number) {
    return until([&] {
        for (const auto& [id, member] : members_) {
            const auto& head = member.replica->head().head();
            if (!member.failed && (!head || head->number != BlockNumber{number})) return false;
        }
        return true;
    });
}

std::string Group::change(consensus::Change change, const std::string& id) {
    const auto answer = std::make_shared<std::optional<std::string>>();
    at(leader()).replica->change(
        change, ServerId{id}, address(id), LogIndex{},
        [answer](const Result<void, AskError>& result) { *answer = result ? "ok" : result.error().text; });
    if (!until([&] { return answer->has_value(); })) return "no answer";
    return **answer;
}

std::vector<consensus::Entry> Group::log(const std::string& id) {
    std::vector<consensus::Entry> entries;
    const auto store = disk(id).open();
    for (const auto& facts : store->recovered().entries) entries.push_back(*store->read(facts.position.index));
    return entries;
}

std::optional<consensus::SnapshotMark> Group::snapshot(const std::string& id) {
    return disk(id).open()->recovered().snapshot;
}

bool Group::holds_all(const std::string& id) {
    return until([&] { return missing(id) == 0; });
}

std::size_t Group::missing(const std::string& id) {
    const auto store = disk(id).open();
    BlockNumber covered;
    if (store->recovered().snapshot) {
        const auto envelope = payload::envelope_from_ssz(*store->snapshot_payload());
        if (envelope) covered = envelope->number;
    }
    std::set<BlockHash> held;
    for (const auto& entry : log(id))
        if (const auto envelope = payload::envelope_from_ssz(entry.data)) held.insert(envelope->hash);
    std::size_t count = 0;
    for (const auto& [hash, number] : acknowledged_)
        if (number > covered && !held.contains(hash)) ++count;
    return count;
}

}  // namespace conductor::replica::test
