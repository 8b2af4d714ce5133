// Every work call of a kind's table, with arguments that are fit to be asked of a node that is not there.
#pragma once

#include <conductor/cpp/leader_transfer.hpp>
#include <conductor/cpp/network_profile.hpp>
#include <conductor/cpp/sequencer_driver.hpp>
#include <conductor/testing/library.hpp>

#include <array>
#include <functional>

namespace conductor {
inline namespace sdk_0_1 {
namespace testing {

struct WorkCall {
    std::string name;
    std::function<conductor_status(void* self, const conductor_call&)> run;
};

namespace detail {

inline conductor_status judge(const conductor_health_check& table, void* self, const conductor_call& call) {
    std::string reason;
    std::string detail;
    conductor_finding finding{};
    finding.size = sizeof finding;
    finding.reason = into(reason);
    finding.detail = into(detail);
    return table.judge(self, &call, &finding);
}

inline conductor_status rank(const conductor_leader_transfer& table, void* self, const conductor_call& call) {
    std::array<conductor_member, 2> members{};
    members[0].id = conductor::text("seq-1");
    members[1].id = conductor::text("seq-2");
    for (auto& member : members) {
        member.voter = 1;
        member.heard_age_ns = member.failure_age_ns = CONDUCTOR_NEVER;
    }
    conductor_transfer transfer{};
    transfer.size = sizeof transfer;
    transfer.cause = CONDUCTOR_CAUSE_UNHEALTHY;
    transfer.member_count = static_cast<std::uint32_t>(members.size());
    transfer.member_stride = sizeof members[0];
    transfer.members = members.data();
    transfer.emit = [](void*, std::uint32_t index) -> std::int32_t { return index == 1 ? 1 : 0; };
    return table.rank(self, &call, &transfer);
}

inline std::vector<WorkCall> driver_calls(const conductor_sequencer_driver& t) {
    std::vector<WorkCall> calls{{"start_sequencer",
                                 [&t](void* self, const conductor_call& call) {
                                     static constexpr std::array<std::uint8_t, 32> head{};
                                     return t.start_sequencer(self, &call, head.data());
                                 }},
                                {"stop_sequencer",
                                 [&t](void* self, const conductor_call& call) {
                                     std::array<std::uint8_t, 32> out{};
                                     return t.stop_sequencer(self, &call, out.data());
                                 }},
                                {"active",
                                 [&t](void* self, const conductor_call& call) {
                                     std::int32_t out = 0;
                                     return t.active(self, &call, &out);
                                 }},
                                {"conductor_enabled",
                                 [&t](void* self, const conductor_call& call) {
                                     std::int32_t out = 0;
                                     return t.conductor_enabled(self, &call, &out);
                                 }},
                                {"unsafe_head",
                                 [&t](void* self, const conductor_call& call) {
                                     conductor_block out{};
                                     return t.unsafe_head(self, &call, &out);
                                 }},
                                {"block_at",
                                 [&t](void* self, const conductor_call& call) {
                                     conductor_block out{};
                                     return t.block_at(self, &call, 1, &out);
                                 }},
                                {"post_payload", [&t](void* self, const conductor_call& call) {
                                     return t.post_payload(self, &call, conductor::text("{}"));
                                 }}};
    if (CONDUCTOR_HAS(conductor_sequencer_driver, &t, payload_at) && t.payload_at != nullptr)
        calls.push_back({"payload_at", [&t](void* self, const conductor_call& call) {
                             std::string out;
                             return t.payload_at(self, &call, 1, into(out));
                         }});
    return calls;
}

inline std::vector<WorkCall> profile_calls(const conductor_network_profile& t) {
    return {{"list",
             [&t](void* self, const conductor_call& call) {
                 std::string out;
                 return t.list(self, &call, into(out));
             }},
            {"resolve", [&t](void* self, const conductor_call& call) {
                 std::string out;
                 return t.resolve(self, &call, conductor::text("no-such-network"), into(out));
             }}};
}

}  // namespace detail

/// What is wrong with the table of that kind, before anybody calls through it; empty: nothing. A kind that this
/// SDK does not know is not looked into.
inline std::string table_problem(std::string_view kind, const void* table) {
    if (table == nullptr) return "it has no table of its own kind";
    bool whole = true;
    bool full = true;
    if (kind == CONDUCTOR_HEALTH_CHECK) {
        const auto& t = *static_cast<const conductor_health_check*>(table);
        whole = CONDUCTOR_HAS(conductor_health_check, &t, judge);
        full = whole && t.judge != nullptr;
    } else if (kind == CONDUCTOR_SEQUENCER_DRIVER) {
        const auto& t = *static_cast<const conductor_sequencer_driver*>(table);
        whole = CONDUCTOR_HAS(conductor_sequencer_driver, &t, post_payload);
        full = whole && t.start_sequencer != nullptr && t.stop_sequencer != nullptr && t.active != nullptr &&
               t.conductor_enabled != nullptr && t.unsafe_head != nullptr && t.block_at != nullptr &&
               t.post_payload != nullptr;
    } else if (kind == CONDUCTOR_LEADER_TRANSFER) {
        const auto& t = *static_cast<const conductor_leader_transfer*>(table);
        whole = CONDUCTOR_HAS(conductor_leader_transfer, &t, rank);
        full = whole && t.rank != nullptr;
    } else if (kind == CONDUCTOR_NETWORK_PROFILE) {
        const auto& t = *static_cast<const conductor_network_profile*>(table);
        whole = CONDUCTOR_HAS(conductor_network_profile, &t, resolve);
        full = whole && t.list != nullptr && t.resolve != nullptr;
    }
    if (!whole) return "the table of its kind is too short";
    return full ? "" : "the table of its kind has empty members";
}

/// `table` is whole.
inline std::vector<WorkCall> work_calls(std::string_view kind, const void* table) {
    if (kind == CONDUCTOR_HEALTH_CHECK) {
        const auto& t = *static_cast<const conductor_health_check*>(table);
        return {
            {"judge", [&t](void* self, const conductor_call& call) { return detail::judge(t, self, call); }}};
    }
    if (kind == CONDUCTOR_SEQUENCER_DRIVER)
        return detail::driver_calls(*static_cast<const conductor_sequencer_driver*>(table));
    if (kind == CONDUCTOR_LEADER_TRANSFER) {
        const auto& t = *static_cast<const conductor_leader_transfer*>(table);
        return {{"rank", [&t](void* self, const conductor_call& call) { return detail::rank(t, self, call); }}};
    }
    if (kind == CONDUCTOR_NETWORK_PROFILE)
        return detail::profile_calls(*static_cast<const conductor_network_profile*>(table));
    return {};
}

}  // namespace testing
}  // namespace sdk_0_1
}  // namespace conductor
