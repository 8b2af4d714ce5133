#include <algorithm>
#include <chrono>
#include <ostream>

#include "core/base/json_scan.hpp"
#include "core/ctl/commands.hpp"
#include "core/ctl/daemon_rpc.hpp"
#include "core/plugin/text.hpp"

namespace conductor::ctl {
namespace {

constexpr std::chrono::seconds patience{25};

/// The names in one list of the answer.
std::vector<std::string> names_in(const json::RawValue& answer, std::string_view list) {
    std::vector<std::string> out;
    json::MemberCursor members{answer};
    while (const auto member = members.next()) {
        if (!json::key_matches(member->key, list) || member->value.kind != json::Kind::array) continue;
        json::ElementCursor elements{member->value};
        while (const auto one = elements.next())
            if (one->kind == json::Kind::string) out.push_back(plugin::mended(json::unescape(one->raw)));
    }
    return out;
}

}  // namespace

int reload(const Setting& setting) {
    // Plugins may take their time to start and to end.
    const auto answer = ask_daemon(setting.rpc, "conductor_reload",
                                   std::max<std::chrono::milliseconds>(setting.timeout, patience));
    if (!answer) {
        const auto& why = answer.error();
        setting.err << "conductorctl: " << setting.rpc << ": " << why.text << '\n';
        return why.answered ? exit_failed : exit_unreachable;
    }
    if (setting.format == Format::json) {
        setting.out << *answer << '\n';
        return exit_ok;
    }
    const auto value = json::first_value(*answer);
    if (!value || value->kind != json::Kind::object) {
        setting.err << "conductorctl: the answer is no list of instances: " << plugin::mended(*answer) << '\n';
        return exit_failed;
    }
    Table table{{"instance", "outcome"}};
    for (const auto& name : names_in(*value, "reloaded")) table.add({name, "reloaded"});
    for (const auto& name : names_in(*value, "kept")) table.add({name, "kept"});
    for (const auto& name : names_in(*value, "needsRestart")) table.add({name, "needs a restart"});
    for (const auto& name : names_in(*value, "options"))
        table.add({name, "option of the program, needs a restart"});
    setting.out << table.text();
    return exit_ok;
}

}  // namespace conductor::ctl
