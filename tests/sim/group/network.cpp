#include "network.hpp"

#include <algorithm>

namespace conductor::sim {

using namespace std::chrono_literals;

namespace {

constexpr Duration answer_limit = 5s;  // raft-wire 1.6
constexpr Duration reset_noticed = 1ms;
constexpr std::uint64_t large = 1400;  // what does not fit into one frame

}  // namespace

Network::Network(Schedule& schedule, std::size_t members, std::uint64_t seed, Members ports)
    : schedule_{schedule},
      size_{members},
      random_{seed},
      ports_{std::move(ports)},
      table_(members * members * lanes) {}

Network::Lane Network::lane_of(const consensus::Message& message) {
    if (const auto* append = std::get_if<consensus::AppendRequest>(&message))
        return append->heartbeat ? heartbeats : bulk;
    if (std::holds_alternative<consensus::TimeoutNowRequest>(message)) return bulk;
    return std::holds_alternative<consensus::SnapshotRequest>(message) ? snapshots : elections;
}

void Network::ask(Who from, Who to, consensus::Envelope envelope, std::uint64_t octets) {
    const auto client = ports_.life(from);
    const auto server = ports_.life(to);
    const auto lane = lane_of(envelope.message);
    auto& line = slot(from, to, lane);
    if (!client) return;
    if (!line || !line->open || line->client_life != *client || lane == snapshots) {
        if (line && line->open) close(*line, reset_noticed);
        if (!server && reaches(from, to) && reaches(to, from)) return lose(from, to, envelope.exchange);
        line = std::make_shared<Connection>();
        line->id = consensus::Connection{next_connection_++};
        line->client = from;
        line->server = to;
        line->client_life = *client;
        line->server_life = server.value_or(0);
        line->lane = lane;
    }
    const auto patience = answer_limit + std::chrono::seconds{octets / 1'000'000};
    line->pending.push_back({envelope.exchange, {}, schedule_.now() + patience, std::nullopt, false});
    watch(line);

    const auto message = std::make_shared<consensus::Message>(std::move(envelope.message));
    const auto asked = envelope.exchange;
    const bool twice = below(1000) < weather.twice_per_mille;
    // What follows this one on its connection must not come before it (raft-wire 5.10), and over TCP it does
    // not.
    const bool in_order = std::holds_alternative<consensus::TimeoutNowRequest>(*message);
    for (int copy = twice ? 2 : 1; copy > 0; --copy)
        travel(line, true, octets, [this, line, asked, message] { serve(line, asked, message); }, in_order);
}

void Network::travel(const Handle& line, bool forth, std::uint64_t octets, Schedule::Run arriving,
                     bool in_order) {
    auto& way = forth ? line->forth : line->back;
    const auto start = std::max(schedule_.now(), way.free_at);
    const auto passing = std::chrono::nanoseconds{static_cast<std::int64_t>(octets) * 1'000'000'000 /
                                                  static_cast<std::int64_t>(weather.octets_per_s)};
    way.free_at = start + passing;
    auto when = way.free_at + random_.between(50us, std::max<Duration>(weather.delay, 51us));
    if (below(1000) < weather.loss_per_mille) {
        when += random_.between(200ms, 2s);
        if (below(8) == 0) schedule_.at(when, [this, line] { close(*line, reset_noticed); });
    }
    const bool overtaken = below(1000) < weather.overtaken_per_mille && !in_order;
    if (!overtaken) way.free_at = std::max(way.free_at, when - passing);
    if (overtaken) when += random_.between(1ms, 400ms);
    schedule_.at(when,
                 [this, line, forth, octets, run = std::move(arriving)] { arrive(line, forth, octets, run); });
}

// What cannot pass is tried again, and what is behind it waits.
void Network::arrive(const Handle& line, bool forth, std::uint64_t octets, const Schedule::Run& then) {
    if (!line->open) return;
    auto& way = forth ? line->forth : line->back;
    const auto from = forth ? line->client : line->server;
    const auto to = forth ? line->server : line->client;
    const bool swallowed = octets > large && holes_.count({from, to}) != 0;
    if (line->dead || swallowed || !reaches(from, to))
        way.hold = schedule_.now() + random_.between(200ms, 400ms);
    if (way.hold > schedule_.now()) {
        schedule_.at(way.hold, [this, line, forth, octets, then] { arrive(line, forth, octets, then); });
        return;
    }
    then();
}

void Network::serve(const Handle& line, consensus::Exchange asked,
                    const std::shared_ptr<consensus::Message>& message) {
    const auto life = ports_.life(line->server);
    if (!life || (line->server_life != 0 && *life != line->server_life)) return close(*line, reset_noticed);
    line->server_life = *life;
    const consensus::Exchange served{next_exchange_++};
    const auto waits = std::ranges::find_if(line->pending, [&](const Pending& one) {
        return one.asked == asked && one.served == consensus::Exchange{};
    });
    if (waits != line->pending.end()) {
        waits->served = served;
        served_.emplace(served, line);
    }
    ports_.give(line->server, *life,
                consensus::Received{served, ports_.sender(line->client), *message, line->id});
}

void Network::answer(Who /*from*/, consensus::Envelope envelope) {
    const auto found = served_.find(envelope.exchange);
    if (found == served_.end()) return;
    const auto line = found->second.lock();
    served_.erase(found);
    if (!line || !line->open) return;
    for (auto& one : line->pending)
        if (one.served == envelope.exchange) one.answer = std::move(envelope.message);
    send_back(line);
}

// Answers leave in the order of the requests (raft-wire 1.4).
void Network::send_back(const Handle& line) {
    for (auto& one : line->pending) {
        if (one.returning) continue;
        if (!one.answer) return;
        one.returning = true;
        travel(line, false, 100, [this, line, asked = one.asked] { come_back(line, asked); });
    }
}

void Network::come_back(const Handle& line, consensus::Exchange asked) {
    const auto found =
        std::ranges::find_if(line->pending, [&](const Pending& one) { return one.asked == asked; });
    if (found == line->pending.end()) return;
    consensus::Received reply{asked, ports_.sender(line->server), std::move(*found->answer), {}};
    line->pending.erase(found);
    if (line->lane == snapshots) line->open = false;
    ports_.give(line->client, line->client_life, std::move(reply));
}

void Network::hang_up(consensus::Exchange exchange) {
    const auto found = served_.find(exchange);
    if (found == served_.end()) return;
    const auto line = found->second.lock();
    served_.erase(found);
    if (line) close(*line, reset_noticed);
}

void Network::reopen_bulk(Who from, Who to) {
    if (auto& line = slot(from, to, bulk)) close(*line, reset_noticed);
}

void Network::lose(Who from, Who to, consensus::Exchange exchange) {
    const auto life = ports_.life(from);
    if (!life) return;
    schedule_.after(reset_noticed, [this, from, to, life = *life, exchange] {
        ports_.give(from, life, consensus::Unanswered{ports_.sender(to).id, exchange, "refused"});
    });
}

void Network::close(Connection& line, Duration noticed) {
    if (!line.open) return;
    line.open = false;
    for (const auto& one : line.pending) {
        served_.erase(one.served);
        const consensus::Unanswered lost{ports_.sender(line.server).id, one.asked, "lost"};
        schedule_.after(noticed, [this, who = line.client, life = line.client_life, lost] {
            ports_.give(who, life, lost);
        });
    }
    line.pending.clear();
}

void Network::watch(const Handle& line) {
    if (line->watched || line->pending.empty()) return;
    line->watched = true;
    schedule_.at(line->pending.front().until, [this, line] {
        line->watched = false;
        if (!line->open || line->pending.empty()) return;
        if (line->pending.front().until <= schedule_.now()) return close(*line, reset_noticed);
        watch(line);
    });
}

std::vector<Network::Handle> Network::open_at(Who who) const {
    std::vector<Handle> found;
    for (const auto& line : table_)
        if (line && line->open && (line->client == who || line->server == who)) found.push_back(line);
    return found;
}

void Network::died(Who who, bool silent) {
    for (const auto& line : open_at(who)) {
        if (line->client == who) {
            line->open = false;
        } else if (silent) {
            line->dead = true;
        } else {
            close(*line, reset_noticed);
        }
    }
}

void Network::reset_one(Who who) {
    const auto open = open_at(who);
    if (!open.empty()) close(*open[below(open.size())], reset_noticed);
}

void Network::half_open_one(Who who) {
    const auto open = open_at(who);
    if (!open.empty()) open[below(open.size())]->dead = true;
}

}  // namespace conductor::sim
