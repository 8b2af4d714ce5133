#include <filesystem>
#include <map>
#include <ostream>

#include "core/base/json_scan.hpp"
#include "core/ctl/commands.hpp"
#include "core/ctl/daemon_rpc.hpp"
#include "core/ctl/places.hpp"
#include "core/plugin/text.hpp"

namespace conductor::ctl {
namespace {

/// `conductor.health-check/1` is a health-check.
std::string short_kind(const std::string& kind) {
    const auto dot = kind.find('.');
    const auto slash = kind.rfind('/');
    return plugin::mended(dot == std::string::npos ? kind : kind.substr(dot + 1, slash - dot - 1));
}

struct Running {
    std::string instance, id, path, state;
};

std::string member(const json::RawValue& object, std::string_view name) {
    json::MemberCursor members{object};
    while (const auto one = members.next())
        if (json::key_matches(one->key, name) && one->value.kind == json::Kind::string)
            return plugin::mended(json::unescape(one->value.raw));
    return {};
}

/// The answer to conductor_plugins; whoever answers otherwise says nothing of plugins.
std::vector<Running> read_running(const std::string& answer) {
    std::vector<Running> out;
    const auto value = json::first_value(answer);
    if (!value || value->kind != json::Kind::array) return out;
    json::ElementCursor elements{*value};
    while (const auto one = elements.next())
        if (one->kind == json::Kind::object)
            out.push_back(
                {member(*one, "instance"), member(*one, "id"), member(*one, "path"), member(*one, "state")});
    return out;
}

/// The daemon's name for a file may be another one than ours: relative, or through a link.
bool same_file(const std::string& theirs, const std::filesystem::path& ours) {
    std::error_code error;
    return theirs == ours.string() || std::filesystem::equivalent(theirs, ours, error);
}

/// One instance: its state; several: each with its name.
std::string state_of(const plugin::Installed& found, const std::vector<Running>& running) {
    std::vector<Running> mine;
    for (const auto& one : running)
        if (one.id == found.note.id && (one.path.empty() || same_file(one.path, found.file)))
            mine.push_back(one);
    if (mine.size() == 1) return mine.front().state;
    std::string out;
    for (const auto& one : mine) out += (out.empty() ? "" : "; ") + one.instance + ": " + one.state;
    if (!out.empty()) return out;
    if (!plugin::speaks_abi(found.note.abi_major, found.note.abi_minor))
        return "for ABI " + plugin::abi_of(found.note) + ", this is " + plugin::own_abi();
    return "installed";
}

}  // namespace

int plugin_list(const Setting& setting) {
    std::vector<Running> running;
    if (const auto answer = ask_daemon(setting.rpc, "conductor_plugins", setting.timeout))
        running = read_running(*answer);

    Table table{{"id", "kind", "version", "abi", "from", "state"}};
    for (const auto& found : registry_of(setting).installed())
        table.add({plugin::mended(found.note.id), short_kind(found.note.kind),
                   plugin::mended(found.note.version), plugin::abi_of(found.note), from(found),
                   state_of(found, running)});
    setting.out << table.in(setting.format);
    return exit_ok;
}

}  // namespace conductor::ctl
