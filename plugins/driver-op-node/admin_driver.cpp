#include "plugins/driver-op-node/admin_driver.hpp"

#include "plugins/driver-op-node/envelope.hpp"

namespace admin {

using conductor::Answer;
using conductor::Failure;
using conductor::Hash;
using conductor::Outcome;

namespace {

constexpr std::int64_t too_large = 413;

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
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

conductor_block to_block(const conductor::Json& json) {
    conductor_block block{};
    if (!parse_hash(json.string("/hash"), block.hash) || !parse_hash(json.string("/parentHash"), block.parent))
        throw Failure(CONDUCTOR_REMOTE_ERROR, "the block's hash or parentHash is no hash");
    block.number = json.natural("/number");
    block.timestamp_s = json.natural("/timestamp");
    return block;
}

bool names_no_method(const Answer& answer) {
    auto why = answer.why();
    for (char& c : why)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return says(why, "method not found");
}

}  // namespace

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

bool Driver::active(const conductor_call& call) {
    const auto answer = ask(call, "admin_sequencerActive");
    if (!answer.ok()) fail(answer, "admin_sequencerActive");
    return answer.boolean();
}

bool Driver::conductor_enabled(const conductor_call& call) {
    const auto answer = ask(call, "admin_conductorEnabled");
    if (answer.ok()) return answer.boolean();
    if (answer.status == CONDUCTOR_REMOTE_ERROR &&
        (answer.code() == method_not_found || names_no_method(answer)))
        throw Failure(CONDUCTOR_UNSUPPORTED, answer.why());
    fail(answer, "admin_conductorEnabled");
}

conductor_block Driver::unsafe_head(const conductor_call& call) {
    const auto answer = block(call, "latest");
    if (answer.kind() == CONDUCTOR_JSON_NULL)
        throw Failure(CONDUCTOR_REMOTE_ERROR, "the execution engine knows no latest block");
    return to_block(answer);
}

conductor_block Driver::block_at(const conductor_call& call, std::uint64_t number) {
    return to_block(existing_block(call, number));
}

Outcome Driver::post_payload(const conductor_call& call, std::string_view envelope) {
    std::string params;
    params.reserve(envelope.size() + 2);
    params.append("[").append(envelope).append("]");
    const auto answer = ask(call, "admin_postUnsafePayload", params);
    if (answer.ok()) return Outcome::done;
    const auto why = answer.why();
    if (answer.http() == too_large)
        throw Failure(CONDUCTOR_REFUSED, why + "; the payload is above the node's limit of 5 MiB");
    if (says(why, "payload has bad block hash") || answer.code() == invalid_params)
        throw Failure(CONDUCTOR_REFUSED, why);
    fail(answer, "admin_postUnsafePayload");
}

std::string Driver::payload_at(const conductor_call& call, std::uint64_t number) {
    const auto found = existing_block(call, number);
    const auto hash = found.string("/hash");
    return envelope_of(found, transactions(call, hash, found.length("/transactions")));
}

Outcome Driver::start_without_hash(const conductor_call& call, const Hash& head) {
    if (active(call)) return Outcome::already;
    const auto own = unsafe_head(call);
    if (std::memcmp(own.hash, head.data(), head.size()) != 0) {
        Hash stands{};
        std::memcpy(stands.data(), own.hash, stands.size());
        throw Failure(CONDUCTOR_REMOTE_ERROR, "block hash does not match: head " + to_hex(stands) + ":" +
                                                  std::to_string(own.number) + ", received " + to_hex(head));
    }
    const auto answer = ask(call, "admin_startSequencer");
    if (answer.ok()) return Outcome::done;
    if (says(answer.why(), "sequencer already running")) return Outcome::already;
    fail(answer, "admin_startSequencer");
}

Hash Driver::told_head(const Answer& answer) {
    Hash told{};
    if (answer.kind() != CONDUCTOR_JSON_STRING || !parse_hash(answer.string(), told.data())) return {};
    return told;
}

Answer Driver::block(const conductor_call& call, const std::string& which) const {
    auto answer = host_.call(call, execution_, "eth_getBlockByNumber", "[\"" + which + "\",false]");
    if (!answer.ok()) fail(answer, "eth_getBlockByNumber");
    return answer;
}

Answer Driver::existing_block(const conductor_call& call, std::uint64_t number) const {
    auto answer = block(call, quantity(number));
    if (answer.kind() == CONDUCTOR_JSON_NULL)
        throw Failure(CONDUCTOR_NOT_FOUND, "the execution engine has no block " + std::to_string(number));
    if (answer.natural("/number") != number)
        throw Failure(CONDUCTOR_REMOTE_ERROR, "asked for block " + std::to_string(number) + ", got " +
                                                  std::to_string(answer.natural("/number")));
    return answer;
}

// By the block's hash: a reorganisation in between must not mix two blocks.
std::vector<std::string> Driver::transactions(const conductor_call& call, const std::string& block_hash,
                                              std::uint64_t count) const {
    constexpr const char* method{"eth_getRawTransactionByBlockHashAndIndex"};
    std::vector<std::string> params;
    params.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i)
        params.push_back("[\"" + block_hash + "\",\"" + quantity(i) + "\"]");
    std::vector<std::string> raw;
    raw.reserve(count);
    for (const auto& answer : host_.call_each(call, execution_, method, params)) {
        if (!answer.ok()) fail(answer, method);
        raw.push_back(answer.string());
        if (raw.back().size() < 4)
            throw Failure(CONDUCTOR_REMOTE_ERROR,
                          "transaction " + std::to_string(raw.size() - 1) + " is empty");
    }
    return raw;
}

}  // namespace admin
