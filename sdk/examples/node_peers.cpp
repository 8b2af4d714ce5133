#include <conductor/cpp/health_check.hpp>

/// Unhealthy when the consensus node has fewer than `min` connected peers, or does not answer. Asks through the
/// host, which brings deadline, credentials and a reader of JSON.
class NodePeers final : public conductor::HealthCheck {
public:
    static constexpr conductor::About about{"org.example.node-peers", "Node peers", "1.0.0",
                                            "Connected peers of the consensus node"};
    static constexpr std::array options{conductor::option_endpoint("node", "node", "the consensus node"),
                                        conductor::option_integer("min", "1", 0, 1000, "unhealthy below this")};
    static constexpr std::array<const char*, 3> reasons{"peers.few", "node.down", nullptr};
    static constexpr std::array metrics{conductor::gauge("connected", "Connected peers")};

    explicit NodePeers(conductor::Host host)
        : host_{host}, node_{host.string("node")}, min_{host.integer("min")} {}

    conductor::Finding judge(const conductor_call& call) override {
        const auto answer = host_.call(call, node_, "opp2p_peerStats");
        if (!answer.ok()) return conductor::Finding::unhealthy("node.down", answer.why(), CONDUCTOR_NODE_DOWN);
        const auto peers = answer.integer("/connected");
        host_.gauge("connected", static_cast<double>(peers));
        if (peers >= min_) return conductor::Finding::healthy();
        return conductor::Finding::unhealthy(
            "peers.few", std::to_string(peers) + " connected, want " + std::to_string(min_));
    }

private:
    conductor::Host host_;
    std::string node_;
    std::int64_t min_;
};

CONDUCTOR_EXPORT_HEALTH_CHECK(NodePeers)
