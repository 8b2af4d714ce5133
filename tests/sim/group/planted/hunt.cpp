#include "hunt.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <utility>

namespace conductor::sim {

namespace {

/// What the child tells, whatever becomes of it.
struct Finding {
    std::uint64_t seed;
    std::uint64_t seeds;  ///< that were needed
    char rule[100];
};

// What fails without the fault too tells nothing about it.
[[noreturn]] void search(Fault fault, const Hunt& what,
                         const std::function<std::optional<std::string>(std::uint64_t)>& run,
                         Finding& finding) {
    std::signal(SIGABRT, SIG_DFL);
    std::snprintf(finding.rule, sizeof finding.rule, "the process ends");
    for (auto seed = what.first; seed < what.first + what.limit; ++seed) {
        finding.seed = seed;
        ++finding.seeds;
        planted_fault = fault;
        const auto broken = run(seed);
        if (!broken) continue;
        // The same seeds, drawn as for this fault, with the fault taken out.
        planted_fault = Fault::none;
        planted_places = fault;
        const bool anyway = run(seed).has_value();
        planted_places = Fault::none;
        if (anyway) continue;
        auto rule = broken->substr(0, broken->find('\n'));
        std::ranges::replace(rule, '|', '/');  // it stands in a table
        std::snprintf(finding.rule, sizeof finding.rule, "%s", rule.c_str());
        ::_exit(1);
    }
    ::_exit(0);
}

}  // namespace

bool lies_in_the_store(Fault fault) noexcept {
    return fault == Fault::vote_without_a_flush || fault == Fault::first_vote_slot_is_skipped ||
           fault == Fault::second_vote_slot_is_skipped || fault == Fault::believes_any_checksum ||
           fault == Fault::writes_on_after_an_error;
}

bool lies_in_the_loop(Fault fault) noexcept {
    return fault == Fault::takes_silence_for_consent || fault == Fault::starts_beside_an_override ||
           fault == Fault::passes_leadership_round || fault == Fault::starts_on_any_head ||
           fault == Fault::acts_while_paused;
}

int misplaced() {
    int count = 0;
    for (const auto name : planted_misplaced) {
        if (name.empty()) continue;
        std::cout << name << ": its place in core is not found any more\n";
        ++count;
    }
    return count;
}

int hunt(const Hunt& what, const std::function<std::optional<std::string>(std::uint64_t)>& run) {
    int missed = misplaced();
    int hunted = 0;
    auto* const memory =
        ::mmap(nullptr, sizeof(Finding), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 1;
    auto* const finding = static_cast<Finding*>(memory);
    std::cout << "| Planted fault | Seeds needed | What caught it |\n|---|---|---|\n";
    for (std::size_t i = 0; i < planted_count; ++i) {
        const auto name = planted_names[i];
        if (std::ranges::find(planted_misplaced, name) != std::end(planted_misplaced)) continue;
        if (!what.faults.empty() && std::ranges::find(what.faults, name) == what.faults.end()) continue;
        ++hunted;
        *finding = {};
        std::cout << "| `" << name << "` | " << std::flush;
        const auto child = ::fork();
        if (child < 0) return 1;
        if (child == 0) search(static_cast<Fault>(i + 1), what, run, *finding);
        int status = 0;
        if (::waitpid(child, &status, 0) != child) return 1;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            std::cout << "– | not found by " << what.limit << " |" << std::endl;
            ++missed;
        } else {
            std::cout << finding->seeds << " | " << finding->rule << " |" << std::endl;
        }
    }
    ::munmap(memory, sizeof(Finding));
    std::cout << hunted << " hunted, " << missed << " missed\n";
    return missed == 0 ? 0 : 1;
}

}  // namespace conductor::sim
