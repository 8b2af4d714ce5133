#include "plugins/profile-superchain/catalogue.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace {

constexpr std::string_view prefix = "networks.";
constexpr std::string_view forks_suffix = ".forks";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string lower(std::string_view text) {
    std::string out{text};
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

// The value behind `key = `, quotes off; empty where there is none.
std::string_view value_of(std::string_view lines, std::string_view key) {
    while (!lines.empty()) {
        auto line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(lines.size(), line.size() + 1));
        const auto equals = line.find('=');
        if (equals == std::string_view::npos || trimmed(line.substr(0, equals)) != key) continue;
        line.remove_prefix(equals + 1);
        line = trimmed(line.substr(0, line.find('#')));
        if (line.size() >= 2 && line.front() == '"' && line.back() == '"')
            line = line.substr(1, line.size() - 2);
        return line;
    }
    return {};
}

// Lines without what only the table's readers need: comments and blank lines.
std::string without_comments(std::string_view lines) {
    std::string out;
    while (!lines.empty()) {
        const auto line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(lines.size(), line.size() + 1));
        const auto kept = trimmed(line.substr(0, line.find('#')));
        if (!kept.empty()) out.append(kept).push_back('\n');
    }
    return out;
}

// Where a file says nothing else: seconds, from the block time t. The unsafe interval must exceed a whole
// failover, because when it passes all members turn unhealthy together.
std::string policy(std::uint64_t block_time_s) {
    return "[policy]\n"
           "healthcheck.interval = 1\n"
           "healthcheck.unsafe-interval = " +
           std::to_string(4 * block_time_s + 4) +
           "\n"
           "healthcheck.safe-enabled = false\n"
           "healthcheck.min-peer-count = 1\n";
}

}  // namespace

Catalogue::Catalogue(std::string_view table) {
    const auto close = [this](std::string_view name, std::string_view body) {
        if (name == "aliases") {
            while (!body.empty()) {
                const auto line = body.substr(0, body.find('\n'));
                body.remove_prefix(std::min(body.size(), line.size() + 1));
                const auto alias = trimmed(line.substr(0, line.find('=')));
                if (line.find('=') == std::string_view::npos || alias.front() == '#') continue;
                aliases_.emplace(alias, value_of(line, alias));
            }
            return;
        }
        if (name.substr(0, prefix.size()) != prefix) return;
        name.remove_prefix(prefix.size());
        const bool forks =
            name.size() > forks_suffix.size() && name.substr(name.size() - forks_suffix.size()) == forks_suffix;
        if (forks) name.remove_suffix(forks_suffix.size());
        (forks ? networks_[std::string{name}].forks : networks_[std::string{name}].facts) = body;
    };

    std::string_view name;
    std::size_t begin = 0;
    for (std::size_t at = 0; at <= table.size();) {
        const auto end = std::min(table.find('\n', at), table.size());
        const auto line = trimmed(table.substr(at, end - at));
        if (!line.empty() && line.front() == '[' && line.back() == ']') {
            close(name, table.substr(begin, at - begin));
            name = line.substr(1, line.size() - 2);
            begin = std::min(end + 1, table.size());
        }
        at = end + 1;
    }
    close(name, table.substr(begin));
}

std::vector<std::string> Catalogue::names() const {
    std::vector<std::string> all;
    for (const auto& [name, network] : networks_) all.push_back(name);
    for (const auto& [alias, name] : aliases_) all.push_back(alias);
    std::sort(all.begin(), all.end());
    return all;
}

std::optional<std::string> Catalogue::profile(std::string_view asked) const {
    std::string name = lower(asked);
    if (const auto alias = aliases_.find(name); alias != aliases_.end()) name = alias->second;
    const auto found = networks_.find(name);
    if (found == networks_.end()) return std::nullopt;

    std::uint64_t block_time_s = 2;
    const auto text = value_of(found->second.facts, "block_time_s");
    std::from_chars(text.data(), text.data() + text.size(), block_time_s);
    return "# " + name + ", as shipped\n[facts]\nname = \"" + name + "\"\n" +
           without_comments(found->second.facts) + "\n[facts.forks]\n" + without_comments(found->second.forks) +
           "\n" + policy(block_time_s);
}
