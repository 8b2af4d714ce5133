// op-conductor's opt-in strategy (conductor.md 5.7): the voters in the order of their ids, starting behind the
// leader, whatever their health. Only sensible where every member has it, or strategies fight.
#include <conductor/cpp/leader_transfer.hpp>

class RoundRobin final : public conductor::LeaderTransfer {
public:
    static constexpr conductor::About about{"io.conductord.round-robin", "Round-robin", "0.1.0",
                                            "Each other voter once, by id, starting behind the leader"};

    explicit RoundRobin(conductor::Host) {}

    void rank(const conductor_call&, const conductor::Transfer& transfer) override {
        if (transfer.member(transfer.own()).voter == 0)
            throw conductor::Failure(CONDUCTOR_REFUSED, "current server not found in voter list");
        // The host hands the members over by id.
        for (std::uint32_t step = 1; step < transfer.size(); ++step) {
            const auto at = (transfer.own() + step) % transfer.size();
            if (transfer.member(at).voter != 0) (void)transfer.emit(at);
        }
    }
};

CONDUCTOR_EXPORT_LEADER_TRANSFER(RoundRobin)
