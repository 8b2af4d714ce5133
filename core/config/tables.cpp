#include "core/config/tables.hpp"

#include <algorithm>
#include <map>

#include "core/base/go_duration.hpp"
#include "core/base/go_text.hpp"
#include "core/base/near_name.hpp"

namespace conductor::config {
namespace {

// The keys of one table, taken one by one; what nobody took is unknown.
class Keys {
public:
    /// `what` opens each complaint: `health "data-disk"`.
    Keys(FileContents& into, std::string what, const TomlTable& table, const Place& place)
        : into_{into}, what_{std::move(what)}, table_{table}, place_{place} {}

    void rename(std::string what) { what_ = std::move(what); }

    void complain(const Place& place, const std::string& text) {
        into_.problems.push_back(to_string(place) + ": " + what_ + ": " + text);
    }

    const TomlNode* take(const std::string& key) {
        known_.push_back(key);
        const auto* entry = table_.find(key);
        return entry == nullptr ? nullptr : &entry->node;
    }

    template <class T>
    const T* take(const std::string& key, std::string_view wanted) {
        const auto* node = take(key);
        if (node == nullptr) return nullptr;
        const auto* value = node->as<T>();
        if (value == nullptr)
            complain(node->place,
                     key + ": wants " + std::string{wanted} + ", has " + std::string{node->kind()});
        return value;
    }

    std::string text(const std::string& key, bool required) {
        if (required && table_.find(key) == nullptr) complain(place_, "missing " + go_quote(key));
        const auto* value = take<std::string>(key, "a string");
        if (value == nullptr) return {};
        if (required && value->empty()) complain(table_.find(key)->node.place, key + ": must not be empty");
        return *value;
    }

    std::optional<std::string> one_of(const std::string& key, const std::vector<std::string>& words) {
        const auto* value = take<std::string>(key, "a string");
        if (value == nullptr) return std::nullopt;
        if (std::ranges::find(words, *value) != words.end()) return *value;
        std::string all;
        for (const auto& word : words) all += (all.empty() ? "" : ", ") + go_quote(word);
        complain(table_.find(key)->node.place, key + ": " + go_quote(*value) + " is none of " + all);
        return std::nullopt;
    }

    std::optional<Duration> duration(const std::string& key) {
        const auto* value = take<std::string>(key, "a duration in quotes, like \"500ms\"");
        if (value == nullptr) return std::nullopt;
        const auto read = parse_go_duration(*value);
        if (read && read->count() > 0) return *read;
        complain(table_.find(key)->node.place, key + ": " + go_quote(*value) + " is not a duration above 0");
        return std::nullopt;
    }

    std::optional<std::uint64_t> count(const std::string& key) {
        const auto* value = take<std::int64_t>(key, "an integer");
        if (value == nullptr) return std::nullopt;
        if (*value >= 1) return static_cast<std::uint64_t>(*value);
        complain(table_.find(key)->node.place, key + ": must be 1 or more");
        return std::nullopt;
    }

    void finish() {
        for (const auto& entry : table_.entries) {
            if (std::ranges::find(known_, entry.key) != known_.end()) continue;
            std::string all;
            for (const auto& key : known_) all += (all.empty() ? "" : ", ") + key;
            const auto near = suggestion(entry.key, known_);
            complain(entry.key_place, "unknown option " + go_quote(entry.key) + (near.empty() ? ";" : near) +
                                          " it accepts: " + all);
        }
    }

private:
    FileContents& into_;
    std::string what_;
    const TomlTable& table_;
    Place place_;
    std::vector<std::string> known_;
};

bool is_instance_name(std::string_view name) noexcept {
    constexpr std::size_t longest = 63;
    return !name.empty() && name.size() <= longest && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

PluginInstance read_instance(FileContents& into, std::string_view kind, const TomlTable& table,
                             const Place& place) {
    PluginInstance out;
    out.place = place;
    Keys keys{into, std::string{kind}, table, place};
    const bool is_health = kind == "health";
    out.name = keys.text("name", is_health);
    if (!is_health && out.name.empty()) out.name = kind;
    keys.rename(std::string{kind} + " " + go_quote(out.name));
    if (!out.name.empty() && !is_instance_name(out.name))
        keys.complain(place, "a name has 1 to 63 of a-z, 0-9 and -");
    out.plugin = keys.text("plugin", true);
    if (const auto* entry = table.find("plugin")) out.plugin_place = entry->node.place;
    out.timeout = keys.duration("timeout");
    if (is_health) {
        out.role = keys.one_of("role", {"gate", "advice"}).value_or("gate");
        out.interval = keys.duration("interval");
        out.on_unknown = keys.one_of("on_unknown", {"hold", "unhealthy", "healthy"});
        if (out.on_unknown == "healthy" && out.role == "gate")
            keys.complain(table.find("on_unknown")->node.place, "on_unknown: \"healthy\" is for advice only");
        out.hold_for = keys.duration("hold_for");
        out.fault_cooldown = keys.duration("fault_cooldown");
        out.failures_to_unhealthy = keys.count("failures_to_unhealthy");
        out.successes_to_healthy = keys.count("successes_to_healthy");
    }
    if (const auto* sum = keys.take<std::string>("sha256", "a string")) {
        const bool hex = sum->size() == 64 && sum->find_first_not_of("0123456789abcdef") == std::string::npos;
        if (!hex) keys.complain(table.find("sha256")->node.place, "sha256: wants 64 digits 0-9, a-f");
        out.sha256 = *sum;
    }
    if (const auto* options = keys.take<TomlTable>("options", "a table")) out.options = *options;
    keys.finish();
    return out;
}

void wrong_shape(FileContents& into, const std::string& key, const TomlNode& node, std::string_view wanted) {
    into.problems.push_back(to_string(node.place) + ": " + key + ": wants " + std::string{wanted} + ", has " +
                            std::string{node.kind()});
}

// The tables of an array of tables; anything else is complained about.
std::vector<const TomlNode*> tables_of(FileContents& into, const std::string& key, const TomlNode& node) {
    std::vector<const TomlNode*> out;
    const auto wanted = "tables, [[" + key + "]]";
    const auto* items = node.as<TomlArray>();
    if (items == nullptr) {
        wrong_shape(into, key, node, wanted);
        return out;
    }
    for (const auto& item : *items)
        if (item.as<TomlTable>() != nullptr)
            out.push_back(&item);
        else
            wrong_shape(into, key, item, wanted);
    return out;
}

void read_health(FileContents& into, const TomlNode& node) {
    for (const auto* item : tables_of(into, "health", node)) {
        auto instance = read_instance(into, "health", *item->as<TomlTable>(), item->place);
        const auto same = std::ranges::find(into.health, instance.name, &PluginInstance::name);
        if (same != into.health.end() && !instance.name.empty())
            into.problems.push_back(to_string(item->place) + ": health " + go_quote(instance.name) +
                                    ": the name is taken, see " + to_string(same->place));
        into.health.push_back(std::move(instance));
    }
}

void read_one(FileContents& into, std::optional<PluginInstance>& target, const std::string& key,
              const TomlNode& node) {
    const auto* table = node.as<TomlTable>();
    if (table == nullptr) return wrong_shape(into, key, node, "a table, [" + key + "]");
    target = read_instance(into, key, *table, node.place);
}

void read_endpoints(FileContents& into, const TomlNode& node) {
    const auto* table = node.as<TomlTable>();
    if (table == nullptr) return wrong_shape(into, "endpoints", node, "tables, [endpoints.NAME]");
    for (const auto& entry : table->entries) {
        const auto* inner = entry.node.as<TomlTable>();
        if (inner == nullptr) {
            wrong_shape(into, "endpoints." + entry.key, entry.node, "a table");
            continue;
        }
        Keys keys{into, "endpoint " + go_quote(entry.key), *inner, entry.key_place};
        Endpoint endpoint{entry.key, keys.text("url", true), {}, {}, {}, entry.key_place};
        endpoint.timeout = keys.duration("timeout");
        endpoint.ca = keys.text("ca", false);
        endpoint.token_file = keys.text("token_file", false);
        keys.finish();
        std::erase_if(into.endpoints, [&](const Endpoint& e) { return e.name == endpoint.name; });
        into.endpoints.push_back(std::move(endpoint));
    }
}

void read_peers(FileContents& into, const TomlNode& node) {
    for (const auto* item : tables_of(into, "peers.rpc", node)) {
        const auto& table = *item->as<TomlTable>();
        Keys keys{into, "peers.rpc", table, item->place};
        PeerRpc peer{keys.text("id", true), keys.text("url", true), keys.text("ca", false),
                     keys.text("token_file", false)};
        if (const auto* url = table.find("url"); url != nullptr && !peer.url.empty() && !is_http_url(peer.url))
            keys.complain(url->node.place, "invalid peers rpc: " + go_quote(peer.id + "=" + peer.url));
        if (!peer.id.empty() && std::ranges::find(into.peers, peer.id, &PeerRpc::id) != into.peers.end())
            keys.complain(item->place, "id " + go_quote(peer.id) + " is listed twice");
        keys.finish();
        into.peers.push_back(std::move(peer));
    }
}

}  // namespace

bool read_special_table(FileContents& into, const std::string& key, const TomlEntry& entry) {
    if (key == "health")
        read_health(into, entry.node);
    else if (key == "driver")
        read_one(into, into.driver, key, entry.node);
    else if (key == "transfer")
        read_one(into, into.transfer, key, entry.node);
    else if (key == "endpoints")
        read_endpoints(into, entry.node);
    else if (key == "peers.rpc")
        read_peers(into, entry.node);
    else
        return false;
    return true;
}

std::string suggestion(const std::string& word, const std::vector<std::string>& names) {
    const auto near = near_name(word, names);
    return near ? "; did you mean " + go_quote(*near) + "?" : "";
}

bool is_http_url(std::string_view text) noexcept {
    for (const std::string_view scheme : {"http://", "https://"})
        if (text.starts_with(scheme)) {
            const auto authority =
                text.substr(scheme.size(), text.find_first_of("/?#", scheme.size()) - scheme.size());
            const auto host = authority.substr(authority.rfind('@') + 1);  // npos + 1 is 0
            return !host.empty() && host.front() != ':' &&
                   text.find_first_of(" \t\r\n") == std::string_view::npos;
        }
    return false;
}

}  // namespace conductor::config
