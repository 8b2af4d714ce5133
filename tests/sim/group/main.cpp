// sim: whole groups from seeds. Each seed is one history of a few simulated minutes; what it breaks is printed
// with the command that shows it again.
#include <algorithm>
#include <bitset>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include "planted/hunt.hpp"
#include "planted/planted.hpp"
#include "world.hpp"

namespace conductor::sim {
namespace {

struct Arguments {
    std::uint64_t first{1};
    std::uint64_t count{100};
    bool single{false};
    bool trace{false};
    bool twice{false};
    bool shrink{false};
    bool planted{false};
    bool places{false};
    std::optional<std::uint64_t> limit;  ///< as said; the campaigns differ in what is usual
    Duration span{std::chrono::seconds{300}};
    std::bitset<trouble_count> without;
};

constexpr const char* usage =
    "usage: sim [--seeds N] [--first S] [--seed S] [--trace] [--shrink] [--twice] [--span-ms MS]\n"
    "           [--without TROUBLE[,TROUBLE]…] [--control] [--planted] [--places] [--fault NAME]\n";

// For a check that fails, which aborts: the seed must be known then too.
char replay_line[512];

extern "C" void on_abort(int) {
    std::fputs(replay_line, stderr);
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
}

bool with_control = false;  ///< as the arguments say

[[noreturn]] void refuse(const std::string& why) {
    std::cerr << "sim: " << why << '\n' << usage;
    std::exit(2);
}

std::uint64_t number(std::string_view option, const char* text) {
    char* end = nullptr;
    const auto value = std::strtoull(text, &end, 10);
    if (end == text || *end != '\0') refuse(std::string{option} + ": not a number: " + text);
    return value;
}

std::bitset<trouble_count> troubles_in(std::string_view list) {
    std::bitset<trouble_count> found;
    while (!list.empty()) {
        const auto name = list.substr(0, list.find(','));
        list.remove_prefix(std::min(list.size(), name.size() + 1));
        const auto trouble = trouble_named(name);
        if (!trouble) refuse("--without: no such trouble: " + std::string{name});
        found.set(static_cast<std::size_t>(*trouble));
    }
    return found;
}

Arguments read(int argc, char** argv) {
    Arguments arguments;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option{argv[i]};
        const auto value = [&] {
            if (i + 1 == argc) refuse(std::string{option} + ": its value is missing");
            return argv[++i];
        };
        if (option == "--control") {
            with_control = true;
        } else if (option == "--places") {
            arguments.places = true;
        } else if (option == "--seeds") {
            arguments.count = number(option, value());
            arguments.limit = arguments.count;
        } else if (option == "--first") {
            arguments.first = number(option, value());
        } else if (option == "--seed") {
            arguments.first = number(option, value());
            arguments.count = 1;
            arguments.single = true;
        } else if (option == "--span-ms") {
            arguments.span = std::chrono::milliseconds{number(option, value())};
        } else if (option == "--without") {
            arguments.without = troubles_in(value());
        } else if (option == "--trace") {
            arguments.trace = true;
        } else if (option == "--planted") {
            arguments.planted = true;
        } else if (option == "--fault") {
            const std::string_view name{value()};
            const auto found = std::ranges::find(planted_names, name);
            if (found == planted_names.end()) refuse("--fault: no such fault: " + std::string{name});
            planted_fault = static_cast<Fault>(found - planted_names.begin() + 1);
        } else if (option == "--twice") {
            arguments.twice = true;
        } else if (option == "--shrink") {
            arguments.shrink = true;
        } else {
            refuse("no such option: " + std::string{option});
        }
    }
    return arguments;
}

Plan plan_of(std::uint64_t seed, Duration span, const std::bitset<trouble_count>& without) {
    auto plan = draw_plan(seed, span, with_control);
    plan.troubles &= ~without;
    if (lies_in_the_store(planted_fault)) {
        plan.troubles.set(static_cast<std::size_t>(Trouble::real_store));
        plan.drop(Trouble::rot);
    }
    return plan;
}

std::string command_for(std::uint64_t seed, Duration span, const std::bitset<trouble_count>& without) {
    std::string text = "./dev sim --seed " + std::to_string(seed) + " --span-ms " +
                       std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(span).count());
    std::string list;
    for (std::size_t i = 0; i < trouble_count; ++i)
        if (without[i]) list += (list.empty() ? "" : ",") + std::string{name_of(static_cast<Trouble>(i))};
    if (with_control) text += " --control";
    if (!list.empty()) text += " --without " + list;
    if (planted_fault != Fault::none)
        text += " --fault " + std::string{planted_names[static_cast<std::size_t>(planted_fault) - 1]};
    return text;
}

std::optional<std::string> fault_of(const Plan& plan) {
    try {
        (void)World{plan}.run();
    } catch (const std::exception& violation) {
        return violation.what();
    }
    return std::nullopt;
}

// Drops troubles and shortens the run until the failure needs all that is left.
int shrink(const Arguments& arguments) {
    const auto seed = arguments.first;
    auto without = arguments.without;
    auto span = arguments.span;
    auto fault = fault_of(plan_of(seed, span, without));
    if (!fault) {
        std::cout << "seed " << seed << " breaks nothing\n";
        return 0;
    }
    const auto troubles = draw_plan(seed, span, with_control).troubles & ~without;
    for (std::size_t i = 0; i < trouble_count; ++i) {
        if (!troubles[i]) continue;
        auto fewer = without;
        fewer.set(i);
        const auto still = fault_of(plan_of(seed, span, fewer));
        if (!still) continue;
        without = fewer;
        fault = still;
    }
    for (auto step = span / 2; step >= std::chrono::milliseconds{50}; step /= 2) {
        while (span > step) {
            const auto still = fault_of(plan_of(seed, span - step, without));
            if (!still) break;
            span -= step;
            fault = still;
        }
    }
    std::cout << *fault << "\n  " << plan_of(seed, span, without).text() << "\n  "
              << command_for(seed, span, without) << " --trace\n";
    return 1;
}

int campaign(const Arguments& arguments) {
    Result sum;
    std::uint64_t failures = 0;
    const auto began = std::chrono::steady_clock::now();
    for (auto seed = arguments.first; seed < arguments.first + arguments.count; ++seed) {
        const auto plan = plan_of(seed, arguments.span, arguments.without);
        const auto command = command_for(seed, arguments.span, arguments.without);
        std::snprintf(replay_line, sizeof replay_line, "sim: seed %llu aborts; %s\n",
                      static_cast<unsigned long long>(seed), command.c_str());
        try {
            const auto one = World{plan, arguments.trace ? &std::cout : nullptr}.run();
            if (arguments.twice && World{plan}.run().trace != one.trace)
                throw Violation{"two runs of one seed differ"};
            sum.steps += one.steps;
            sum.blocks += one.blocks;
            sum.elections += one.elections;
            sum.snapshots += one.snapshots;
            sum.troubles += one.troubles;
            sum.trace ^= one.trace * seed;
        } catch (const std::exception& violation) {
            ++failures;
            std::cout << "seed " << seed << ": " << violation.what() << "\n  " << plan.text() << "\n  "
                      << command << " --trace" << std::endl;
            if (failures == 20) break;
        }
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    std::cout << arguments.count << " seeds in " << took.count() << " s: " << failures << " failed; "
              << sum.steps << " steps, " << sum.blocks << " blocks, " << sum.elections << " elections, "
              << sum.snapshots << " snapshots, " << sum.troubles << " troubles, trace " << std::hex << sum.trace
              << std::dec << '\n';
    return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace conductor::sim

int main(int argc, char** argv) {
    using namespace conductor::sim;
    const auto arguments = read(argc, argv);
    std::signal(SIGABRT, on_abort);
    if (arguments.places) return misplaced();
    if (arguments.planted)
        return hunt(arguments.first, arguments.limit.value_or(2000), [&](std::uint64_t seed) {
            return fault_of(plan_of(seed, arguments.span, arguments.without));
        });
    return arguments.shrink ? shrink(arguments) : campaign(arguments);
}
