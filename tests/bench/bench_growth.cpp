// Whether a commit costs more when the log is long: two daemons, one with 100 entries and one with 10 000,
// interleaved. The short one is the floor of the other.
//   bench_growth [ROUNDS]     default 7; one JSON line a size, then a table
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "core/payload/transcode.hpp"
#include "tests/bench/figures.hpp"
#include "tests/support/conductor_daemon.hpp"
#include "tests/support/recorded_blocks.hpp"
#include "tests/unit/payload/recipe.hpp"

namespace {

using namespace conductor;
using namespace conductor::bench;
using namespace conductor::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

RecordedBlock block_of(const char* name, std::size_t ssz) {
    const auto json = payload::test::generated_json({.seed = 7, .version = 4, .size = ssz});
    return {name, true, {}, *payload::envelope_from_json(json)};
}

/// A daemon and the client that fills it.
class Node {
public:
    Node(const std::string& folder, const char* id)
        : directory_{folder}, daemon_{{daemon_program(), directory_.path(), id, {}, {}}} {
        daemon_.start();
        if (!daemon_.leads(10s)) fail("the daemon does not lead:\n" + daemon_.process().output());
        client_ = daemon_.client();
    }
    /// Milliseconds that the commit of the next block took.
    double commit(const RecordedBlock& block) {
        const auto next = at_height(block, ++number_);
        const auto start = Clock::now();
        const auto answer = client_->post("/", "application/json", next.body);
        const auto took = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
        if (!answer || answer->body.find("\"result\":null") == std::string::npos)
            fail("a commit failed: " + (answer ? answer->body : "no answer"));
        return took;
    }

private:
    TempDir directory_;
    ConductorDaemon daemon_;
    std::unique_ptr<HttpClient> client_;
    std::uint64_t number_ = 0x1'0000'0000;  // above every number that the generator draws
};

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::max(5, std::atoi(argv[1])) : 7;
    Node few{"bench-growth-few", "seq-1"};
    Node many{"bench-growth-many", "seq-1"};
    const auto filler = block_of("filler", 20'000);
    for (int i = 0; i < 100; ++i) few.commit(filler);
    for (int i = 0; i < 10'000; ++i) many.commit(filler);

    std::vector<Row> rows;
    for (const auto& block : {block_of("0.1MB", 100'000), block_of("0.5MB", 500'000)}) {
        Row row{"growth", std::string{"10 000 against 100 entries, "} + block.name, {}, {}};
        for (int round = 0; round < rounds; ++round) {
            std::vector<double> long_log;
            std::vector<double> short_log;
            for (int i = 0; i < 20; ++i) {
                long_log.push_back(many.commit(block));
                short_log.push_back(few.commit(block));
            }
            row.subject.add_round(long_log);
            row.floor.add_round(short_log);
        }
        print(row);
        rows.push_back(std::move(row));
    }
    print_table(rows);
}
