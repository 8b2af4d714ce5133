// A group of real conductord on this machine, row by row, each beside the floor where it has one.
//   bench_group [CASE…] [--repetitions N] [--scale F]     default: all cases; exit 1 where a row is not as it
//   must be
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/bench/group_cases.hpp"

namespace conductor::bench {

void Verdicts::add(Judged judged) {
    std::printf(R"({"bench":"group","row":"%s","value":%.4f,"unit":"%s","must":%.4f,"aim":%.4f})"
                "\n",
                judged.row.c_str(), judged.value, judged.unit.c_str(), judged.must, judged.aim);
    std::fflush(stdout);
    all_.push_back(std::move(judged));
}

namespace {

bool reaches(const Judged& one, double goal) {
    return one.more ? one.value >= goal : one.value <= goal;
}

}  // namespace

void Verdicts::table() const {
    std::printf("\n%-48s %12s %10s %10s  %s\n", "row", "value", "must", "aim", "");
    for (const auto& one : all_) {
        const auto* word = reaches(one, one.aim) ? "aim" : reaches(one, one.must) ? "must" : "MISSED";
        std::printf("%-48s %9.3f %-3s %9.3f %10.3f  %s\n", one.row.c_str(), one.value, one.unit.c_str(),
                    one.must, one.aim, word);
    }
}

bool Verdicts::good() const {
    for (const auto& one : all_)
        if (!reaches(one, one.must)) return false;
    return true;
}

}  // namespace conductor::bench

using namespace conductor::bench;

namespace {

constexpr std::array cases{
    GroupCase{"commit", "commits against the floor, four sizes, JSON and binary", commit_case},
    GroupCase{"failover", "SIGKILL of the leader, until another leads and has committed", failover_case},
    GroupCase{"silent", "the leader frozen, until another leads", silent_case},
    GroupCase{"production", "SIGKILL of the leader, until another node produces", production_case},
    GroupCase{"transfer", "a planned hand-over, until the new node's first block", transfer_case},
    GroupCase{"throughput", "commits a second of one client and of four", throughput_case},
    GroupCase{"leader", "conductor_leader beside commits", leader_case},
    GroupCase{"cost", "memory and processor of leader and followers", cost_case},
    GroupCase{"disk", "what the log takes while it is written", disk_case},
    GroupCase{"entries", "commits with 10 000 entries in the log against 100", entries_case},
    GroupCase{"members", "commits with five and seven members against three", members_case},
    GroupCase{"elections", "elections under large blocks on thin links and a slow disk", elections_case},
};

int usage() {
    std::fprintf(stderr, "usage: bench_group [CASE…] [--repetitions N] [--scale F]\n\n");
    for (const auto& one : cases) std::fprintf(stderr, "  %-12s %s\n", one.name, one.what);
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    GroupOptions options;
    std::vector<const GroupCase*> wanted;
    for (int i = 1; i < argc; ++i) {
        const std::string word{argv[i]};
        if (word == "--repetitions" && i + 1 < argc) {
            options.repetitions = std::atoi(argv[++i]);
        } else if (word == "--scale" && i + 1 < argc) {
            options.scale = std::atof(argv[++i]);
        } else {
            const auto* found = std::find_if(cases.begin(), cases.end(),
                                             [&](const GroupCase& one) { return word == one.name; });
            if (found == cases.end()) return usage();
            wanted.push_back(found);
        }
    }
    if (wanted.empty())
        for (const auto& one : cases) wanted.push_back(&one);
    Verdicts verdicts;
    for (const auto* one : wanted) {
        std::printf("\n== %s: %s\n", one->name, one->what);
        std::fflush(stdout);
        one->run(options, verdicts);
    }
    verdicts.table();
    return verdicts.good() ? 0 : 1;
}
