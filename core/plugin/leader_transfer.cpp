#include "core/plugin/leader_transfer.hpp"

#include <algorithm>

#include "core/base/check.hpp"
#include "core/plugin/text.hpp"

namespace conductor::plugin {
namespace {

using TransferTable = conductor_leader_transfer;

std::uint64_t age_ns(const std::optional<std::chrono::nanoseconds>& age) {
    return age ? static_cast<std::uint64_t>(std::max<std::int64_t>(0, age->count())) : CONDUCTOR_NEVER;
}

// What the plugin walks through, and the list it writes; it outlives an abandoned call with the job.
struct Ranking {
    explicit Ranking(TransferRequest asked) : request{std::move(asked)} {
        std::ranges::sort(request.members, {}, [](const TransferMember& member) { return member.id.text(); });
        for (const auto& member : request.members) {
            conductor_member row{};
            row.id = as_slice(member.id.text());
            row.address = as_slice(member.address);
            row.voter = member.voter ? 1 : 0;
            row.health = static_cast<std::uint32_t>(member.health);
            row.paused = static_cast<std::uint32_t>(member.paused);
            row.overridden = static_cast<std::uint32_t>(member.overridden);
            row.ready = static_cast<std::uint32_t>(member.ready);
            row.head_known = member.head ? 1 : 0;
            row.head_number = member.head.value_or(BlockNumber{}).value();
            row.heard_age_ns = age_ns(member.heard_age);
            row.failure_age_ns = age_ns(member.failure_age);
            rows.push_back(row);
        }
        const auto own = std::ranges::find(request.members, request.own, &TransferMember::id);
        CONDUCTOR_CHECK(own != request.members.end());
        table.size = sizeof table;
        table.cause = static_cast<std::uint32_t>(request.cause);
        table.own = static_cast<std::uint32_t>(own - request.members.begin());
        table.member_count = static_cast<std::uint32_t>(rows.size());
        table.member_stride = sizeof(conductor_member);
        table.head_known = request.head ? 1 : 0;
        table.head_number = request.head.value_or(BlockNumber{}).value();
        table.members = rows.data();
        table.list = this;
        table.emit = &Ranking::emit;
    }
    Ranking(const Ranking&) = delete;
    Ranking& operator=(const Ranking&) = delete;

    static std::int32_t emit(void* list, std::uint32_t index) noexcept try {
        auto& mine = *static_cast<Ranking*>(list);
        if (index >= mine.rows.size() || index == mine.table.own || mine.rows[index].voter == 0) return 0;
        if (std::ranges::find(mine.order, index) != mine.order.end()) return 0;
        mine.order.push_back(index);
        return 1;
    } catch (...) {
        return 0;
    }

    TransferRequest request;
    std::vector<conductor_member> rows;
    std::vector<std::uint32_t> order;
    conductor_transfer table{};
};

}  // namespace

void LeaderTransfer::rank(TransferRequest request, Instance::Limit limit, Done done) {
    instance_.call<TransferTable, Ranking>(
        "rank", limit, std::make_shared<Ranking>(std::move(request)),
        [](const TransferTable& table, void* self, const conductor_call& call, Ranking& ranking) {
            return table.rank(self, &call, &ranking.table);
        },
        [done = std::move(done)](const Ranking& ranking, conductor_status, const CallError* error) {
            if (error != nullptr) return done(*error);
            std::vector<ServerId> ids;
            for (const auto index : ranking.order) ids.push_back(ranking.request.members[index].id);
            done(std::move(ids));
        });
}

}  // namespace conductor::plugin
