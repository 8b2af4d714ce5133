// The two checks of the consensus node that every conductor runs (conductor.md 4.2, rows 1 to 4): is it
// reachable and how old are its heads, and how many peers has it. Two ids, so that the configuration may put
// another check between. Texts and keys of the log lines are op-conductor's: operators alert on them.
#include <conductor/cpp/health_check.hpp>

namespace {

using conductor::Finding;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t longest_ns = INT64_MAX;  // Go takes any number of seconds

struct Head {
    std::uint64_t number;
    std::uint64_t timestamp_s;
};

Head read_head(const conductor::Json& status, const std::string& which) {
    return {status.natural("/" + which + "/number"), status.natural("/" + which + "/timestamp")};
}

// Unsigned whole seconds, as in Go: a head of the future has age 0.
std::uint64_t age_s(const Head& head, std::uint64_t now_s) {
    return now_s > head.timestamp_s ? now_s - head.timestamp_s : 0;
}

// Strictly greater: an age equal to the interval is still good.
bool too_old(std::uint64_t age, std::int64_t interval_ns) {
    return age > static_cast<std::uint64_t>(interval_ns) / second_ns;
}

}  // namespace

/// Unhealthy when op-node does not answer, or a head is older than its interval.
class OpNodeSync final : public conductor::HealthCheck {
public:
    static constexpr conductor::About about{"io.conductord.op-node-sync", "op-node sync status", "0.1.0",
                                            "op-node answers, and its unsafe and safe heads are young enough"};
    static constexpr std::array options{
        conductor::consensus_node,
        conductor::live(conductor::required(conductor::option_duration(
            "unsafe_interval", nullptr, 0, longest_ns, "unhealthy when the unsafe head is older"))),
        conductor::live(conductor::option_bool("safe_enabled", "false", "judge the safe head too")),
        conductor::live(conductor::option_duration("safe_interval", "20m", 0, longest_ns,
                                                   "unhealthy when the safe head is older"))};
    static constexpr std::array<const char*, 4> reasons{"node.down", "unsafe.old", "safe.old", nullptr};
    static constexpr std::array metrics{conductor::gauge("unsafe_head_number", "Number of the unsafe head"),
                                        conductor::gauge("unsafe_head_age_seconds", "Age of the unsafe head"),
                                        conductor::gauge("safe_head_age_seconds", "Age of the safe head")};

    explicit OpNodeSync(conductor::Host host)
        : host_{host},
          node_{host.string("node")},
          unsafe_interval_ns_{host.integer("unsafe_interval")},
          safe_interval_ns_{host.integer("safe_interval")},
          judges_safe_{host.boolean("safe_enabled")} {}

    Finding judge(const conductor_call& call) override {
        const auto answer = host_.call(call, node_, "optimism_syncStatus");
        if (!answer.ok()) {
            host_.log(CONDUCTOR_LOG_ERROR, "health monitor failed to get sync status", {{"err", answer.why()}});
            return Finding::unhealthy("node.down", answer.why(), CONDUCTOR_NODE_DOWN);
        }
        const auto now_s = static_cast<std::uint64_t>(host_.unix_ns() / second_ns);
        const auto unsafe = read_head(answer, "unsafe_l2");
        const auto unsafe_age = age_s(unsafe, now_s);
        host_.gauge("unsafe_head_number", static_cast<double>(unsafe.number));
        host_.gauge("unsafe_head_age_seconds", static_cast<double>(unsafe_age));
        if (too_old(unsafe_age, unsafe_interval_ns_)) {
            host_.log(CONDUCTOR_LOG_ERROR, "unsafe head is falling behind the unsafe interval",
                      {{"now", std::to_string(now_s)},
                       {"unsafe_head_num", std::to_string(unsafe.number)},
                       {"unsafe_head_time", std::to_string(unsafe.timestamp_s)},
                       {"unsafe_interval", std::to_string(unsafe_interval_ns_ / second_ns)},
                       {"cur_unsafe_time_diff", std::to_string(unsafe_age)}});
            return stale("unsafe.old", "unsafe head", unsafe, unsafe_age, unsafe_interval_ns_);
        }
        if (!judges_safe_) return Finding::healthy();

        const auto safe = read_head(answer, "safe_l2");
        const auto safe_age = age_s(safe, now_s);
        host_.gauge("safe_head_age_seconds", static_cast<double>(safe_age));
        if (!too_old(safe_age, safe_interval_ns_)) return Finding::healthy();
        host_.log(CONDUCTOR_LOG_ERROR, "safe head is not progressing as expected",
                  {{"now", std::to_string(now_s)},
                   {"safe_head_num", std::to_string(safe.number)},
                   {"safe_head_time", std::to_string(safe.timestamp_s)},
                   {"safe_interval", std::to_string(safe_interval_ns_ / second_ns)}});
        return stale("safe.old", "safe head", safe, safe_age, safe_interval_ns_);
    }

private:
    static Finding stale(const char* reason, const std::string& what, const Head& head, std::uint64_t age,
                         std::int64_t interval_ns) {
        auto finding =
            Finding::unhealthy(reason,
                               what + " " + std::to_string(head.number) + " is " + std::to_string(age) +
                                   " s old, at most " + std::to_string(interval_ns / second_ns) + " s",
                               CONDUCTOR_STALE);
        // A head that was never set would say 1970, and that nothing was ever right.
        if (head.timestamp_s != 0)
            finding.since_unix_ns = static_cast<std::int64_t>(head.timestamp_s) * second_ns + interval_ns;
        return finding;
    }

    conductor::Host host_;
    std::string node_;
    std::int64_t unsafe_interval_ns_;
    std::int64_t safe_interval_ns_;
    bool judges_safe_;
};

/// Unhealthy when op-node has fewer than `min` connected peers, or does not answer.
class OpNodePeers final : public conductor::HealthCheck {
public:
    static constexpr conductor::About about{"io.conductord.op-node-peers", "op-node peers", "0.1.0",
                                            "op-node has enough connected peers"};
    static constexpr std::array options{conductor::consensus_node, conductor::option_minimum("min", "1")};
    static constexpr std::array<const char*, 3> reasons{"node.down", "peers.few", nullptr};
    static constexpr std::array metrics{conductor::gauge("connected_peers", "Connected peers")};

    explicit OpNodePeers(conductor::Host host)
        : host_{host}, node_{host.string("node")}, min_{host.natural("min")} {}

    Finding judge(const conductor_call& call) override {
        const auto answer = host_.call(call, node_, "opp2p_peerStats");
        if (!answer.ok()) {
            host_.log(CONDUCTOR_LOG_ERROR, "health monitor failed to get peer stats", {{"err", answer.why()}});
            return Finding::unhealthy("node.down", answer.why(), CONDUCTOR_NODE_DOWN);
        }
        const auto connected = answer.natural("/connected");
        host_.gauge("connected_peers", static_cast<double>(connected));
        if (connected >= min_) return Finding::healthy();
        host_.log(CONDUCTOR_LOG_ERROR, "peer count is below minimum",
                  {{"connected", std::to_string(connected)}, {"minPeerCount", std::to_string(min_)}});
        return Finding::unhealthy("peers.few",
                                  std::to_string(connected) + " connected, want " + std::to_string(min_));
    }

private:
    conductor::Host host_;
    std::string node_;
    std::uint64_t min_;
};

CONDUCTOR_EXPORT_PLUGINS(OpNodeSync, OpNodePeers)
