#include "tests/support/recorded_blocks.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "core/base/hex.hpp"
#include "core/base/json_buffer.hpp"
#include "core/payload/transcode.hpp"

namespace conductor::test {
namespace {

payload::Envelope envelope_of(const std::string& name, bool json, const std::string& body) {
    if (json) {
        payload::SszPool pool;
        JsonBuffer buffer{body};
        if (auto call = payload::fast_commit_call(buffer, pool)) return call->envelope;
    } else if (auto envelope = payload::envelope_from_ssz(Bytes::copy_of(body))) {
        return *envelope;
    }
    throw std::runtime_error(name + " is no commit request");
}

}  // namespace

std::string read_file(const std::filesystem::path& path) {
    // gzopen reads plain files too.
    gzFile file = ::gzopen(path.c_str(), "rb");
    if (file == nullptr) throw std::runtime_error("cannot read " + path.string());
    std::string text;
    std::vector<char> block(1U << 16U);
    int got = 0;
    while ((got = ::gzread(file, block.data(), static_cast<unsigned>(block.size()))) > 0)
        text.append(block.data(), static_cast<std::size_t>(got));
    ::gzclose(file);
    if (got < 0) throw std::runtime_error("cannot unpack " + path.string());
    return text;
}

std::vector<RecordedBlock> recorded_blocks(const std::filesystem::path& directory) {
    std::vector<RecordedBlock> blocks;
    for (const auto& item : std::filesystem::directory_iterator{directory}) {
        const auto name = item.path().filename().string();
        const bool json = name.find("-json-") != std::string::npos;
        if (!json && name.find("-ssz-") == std::string::npos) continue;
        auto body = read_file(item.path());
        auto envelope = envelope_of(name, json, body);
        blocks.push_back({name, json, std::move(body), std::move(envelope)});
    }
    std::ranges::sort(blocks, [](const auto& a, const auto& b) {
        return a.body.size() != b.body.size() ? a.body.size() < b.body.size() : a.name < b.name;
    });
    return blocks;
}

RecordedBlock at_height(const RecordedBlock& block, std::uint64_t number) {
    constexpr std::size_t number_at = 436;
    constexpr std::size_t hash_at = 504;
    std::vector<std::uint8_t> ssz{block.envelope.ssz.span().begin(), block.envelope.ssz.span().end()};
    for (std::size_t i = 0; i < 8; ++i) {
        ssz[number_at + i] = static_cast<std::uint8_t>(number >> (8 * i));
        ssz[hash_at + i] = static_cast<std::uint8_t>(number >> (8 * i));
    }
    auto changed = block;
    changed.name += "@" + std::to_string(number);
    changed.envelope = *payload::envelope_from_ssz(Bytes::adopt(std::move(ssz)));
    if (block.json) {
        changed.body = R"({"jsonrpc":"2.0","id":1,"method":"conductor_commitUnsafePayload","params":[)" +
                       payload::envelope_to_json(changed.envelope) + "]}";
    } else {
        changed.body = std::string{as_text(changed.envelope.ssz.span())};
    }
    return changed;
}

}  // namespace conductor::test
