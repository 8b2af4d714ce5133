// The network between simulated members, as connections carry messages: in order, one behind the other at the
// pace of the link, answered in the order of the requests; late where TCP would repeat, lost only with the
// connection that carried them.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "core/consensus/raft.hpp"
#include "core/consensus/random.hpp"
#include "schedule.hpp"

namespace conductor::sim {

/// How the links are at the moment.
struct Weather {
    unsigned loss_per_mille{0};
    Duration delay{std::chrono::microseconds{500}};  ///< of a message, at most
    unsigned twice_per_mille{0};
    unsigned overtaken_per_mille{0};
    std::uint64_t octets_per_s{1'000'000'000};
};

class Network {
public:
    using Who = std::size_t;
    using Life = std::uint64_t;
    /// What the network asks of the members.
    struct Members {
        std::function<std::optional<Life>(Who)> life;  ///< nothing: no process answers there
        std::function<const consensus::Sender&(Who)> sender;
        std::function<void(Who, Life, consensus::Input)> give;
    };

    Network(Schedule& schedule, std::size_t members, std::uint64_t seed, Members ports);

    /// A request with its freight; `octets` is what it weighs.
    void ask(Who from, Who to, consensus::Envelope envelope, std::uint64_t octets);
    void answer(Who from, consensus::Envelope envelope);
    void hang_up(consensus::Exchange exchange);
    void reopen_bulk(Who from, Who to);
    /// A request that cannot even leave.
    void lose(Who from, Who to, consensus::Exchange exchange);

    /// The process has ended; `silent`: its host too, and nobody resets its connections.
    void died(Who who, bool silent);
    void cut(Who from, Who to) { cuts_.insert({from, to}); }
    void mend(Who from, Who to) { cuts_.erase({from, to}); }
    void swallow_large(Who from, Who to) { holes_.insert({from, to}); }
    void reset_one(Who who);
    void half_open_one(Who who);
    void heal() { cuts_.clear(), holes_.clear(); }
    [[nodiscard]] bool reaches(Who from, Who to) const { return cuts_.count({from, to}) == 0; }
    Weather weather;

private:
    enum Lane : std::uint8_t { heartbeats, elections, bulk, snapshots, lanes };
    struct Pending {
        consensus::Exchange asked;
        consensus::Exchange served;
        Instant until;
        std::optional<consensus::Message> answer;
        bool returning{false};
    };
    struct Way {
        Instant free_at{};  ///< what was sent before has passed by then
        Instant hold{};     ///< nothing arrives before: something in front of it is stuck
    };
    struct Connection {
        consensus::Connection id;
        Who client;
        Who server;
        Life client_life;
        Life server_life;
        Lane lane;
        std::deque<Pending> pending;
        Way forth, back;
        bool open{true};
        bool dead{false};  ///< half open
        bool watched{false};
    };
    using Handle = std::shared_ptr<Connection>;

    [[nodiscard]] static Lane lane_of(const consensus::Message& message);
    [[nodiscard]] Handle& slot(Who from, Who to, Lane lane) {
        return table_[(from * size_ + to) * lanes + lane];
    }
    /// `in_order`: nothing that leaves later arrives before it.
    void travel(const Handle& line, bool forth, std::uint64_t octets, Schedule::Run arrive,
                bool in_order = false);
    void arrive(const Handle& line, bool forth, std::uint64_t octets, const Schedule::Run& then);
    void serve(const Handle& line, consensus::Exchange asked,
               const std::shared_ptr<consensus::Message>& message);
    void send_back(const Handle& line);
    void come_back(const Handle& line, consensus::Exchange asked);
    void close(Connection& line, Duration noticed);
    void watch(const Handle& line);
    [[nodiscard]] std::vector<Handle> open_at(Who who) const;
    [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return random_.next() % limit; }

    Schedule& schedule_;
    std::size_t size_;
    consensus::Random random_;
    Members ports_;
    std::vector<Handle> table_;
    std::map<consensus::Exchange, std::weak_ptr<Connection>> served_;
    std::set<std::pair<Who, Who>> cuts_;
    std::set<std::pair<Who, Who>> holes_;
    std::uint64_t next_connection_{1};
    std::uint64_t next_exchange_{1};
};

}  // namespace conductor::sim
