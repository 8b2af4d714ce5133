#include <map>
#include <ostream>
#include <set>

#include "core/base/go_text.hpp"
#include "core/config/options.hpp"
#include "core/config/toml.hpp"
#include "core/ctl/commands.hpp"
#include "core/plugin/network_lookup.hpp"

namespace conductor::ctl {
namespace {

using Facts = std::map<std::string, std::string>;  // `facts.chain_id` → text

void flatten(const config::TomlTable& table, const std::string& prefix, Facts& out) {
    for (const auto& entry : table.entries) {
        const auto name = prefix + entry.key;
        const auto& node = entry.node;
        if (const auto* inner = node.as<config::TomlTable>()) flatten(*inner, name + ".", out);
        // The first text has the first word.
        else if (const auto* text = node.as<std::string>())
            out.try_emplace(name, *text);
        else if (const auto* whole = node.as<std::int64_t>())
            out.try_emplace(name, std::to_string(*whole));
        else if (const auto* flag = node.as<bool>())
            out.try_emplace(name, *flag ? "true" : "false");
        else if (const auto* real = node.as<double>())
            out.try_emplace(name, std::to_string(*real));
    }
}

/// What all providers together say of a network; or why that is not to be had.
Result<Facts, Complaint> facts_of(const std::string& name) {
    const auto providers = plugin::network_providers();
    // Judges it as the daemon's start would: contradictions, values that no option takes, near names.
    const auto judged = plugin::look_up_network(name, providers);
    if (!judged) return Complaint{"network " + go_quote(name) + ": " + judged.error().text};
    const auto texts = plugin::profile_texts(name, providers);
    if (!texts) return texts.error();
    Facts out;
    for (const auto& text : *texts) {
        const auto table = config::parse_toml(text.text, "profile of " + name);
        if (!table) return table.error();
        flatten(*table, "", out);
    }
    return out;
}

int refuse(const Setting& setting, const Complaint& why) {
    setting.err << "conductorctl: " << why.text << '\n';
    return exit_failed;
}

/// The program's own defaults, named as a profile names them.
Facts defaults() {
    Facts out;
    for (const auto& option : config::options())
        out.emplace("policy." + std::string{option.name},
                    option.need == config::Need::required ? "" : std::string{option.fallback});
    return out;
}

}  // namespace

int profile_list(const Setting& setting) {
    const auto names = plugin::network_names(plugin::network_providers());
    if (!names) return refuse(setting, names.error());
    Table table{{"network", "provider"}};
    for (const auto& one : *names) table.add({one.name, one.provider});
    setting.out << table.in(setting.format);
    return exit_ok;
}

int profile_show(const Setting& setting, const std::string& name) {
    const auto facts = facts_of(name);
    if (!facts) return refuse(setting, facts.error());
    if (setting.format == Format::json) {
        JsonObject object;
        for (const auto& [key, value] : *facts) object.text(key, value);
        setting.out << object.done() << '\n';
        return exit_ok;
    }
    Table table{{"key", "value"}};
    for (const auto& [key, value] : *facts) table.add({key, value});
    setting.out << table.text();
    return exit_ok;
}

int profile_diff(const Setting& setting, const std::string& one, const std::string& other) {
    const auto left = facts_of(one);
    if (!left) return refuse(setting, left.error());
    const bool with_defaults = other.empty();
    const auto right = with_defaults ? Result<Facts, Complaint>{defaults()} : facts_of(other);
    if (!right) return refuse(setting, right.error());

    std::set<std::string> keys;
    for (const auto& [key, value] : *left)
        if (!with_defaults || key.starts_with("policy.")) keys.insert(key);
    if (!with_defaults)
        for (const auto& [key, value] : *right) keys.insert(key);
    const auto at = [](const Facts& facts, const std::string& key) {
        const auto found = facts.find(key);
        return found == facts.end() ? std::string{} : found->second;
    };
    Table table{{"key", one, with_defaults ? "default" : other}};
    for (const auto& key : keys)
        if (at(*left, key) != at(*right, key)) table.add({key, at(*left, key), at(*right, key)});
    setting.out << table.in(setting.format);
    return exit_ok;
}

}  // namespace conductor::ctl
