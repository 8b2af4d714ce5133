#include "core/config/validate.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/go_duration.hpp"
#include "core/base/go_text.hpp"

namespace conductor::config {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t last_port = 65535;
constexpr std::string_view in_config = "failed to create conductor: invalid config: ";
constexpr std::string_view in_health =
    "failed to create conductor: invalid config: invalid health check config: ";
constexpr std::string_view in_raft =
    "failed to create conductor: failed to initialize consensus: failed to create raft consensus: failed to "
    "create "
    "raft: ";
constexpr std::string_view in_relay =
    "failed to create conductor: failed to initialize flashblocks handler: failed to create flashblocks "
    "handler: ";

class Validation {
public:
    Validation(const Resolved& values, bool compat_go) : values_{values}, compat_go_{compat_go} {}

    void required() {
        // Go's order, which is that of its list of required flags.
        for (const std::string_view name :
             {"consensus.addr", "consensus.port", "raft.server.id", "raft.storage.dir", "node.rpc",
              "execution.rpc", "healthcheck.interval", "healthcheck.unsafe-interval",
              "healthcheck.min-peer-count"}) {
            const auto need = find_option(name)->need;
            const bool wanted = need == Need::required || (need == Need::required_by_go && compat_go_);
            if (wanted && !given(name))
                problems_.push_back({"failed to read config: missing required flags: ",
                                     "flag " + std::string{name} + " is required"});
        }
    }

    void conductor() {
        if (given("consensus.addr") || !compat_go_) not_empty("consensus.addr", "missing consensus address");
        port("consensus.port", "invalid RPC port");
        not_empty("raft.server.id", "missing raft server ID");
        not_empty("raft.storage.dir", "missing raft storage directory");
        not_empty("node.rpc", "missing node RPC");
        not_empty("execution.rpc", "missing geth RPC");
        if (values_.flag("rollup-boost.enabled") && values_.flag("rollup-boost.next-enabled"))
            add(in_config, "only one of rollup-boost or rollup-boost next healthchecks can be enabled",
                "rollup-boost.enabled");
        if (values_.flag("rollup-boost.next-enabled") &&
            values_.text("rollup-boost.next-healthcheck-url").empty())
            add(in_config, "missing rollup-boost next healthcheck URL", "rollup-boost.next-healthcheck-url");
    }

    void health() {
        if (given("healthcheck.interval") && values_.duration("healthcheck.interval") == 0s)
            add(in_health, "missing health check interval", "healthcheck.interval");
        if (values_.duration("healthcheck.safe-interval") == 0s)
            add(in_health, "missing safe interval", "healthcheck.safe-interval");
        if (given("healthcheck.min-peer-count") && values_.count("healthcheck.min-peer-count") == 0)
            add(in_health, "missing minimum peer count", "healthcheck.min-peer-count");
        if (values_.flag("healthcheck.execution-p2p-enabled")) {
            if (values_.count("healthcheck.execution-p2p-min-peer-count") == 0)
                add(in_health, "missing minimum el p2p peers", "healthcheck.execution-p2p-min-peer-count");
            const auto& api = values_.text("healthcheck.execution-p2p-check-api");
            if (!api.empty() && api != "net" && api != "admin")
                add(in_health, "invalid el p2p check api", "healthcheck.execution-p2p-check-api");
        }
        const bool limit = values_.count("healthcheck.rollup-boost-partial-healthiness-tolerance-limit") != 0;
        const bool interval =
            values_.duration("healthcheck.rollup-boost-partial-healthiness-tolerance-interval-seconds") != 0s;
        if (limit != interval)
            problems_.push_back(
                {std::string{in_health},
                 "only one of RollupBoostPartialHealthinessToleranceLimit or "
                 "RollupBoostPartialHealthinessToleranceIntervalSeconds found to be defined. Either "
                 "define both of them or none."});
        at_least_one("healthcheck.failures-to-unhealthy");
        at_least_one("healthcheck.successes-to-healthy");
    }

    void servers() {
        if (values_.flag("metrics.enabled"))
            port("metrics.port", "invalid metrics config: invalid metrics port");
        if (values_.flag("pprof.enabled")) port("pprof.port", "invalid pprof config: invalid pprof port");
        port("rpc.port", "invalid rpc config: invalid RPC port");
        body_limit("rpc.http-body-limit-mb", "HTTP body limit");
        body_limit("rpc.binary-body-limit-mb", "binary body limit");
        if (!values_.text("rollupboost.ws-url").empty() && values_.integer("websocket.server-port") < 0)
            add(in_relay,
                "WebSocket server port invalid: " + std::to_string(values_.integer("websocket.server-port")),
                "websocket.server-port");
    }

    // The library's own limits; it would refuse them only after the nodes have been waited for.
    void raft() {
        constexpr auto least = 5ms;
        const auto heartbeat = values_.duration("raft.heartbeat-timeout");
        const auto lease = values_.duration("raft.lease-timeout");
        const auto election = election_timeout_of(values_);
        if (heartbeat < least) add(in_raft, "HeartbeatTimeout is too low", "raft.heartbeat-timeout");
        if (election < least) add(in_raft, "ElectionTimeout is too low", "raft.election-timeout");
        if (values_.duration("raft.snapshot-interval") < least)
            add(in_raft, "SnapshotInterval is too low", "raft.snapshot-interval");
        if (lease < least) add(in_raft, "LeaderLeaseTimeout is too low", "raft.lease-timeout");
        if (lease > heartbeat)
            add(in_raft,
                "LeaderLeaseTimeout (" + go_duration(lease) + ") cannot be larger than heartbeat timeout (" +
                    go_duration(heartbeat) + ")",
                "raft.lease-timeout");
        if (election < heartbeat)
            add(in_raft,
                "ElectionTimeout (" + go_duration(election) +
                    ") must be equal or greater than Heartbeat Timeout (" + go_duration(heartbeat) + ")",
                "raft.election-timeout");
    }

    void forks() {
        one_of("raft.storage.backend", {"boltdb", "wal"}, "invalid raft storage backend ");
        one_of("raft.backend", {"bbolt", "mdb", "pebble", "badger", "leveldb"}, "invalid raft backend ");
        if (values_.count("raft.mdb.max-size") == 0)
            add(in_config, "invalid raft mdb max size: must be greater than zero", "raft.mdb.max-size");
        if (values_.flag("reorg-recovery.enabled") && values_.text("execution.ws-url").empty())
            add(in_config, "reorg-recovery enabled but missing execution WS URL (--execution.ws-url)",
                "reorg-recovery.enabled");
    }

    void ours(const std::vector<PeerRpc>& peers) {
        for (const std::string_view name :
             {"node.rpc-timeout", "execution.rpc-timeout", "healthcheck.timeout", "control.retry-min",
              "control.retry-max", "raft.transfer-timeout", "raft.apply-timeout", "storage.stall-timeout",
              "peers.poll-interval", "peers.poll-timeout", "rollup-boost.healthcheck-timeout"})
            if (values_.duration(name) <= 0s) add(in_config, "must be a duration above 0", name);
        for (const std::string_view name :
             {"control.startup-grace", "control.catchup-timeout", "control.recovery-grace"})
            if (!values_.is_auto(name) && values_.duration(name) < 0s)
                add(in_config, "must not be negative", name);
        for (const std::string_view name : {"control.stop-soft-timeout", "storage.lock-wait"})
            if (values_.duration(name) < 0s) add(in_config, "must not be negative", name);
        if (values_.duration("control.retry-min") > values_.duration("control.retry-max"))
            add(in_config, "is larger than control.retry-max", "control.retry-min");
        for (const auto& network : values_.list("raft.allow-cidr"))
            if (!is_network(network))
                add(in_config, go_quote(network) + " is not a network", "raft.allow-cidr");
        for (const auto& item : values_.list("peers.rpc"))
            if (const auto peer = parse_peer(item); !peer)
                problems_.push_back({std::string{in_config}, peer.error().text});
        for (auto peer = peers.begin(); peer != peers.end(); ++peer)
            if (std::find_if(peers.begin(), peer, [&](const PeerRpc& p) { return p.id == peer->id; }) != peer)
                add(in_config, "id " + go_quote(peer->id) + " is listed twice", "peers.rpc");
    }

    std::vector<Problem> take() { return std::move(problems_); }

private:
    [[nodiscard]] bool given(std::string_view name) const { return values_.given(name); }

    void add(std::string_view wrapper, const std::string& text, std::string_view option) {
        problems_.push_back({std::string{wrapper}, text + " (" + std::string{option} + ")"});
    }

    // An option that nobody set is already called missing by required().
    void not_empty(std::string_view name, const std::string& text) {
        const bool asked = given(name) || find_option(name)->need == Need::required_by_go;
        if (asked && values_.text(name).empty()) add(in_config, text, name);
    }

    void port(std::string_view name, const std::string& text) {
        const auto number = values_.integer(name);
        if (number < 0 || number > last_port)
            add(in_config, text, std::string{name} + ": " + std::to_string(number));
    }

    void body_limit(std::string_view name, const std::string& what) {
        constexpr std::int64_t least = 5;
        constexpr std::int64_t most = 256;
        const auto limit = values_.integer(name);
        if (limit < least || limit > most)
            add(in_config, what + " must be between 5MB and 256MB, got " + std::to_string(limit) + "MB", name);
    }

    void at_least_one(std::string_view name) {
        if (values_.count(name) == 0) add(in_health, "must be 1 or more", name);
    }

    void one_of(std::string_view name, std::initializer_list<std::string_view> words, const std::string& text) {
        const auto& word = values_.text(name);
        if (std::ranges::find(words, std::string_view{word}) == words.end())
            add(in_config, text + go_quote(word), name);
    }

    const Resolved& values_;
    const bool compat_go_;
    std::vector<Problem> problems_;
};

}  // namespace

std::vector<Problem> validate(const Resolved& values, bool compat_go, const std::vector<PeerRpc>& peers) {
    Validation validation{values, compat_go};
    validation.required();
    validation.conductor();
    validation.health();
    validation.servers();
    validation.raft();
    validation.forks();
    validation.ours(peers);
    return validation.take();
}

std::string joined(const std::vector<Problem>& problems) {
    std::string out;
    const std::string* wrapper = nullptr;
    for (const auto& problem : problems) {
        if (!out.empty()) out += "; ";
        if (wrapper == nullptr || *wrapper != problem.wrapper) out += problem.wrapper;
        wrapper = &problem.wrapper;
        out += problem.text;
    }
    return out;
}

Duration election_timeout_of(const Resolved& values) {
    if (!values.is_auto("raft.election-timeout")) return values.duration("raft.election-timeout");
    return std::max<Duration>(1s, values.duration("raft.heartbeat-timeout"));
}

bool is_network(std::string_view text) {
    const auto slash = text.find('/');
    const std::string address{text.substr(0, slash)};
    std::array<unsigned char, 16> octets{};
    const bool v4 = inet_pton(AF_INET, address.c_str(), octets.data()) == 1;
    if (!v4 && inet_pton(AF_INET6, address.c_str(), octets.data()) != 1) return false;
    if (slash == std::string_view::npos) return true;
    unsigned bits = 0;
    const auto digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    return error == std::errc{} && end == digits.data() + digits.size() && bits <= (v4 ? 32U : 128U);
}

}  // namespace conductor::config
