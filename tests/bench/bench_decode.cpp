// JSON commit body to SSZ: the fast way with each hex kernel and the exact way, against the memory copy of the
// same body in the same round. Rounds are interleaved, so that what disturbs the machine disturbs all alike.
//   bench_decode [ROUNDS]     default 9; one JSON line a case, then a table
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "core/base/json_scan.hpp"
#include "core/payload/hex_kernel.hpp"
#include "core/payload/transcode.hpp"
#include "tests/unit/payload/recipe.hpp"

using namespace conductor;
using namespace conductor::payload;

namespace {

double milliseconds_of(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double quantile(std::vector<double> values, double q) {
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

void fail(const char* why) {
    std::fprintf(stderr, "bench_decode: %s\n", why);
    std::exit(1);
}

struct Subject {
    std::string name;
    std::function<void()> work;
    std::vector<double> times{};  // ms, all samples
    std::vector<double> round_medians{};
};

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::max(5, std::atoi(argv[1])) : 9;
    struct Size {
        const char* name;
        std::size_t ssz;
        int repeats;
    };
    std::string table;
    for (const auto& size :
         {Size{"1MB", 500'000, 40}, Size{"2.6MB", 1'300'000, 20}, Size{"20MB", 10'000'000, 5}}) {
        const auto envelope = test::generated_json({.seed = 1, .version = 4, .size = size.ssz});
        JsonBuffer body{test::commit_call(envelope)};
        const auto octets = body.size();
        std::string copy(octets, '\0');
        SszPool pool;
        const auto fast = [&](HexKernel kernel) {
            return [&, kernel] {
                use_hex_kernel(kernel);
                if (!fast_commit_call(body, pool)) fail("the fast way gave up");
            };
        };
        std::vector<Subject> subjects{{"memcpy",
                                       [&] {
                                           std::memcpy(copy.data(), body.data(), octets);
                                           asm volatile("" : : "r"(copy.data()) : "memory");
                                       }},
                                      {"fast-portable", fast(HexKernel::portable)},
                                      {"fast-ssse3", fast(HexKernel::ssse3)}};
        if (best_hex_kernel() == HexKernel::avx2) subjects.push_back({"fast-avx2", fast(HexKernel::avx2)});
        subjects.push_back({"exact", [&] {
                                use_hex_kernel(best_hex_kernel());
                                if (!envelope_from_json(envelope)) fail("the exact way refused");
                            }});
        for (auto& subject : subjects) subject.work();  // touches all memory once
        for (int round = 0; round < rounds; ++round) {
            for (auto& subject : subjects) {
                std::vector<double> times;
                for (int i = 0; i < size.repeats; ++i) times.push_back(milliseconds_of(subject.work));
                subject.round_medians.push_back(quantile(times, 0.5));
                subject.times.insert(subject.times.end(), times.begin(), times.end());
            }
        }
        const double floor = quantile(subjects[0].times, 0.5);
        for (const auto& subject : subjects) {
            const double p50 = quantile(subject.times, 0.5);
            const double spread = (quantile(subject.round_medians, 1) - quantile(subject.round_medians, 0)) /
                                  quantile(subject.round_medians, 0.5);
            std::printf(
                "{\"bench\":\"decode\",\"case\":\"%s-%s\",\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"floor_p50_ms\":%."
                "4f,"
                "\"ratio\":%.2f,\"spread\":%.2f}\n",
                size.name, subject.name.c_str(), p50, quantile(subject.times, 0.99), floor, p50 / floor,
                spread);
            char line[128];
            std::snprintf(line, sizeof line, "%-6s %-14s %8.3f ms %7.2f GB/s  %5.2f x copy  spread %3.0f %%\n",
                          size.name, subject.name.c_str(), p50, static_cast<double>(octets) / p50 / 1e6,
                          p50 / floor, 100 * spread);
            table += line;
        }
    }
    std::printf("\n%s", table.c_str());
}
