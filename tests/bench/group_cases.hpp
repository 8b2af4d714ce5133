// The rows of a group: each case measures some of them and says how far they are from where they must be, and
// from where they should be. What a row needs stands in docs/performance.md.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/figures.hpp"

namespace conductor::bench {

struct GroupOptions {
    int repetitions{0};  ///< 0: the case's own
    double scale{1};     ///< of spans and rounds
};

/// One figure against its goals; smaller is better unless `more` says otherwise.
struct Judged {
    std::string row;
    std::string unit;
    double value;
    double must;
    double aim;
    bool more{false};
};

class Verdicts {
public:
    /// Prints it at once, as one JSON line.
    void add(Judged judged);
    void table() const;
    /// Whether every figure is where it must be.
    [[nodiscard]] bool good() const;

private:
    std::vector<Judged> all_;
};

struct GroupCase {
    const char* name;
    const char* what;
    void (*run)(const GroupOptions&, Verdicts&);
};

void commit_case(const GroupOptions& options, Verdicts& verdicts);
void failover_case(const GroupOptions& options, Verdicts& verdicts);
void silent_case(const GroupOptions& options, Verdicts& verdicts);
void production_case(const GroupOptions& options, Verdicts& verdicts);
void transfer_case(const GroupOptions& options, Verdicts& verdicts);
void throughput_case(const GroupOptions& options, Verdicts& verdicts);
void leader_case(const GroupOptions& options, Verdicts& verdicts);
void cost_case(const GroupOptions& options, Verdicts& verdicts);
void disk_case(const GroupOptions& options, Verdicts& verdicts);
void entries_case(const GroupOptions& options, Verdicts& verdicts);
void members_case(const GroupOptions& options, Verdicts& verdicts);
void elections_case(const GroupOptions& options, Verdicts& verdicts);

}  // namespace conductor::bench
