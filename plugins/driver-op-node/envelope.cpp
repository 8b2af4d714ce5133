#include "plugins/driver-op-node/envelope.hpp"

namespace {

struct Member {
    const char* in_payload;
    const char* in_block;
};
// The envelope's order, as op-node writes it.
constexpr Member before_transactions[] = {{"parentHash", "parentHash"}, {"feeRecipient", "miner"},
                                          {"stateRoot", "stateRoot"},   {"receiptsRoot", "receiptsRoot"},
                                          {"logsBloom", "logsBloom"},   {"prevRandao", "mixHash"},
                                          {"blockNumber", "number"},    {"gasLimit", "gasLimit"},
                                          {"gasUsed", "gasUsed"},       {"timestamp", "timestamp"},
                                          {"extraData", "extraData"},   {"baseFeePerGas", "baseFeePerGas"},
                                          {"blockHash", "hash"}};
constexpr Member after_transactions[] = {{"blobGasUsed", "blobGasUsed"}, {"excessBlobGas", "excessBlobGas"}};

class Writer {
public:
    explicit Writer(const conductor::Json& block) : block_{block} {}

    void member(const Member& member) {
        raw(member.in_payload, block_.at(std::string{"/"} + member.in_block).raw());
    }
    void raw(const char* name, const std::string& value) {
        if (out_.back() != '{') out_ += ',';
        out_.append("\"").append(name).append("\":").append(value);
    }
    /// Absent, or null, in blocks of older forks.
    [[nodiscard]] bool has(const char* name) const {
        const auto kind = block_.kind(std::string{"/"} + name);
        return kind != CONDUCTOR_JSON_MISSING && kind != CONDUCTOR_JSON_NULL;
    }
    [[nodiscard]] std::string& text() { return out_; }

private:
    const conductor::Json& block_;
    std::string out_{"{"};
};

}  // namespace

std::string envelope_of(const conductor::Json& block, const std::vector<std::string>& transactions) {
    Writer payload{block};
    for (const auto& member : before_transactions) payload.member(member);

    std::size_t size = 2;
    for (const auto& one : transactions) size += one.size() + 3;
    std::string list;
    list.reserve(size);
    list += '[';
    for (const auto& one : transactions) {
        if (list.size() > 1) list += ',';
        list.append("\"").append(one).append("\"");
    }
    list += ']';
    payload.raw("transactions", list);
    payload.raw("withdrawals", payload.has("withdrawals") ? block.at("/withdrawals").raw() : "[]");
    for (const auto& member : after_transactions) payload.member(member);
    // Every header since Shanghai has such a root, every payload since Isthmus; that came with the requests.
    if (payload.has("requestsHash")) payload.raw("withdrawalsRoot", block.at("/withdrawalsRoot").raw());

    return R"({"parentBeaconBlockRoot":)" + block.at("/parentBeaconBlockRoot").raw() +
           R"(,"executionPayload":)" + payload.text() + "}}";
}
