// The driver of op-node and of consensus nodes that speak like it: production through the admin namespace of
// the consensus node, blocks from the execution layer (conductor.md 8.3 to 8.5). What differs between nodes
// ends here: the core sees done, already, try again, or a person must act.
#include <conductor/cpp/sequencer_driver.hpp>

#include "plugins/driver-op-node/envelope.hpp"

namespace {

using conductor::Answer;
using conductor::Failure;
using conductor::Hash;
using conductor::Outcome;

constexpr std::int64_t method_not_found = -32601;
constexpr std::int64_t invalid_params = -32602;
constexpr std::int64_t too_large = 413;

bool says(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

std::string to_hex(const Hash& hash) {
    constexpr char digits[] = "0123456789abcdef";
    std::string out{"0x"};
    for (const auto octet : hash) {
        out += digits[octet >> 4];
        out += digits[octet & 15];
    }
    return out;
}

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool parse_hash(const std::string& text, std::uint8_t* out) {
    if (text.size() != 66 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X')) return false;
    for (std::size_t i = 0; i < 32; ++i) {
        const int high = digit(text[2 + 2 * i]);
        const int low = digit(text[3 + 2 * i]);
        if (high < 0 || low < 0) return false;
        out[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return true;
}

std::string quantity(std::uint64_t number) {
    constexpr char digits[] = "0123456789abcdef";
    std::string out;
    do {
        out.insert(out.begin(), digits[number & 15]);
        number >>= 4;
    } while (number != 0);
    return "0x" + out;
}

// What the host could not do is its own status; what the node said is sorted into "try again" and "act".
[[noreturn]] void fail(const Answer& answer, const char* method) {
    const auto why = answer.why();
    if (answer.status != CONDUCTOR_REMOTE_ERROR) throw Failure(answer.status, why);
    if (answer.code() == method_not_found && std::string_view{method}.substr(0, 6) == "admin_")
        throw Failure(CONDUCTOR_BAD_CONFIG, why + "; enable rpc.enable-admin on the consensus node");
    if (says(why, "sequencer is not enabled"))
        throw Failure(CONDUCTOR_BAD_CONFIG, why + "; enable sequencer.enabled on the consensus node");
    if (answer.http() == 401 || answer.http() == 403)
        throw Failure(CONDUCTOR_BAD_CONFIG, why + "; check the credentials of the endpoint");
    throw Failure(CONDUCTOR_REMOTE_ERROR, why);
}

conductor_block to_block(const conductor::Json& json) {
    conductor_block block{};
    if (!parse_hash(json.string("/hash"), block.hash) || !parse_hash(json.string("/parentHash"), block.parent))
        throw Failure(CONDUCTOR_REMOTE_ERROR, "the block's hash or parentHash is no hash");
    block.number = json.natural("/number");
    block.timestamp_s = json.natural("/timestamp");
    return block;
}

}  // namespace

class OpNode final : public conductor::SequencerDriver {
public:
    static constexpr conductor::About about{
        "io.conductord.op-node", "op-node driver", "0.1.0",
        "Starts, stops and feeds a sequencer of op-node and an execution engine"};
    static constexpr std::array options{
        conductor::option_endpoint("node", "node", "the consensus node, with its admin namespace"),
        conductor::option_endpoint("execution", "execution", "the execution engine"),
        conductor::option_choice("start_mode", "auto", "hash-param|parameterless|auto",
                                 "how the node takes the block to build on; auto tries with the hash first")};

    explicit OpNode(conductor::Host host)
        : host_{host}, node_{host.string("node")}, execution_{host.string("execution")} {
        const auto mode = host.string("start_mode");
        with_hash_ = mode != "parameterless";
        may_switch_ = mode == "auto";
    }

    Outcome start_sequencer(const conductor_call& call, const std::optional<Hash>& head) override {
        if (!head) throw Failure(CONDUCTOR_BAD_CONFIG, "op-node needs the hash of the block to build on");
        if (!with_hash_) return start_without_hash(call, *head);

        const auto answer = host_.call(call, node_, "admin_startSequencer", "[\"" + to_hex(*head) + "\"]");
        if (answer.ok()) return Outcome::done;
        if (says(answer.why(), "sequencer already running")) return Outcome::already;
        if (may_switch_ && answer.code() == invalid_params) {
            const auto outcome = start_without_hash(call, *head);
            with_hash_ =
                false;  // only saves the node a call that it does not know; the check is made each time
            return outcome;
        }
        fail(answer, "admin_startSequencer");
    }

    Outcome stop_sequencer(const conductor_call& call, Hash& head) override {
        const auto answer = host_.call(call, node_, "admin_stopSequencer");
        if (!answer.ok()) {
            if (says(answer.why(), "sequencer not running")) return Outcome::already;
            fail(answer, "admin_stopSequencer");
        }
        // It has stopped, whatever it says of its head.
        Hash told{};
        if (answer.kind() == CONDUCTOR_JSON_STRING && parse_hash(answer.string(), told.data())) head = told;
        return Outcome::done;
    }

    bool active(const conductor_call& call) override {
        const auto answer = host_.call(call, node_, "admin_sequencerActive");
        if (!answer.ok()) fail(answer, "admin_sequencerActive");
        return answer.boolean();
    }

    bool conductor_enabled(const conductor_call& call) override {
        const auto answer = host_.call(call, node_, "admin_conductorEnabled");
        if (answer.ok()) return answer.boolean();
        if (answer.status == CONDUCTOR_REMOTE_ERROR &&
            (answer.code() == method_not_found || names_no_method(answer)))
            throw Failure(CONDUCTOR_UNSUPPORTED, answer.why());
        fail(answer, "admin_conductorEnabled");
    }

    conductor_block unsafe_head(const conductor_call& call) override {
        const auto answer = block(call, "latest");
        if (answer.kind() == CONDUCTOR_JSON_NULL)
            throw Failure(CONDUCTOR_REMOTE_ERROR, "the execution engine knows no latest block");
        return to_block(answer);
    }

    conductor_block block_at(const conductor_call& call, std::uint64_t number) override {
        return to_block(existing_block(call, number));
    }

    Outcome post_payload(const conductor_call& call, std::string_view envelope) override {
        std::string params;
        params.reserve(envelope.size() + 2);
        params.append("[").append(envelope).append("]");
        const auto answer = host_.call(call, node_, "admin_postUnsafePayload", params);
        if (answer.ok()) return Outcome::done;
        const auto why = answer.why();
        if (answer.http() == too_large)
            throw Failure(CONDUCTOR_REFUSED, why + "; the payload is above the node's limit of 5 MiB");
        if (says(why, "payload has bad block hash") || answer.code() == invalid_params)
            throw Failure(CONDUCTOR_REFUSED, why);
        fail(answer, "admin_postUnsafePayload");
    }

    std::string payload_at(const conductor_call& call, std::uint64_t number) override {
        const auto found = existing_block(call, number);
        const auto hash = found.string("/hash");
        const auto count = found.length("/transactions");
        std::vector<std::string> transactions;
        transactions.reserve(count);
        // By the block's hash: a reorganisation in between must not mix two blocks.
        for (std::uint64_t i = 0; i < count; ++i) transactions.push_back(transaction(call, hash, i));
        return envelope_of(found, transactions);
    }

private:
    // Such a node checks nothing, so the check is ours: it would build on whatever it has.
    Outcome start_without_hash(const conductor_call& call, const Hash& head) {
        if (active(call)) return Outcome::already;
        const auto own = unsafe_head(call);
        if (std::memcmp(own.hash, head.data(), head.size()) != 0) {
            Hash stands{};
            std::memcpy(stands.data(), own.hash, stands.size());
            throw Failure(CONDUCTOR_REMOTE_ERROR, "block hash does not match: head " + to_hex(stands) + ":" +
                                                      std::to_string(own.number) + ", received " +
                                                      to_hex(head));
        }
        const auto answer = host_.call(call, node_, "admin_startSequencer");
        if (answer.ok()) return Outcome::done;
        if (says(answer.why(), "sequencer already running")) return Outcome::already;
        fail(answer, "admin_startSequencer");
    }

    static bool names_no_method(const Answer& answer) {
        auto why = answer.why();
        for (char& c : why)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        return says(why, "method not found");
    }

    Answer block(const conductor_call& call, const std::string& which) const {
        auto answer = host_.call(call, execution_, "eth_getBlockByNumber", "[\"" + which + "\",false]");
        if (!answer.ok()) fail(answer, "eth_getBlockByNumber");
        return answer;
    }

    Answer existing_block(const conductor_call& call, std::uint64_t number) const {
        auto answer = block(call, quantity(number));
        if (answer.kind() == CONDUCTOR_JSON_NULL)
            throw Failure(CONDUCTOR_NOT_FOUND, "the execution engine has no block " + std::to_string(number));
        if (answer.natural("/number") != number)
            throw Failure(CONDUCTOR_REMOTE_ERROR, "asked for block " + std::to_string(number) + ", got " +
                                                      std::to_string(answer.natural("/number")));
        return answer;
    }

    std::string transaction(const conductor_call& call, const std::string& block_hash,
                            std::uint64_t index) const {
        if (call.cancelled != nullptr && call.cancelled(&call) == 1)
            throw Failure(CONDUCTOR_TIMED_OUT, "no time left for transaction " + std::to_string(index));
        const auto answer = host_.call(call, execution_, "eth_getRawTransactionByBlockHashAndIndex",
                                       "[\"" + block_hash + "\",\"" + quantity(index) + "\"]");
        if (!answer.ok()) fail(answer, "eth_getRawTransactionByBlockHashAndIndex");
        auto raw = answer.string();
        if (raw.size() < 4)
            throw Failure(CONDUCTOR_REMOTE_ERROR, "transaction " + std::to_string(index) + " is empty");
        return raw;
    }

    conductor::Host host_;
    std::string node_;
    std::string execution_;
    bool with_hash_{true};
    bool may_switch_{false};
};

CONDUCTOR_EXPORT_SEQUENCER_DRIVER(OpNode)
