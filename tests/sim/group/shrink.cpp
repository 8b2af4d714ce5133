#include "shrink.hpp"

#include <algorithm>
#include <vector>

namespace conductor::sim {

using namespace std::chrono_literals;

std::string rule_of(const std::string& fault) {
    return fault.substr(0, fault.find_first_of(":\n"));
}

namespace {

class Shrinker {
public:
    Shrinker(const Cut& from, const std::function<Outcome(const Cut&)>& run, std::size_t most)
        : run_{run}, most_{most} {
        least_.cut = from;
        least_.outcome = run(from);
        least_.runs = 1;
        rule_ = rule_of(least_.outcome.fault.value_or(""));
    }

    Least work() {
        if (!least_.outcome.fault) return least_;
        do {
            progress_ = false;
            less_time();
            fewer_kinds();
            fewer_members();
            fewer_troubles();
            less_time();
        } while (progress_ && least_.runs < most_);
        return least_;
    }

private:
    bool fails(const Cut& cut) {
        if (least_.runs >= most_) return false;
        ++least_.runs;
        auto outcome = run_(cut);
        if (!outcome.fault || rule_of(*outcome.fault) != rule_) return false;
        least_.cut = cut;
        least_.outcome = std::move(outcome);
        progress_ = true;
        return true;
    }

    // What follows the failure takes no part in it; then as much as can be had in ever smaller steps.
    void less_time() {
        if (least_.outcome.elapsed < least_.cut.span) {
            auto cut = least_.cut;
            cut.span = least_.outcome.elapsed + 1ms;
            (void)fails(cut);
        }
        for (auto step = least_.cut.span / 2; step >= 100ms; step /= 2) {
            auto cut = least_.cut;
            if (cut.span <= step) continue;
            cut.span -= step;
            if (fails(cut)) step *= 2;
        }
    }
    void fewer_kinds() {
        for (std::size_t i = 0; i < trouble_count; ++i) {
            if (!least_.outcome.troubles[i]) continue;
            auto cut = least_.cut;
            cut.without.set(i);
            (void)fails(cut);
        }
    }
    void fewer_members() {
        if (least_.outcome.spares > 0) {
            auto cut = least_.cut;
            cut.spares = 0;
            (void)fails(cut);
        }
        for (const unsigned voters : {1U, 3U, 5U}) {
            if (voters >= least_.outcome.voters) break;
            auto cut = least_.cut;
            cut.voters = voters;
            if (fails(cut)) break;
        }
    }
    // Of each kind all, halves, quarters and so on, down to one.
    void fewer_troubles() {
        for (std::size_t i = 0; i < trouble_count; ++i) {
            if (!least_.outcome.troubles[i]) continue;
            const auto trouble = static_cast<Trouble>(i);
            for (auto piece = least_.outcome.drawn[i]; piece >= 1; piece /= 2) {
                const auto count = least_.outcome.drawn[i];
                for (std::uint64_t at = 1; at <= count; at += piece) {
                    auto cut = least_.cut;
                    for (auto number = at; number < at + piece && number <= count; ++number)
                        cut.skipped.insert({trouble, number});
                    if (cut.skipped != least_.cut.skipped) (void)fails(cut);
                }
            }
        }
        forget_late_ones();
    }
    // A trouble that the run does not reach any more need not be skipped.
    void forget_late_ones() {
        auto cut = least_.cut;
        std::erase_if(cut.skipped, [&](const Event& event) {
            const auto kind = static_cast<std::size_t>(event.first);
            return event.second > least_.outcome.drawn[kind] || cut.without[kind];
        });
        if (cut.skipped.size() != least_.cut.skipped.size()) (void)fails(cut);
    }

    const std::function<Outcome(const Cut&)>& run_;
    std::size_t most_;
    std::string rule_;
    Least least_;
    bool progress_{false};
};

}  // namespace

Least shrink(const Cut& from, const std::function<Outcome(const Cut&)>& run, std::size_t most) {
    return Shrinker{from, run, most}.work();
}

}  // namespace conductor::sim
