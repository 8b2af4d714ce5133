#include <array>

#include "core/base/hex.hpp"
#include "core/payload/scalar.hpp"
#include "tests/simnode/json.hpp"
#include "tests/simnode/methods.hpp"

namespace conductor::simnode {

using rpc::Access;
using rpc::Answer;

namespace {

using Found = Result<const Envelope*, rpc::RpcError>;

// rpc.BlockNumber of go-ethereum: a tag or a quantity; what is no string has no prefix either.
Found block_of(const Node& node, const json::RawValue& which) {
    const auto& chain = node.chain();
    const auto tag = which.kind == json::Kind::string ? which.raw.substr(1, which.raw.size() - 2) : which.raw;
    if (tag == "latest" || tag == "pending") return &chain.head();
    if (tag == "earliest" || tag == "finalized") return &chain.genesis();
    if (tag == "safe") return &chain.below_head(node.settings().safe_distance);
    const auto refuse = [](const char* why) { return rpc::params_detail::invalid_argument(0, why); };
    if (tag.empty()) return refuse("empty hex string");
    if (!tag.starts_with("0x") && !tag.starts_with("0X")) return refuse("hex string without 0x prefix");
    const auto digits = tag.substr(2);
    if (digits.empty()) return refuse("hex string \"0x\"");
    if (digits.size() > 1 && digits[0] == '0') return refuse("hex number with leading zero digits");
    if (digits.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos)
        return refuse("invalid hex string");
    if (digits.size() > 16) return refuse("hex number > 64 bits");
    std::uint64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
    if (number >> 63U != 0) return refuse("block number larger than int64");
    return chain.at(number);
}

Found block_by_hash(const Node& node, const json::RawValue& which) {
    BlockHash hash;
    const auto read = payload::read_fixed(which, {"", "", "common.Hash"}, hash.bytes);
    if (!read) return rpc::params_detail::invalid_argument(0, read.error().text);
    return node.chain().find(hash);
}

Answer block_answer(const Node& node, const Found& found, bool full) {
    if (!found) return found.error();
    if (*found == nullptr) return std::string{"null"};
    const auto truth = node.misbehaviour.false_blocks ? Truth::false_state : Truth::whole;
    return block_json(**found, full ? Detail::transactions : Detail::hashes, truth);
}

Answer raw_transaction(const Found& found, const json::RawValue& which) {
    if (!found) return found.error();
    std::array<std::uint8_t, 8> octets{};
    const auto read = payload::read_quantity(which, {"", "", "hexutil.Uint"}, octets);
    if (!read) return rpc::params_detail::invalid_argument(1, read.error().text);
    std::uint64_t index = 0;
    for (std::size_t i = 8; i-- > 0;) index = index << 8U | octets[i];
    if (*found == nullptr) return std::string{"\"0x\""};
    const auto fields = payload::fields_of(**found);
    if (index >= fields.transactions.size()) return std::string{"\"0x\""};
    return '"' + hex_with_prefix(fields.transactions[index]) + '"';
}

std::string peers_json(const Node& node) {
    std::string out{"["};
    for (std::uint64_t i = 0; i < node.peer_count(); ++i) {
        JsonObject peer;
        peer.text("id", quantity(i + 1));
        peer.text("name", "simnode");
        if (i > 0) out += ',';
        out += peer.done();
    }
    return out + "]";
}

}  // namespace

void add_execution_methods(Surface& surface, Node& node) {
    auto& table = surface.methods;
    const auto read = Access::read;
    table.add<json::RawValue, bool>("eth_getBlockByNumber", read,
                                    [&node](const json::RawValue& which, bool full) {
                                        return block_answer(node, block_of(node, which), full);
                                    });
    table.add<json::RawValue, bool>("eth_getBlockByHash", read,
                                    [&node](const json::RawValue& which, bool full) {
                                        return block_answer(node, block_by_hash(node, which), full);
                                    });
    table.add<json::RawValue, json::RawValue>(
        "eth_getRawTransactionByBlockHashAndIndex", read,
        [&node](const json::RawValue& which, const json::RawValue& index) {
            return raw_transaction(block_by_hash(node, which), index);
        });
    table.add<>("eth_blockNumber", read,
                [&node]() -> Answer { return '"' + quantity(node.chain().head().number.value()) + '"'; });
    table.add<>("eth_chainId", read, []() -> Answer { return std::string{"\"0x385\""}; });
    table.add<>("eth_syncing", read, []() -> Answer { return std::string{"false"}; });
    table.add<>("net_peerCount", read, [&node]() -> Answer { return '"' + quantity(node.peer_count()) + '"'; });
    table.add<>("admin_peers", read, [&node]() -> Answer { return peers_json(node); });
    table.add<json::RawValue, json::RawValue>(
        "miner_setMaxDASize", read,
        [](const json::RawValue&, const json::RawValue&) -> Answer { return std::string{"true"}; });
    table.add<>("web3_clientVersion", read, []() -> Answer { return std::string{"\"Geth/simnode\""}; });
    table.add<>("rpc_modules", read, []() -> Answer {
        return std::string{R"({"admin":"1.0","debug":"1.0","eth":"1.0","miner":"1.0","net":"1.0",)"
                           R"("rpc":"1.0","txpool":"1.0","web3":"1.0"})"};
    });
}

}  // namespace conductor::simnode
