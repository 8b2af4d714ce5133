#include "plan.hpp"

#include <array>
#include <sstream>

#include "core/consensus/random.hpp"

namespace conductor::sim {

using namespace std::chrono_literals;

namespace {

struct Named {
    std::string_view name;
    unsigned one_seed_in;
};
constexpr std::array<Named, trouble_count> troubles{{
    {"loss", 3},       {"delay", 3},       {"duplicates", 4},  {"reordering", 5},  {"cuts", 2},
    {"slow_links", 6}, {"large_lost", 6},  {"resets", 4},      {"half_open", 5},   {"slow_disk", 4},
    {"stalls", 5},     {"disk_errors", 5}, {"crashes", 2},     {"crash_loops", 6}, {"lost_host", 4},
    {"pauses", 4},     {"drift", 2},       {"transfers", 3},   {"membership", 3},  {"eligibility", 5},
    {"rot", 5},        {"wipe", 5},        {"gone", 4},        {"control", 3},     {"sick", 3},
    {"down", 3},       {"slow_node", 4},   {"late_gossip", 2}, {"real_store", 60}, {"full_disk", 6},
    {"bad_reads", 8},  {"wall_jumps", 3},  {"lies", 3},        {"overrides", 5},
}};

}  // namespace

std::string_view name_of(Trouble trouble) noexcept {
    return troubles[static_cast<std::size_t>(trouble)].name;
}

std::optional<Trouble> trouble_named(std::string_view name) noexcept {
    for (std::size_t i = 0; i < trouble_count; ++i)
        if (troubles[i].name == name) return static_cast<Trouble>(i);
    return std::nullopt;
}

std::string Plan::text() const {
    std::ostringstream out;
    out << voters << '+' << spares << " members" << (raft.add_voter_at_once ? " that vote at once, " : ", ")
        << std::chrono::duration_cast<std::chrono::seconds>(span).count() << " s, a block every "
        << std::chrono::duration_cast<std::chrono::milliseconds>(block_time).count() << " ms, troubles:";
    for (std::size_t i = 0; i < trouble_count; ++i)
        if (troubles[i]) out << ' ' << name_of(static_cast<Trouble>(i));
    return out.str();
}

std::string Cut::text() const {
    std::ostringstream out;
    out << "--span-ms " << std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
    auto lead = " --without ";
    for (std::size_t i = 0; i < trouble_count; ++i) {
        if (!without[i]) continue;
        out << std::exchange(lead, ",") << name_of(static_cast<Trouble>(i));
    }
    lead = " --skip ";
    for (const auto& [trouble, number] : skipped)
        out << std::exchange(lead, ",") << name_of(trouble) << ':' << number;
    if (voters) out << " --voters " << *voters;
    if (spares) out << " --spares " << *spares;
    return out.str();
}

Plan draw_plan(std::uint64_t seed, const Cut& cut, Control control) {
    consensus::Random draw{seed};
    const auto below = [&](std::uint64_t limit) { return draw.next() % limit; };

    Plan plan;
    plan.seed = seed;
    constexpr std::array<unsigned, 8> sizes{3, 3, 3, 3, 5, 5, 7, 1};
    plan.voters = sizes[below(sizes.size())];
    plan.spares = static_cast<unsigned>(below(3));
    plan.span = cut.span;
    plan.pace = draw.between(2s, 20s);
    plan.block_time = below(4) == 0 ? 200ms : draw.between(1s, 2s);
    plan.octets_declared = below(2) == 0 ? 1 : 1 + below(4000);

    plan.raft.snapshot_interval = draw.between(5s, 40s);
    plan.raft.snapshot_threshold = 4 + below(60);
    plan.raft.trailing_logs = 2 + below(60);
    plan.raft.trailing_payloads = 1 + below(8);
    plan.raft.max_append_octets = 1000 << below(6);
    plan.raft.max_append_entries = 1 + below(64);

    for (std::size_t i = 0; i < trouble_count; ++i)
        if (below(troubles[i].one_seed_in) == 0) plan.troubles.set(i);
    // Real control loops cost what the whole rest does, so they are not in every seed that could have them.
    const bool dear = control == Control::sometimes && below(4) != 0;
    if (dear) plan.drop(Trouble::control);
    if (control == Control::always) plan.troubles.set(static_cast<std::size_t>(Trouble::control));
    plan.troubles &= ~cut.without;
    plan.skipped = cut.skipped;
    if (cut.voters) plan.voters = *cut.voters;
    if (cut.spares) plan.spares = *cut.spares;
    // Two of these at once may take what was committed from everybody who holds it.
    if (plan.voters < 3 || plan.has(Trouble::membership)) plan.drop(Trouble::wipe);
    if (plan.voters < 3 || plan.has(Trouble::membership) || plan.has(Trouble::wipe)) plan.drop(Trouble::rot);
    if (!plan.has(Trouble::control))
        for (const auto needs : {Trouble::sick, Trouble::down, Trouble::slow_node, Trouble::late_gossip,
                                 Trouble::wall_jumps, Trouble::lies, Trouble::overrides})
            plan.drop(needs);
    plan.raft.add_voter_at_once = below(3) == 0;
    return plan;
}

}  // namespace conductor::sim
