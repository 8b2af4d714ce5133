// How many peers the execution layer has (conductor.md 4.2, row 5): by net_peerCount, or by the length of
// admin_peers where the net namespace counts nothing. The log line and its keys are op-conductor's.
#include <conductor/cpp/health_check.hpp>

using conductor::Finding;

/// Unhealthy when the execution layer has fewer than `min` peers, or does not answer.
class ElPeers final : public conductor::HealthCheck {
public:
    static constexpr conductor::About about{"io.conductord.el-peers", "Execution layer peers", "0.1.0",
                                            "The execution layer has enough peers"};
    static constexpr std::array options{
        conductor::execution_layer,
        conductor::live(
            conductor::option_choice("api", "net", "net|admin", "ask net_peerCount, or count admin_peers")),
        conductor::option_minimum("min", "1")};
    static constexpr std::array<const char*, 3> reasons{"el.down", "el.peers.few", nullptr};
    static constexpr std::array metrics{
        conductor::gauge("connected_peers", "Connected peers of the execution layer")};

    explicit ElPeers(conductor::Host host)
        : host_{host},
          execution_{host.string("execution")},
          counts_list_{host.string("api") == "admin"},
          min_{host.natural("min")} {}

    Finding judge(const conductor_call& call) override {
        const auto answer = host_.call(call, execution_, counts_list_ ? "admin_peers" : "net_peerCount");
        if (answer.status == CONDUCTOR_TRUNCATED) throw conductor::Failure(answer.status, answer.why());
        if (!answer.ok()) {
            host_.log(CONDUCTOR_LOG_ERROR, "health monitor failed to get el p2p peer count",
                      {{"err", answer.why()}});
            return Finding::unhealthy("el.down", answer.why());
        }
        const auto peers = count(answer);
        host_.gauge("connected_peers", static_cast<double>(peers));
        if (peers >= min_) return Finding::healthy();
        host_.log(CONDUCTOR_LOG_ERROR, "el p2p peer count is below minimum",
                  {{"peerCount", std::to_string(peers)}, {"minPeerCount", std::to_string(min_)}});
        return Finding::unhealthy("el.peers.few",
                                  std::to_string(peers) + " connected, want " + std::to_string(min_));
    }

private:
    [[nodiscard]] std::uint64_t count(const conductor::Answer& answer) const {
        if (!counts_list_) return answer.natural();
        if (answer.kind() != CONDUCTOR_JSON_ARRAY)
            throw conductor::Failure(CONDUCTOR_REMOTE_ERROR, "admin_peers did not answer with a list");
        return answer.length();
    }

    conductor::Host host_;
    std::string execution_;
    bool counts_list_;
    std::uint64_t min_;
};

CONDUCTOR_EXPORT_HEALTH_CHECK(ElPeers)
