#include "core/plugin/profile_text.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/near_name.hpp"
#include "core/config/go_values.hpp"
#include "core/config/options.hpp"
#include "core/config/toml.hpp"

namespace conductor::plugin {
namespace {

using Names = std::vector<std::string>;

constexpr std::string_view forks = "forks.";

const Names& numbers() {
    static const Names names{
        "chain_id",          "l1_chain_id",       "block_time_s",         "genesis_l2_time",
        "genesis_l2_number", "genesis_l1_number", "seq_window_l1_blocks", "max_sequencer_drift_s"};
    return names;
}
const Names& texts() {
    static const Names names{"name", "display_name", "superchain", "data_availability", "genesis_l2_hash"};
    return names;
}

std::string meant(std::string_view wrong, const Names& names) {
    const auto near = near_name(wrong, names);
    return near ? "; did you mean \"" + *near + "\"?" : std::string{};
}

Complaint at(const config::Place& place, const std::string& what) {
    return {config::to_string(place) + ": " + what};
}

/// One value of a table, with its whole name.
struct Leaf {
    std::string name;
    const config::TomlEntry* entry;
    std::string text;
};

std::optional<std::string> text_of(const config::TomlNode& node) {
    if (const auto* text = node.as<std::string>()) return *text;
    if (const auto* number = node.as<std::int64_t>()) return std::to_string(*number);
    if (const auto* flag = node.as<bool>()) return *flag ? "true" : "false";
    return std::nullopt;
}

Result<void, Complaint> flatten(const config::TomlTable& table, const std::string& prefix,
                                std::vector<Leaf>& out) {
    for (const auto& entry : table.entries) {
        const auto name = prefix + entry.key;
        if (const auto* inner = entry.node.as<config::TomlTable>()) {
            if (auto flat = flatten(*inner, name + ".", out); !flat) return flat;
        } else if (auto text = text_of(entry.node)) {
            out.push_back({name, &entry, std::move(*text)});
        } else {
            return at(entry.node.place,
                      name + " is " + std::string{entry.node.kind()} + ", which no option takes");
        }
    }
    return {};
}

Result<std::vector<Leaf>, Complaint> leaves_of(const config::TomlEntry& entry) {
    std::vector<Leaf> out;
    const auto* table = entry.node.as<config::TomlTable>();
    if (table == nullptr) return at(entry.node.place, entry.key + " is no table");
    if (auto flat = flatten(*table, "", out); !flat) return flat.error();
    return out;
}

// A fact that nobody compares is a note; one whose name was slipped would be a check that nobody makes.
Result<void, Complaint> check_fact(const Leaf& leaf) {
    const bool is_number = leaf.entry->node.as<std::int64_t>() != nullptr;
    const bool number = leaf.name.starts_with(forks) || std::ranges::count(numbers(), leaf.name) != 0;
    if (number && !is_number)
        return at(leaf.entry->node.place,
                  leaf.name + " is " + std::string{leaf.entry->node.kind()} + ", and must be a whole number");
    if (number || std::ranges::count(texts(), leaf.name) != 0) return {};
    Names known = numbers();
    known.insert(known.end(), texts().begin(), texts().end());
    if (const auto hint = meant(leaf.name, known); !hint.empty())
        return at(leaf.entry->key_place, "there is no fact \"" + leaf.name + "\"" + hint);
    return {};
}

Result<void, Complaint> check_policy(const Leaf& leaf) {
    const auto* option = config::find_option(leaf.name);
    if (option == nullptr) {
        Names names;
        for (const auto& one : config::options()) names.emplace_back(one.name);
        return at(leaf.entry->key_place, "there is no option \"" + leaf.name + "\"" + meant(leaf.name, names));
    }
    const auto value = config::parse_value(*option, leaf.text);
    if (!value) return at(leaf.entry->node.place, leaf.name + ": " + value.error().reason);
    return {};
}

}  // namespace

Result<ProfileContent, Complaint> read_profile_text(std::string_view text, const std::string& file) {
    const auto table = config::parse_toml(text, file);
    if (!table) return table.error();
    ProfileContent out;
    for (const auto& entry : table->entries) {
        const bool facts = entry.key == "facts";
        if (!facts && entry.key != "policy")
            return at(entry.key_place,
                      "\"" + entry.key + "\" is no part of a profile, which has [facts] and [policy]");
        const auto leaves = leaves_of(entry);
        if (!leaves) return leaves.error();
        for (const auto& leaf : *leaves) {
            if (const auto good = facts ? check_fact(leaf) : check_policy(leaf); !good) return good.error();
            (facts ? out.facts : out.policy)[leaf.name] = leaf.text;
        }
    }
    return out;
}

}  // namespace conductor::plugin
