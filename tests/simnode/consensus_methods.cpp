#include <array>

#include "core/payload/scalar.hpp"
#include "core/payload/transcode.hpp"
#include "tests/simnode/json.hpp"
#include "tests/simnode/methods.hpp"

namespace conductor::simnode {

namespace asio = boost::asio;
using rpc::Access;
using rpc::Answer;

namespace {

std::string l1_json(const Node& node, std::uint64_t number) {
    const auto& settings = node.settings();
    JsonObject out;
    out.text("hash", to_hex(l1_hash(settings.seed, number)));
    out.number("number", number);
    out.text("parentHash", to_hex(number == 0 ? BlockHash{} : l1_hash(settings.seed, number - 1)));
    out.number("timestamp", settings.genesis_time_s + 12 * number);
    return out.done();
}

std::string l2_json(const Node& node, const Envelope& block, std::uint64_t skew_s) {
    const auto origin = origin_of(block.number.value());
    JsonObject l1;
    l1.text("hash", to_hex(l1_hash(node.settings().seed, origin.number)));
    l1.number("number", origin.number);
    JsonObject out;
    out.text("hash", to_hex(block.hash));
    out.number("number", block.number.value());
    out.text("parentHash", to_hex(block.parent));
    out.number("timestamp", block.timestamp_s - std::min(skew_s, block.timestamp_s));
    out.raw("l1origin", l1.done());
    out.number("sequenceNumber", origin.sequence_number);
    return out.done();
}

std::string sync_status(const Node& node) {
    const auto& chain = node.chain();
    const auto l1 = l1_json(node, origin_of(chain.head().number.value()).number);
    const auto unsafe = l2_json(node, chain.head(), node.misbehaviour.unsafe_skew_s);
    const auto& safe_block = chain.below_head(node.settings().safe_distance);
    const auto safe = l2_json(node, safe_block, node.misbehaviour.safe_skew_s);
    const auto finalized = l2_json(node, chain.genesis(), 0);
    JsonObject out;
    out.raw("current_l1", l1);
    out.raw("current_l1_finalized", l1_json(node, 0));
    out.raw("head_l1", l1);
    out.raw("safe_l1", l1);
    out.raw("finalized_l1", l1_json(node, 0));
    out.raw("unsafe_l2", unsafe);
    out.raw("safe_l2", safe);
    out.raw("finalized_l2", finalized);
    out.raw("pending_safe_l2", safe);
    out.raw("cross_unsafe_l2", unsafe);
    out.raw("local_safe_l2", safe);
    return out.done();
}

std::string rollup_config(const Node& node) {
    const auto& settings = node.settings();
    constexpr std::string_view zero{"0x0000000000000000000000000000000000000000000000000000000000000000"};
    JsonObject l1, l2, system, genesis, out, op;
    l1.text("hash", to_hex(l1_hash(settings.seed, 0)));
    l1.number("number", 0);
    l2.text("hash", to_hex(node.chain().genesis().hash));
    l2.number("number", 0);
    system.text("batcherAddr", "0x49a291c0cf3ad3ebbd7997866a828da523d4fcbd");
    system.text("overhead", zero);
    system.text("scalar", "0x0100000000000000000000000000000000000000000000000000000000000000");
    system.number("gasLimit", 200'000'000);
    system.text("eip1559Params", "0x0000000000000000");
    system.text("operatorFeeParams", zero);
    system.number("minBaseFee", 0);
    system.number("daFootprintGasScalar", 0);
    genesis.raw("l1", l1.done());
    genesis.raw("l2", l2.done());
    genesis.number("l2_time", settings.genesis_time_s);
    genesis.raw("system_config", system.done());
    const auto block_time_s = static_cast<std::uint64_t>(settings.block_time.count() / 1000);
    out.raw("genesis", genesis.done());
    out.number("block_time", std::max<std::uint64_t>(block_time_s, 1));
    out.number("max_sequencer_drift", 600);
    out.number("seq_window_size", 10'000'000);
    out.number("channel_timeout", 300);
    out.number("l1_chain_id", 1337);
    out.number("l2_chain_id", 901);
    for (const auto* fork :
         {"regolith", "canyon", "delta", "ecotone", "fjord", "granite", "holocene", "isthmus", "jovian"})
        out.number(std::string{fork} + "_time", 0);
    out.text("batch_inbox_address", "0xff00000000000000000000000000000000000901");
    out.text("deposit_contract_address", "0x00000000000000000000000000000000000de905");
    out.text("l1_system_config_address", "0x00000000000000000000000000000000000c0f16");
    op.number("eip1559Elasticity", 6);
    op.number("eip1559Denominator", 50);
    op.number("eip1559DenominatorCanyon", 250);
    out.raw("chain_op_config", op.done());
    return out.done();
}

// The two state roots are made up; what is hashed of them is nobody's business here.
Answer output_at(const Node& node, const std::string& number_text) {
    std::array<std::uint8_t, 8> octets{};
    const auto quoted = rpc::json_string(number_text);
    const auto read = payload::read_quantity({json::Kind::string, quoted}, {"", "", "hexutil.Uint64"}, octets);
    if (!read) return rpc::params_detail::invalid_argument(0, read.error().text);
    std::uint64_t number = 0;
    for (std::size_t i = 8; i-- > 0;) number = number << 8U | octets[i];
    const auto* const block = node.chain().at(number);
    if (block == nullptr)
        return rpc::application_error(
            "failed to get L2 block ref with sync status: failed to determine "
            "L2BlockRef of height " +
            std::to_string(number) + ", could not get payload: not found");
    const auto root = to_hex(l1_hash(node.settings().seed, number ^ 0xffff'ffff));
    JsonObject out;
    out.text("version", "0x0000000000000000000000000000000000000000000000000000000000000000");
    out.text("outputRoot", root);
    out.raw("blockRef", l2_json(node, *block, 0));
    out.text("withdrawalStorageRoot", root);
    out.text("stateRoot", root);
    out.raw("syncStatus", sync_status(node));
    return out.done();
}

asio::awaitable<Answer> start(Node& node, json::RawValue param) {
    BlockHash hash;
    const auto read = payload::read_fixed(param, {"", "", "common.Hash"}, hash.bytes);
    if (!read) co_return rpc::params_detail::invalid_argument(0, read.error().text);
    auto starting = node.start(hash);
    co_return co_await std::move(starting);
}

// Go decodes an argument before it counts how many there are, and crashes on one that is not there.
asio::awaitable<Answer> post_payload(Node& node, std::optional<json::RawValue> params) {
    auto elements = rpc::positional(params);
    if (!elements) co_return elements.error();
    const auto first = *elements ? (*elements)->next() : std::nullopt;
    const rpc::RpcError crashed{rpc::code::internal, "method handler crashed", {}};
    const bool given = first && first->kind != json::Kind::null;
    std::optional<Envelope> block;
    if (given) {
        payload::Strictness as_go;
        as_go.strict = false;
        auto decoded = payload::envelope_from_json(first->raw, as_go);
        const auto none = payload::missing_payload_refusal().message;
        if (!decoded && decoded.error().message == none) co_return crashed;
        if (!decoded) co_return rpc::RpcError{decoded.error().code, decoded.error().message, {}};
        block = std::move(*decoded);
    }
    if (first && (*elements)->next()) co_return rpc::params_detail::too_many(1);
    if (!block) co_return crashed;
    auto posting = node.post(std::move(*block));
    co_return co_await std::move(posting);
}

}  // namespace

void add_consensus_methods(Surface& surface, Node& node) {
    auto& table = surface.methods;
    const auto write = Access::write;
    table.add<>("admin_sequencerActive", write,
                [&node]() -> Answer { return std::string{node.active() ? "true" : "false"}; });
    table.add<>("admin_conductorEnabled", write, [&node]() -> Answer {
        return std::string{node.misbehaviour.conductor_enabled.value_or(true) ? "true" : "false"};
    });
    table.add<>("admin_overrideLeader", write, [&node]() -> Answer {
        node.conductor.set_overridden(true);
        return std::string{"null"};
    });
    table.add<json::RawValue>("admin_startSequencer", write,
                              [&node](json::RawValue param) { return start(node, param); });
    table.add<>("admin_stopSequencer", write, [&node] { return node.stop(); });
    table.add_raw("admin_postUnsafePayload", write,
                  [&node](const std::optional<json::RawValue>& params) { return post_payload(node, params); });
    table.add<>("optimism_syncStatus", write, [&node]() -> Answer { return sync_status(node); });
    table.add<>("optimism_rollupConfig", write, [&node]() -> Answer { return rollup_config(node); });
    table.add<>("optimism_version", write, []() -> Answer { return std::string{"\"v1.19.0-dev\""}; });
    table.add<std::string>("optimism_outputAtBlock", write,
                           [&node](const std::string& number) { return output_at(node, number); });
    add_p2p_methods(surface, node);
    table.add<>("health_status", write, []() -> Answer { return std::string{"\"v1.19.0\""}; });
    table.add<>("rpc_modules", write, [&table]() -> Answer { return table.modules(); });
}

}  // namespace conductor::simnode
