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
    char text[160];
};

}  // namespace

bool lies_in_the_store(Fault fault) noexcept {
    return fault == Fault::vote_without_a_flush || fault == Fault::first_vote_slot_is_skipped ||
           fault == Fault::second_vote_slot_is_skipped;
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

int hunt(std::uint64_t first, std::uint64_t limit,
         const std::function<std::optional<std::string>(std::uint64_t)>& run) {
    int missed = misplaced();
    auto* const memory =
        ::mmap(nullptr, sizeof(Finding), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 1;
    auto* const finding = static_cast<Finding*>(memory);
    for (std::size_t i = 0; i < planted_count; ++i) {
        if (std::ranges::find(planted_misplaced, planted_names[i]) != std::end(planted_misplaced)) continue;
        *finding = {};
        std::cout << planted_names[i] << ": " << std::flush;
        const auto child = ::fork();
        if (child < 0) return 1;
        if (child == 0) {
            std::signal(SIGABRT, SIG_DFL);
            std::snprintf(finding->text, sizeof finding->text, "the process ends");
            planted_fault = static_cast<Fault>(i + 1);
            for (auto seed = first; seed < first + limit; ++seed) {
                finding->seed = seed;
                if (const auto fault = run(seed)) {
                    // What fails without the fault too tells nothing about it.
                    const auto chosen = std::exchange(planted_fault, Fault::none);
                    const bool anyway = run(seed).has_value();
                    planted_fault = chosen;
                    if (anyway) continue;
                    std::snprintf(finding->text, sizeof finding->text, "%s",
                                  fault->substr(0, fault->find('\n')).c_str());
                    ::_exit(1);
                }
            }
            ::_exit(0);
        }
        int status = 0;
        if (::waitpid(child, &status, 0) != child) return 1;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            std::cout << "NOT FOUND by " << limit << " seeds\n";
            ++missed;
        } else {
            std::cout << "seed " << finding->seed << ": " << finding->text << '\n';
        }
    }
    ::munmap(memory, sizeof(Finding));
    std::cout << planted_count << " planted, " << missed << " missed\n";
    return missed == 0 ? 0 : 1;
}

}  // namespace conductor::sim
