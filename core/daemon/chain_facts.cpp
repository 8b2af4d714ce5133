#include "core/daemon/chain_facts.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/base/json_scan.hpp"
#include "core/plugin/json_select.hpp"

namespace conductor::daemon {

namespace {

constexpr std::string_view fork_prefix = "forks.";
constexpr std::string_view time_suffix = "_time";

constexpr std::array places{std::pair{"chain_id", "/l2_chain_id"},
                            std::pair{"l1_chain_id", "/l1_chain_id"},
                            std::pair{"block_time_s", "/block_time"},
                            std::pair{"max_sequencer_drift_s", "/max_sequencer_drift"},
                            std::pair{"seq_window_l1_blocks", "/seq_window_size"},
                            std::pair{"genesis_l2_time", "/genesis/l2_time"},
                            std::pair{"genesis_l2_number", "/genesis/l2/number"},
                            std::pair{"genesis_l2_hash", "/genesis/l2/hash"},
                            std::pair{"genesis_l1_number", "/genesis/l1/number"}};

/// A number or string as text; nothing for anything else.
std::optional<std::string> text_of(std::string_view slice) {
    const auto value = json::first_value(slice);
    if (!value) return std::nullopt;
    if (value->kind == json::Kind::number) return std::string{value->raw};
    if (value->kind == json::Kind::string) return json::unescape(value->raw);
    return std::nullopt;
}

/// `Pectra_Blob_Schedule` and `pectrablobschedule` are one fork, a hash may be written in capitals.
std::string plain(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (c != '_') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

}  // namespace

ChainFacts facts_in_rollup_config(std::string_view text) {
    ChainFacts out;
    for (const auto& [fact, place] : places)
        if (const auto slice = plugin::json_slice(text, place))
            if (auto value = text_of(*slice)) out[fact] = plain(*value);
    const auto whole = json::first_value(text);
    if (!whole || whole->kind != json::Kind::object) return out;
    json::MemberCursor members{*whole};
    while (const auto member = members.next()) {
        const auto key = json::unescape(member->key);
        if (!key.ends_with(time_suffix) || key == "block_time" || member->value.kind != json::Kind::number)
            continue;
        const auto fork = key.substr(0, key.size() - time_suffix.size());
        out[std::string{fork_prefix} + plain(fork)] = member->value.raw;
    }
    return out;
}

ChainFacts facts_in_chain_id(std::string_view json) {
    const auto text = text_of(json);
    if (!text || !text->starts_with("0x")) return {};
    std::uint64_t id = 0;
    const auto* const end = text->data() + text->size();
    const auto [stopped, error] = std::from_chars(text->data() + 2, end, id, 16);
    if (error != std::errc{} || stopped != end) return {};
    return {{"chain_id", std::to_string(id)}};
}

std::vector<Mismatch> mismatches(const ChainFacts& configured, const ChainFacts& node) {
    const bool knows_forks =
        std::ranges::any_of(node, [](const auto& fact) { return fact.first.starts_with(fork_prefix); });
    std::vector<Mismatch> out;
    for (const auto& [fact, wanted] : configured) {
        const bool fork = fact.starts_with(fork_prefix);
        const auto said =
            node.find(fork ? std::string{fork_prefix} + plain(fact.substr(fork_prefix.size())) : fact);
        if (said == node.end()) {
            if (fork && knows_forks) out.push_back({fact, wanted, "not scheduled"});
        } else if (said->second != plain(wanted)) {
            out.push_back({fact, wanted, said->second});
        }
    }
    return out;
}

}  // namespace conductor::daemon
