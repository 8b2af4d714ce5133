// sim: whole groups from seeds. Each seed is one history of a few simulated minutes; what it breaks is printed
// with the command that shows it again.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "planted/hunt.hpp"
#include "planted/planted.hpp"
#include "shrink.hpp"
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
    bool names{false};
    std::vector<std::string_view> hunted;  ///< empty: all
    std::optional<std::uint64_t> limit;    ///< as said; the campaigns differ in what is usual
    Cut cut;
};

constexpr const char* usage =
    "usage: sim [--seeds N] [--first S] [--seed S] [--trace] [--shrink] [--twice] [--control] [--fault NAME]\n"
    "           [--span-ms MS] [--without TROUBLE[,TROUBLE]…] [--skip TROUBLE:N[,TROUBLE:N]…] [--voters N]\n"
    "           [--spares N] [--planted [--hunt NAME[,NAME]…]] [--places] [--names]\n";
constexpr std::size_t most_runs = 3000;  // of a search for less
constexpr std::chrono::minutes most_time{2};
constexpr std::uint64_t most_failures = 20;

// For a check that fails, which aborts: the seed must be known then too.
char replay_line[2048];

extern "C" void on_abort(int) {
    std::fputs(replay_line, stderr);
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
}

// As the arguments say.
auto with_control = Control::sometimes;

[[noreturn]] void refuse(const std::string& why) {
    std::cerr << "sim: " << why << '\n' << usage;
    std::exit(2);
}

std::uint64_t number(std::string_view option, std::string_view said) {
    const std::string text{said};
    char* end = nullptr;
    const auto value = std::strtoull(text.c_str(), &end, 10);
    if (end == text.c_str() || *end != '\0') refuse(std::string{option} + ": not a number: " + text);
    return value;
}

unsigned members(std::string_view option, std::string_view said) {
    const auto count = number(option, said);
    if (count > 20) refuse(std::string{option} + ": more than 20: " + std::string{said});
    return static_cast<unsigned>(count);
}

std::vector<std::string_view> words(std::string_view list) {
    std::vector<std::string_view> found;
    while (!list.empty()) {
        found.push_back(list.substr(0, list.find(',')));
        list.remove_prefix(std::min(list.size(), found.back().size() + 1));
    }
    return found;
}

Trouble trouble_in(std::string_view option, std::string_view name) {
    const auto trouble = trouble_named(name);
    if (!trouble) refuse(std::string{option} + ": no such trouble: " + std::string{name});
    return *trouble;
}

Fault fault_named(std::string_view option, std::string_view name) {
    const auto found = std::ranges::find(planted_names, name);
    if (found == planted_names.end()) refuse(std::string{option} + ": no such fault: " + std::string{name});
    return static_cast<Fault>(found - planted_names.begin() + 1);
}

Arguments read(int argc, char** argv) {
    Arguments arguments;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option{argv[i]};
        const auto value = [&]() -> std::string_view {
            if (i + 1 == argc) refuse(std::string{option} + ": its value is missing");
            return argv[++i];
        };
        if (option == "--control") {
            with_control = Control::often;
        } else if (option == "--places") {
            arguments.places = true;
        } else if (option == "--names") {
            arguments.names = true;
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
            arguments.cut.span = std::chrono::milliseconds{number(option, value())};
        } else if (option == "--without") {
            for (const auto name : words(value()))
                arguments.cut.without.set(static_cast<std::size_t>(trouble_in(option, name)));
        } else if (option == "--skip") {
            for (const auto word : words(value())) {
                const auto name = word.substr(0, word.find(':'));
                const auto which =
                    word.size() > name.size() ? word.substr(name.size() + 1) : std::string_view{};
                arguments.cut.skipped.insert({trouble_in(option, name), number(option, which)});
            }
        } else if (option == "--voters") {
            arguments.cut.voters = std::max(1U, members(option, value()));
        } else if (option == "--spares") {
            arguments.cut.spares = members(option, value());
        } else if (option == "--trace") {
            arguments.trace = true;
        } else if (option == "--planted") {
            arguments.planted = true;
        } else if (option == "--hunt") {
            arguments.hunted = words(value());
            for (const auto name : arguments.hunted) (void)fault_named(option, name);
        } else if (option == "--fault") {
            planted_fault = fault_named(option, value());
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

Plan plan_of(std::uint64_t seed, const Cut& cut) {
    const auto fault = planted_fault != Fault::none ? planted_fault : planted_places;
    const bool loops = lies_in_the_loop(fault);
    auto plan = draw_plan(seed, cut, loops ? Control::always : with_control);
    if (lies_in_the_store(fault)) plan.troubles.set(static_cast<std::size_t>(Trouble::real_store));
    return plan;
}

std::string command_for(std::uint64_t seed, const Cut& cut) {
    auto text = "./dev sim --seed " + std::to_string(seed) + ' ' + cut.text();
    if (with_control != Control::sometimes) text += " --control";
    if (planted_fault != Fault::none)
        text += " --fault " + std::string{planted_names[static_cast<std::size_t>(planted_fault) - 1]};
    return text;
}

Outcome outcome_of(const Plan& plan) {
    Outcome outcome;
    outcome.voters = plan.voters;
    outcome.spares = plan.spares;
    outcome.troubles = plan.troubles;
    World world{plan};
    try {
        (void)world.run();
    } catch (const std::exception& violation) {
        outcome.fault = violation.what();
    }
    outcome.elapsed = world.elapsed();
    for (std::size_t i = 0; i < trouble_count; ++i) outcome.drawn[i] = world.drawn(static_cast<Trouble>(i));
    return outcome;
}

int shrink_one(const Arguments& arguments) {
    const auto seed = arguments.first;
    const auto until = std::chrono::steady_clock::now() + most_time;
    const auto run = [&](const Cut& cut) {
        // What has not been tried does not fail: then what was found so far is told.
        return std::chrono::steady_clock::now() < until ? outcome_of(plan_of(seed, cut)) : Outcome{};
    };
    const auto least = shrink(arguments.cut, run, most_runs);
    if (!least.outcome.fault) {
        std::cout << "seed " << seed << " breaks nothing\n";
        return 0;
    }
    std::cout << *least.outcome.fault << "\n  " << plan_of(seed, least.cut).text() << "\n  after " << least.runs
              << " runs\n  " << command_for(seed, least.cut) << " --trace\n";
    return 1;
}

int campaign(const Arguments& arguments) {
    Result sum;
    std::uint64_t failures = 0;
    std::uint64_t made = 0;
    const auto began = std::chrono::steady_clock::now();
    for (auto seed = arguments.first; seed < arguments.first + arguments.count; ++seed, ++made) {
        const auto plan = plan_of(seed, arguments.cut);
        const auto command = command_for(seed, arguments.cut);
        std::snprintf(replay_line, sizeof replay_line, "sim: seed %llu aborts; %s\n",
                      static_cast<unsigned long long>(seed), command.c_str());
        try {
            const auto one = World{plan, arguments.trace ? &std::cout : nullptr}.run();
            if (arguments.twice && World{plan}.run().trace != one.trace)
                throw Violation{"two runs of one seed differ"};
            sum.span += one.span;
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
            if (failures == most_failures) break;
        }
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    const std::chrono::duration<double> simulated = sum.span;
    std::cout << made << " seeds in " << took.count() << " s: " << failures << " failed; " << sum.steps
              << " steps, " << sum.blocks << " blocks, " << sum.elections << " elections, " << sum.snapshots
              << " snapshots, " << sum.troubles << " troubles, trace " << std::hex << sum.trace << std::dec
              << '\n'
              << static_cast<double>(made) / took.count() << " seeds/s, " << simulated.count() / took.count()
              << " simulated seconds a second\n";
    return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace conductor::sim

int main(int argc, char** argv) {
    using namespace conductor::sim;
    const auto arguments = read(argc, argv);
    std::signal(SIGABRT, on_abort);
    if (arguments.places) return misplaced();
    if (arguments.names) {
        for (const auto name : planted_names) std::cout << name << '\n';
        return 0;
    }
    if (arguments.planted)
        return hunt({arguments.first, arguments.limit.value_or(2000), arguments.hunted},
                    [&](std::uint64_t seed) { return outcome_of(plan_of(seed, arguments.cut)).fault; });
    return arguments.shrink ? shrink_one(arguments) : campaign(arguments);
}
