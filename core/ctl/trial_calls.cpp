#include "core/ctl/trial_calls.hpp"

#include <array>

#include "core/plugin/text.hpp"

namespace conductor::ctl {
namespace {

using plugin::BoundedText;

conductor_status judge(const conductor_health_check& table, void* self, const conductor_call& call) {
    BoundedText reason{plugin::reason_bound};
    BoundedText detail{plugin::detail_bound};
    conductor_finding finding{};
    finding.size = sizeof finding;
    finding.reason = reason.sink();
    finding.detail = detail.sink();
    return table.judge(self, &call, &finding);
}

std::int32_t emit(void*, std::uint32_t index) {
    return index == 1 ? 1 : 0;
}

conductor_status rank(const conductor_leader_transfer& table, void* self, const conductor_call& call) {
    std::array<conductor_member, 2> members{};
    members[0].id = plugin::as_slice("seq-1");
    members[1].id = plugin::as_slice("seq-2");
    for (auto& member : members) member.voter = 1;
    conductor_transfer transfer{};
    transfer.size = sizeof transfer;
    transfer.cause = CONDUCTOR_CAUSE_UNHEALTHY;
    transfer.member_count = static_cast<std::uint32_t>(members.size());
    transfer.member_stride = sizeof members[0];
    transfer.members = members.data();
    transfer.emit = emit;
    return table.rank(self, &call, &transfer);
}

void add_driver(std::vector<TrialCall>& calls, const conductor_sequencer_driver& t) {
    static constexpr std::array<std::uint8_t, 32> head{};
    calls.push_back({"start_sequencer", [&t](void* self, const conductor_call& call) {
                         return t.start_sequencer(self, &call, head.data());
                     }});
    calls.push_back({"stop_sequencer", [&t](void* self, const conductor_call& call) {
                         std::array<std::uint8_t, 32> out{};
                         return t.stop_sequencer(self, &call, out.data());
                     }});
    calls.push_back({"active", [&t](void* self, const conductor_call& call) {
                         std::int32_t out = 0;
                         return t.active(self, &call, &out);
                     }});
    calls.push_back({"conductor_enabled", [&t](void* self, const conductor_call& call) {
                         std::int32_t out = 0;
                         return t.conductor_enabled(self, &call, &out);
                     }});
    calls.push_back({"unsafe_head", [&t](void* self, const conductor_call& call) {
                         conductor_block out{};
                         return t.unsafe_head(self, &call, &out);
                     }});
    calls.push_back({"block_at", [&t](void* self, const conductor_call& call) {
                         conductor_block out{};
                         return t.block_at(self, &call, 1, &out);
                     }});
    calls.push_back({"post_payload", [&t](void* self, const conductor_call& call) {
                         return t.post_payload(self, &call, plugin::as_slice("{}"));
                     }});
    if (!CONDUCTOR_HAS(conductor_sequencer_driver, &t, payload_at) || t.payload_at == nullptr) return;
    calls.push_back({"payload_at", [&t](void* self, const conductor_call& call) {
                         BoundedText out{plugin::payload_bound};
                         return t.payload_at(self, &call, 1, out.sink());
                     }});
}

}  // namespace

std::vector<TrialCall> calls_of(std::string_view kind, const void* table) {
    std::vector<TrialCall> calls;
    if (table == nullptr) return calls;
    if (kind == CONDUCTOR_HEALTH_CHECK) {
        const auto& t = *static_cast<const conductor_health_check*>(table);
        calls.push_back(
            {"judge", [&t](void* self, const conductor_call& call) { return judge(t, self, call); }});
    } else if (kind == CONDUCTOR_SEQUENCER_DRIVER) {
        add_driver(calls, *static_cast<const conductor_sequencer_driver*>(table));
    } else if (kind == CONDUCTOR_LEADER_TRANSFER) {
        const auto& t = *static_cast<const conductor_leader_transfer*>(table);
        calls.push_back({"rank", [&t](void* self, const conductor_call& call) { return rank(t, self, call); }});
    } else if (kind == CONDUCTOR_NETWORK_PROFILE) {
        const auto& t = *static_cast<const conductor_network_profile*>(table);
        calls.push_back({"list", [&t](void* self, const conductor_call& call) {
                             BoundedText out{plugin::profile_bound};
                             return t.list(self, &call, out.sink());
                         }});
        calls.push_back({"resolve", [&t](void* self, const conductor_call& call) {
                             BoundedText out{plugin::profile_bound};
                             return t.resolve(self, &call, plugin::as_slice("no-such-network"), out.sink());
                         }});
    }
    return calls;
}

}  // namespace conductor::ctl
