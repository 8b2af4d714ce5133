// A transfer strategy at work, and members that nothing is known of.
#pragma once

#include "core/plugin/leader_transfer.hpp"
#include "tests/unit/plugin/world.hpp"

namespace conductor::plugin::test {

inline TransferMember voter(const std::string& id) {
    TransferMember member;
    member.id = ServerId{id};
    member.address = id + ":50050";
    member.voter = true;
    return member;
}

class Strategy {
public:
    Strategy(const std::string& library, const std::string& id, std::vector<RawOption> options = {})
        : instance_{world_.make(library, id, std::move(options))} {
        REQUIRE(world_.open(*instance_));
    }
    ~Strategy() { world_.close(*instance_); }
    Strategy(const Strategy&) = delete;
    Strategy& operator=(const Strategy&) = delete;

    /// The ids it names, best first.
    std::vector<std::string> ranked(const std::string& own, std::vector<TransferMember> members,
                                    std::optional<BlockNumber> head) {
        const auto order = ask({Cause::unhealthy, ServerId{own}, head, std::move(members)});
        if (!order) FAIL(order.error().text);
        std::vector<std::string> names;
        for (const auto& id : *order) names.push_back(id.text());
        return names;
    }
    std::string refused(const std::string& own, std::vector<TransferMember> members) {
        const auto order = ask({Cause::unhealthy, ServerId{own}, {}, std::move(members)});
        REQUIRE_FALSE(order.has_value());
        return order.error().text;
    }

private:
    using Order = Result<std::vector<ServerId>, CallError>;
    Order ask(TransferRequest request) {
        std::optional<Order> got;
        LeaderTransfer{*instance_}.rank(std::move(request), 5s, [&](Order order) { got = std::move(order); });
        REQUIRE(world_.core.run_until([&] { return got.has_value(); }));
        return *got;
    }

    World world_;
    std::unique_ptr<Instance> instance_;
};

}  // namespace conductor::plugin::test
