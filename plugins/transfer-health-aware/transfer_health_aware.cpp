// Who is fit to lead, from what the members say of themselves (conductor.md 5.8.3, P-9, P-13, P-47). Silence is
// no consent: an unknown member is never named, and with nobody to name consensus chooses.
#include <conductor/cpp/leader_transfer.hpp>

#include <algorithm>
#include <tuple>
#include <vector>

namespace {

/// Best first. A stalled member is fit, only its head ages because the chain stands still; a degraded one lacks
/// its builder.
enum class Fitness : std::uint8_t { healthy, stalled, degraded, unfit };

Fitness fitness_of(const conductor_member& member) {
    switch (member.health) {
        case CONDUCTOR_HEALTHY:
            return Fitness::healthy;
        case CONDUCTOR_STALLED:
            return Fitness::stalled;
        case CONDUCTOR_DEGRADED:
            return Fitness::degraded;
        default:
            return Fitness::unfit;
    }
}

struct Candidate {
    std::uint32_t index;
    bool failed;  ///< a transfer to it failed a short while ago
    Fitness fitness;
    std::uint64_t lag;         ///< blocks; an unknown head comes last
    std::uint32_t behind_own;  ///< places behind the leader, so that equals are not always met in one order

    [[nodiscard]] auto key() const { return std::tie(failed, fitness, lag, behind_own); }
};

}  // namespace

class HealthAware final : public conductor::LeaderTransfer {
public:
    static constexpr conductor::About about{"io.conductord.health-aware", "Health-aware", "0.1.0",
                                            "Fit members, the fittest first; unknown ones never"};
    static constexpr std::array options{
        conductor::live(conductor::option_integer("max_lag", "32", 0, INT64_MAX,
                                                  "blocks that a member's execution layer may be behind")),
        conductor::live(
            conductor::option_duration("failure_memory", "30s", 0, INT64_MAX,
                                       "a member that did not take leadership so lately comes last"))};

    explicit HealthAware(conductor::Host host)
        : max_lag_{host.natural("max_lag")}, failure_memory_ns_{host.natural("failure_memory")} {}

    void rank(const conductor_call&, const conductor::Transfer& transfer) override {
        std::vector<Candidate> candidates;
        for (std::uint32_t step = 1; step < transfer.size(); ++step) {
            const auto index = (transfer.own() + step) % transfer.size();
            const auto& member = transfer.member(index);
            if (!may_lead(member)) continue;
            const auto lag = lag_of(transfer, member);
            if (lag != unknown_lag && lag > max_lag_) continue;
            candidates.push_back(
                {index, member.failure_age_ns < failure_memory_ns_, fitness_of(member), lag, step});
        }
        std::sort(candidates.begin(), candidates.end(),
                  [](const Candidate& a, const Candidate& b) { return a.key() < b.key(); });
        for (const auto& candidate : candidates) (void)transfer.emit(candidate.index);
    }

private:
    static constexpr std::uint64_t unknown_lag = UINT64_MAX;

    // A Go member cannot say whether it is ready, and whether it is overridden only while it leads.
    static bool may_lead(const conductor_member& member) {
        return member.voter != 0 && fitness_of(member) != Fitness::unfit && member.paused == CONDUCTOR_NO &&
               member.overridden != CONDUCTOR_YES && member.ready != CONDUCTOR_NO;
    }

    static std::uint64_t lag_of(const conductor::Transfer& transfer, const conductor_member& member) {
        if (!transfer.head_known() || member.head_known == 0) return unknown_lag;
        return transfer.head_number() > member.head_number ? transfer.head_number() - member.head_number : 0;
    }

    std::uint64_t max_lag_;
    std::uint64_t failure_memory_ns_;
};

CONDUCTOR_EXPORT_LEADER_TRANSFER(HealthAware)
