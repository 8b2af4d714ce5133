#include "tests/bench/process_cost.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace conductor::bench {

double cpu_seconds(pid_t pid) {
    double sum = 0;
    for (const auto& task : std::filesystem::directory_iterator{"/proc/" + std::to_string(pid) + "/task"}) {
        std::ifstream stat{task.path() / "schedstat"};
        double on_cpu = 0;  // ns, the first of its numbers
        stat >> on_cpu;
        sum += on_cpu;
    }
    return sum / 1e9;
}

double memory_mb(pid_t pid, const std::string& key) {
    std::ifstream in{"/proc/" + std::to_string(pid) + "/status"};
    for (std::string line; std::getline(in, line);)
        if (line.starts_with(key)) return std::strtod(line.c_str() + key.size(), nullptr) / 1024;
    return 0;
}

}  // namespace conductor::bench
