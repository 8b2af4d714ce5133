#include "tests/bench/figures.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace conductor::bench {

double quantile(std::vector<double> values, double q) {
    if (values.empty()) return 0;
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

void Series::add_round(const std::vector<double>& samples) {
    all.insert(all.end(), samples.begin(), samples.end());
    round_medians.push_back(quantile(samples, 0.5));
}

double Series::spread() const {
    if (round_medians.empty()) return 0;
    const auto [least, most] = std::ranges::minmax(round_medians);
    return (most - least) / p50();
}

void print(const Row& row) {
    std::printf(R"({"bench":"%s","case":"%s","p50_ms":%.4f,"p99_ms":%.4f)", row.bench.c_str(), row.name.c_str(),
                row.subject.p50(), row.subject.p99());
    if (!row.floor.all.empty())
        std::printf(R"(,"floor_p50_ms":%.4f,"ratio":%.3f)", row.floor.p50(),
                    row.subject.p50() / row.floor.p50());
    std::printf(R"(,"spread":%.3f})"
                "\n",
                row.subject.spread());
    std::fflush(stdout);
}

void print_table(const std::vector<Row>& rows) {
    std::printf("\n%-28s %10s %10s %10s %8s %8s %8s\n", "case", "p50 ms", "p99 ms", "floor ms", "ratio",
                "p99/p50", "spread");
    for (const auto& row : rows) {
        const auto& s = row.subject;
        std::printf("%-28s %10.3f %10.3f ", row.name.c_str(), s.p50(), s.p99());
        if (row.floor.all.empty()) {
            std::printf("%10s %8s ", "-", "-");
        } else {
            std::printf("%10.3f %8.2f ", row.floor.p50(), s.p50() / row.floor.p50());
        }
        std::printf("%8.2f %8.2f\n", s.p99() / s.p50(), s.spread());
    }
}

void fail(const std::string& why) {
    const auto program = std::filesystem::canonical("/proc/self/exe").filename().string();
    std::fprintf(stderr, "%s: %s\n", program.c_str(), why.c_str());
    std::exit(1);
}

std::string daemon_program() {
    return (std::filesystem::canonical("/proc/self/exe").parent_path() / "conductord").string();
}

}  // namespace conductor::bench
