// Commits through the leader of a group, and what else a client of it waits for.
#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>

#include "tests/bench/group_cases.hpp"
#include "tests/bench/group_floor.hpp"
#include "tests/bench/group_stage.hpp"

namespace conductor::bench {

using namespace conductor::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

double floor_commit(HttpClient& client, const RecordedBlock& block) {
    const auto next = at_height(block, next_number());
    const auto start = Clock::now();
    const auto answer = client.post("/", "application/json", next.body);
    if (!answer || answer->status != 200) fail("the floor does not answer");
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double good(double took) {
    if (took < 0) fail("a commit failed");
    return took;
}

struct Size {
    const char* name;
    std::size_t ssz;
    int commits;  ///< a round
};
constexpr Size sizes[] = {
    {"0.5MB", 500'000, 40}, {"1.3MB", 1'300'000, 20}, {"2MB", 2'000'000, 15}, {"10MB", 10'000'000, 6}};

int rounds_of(const GroupOptions& options, int usual) {
    return std::max(5, static_cast<int>(std::lround(usual * options.scale)));
}

}  // namespace

void commit_case(const GroupOptions& options, Verdicts& verdicts) {
    const TempDir work{"bench-group-floor"};
    Stage stage{"commit", {}};
    const auto leads = stage.leader();
    const GroupFloor floor{3, work.path()};
    HttpClient floor_client{"127.0.0.1", floor.port(), 10s};
    std::vector<Row> rows;
    for (const auto& size : sizes) {
        const auto block = block_of(size.ssz);
        Row json{"group commit", std::string{"json "} + size.name, {}, {}};
        Row binary{"group commit", std::string{"binary "} + size.name, {}, {}};
        for (int i = 0; i < 3; ++i) good(stage.commit(leads, block));
        for (int round = 0; round < rounds_of(options, 7); ++round) {
            std::vector<double> json_ms;
            std::vector<double> binary_ms;
            std::vector<double> floor_ms;
            for (int i = 0; i < size.commits; ++i) {
                json_ms.push_back(good(stage.commit(leads, block)));
                floor_ms.push_back(floor_commit(floor_client, block));
                binary_ms.push_back(good(stage.commit_binary(leads, block)));
            }
            json.subject.add_round(json_ms);
            binary.subject.add_round(binary_ms);
            json.floor.add_round(floor_ms);
            binary.floor.add_round(floor_ms);
        }
        for (auto* row : {&json, &binary}) print(*row);
        const std::string name{size.name};
        verdicts.add({"JSON commit " + name + ", p50 against floor", "x", json.subject.p50() / json.floor.p50(),
                      2.0, 1.4});
        verdicts.add({"JSON commit " + name + ", p99 against own p50", "x",
                      json.subject.p99() / json.subject.p50(), 4, 3});
        verdicts.add({"binary commit " + name + ", p50 against JSON", "x",
                      binary.subject.p50() / json.subject.p50(), 1, 1});
        rows.push_back(std::move(json));
        rows.push_back(std::move(binary));
    }
    print_table(rows);
}

void throughput_case(const GroupOptions& options, Verdicts& verdicts) {
    Stage stage{"throughput", {}};
    const auto leads = stage.leader();
    const auto block = block_of(500'000);
    for (const int clients : {1, 4}) {
        // One height for all: what is not newer is stored all the same (conductor.md 3.5.4).
        const auto body = at_height(block, next_number()).body;
        std::atomic<int> commits{0};
        std::atomic<bool> over{false};
        std::vector<std::thread> threads;
        const auto began = Clock::now();
        for (int i = 0; i < clients; ++i)
            threads.emplace_back([&] {
                const auto client = stage.daemon(leads).client();
                while (!over) {
                    const auto answer = client->post("/", "application/json", body);
                    if (!answer || answer->body.find("\"result\":null") == std::string::npos)
                        fail("a commit failed");
                    ++commits;
                }
            });
        std::this_thread::sleep_for(std::chrono::duration<double>(10 * options.scale));
        over = true;
        for (auto& thread : threads) thread.join();
        const auto rate = commits / std::chrono::duration<double>(Clock::now() - began).count();
        const double go = clients == 1 ? 20 : 30;
        verdicts.add(
            {"0.5 MB commits, " + std::to_string(clients) + " client(s)", "/s", rate, 10 * go, 20 * go, true});
    }
}

void leader_case(const GroupOptions& options, Verdicts& verdicts) {
    Stage stage{"leader", {}};
    const auto leads = stage.leader();
    const auto block = block_of(2'000'000);
    std::atomic<bool> over{false};
    std::thread committer{[&] {
        const auto client = stage.daemon(leads).client();
        for (auto next = Clock::now(); !over; std::this_thread::sleep_until(next)) {
            const auto commit = at_height(block, next_number());
            const auto answer = client->post("/", "application/json", commit.body);
            if (!answer || answer->status != 200) fail("a commit failed");
            next += 200ms;
        }
    }};
    Row row{"group", "conductor_leader by 2MB 5/s", {}, {}};
    std::vector<double> took;
    const auto until = Clock::now() + std::chrono::duration<double>(20 * options.scale);
    while (Clock::now() < until) {
        const auto start = Clock::now();
        if (!stage.says_it_leads(leads)) fail("it leads no more");
        took.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
        std::this_thread::sleep_for(10ms);
    }
    over = true;
    committer.join();
    row.subject.add_round(took);
    print(row);
    verdicts.add({"conductor_leader beside 2 MB commits, p50", "ms", row.subject.p50(), 0.3, 0.3});
    verdicts.add({"conductor_leader beside 2 MB commits, p99", "ms", row.subject.p99(), 5, 5});
}

namespace {

/// Commits through two groups in turn, the second against the first.
Row beside(const std::string& name, Stage& subject, Stage& other, const RecordedBlock& block, int rounds) {
    Row row{"group growth", name, {}, {}};
    const auto subject_leads = subject.leader();
    const auto other_leads = other.leader();
    for (int i = 0; i < 5; ++i) {
        good(subject.commit(subject_leads, block));
        good(other.commit(other_leads, block));
    }
    for (int round = 0; round < rounds; ++round) {
        std::vector<double> subject_ms;
        std::vector<double> other_ms;
        for (int i = 0; i < 20; ++i) {
            subject_ms.push_back(good(subject.commit(subject_leads, block)));
            other_ms.push_back(good(other.commit(other_leads, block)));
        }
        row.subject.add_round(subject_ms);
        row.floor.add_round(other_ms);
    }
    print(row);
    return row;
}

}  // namespace

void entries_case(const GroupOptions& options, Verdicts& verdicts) {
    Stage few{"few", {}};
    Stage many{"many", {}};
    const auto filler = block_of(20'000);
    const auto few_lead = few.leader();
    const auto many_lead = many.leader();
    for (int i = 0; i < 100; ++i) good(few.commit(few_lead, filler));
    for (int i = 0; i < 10'000; ++i) good(many.commit(many_lead, filler));
    const auto row =
        beside("10 000 entries against 100, 0.5MB", many, few, block_of(500'000), rounds_of(options, 9));
    verdicts.add(
        {"commit p50, 10 000 entries against 100", "x", row.subject.p50() / row.floor.p50(), 1.1, 1.05});
}

// Against the floor of as many processes, too: on two cores seven members cost what they cost anybody.
void members_case(const GroupOptions& options, Verdicts& verdicts) {
    const auto block = block_of(500'000);
    Stage three{"three", {}};
    const TempDir three_work{"bench-floor-3"};
    const GroupFloor three_floor{3, three_work.path()};
    HttpClient three_client{"127.0.0.1", three_floor.port(), 10s};
    for (const std::size_t size : {5U, 7U}) {
        const auto name = std::to_string(size);
        StagePlan plan;
        plan.size = size;
        Stage large{"members-" + name, plan};
        const TempDir work{"bench-floor-" + name};
        const GroupFloor floor{size, work.path()};
        HttpClient client{"127.0.0.1", floor.port(), 10s};
        const auto row = beside(name + " members against 3, 0.5MB", large, three, block, rounds_of(options, 9));
        Row raw{"group growth", name + " processes against 3, 0.5MB", {}, {}};
        for (int round = 0; round < rounds_of(options, 9); ++round) {
            std::vector<double> of_large;
            std::vector<double> of_three;
            for (int i = 0; i < 20; ++i) {
                of_large.push_back(floor_commit(client, block));
                of_three.push_back(floor_commit(three_client, block));
            }
            raw.subject.add_round(of_large);
            raw.floor.add_round(of_three);
        }
        print(raw);
        verdicts.add({"commit p50, " + name + " members against 3", "x", row.subject.p50() / row.floor.p50(),
                      size == 5 ? 2.0 : 3.0, size == 5 ? 1.7 : 2.4});
    }
}

}  // namespace conductor::bench
