#include "core/plugin/raw_options.hpp"

#include <optional>

namespace conductor::plugin {
namespace {

std::optional<SecretSource> secret_source(const config::TomlTable& table) {
    if (table.entries.size() != 1) return std::nullopt;
    const auto& entry = table.entries.front();
    const auto* where = entry.node.as<std::string>();
    if (where == nullptr) return std::nullopt;
    if (entry.key == "file") return SecretSource{SecretSource::Kind::file, *where};
    if (entry.key == "env") return SecretSource{SecretSource::Kind::environment, *where};
    return std::nullopt;
}

std::optional<RawValue> one_value(const config::TomlNode& node) {
    const auto place = to_place(node.place);
    if (const auto* text = node.as<std::string>()) return RawValue{*text, place};
    if (const auto* whole = node.as<std::int64_t>()) return RawValue{*whole, place};
    if (const auto* real = node.as<double>()) return RawValue{*real, place};
    if (const auto* truth = node.as<bool>()) return RawValue{*truth, place};
    if (const auto* table = node.as<config::TomlTable>())
        if (auto source = secret_source(*table)) return RawValue{std::move(*source), place};
    return std::nullopt;
}

}  // namespace

Place to_place(const config::Place& place) {
    return {place.file, place.line, place.column};
}

Result<std::vector<RawOption>, std::vector<std::string>> raw_options(const std::string& subject,
                                                                     const config::TomlTable& table) {
    std::vector<RawOption> options;
    std::vector<std::string> complaints;
    const auto complain = [&](const config::TomlEntry& entry, const config::TomlNode& node) {
        complaints.push_back(to_prefix(to_place(node.place)) + subject + ": " + entry.key + ": " +
                             std::string(node.kind()) + " is no value of an option");
    };
    for (const auto& entry : table.entries) {
        RawOption option{entry.key, to_place(entry.key_place), false, {}};
        const auto take = [&](const config::TomlNode& node) {
            if (auto value = one_value(node)) {
                option.values.push_back(std::move(*value));
            } else {
                complain(entry, node);
            }
        };
        if (const auto* list = entry.node.as<config::TomlArray>()) {
            option.is_list = true;
            for (const auto& node : *list) take(node);
        } else {
            take(entry.node);
        }
        options.push_back(std::move(option));
    }
    if (!complaints.empty()) return complaints;
    return options;
}

}  // namespace conductor::plugin
