// How benchmarks of whole programs print: one JSON line a case for machines, then a table for people.
#pragma once

#include <string>
#include <vector>

namespace conductor::bench {

[[nodiscard]] double quantile(std::vector<double> values, double q);

/// Samples of one case, gathered round by round.
struct Series {
    std::vector<double> all;            ///< ms
    std::vector<double> round_medians;  ///< ms
    void add_round(const std::vector<double>& samples);
    [[nodiscard]] double p50() const { return quantile(all, 0.5); }
    [[nodiscard]] double p99() const { return quantile(all, 0.99); }
    /// Largest minus smallest round median, over the median of all.
    [[nodiscard]] double spread() const;
};

struct Row {
    std::string bench;
    std::string name;
    Series subject;
    Series floor;  ///< empty: there is none
};
void print(const Row& row);
void print_table(const std::vector<Row>& rows);

/// Ends a benchmark that has nothing true to print.
[[noreturn]] void fail(const std::string& why);

/// Where the build put the daemon: beside this program.
[[nodiscard]] std::string daemon_program();

}  // namespace conductor::bench
