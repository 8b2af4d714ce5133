#include "core/config/file.hpp"

#include <algorithm>

#include "core/base/go_text.hpp"
#include "core/config/tables.hpp"

namespace conductor::config {
namespace {

std::string wanted(const Option& option) {
    switch (option.type) {
        case Type::boolean:
            return "true or false";
        case Type::integer:
            return "an integer";
        case Type::count:
            return "an integer, 0 or more";
        case Type::duration:
            return "a duration in quotes, like \"500ms\"";
        case Type::duration_or_auto:
            return "\"auto\" or a duration in quotes, like \"500ms\"";
        case Type::seconds:
            return "seconds as an integer, or a duration in quotes, like \"1m30s\"";
        case Type::size:
            return "octets as an integer, or a size in quotes, like \"64MiB\"";
        case Type::list:
            return "an array of strings";
        case Type::text:
        case Type::choice:
            break;
    }
    return "a string";
}

bool takes_integer(Type type) noexcept {
    return type == Type::integer || type == Type::count || type == Type::seconds || type == Type::size;
}
bool takes_text(Type type) noexcept {
    return type != Type::integer && type != Type::count && type != Type::boolean;
}

class Reader {
public:
    explicit Reader(FileContents& into) : into_{into} {}

    void read(const TomlTable& table, const std::string& prefix) {
        for (const auto& entry : table.entries) {
            const auto key = prefix + entry.key;
            if (read_special_table(into_, key, entry)) continue;
            if (const auto* option = option_of(key))
                read_option(*option, entry);
            else if (const auto* inner = entry.node.as<TomlTable>(); inner != nullptr && begins_a_key(key))
                read(*inner, key + ".");
            else
                unknown(key, entry.key_place);
        }
    }

private:
    static const Option* option_of(const std::string& key) {
        const auto found =
            std::ranges::find_if(options(), [&](const Option& o) { return file_key_of(o) == key; });
        return found == options().end() ? nullptr : &*found;
    }

    static bool begins_a_key(const std::string& key) {
        return std::ranges::any_of(options(),
                                   [&](const Option& o) { return file_key_of(o).starts_with(key + "."); }) ||
               key == "peers";
    }

    // The name of a flag that is called otherwise in a file, because another table has its name there.
    static std::string elsewhere(const std::string& key) {
        const auto* option = find_option(key);
        const auto name = option == nullptr ? std::string{} : file_key_of(*option);
        return name.empty() || name == key ? std::string{} : "; in a file that is " + go_quote(name);
    }

    void unknown(const std::string& key, const Place& place) {
        std::vector<std::string> names{"health", "driver", "transfer", "endpoints"};
        for (const auto& option : options())
            if (auto name = file_key_of(option); !name.empty()) names.push_back(std::move(name));
        const auto hint = elsewhere(key);
        into_.problems.push_back(to_string(place) + ": unknown key " + go_quote(key) +
                                 (hint.empty() ? suggestion(key, names) : hint));
    }

    void complain(const Option& option, const Place& place, const std::string& what) {
        into_.problems.push_back(to_string(place) + ": " + file_key_of(option) + ": " + what);
    }

    void read_option(const Option& option, const TomlEntry& entry) {
        const auto& node = entry.node;
        const auto keep = [&](Value value) {
            into_.options.push_back({&option, std::move(value), node.place});
        };
        const auto wrong = [&](const TomlNode& at) {
            complain(option, at.place, "wants " + wanted(option) + ", has " + std::string{at.kind()});
        };
        if (option.type == Type::list) {
            const auto* items = node.as<TomlArray>();
            if (items == nullptr) return wrong(node);
            std::vector<std::string> words;
            for (const auto& item : *items) {
                const auto* word = item.as<std::string>();
                if (word == nullptr) return wrong(item);
                words.push_back(*word);
            }
            return keep(Value{std::move(words)});
        }
        if (const auto* flag = node.as<bool>(); flag != nullptr && option.type == Type::boolean)
            return keep(Value{*flag});

        std::string text;
        if (const auto* number = node.as<std::int64_t>(); number != nullptr && takes_integer(option.type))
            text = std::to_string(*number);
        else if (const auto* word = node.as<std::string>(); word != nullptr && takes_text(option.type))
            text = *word;
        else
            return wrong(node);
        auto value = parse_value(option, text);
        if (!value) {
            const auto& reason = value.error().reason;
            const bool says_all = option.type == Type::choice;
            return complain(option, node.place,
                            says_all ? reason : go_quote(text) + " is not " + wanted(option) + ": " + reason);
        }
        keep(std::move(*value));
    }

    FileContents& into_;
};

}  // namespace

void read_file(FileContents& into, std::string_view text, const std::string& file) {
    const auto table = parse_toml(text, file);
    if (!table) {
        into.problems.push_back(table.error().text);
        return;
    }
    Reader{into}.read(*table, "");
}

Result<PeerRpc, Complaint> parse_peer(std::string_view item) {
    const auto bad = Complaint{"invalid peers rpc: " + go_quote(item)};
    const auto equals = item.find('=');
    if (equals == std::string_view::npos || equals == 0) return bad;
    PeerRpc out{std::string{item.substr(0, equals)}, std::string{item.substr(equals + 1)}, {}, {}};
    if (!is_http_url(out.url)) return bad;
    return out;
}

}  // namespace conductor::config
