#include "core/rpc/conductor_methods.hpp"

#include "core/rpc/json_text.hpp"

namespace conductor::rpc {

namespace {

Answer json_bool(bool value) {
    return std::string{value ? "true" : "false"};
}

std::string server_text(const std::string& id, const std::string& address, consensus::Suffrage suffrage) {
    const int number = suffrage == consensus::Suffrage::voter ? 0 : 1;
    return R"({"id":)" + json_string(id) + R"(,"addr":)" + json_string(address) + R"(,"suffrage":)" +
           std::to_string(number) + "}";
}

std::string membership_text(const control::MembershipView& view) {
    std::string servers{"null"};
    if (view.known) {
        servers = "[";
        for (const auto& server : view.servers) {
            if (servers.size() > 1) servers += ',';
            servers += server_text(server.id.text(), server.address, server.suffrage);
        }
        servers += ']';
    }
    return R"({"servers":)" + servers + R"(,"version":)" + std::to_string(view.version.value()) + "}";
}

}  // namespace

void add_read_methods(MethodTable& table, const control::GroupView& group,
                      const control::ControlView& control) {
    const auto read = Access::read;
    table.add<>("conductor_active", read, [&] { return json_bool(!control.paused() && !control.stopped()); });
    table.add<>("conductor_paused", read, [&] { return json_bool(control.paused()); });
    table.add<>("conductor_stopped", read, [&] { return json_bool(control.stopped()); });
    table.add<>("conductor_sequencerHealthy", read, [&] { return json_bool(control.sequencer_healthy()); });
    table.add<>("conductor_leaderOverridden", read, [&] { return json_bool(control.leader_overridden()); });
    table.add<>("conductor_leader", read,
                [&] { return json_bool(control.leader_overridden() || group.leads()); });
    table.add<>("conductor_leaderWithID", read, [&]() -> Answer {
        if (control.leader_overridden())
            return server_text("N/A (Leader overridden)", "N/A", consensus::Suffrage::voter);
        const auto leader = group.leader();
        return server_text(leader.id.text(), leader.address, consensus::Suffrage::voter);
    });
    table.add<>("conductor_clusterMembership", read,
                [&]() -> Answer { return membership_text(group.membership()); });
}

void add_commit_method(MethodTable& table, CommitHandler& commits) {
    table.add_raw(
        "conductor_commitUnsafePayload", Access::write,
        [&commits](const std::optional<json::RawValue>& params) { return commits.commit_json(params); });
}

void add_server_methods(MethodTable& table, std::string version) {
    table.add<>("health_status", Access::read, [text = json_string(version)]() -> Answer { return text; });
    table.add<>("rpc_modules", Access::read, [text = table.modules()]() -> Answer { return text; });
}

}  // namespace conductor::rpc
