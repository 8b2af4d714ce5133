// The execution layer's view of a block, its members in the order of op-geth, which is that of the alphabet.
#include <algorithm>

#include "core/base/hex.hpp"
#include "core/payload/keccak.hpp"
#include "core/payload/list_root.hpp"
#include "tests/simnode/block.hpp"
#include "tests/simnode/json.hpp"

namespace conductor::simnode {
namespace {

constexpr std::string_view no_requests{"0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};
constexpr std::string_view no_uncles{"0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"};
constexpr std::size_t header_octets = 630;  ///< of RLP, within a few: nobody computes with `size`

std::string quantity_le(ByteSpan little_endian) {
    std::vector<std::uint8_t> big(little_endian.rbegin(), little_endian.rend());
    const auto digits = hex(big);
    const auto first = digits.find_first_not_of('0');
    return first == std::string::npos ? "0x0" : "0x" + digits.substr(first);
}

std::string transaction_json(const Envelope& block, ByteSpan raw, std::size_t index) {
    JsonObject out;
    out.text("blockHash", to_hex(block.hash));
    out.text("blockNumber", quantity(block.number.value()));
    out.text("hash", hex_with_prefix(payload::keccak256(raw)));
    out.text("transactionIndex", quantity(index));
    out.text("type", quantity(raw[0] < 0x80 ? raw[0] : 0));
    return out.done();
}

}  // namespace

std::string block_json(const Envelope& block, Detail detail, Truth truth) {
    const auto fields = payload::fields_of(block);
    const auto& transactions = fields.transactions;
    std::string list{"["};
    std::size_t size = header_octets;
    for (std::size_t i = 0; i < transactions.size(); ++i) {
        if (i > 0) list += ',';
        size += transactions[i].size() + 4;
        list += detail == Detail::hashes ? "\"" + hex_with_prefix(payload::keccak256(transactions[i])) + "\""
                                         : transaction_json(block, transactions[i], i);
    }
    list += ']';
    const auto root = payload::list_root(transactions.size(), [&](std::size_t i) { return transactions[i]; });

    JsonObject out;
    out.text("baseFeePerGas", quantity_le(fields.base_fee_per_gas_le));
    out.text("blobGasUsed", quantity(fields.blob_gas_used));
    out.text("difficulty", "0x0");
    out.text("excessBlobGas", quantity(fields.excess_blob_gas));
    out.text("extraData", hex_with_prefix(fields.extra_data));
    out.text("gasLimit", quantity(fields.gas_limit));
    out.text("gasUsed", quantity(fields.gas_used));
    out.text("hash", to_hex(block.hash));
    out.text("logsBloom", hex_with_prefix(fields.logs_bloom));
    out.text("miner", hex_with_prefix(fields.fee_recipient));
    out.text("mixHash", hex_with_prefix(fields.prev_randao));
    out.text("nonce", "0x0000000000000000");
    out.text("number", quantity(fields.block_number));
    out.text("parentBeaconBlockRoot", hex_with_prefix(fields.parent_beacon_block_root));
    out.text("parentHash", to_hex(block.parent));
    out.text("receiptsRoot", hex_with_prefix(fields.receipts_root));
    if (!fields.withdrawals_root.empty()) out.text("requestsHash", no_requests);
    out.text("sha3Uncles", no_uncles);
    out.text("size", quantity(size));
    out.text("stateRoot", truth == Truth::whole ? hex_with_prefix(fields.state_root) : std::string{no_uncles});
    out.text("timestamp", quantity(fields.timestamp_s));
    out.raw("transactions", list);
    out.text("transactionsRoot", hex_with_prefix(root));
    out.raw("uncles", "[]");
    out.raw("withdrawals", "[]");
    if (!fields.withdrawals_root.empty()) out.text("withdrawalsRoot", hex_with_prefix(fields.withdrawals_root));
    return out.done();
}

}  // namespace conductor::simnode
