#include "tests/unit/payload/recipe.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/hex.hpp"

namespace conductor::payload::test {

std::string commit_call(std::string_view envelope) {
    std::string body = R"({"jsonrpc":"2.0","id":1,"method":"conductor_commitUnsafePayload","params":[)";
    body += envelope;
    return body + "]}";
}

namespace {

// SplitMix64.
class Source {
public:
    explicit Source(std::uint64_t seed) : state_{seed} {}
    std::uint64_t word() {
        state_ += 0x9E3779B97F4A7C15;
        auto z = state_;
        z = (z ^ z >> 30U) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27U) * 0x94D049BB133111EB;
        return z ^ z >> 31U;
    }
    std::string octets(std::size_t count) {
        std::vector<std::uint8_t> out;
        while (out.size() < count) {
            for (auto w = word(), i = std::uint64_t{0}; i < 8; ++i, w >>= 8U) {
                out.push_back(static_cast<std::uint8_t>(w & 0xffU));
            }
        }
        out.resize(count);
        return hex_with_prefix(out);
    }

private:
    std::uint64_t state_;
};

std::string quantity(std::uint64_t value) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
    return "0x" + std::string(digits.data(), end);
}

}  // namespace

std::string generated_json(const Recipe& recipe) {
    constexpr std::array<std::size_t, 9> usual{110, 117, 172, 180, 240, 310, 560, 1200, 3000};
    constexpr std::array<std::size_t, 5> fixed{0, 508, 512, 528, 560};
    constexpr std::array<std::size_t, 5> extra_sizes{0, 0, 0, 9, 17};
    const auto extra_size = extra_sizes[recipe.version];
    Source source{recipe.seed};
    std::string out = "{";
    const auto put = [&out](std::string_view key, const std::string& value) {
        out += (out.back() == '{' ? "\"" : ",\"") + std::string{key} + "\":\"" + value + "\"";
    };
    put("parentBeaconBlockRoot", source.octets(32));
    out += R"(,"executionPayload":{)";
    put("parentHash", source.octets(32));
    put("feeRecipient", source.octets(20));
    put("stateRoot", source.octets(32));
    put("receiptsRoot", source.octets(32));
    put("logsBloom", source.octets(256));
    put("prevRandao", source.octets(32));
    for (const auto* name : {"blockNumber", "gasLimit", "gasUsed", "timestamp"})
        put(name, quantity(source.word() >> 32U));
    put("extraData", source.octets(extra_size));
    put("baseFeePerGas", quantity(source.word() >> 16U));
    put("blockHash", source.octets(32));
    const auto blob_gas = recipe.version >= 3 ? quantity(source.word() >> 40U) : "";
    const auto root = recipe.version == 4 ? source.octets(32) : "";

    out += R"(,"transactions":[)";
    const auto transaction = [&](std::size_t size) {
        out += (out.back() == '[' ? "\"" : ",\"") + source.octets(size) + "\"";
    };
    for (const auto size : recipe.lengths) transaction(size);
    auto left = recipe.lengths.empty() ? recipe.size - 32 - fixed[recipe.version] - extra_size : 0;
    while (left >= 4) {
        auto size = std::min(usual[source.word() % usual.size()], left - 4);
        if (left - 4 - size < 4) size = left - 4;
        transaction(size);
        left -= 4 + size;
    }
    out += "]";
    if (recipe.version >= 2) out += R"(,"withdrawals":[])";
    if (recipe.version >= 3) put("blobGasUsed", blob_gas), put("excessBlobGas", "0x0");
    if (recipe.version == 4) put("withdrawalsRoot", root);
    return out + "}}";
}

}  // namespace conductor::payload::test
