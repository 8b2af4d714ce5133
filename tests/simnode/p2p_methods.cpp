#include "tests/simnode/json.hpp"
#include "tests/simnode/methods.hpp"

namespace conductor::simnode {

using rpc::Access;
using rpc::Answer;

namespace {

std::string peer_stats(const Node& node) {
    const auto peers = node.peer_count();
    JsonObject out;
    out.number("connected", peers);
    out.number("table", 0);
    for (const auto* topic : {"blocksTopic", "blocksTopicV2", "blocksTopicV3", "blocksTopicV4"})
        out.number(topic, peers);
    out.number("banned", 0);
    out.number("known", peers + 1);
    return out.done();
}

// How op-node describes a libp2p peer; none of it is real here but that there is one.
struct Described {
    std::string id;
    bool itself{false};
};

std::string scores() {
    return R"({"gossip":{"total":0,"blocks":{"timeInMesh":0,"firstMessageDeliveries":0,)"
           R"("meshMessageDeliveries":0,"invalidMessageDeliveries":0},"IPColocationFactor":0,)"
           R"("behavioralPenalty":0},"reqResp":{"validResponses":0,"errorResponses":0,"rejectedPayloads":0}})";
}

std::string peer_info(const Described& peer) {
    JsonObject out;
    out.text("peerID", peer.id);
    out.text("nodeID", "0000000000000000000000000000000000000000000000000000000000000000");
    out.text("userAgent", peer.itself ? "" : "optimism");
    out.text("protocolVersion", "");
    out.text("ENR", "");
    out.raw("addresses", R"(["/ip4/127.0.0.1/tcp/0/p2p/)" + peer.id + "\"]");
    out.raw("protocols", peer.itself ? "null" : R"(["/opstack/req/payload_by_number/901/0"])");
    out.number("connectedness", peer.itself ? 0 : 1);
    out.number("direction", peer.itself ? 0 : 1);
    out.flag("protected", !peer.itself);
    out.number("chainID", 0);
    out.number("latency", peer.itself ? 0 : 1'000'000);
    out.flag("gossipBlocks", true);
    out.raw("scores", scores());
    return out.done();
}

std::string peers_info(const Node& node) {
    JsonObject peers, out;
    for (std::uint64_t i = 1; i <= node.peer_count(); ++i) {
        const auto id = "16Uiu2SimPeer" + std::to_string(i);
        peers.raw(id, peer_info({id, false}));
    }
    out.number("totalConnected", node.peer_count());
    out.raw("peers", peers.done());
    for (const auto* list : {"bannedPeers", "bannedIPS", "bannedSubnets"}) out.raw(list, "[]");
    return out.done();
}

}  // namespace

void add_p2p_methods(Surface& surface, Node& node) {
    auto& table = surface.methods;
    table.add<>("opp2p_peerStats", Access::read, [&node]() -> Answer { return peer_stats(node); });
    table.add<>("opp2p_self", Access::read, []() -> Answer { return peer_info({"16Uiu2SimSelf", true}); });
    table.add<bool>("opp2p_peers", Access::read, [&node](bool) -> Answer { return peers_info(node); });
}

}  // namespace conductor::simnode
