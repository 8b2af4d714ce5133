#include "core/metrics/process.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

namespace conductor::metrics {

namespace {

using prometheus::MetricType;

prometheus::MetricFamily family(const char* name, const char* help, MetricType type, double value) {
    prometheus::MetricFamily out;
    out.name = name;
    out.help = help;
    out.type = type;
    out.metric.resize(1);
    out.metric[0].counter.value = value;
    out.metric[0].gauge.value = value;
    return out;
}

// The numbers of /proc/self/stat behind the program's name, which may hold anything, `)` and blanks included.
// proc(5) counts from 1 and calls the first of them field 3, a letter.
class Stat {
public:
    Stat() {
        std::ifstream file{"/proc/self/stat"};
        std::string line;
        std::getline(file, line);
        const auto name_end = line.rfind(')');
        if (name_end == std::string::npos) return;
        std::istringstream words{line.substr(name_end + 1)};
        for (std::string word; words >> word;) words_.push_back(word);
    }
    [[nodiscard]] std::optional<double> field(std::size_t number) const {
        if (number < 3 || number - 3 >= words_.size()) return std::nullopt;
        const auto& word = words_[number - 3];
        double value = 0;
        const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
        if (error != std::errc{} || stop != word.data() + word.size()) return std::nullopt;
        return value;
    }

private:
    std::vector<std::string> words_;
};

std::optional<double> boot_time_s() {
    std::ifstream file{"/proc/stat"};
    for (std::string word; file >> word;) {
        if (word != "btime") continue;
        double seconds = 0;
        if (file >> seconds) return seconds;
    }
    return std::nullopt;
}

std::optional<double> open_descriptors() {
    struct Close {
        void operator()(DIR* dir) const noexcept { closedir(dir); }
    };
    const std::unique_ptr<DIR, Close> dir{opendir("/proc/self/fd")};
    if (!dir) return std::nullopt;
    double count = 0;
    while (const auto* entry = readdir(dir.get()))
        if (entry->d_name[0] != '.') count += 1;
    return count;
}

std::optional<double> limit_of(decltype(RLIMIT_AS) resource) {
    rlimit limit{};
    if (getrlimit(resource, &limit) != 0) return std::nullopt;
    return static_cast<double>(limit.rlim_cur);
}

struct Traffic {
    double in{0};
    double out{0};
};

// Of the whole network namespace, as every client library reads it: a line of names, then one of numbers.
std::optional<Traffic> traffic() {
    std::ifstream file{"/proc/self/net/netstat"};
    for (std::string names; std::getline(file, names);) {
        std::string numbers;
        if (!std::getline(file, numbers)) break;
        if (!names.starts_with("IpExt:")) continue;
        std::istringstream name_words{names};
        std::istringstream number_words{numbers};
        Traffic found;
        std::string name;
        std::string number;
        while (name_words >> name && number_words >> number) {
            if (name == "InOctets") std::from_chars(number.data(), number.data() + number.size(), found.in);
            if (name == "OutOctets") std::from_chars(number.data(), number.data() + number.size(), found.out);
        }
        return found;
    }
    return std::nullopt;
}

}  // namespace

std::vector<prometheus::MetricFamily> process_families() {
    std::vector<prometheus::MetricFamily> out;
    const auto add = [&out](const char* name, const char* help, MetricType type, std::optional<double> value) {
        if (value) out.push_back(family(name, help, type, *value));
    };
    const auto times = [](std::optional<double> value, double factor) {
        return value ? std::optional{*value * factor} : std::nullopt;
    };
    const Stat stat;
    const auto tick_s = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
    const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
    const auto user = stat.field(14);
    const auto system = stat.field(15);
    if (user && system)
        add("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
            MetricType::Counter, (*user + *system) * tick_s);
    add("process_max_fds", "Maximum number of open file descriptors.", MetricType::Gauge,
        limit_of(RLIMIT_NOFILE));
    if (const auto octets = traffic()) {
        add("process_network_receive_bytes_total", "Number of bytes received by the process over the network.",
            MetricType::Counter, octets->in);
        add("process_network_transmit_bytes_total", "Number of bytes sent by the process over the network.",
            MetricType::Counter, octets->out);
    }
    add("process_open_fds", "Number of open file descriptors.", MetricType::Gauge, open_descriptors());
    add("process_resident_memory_bytes", "Resident memory size in bytes.", MetricType::Gauge,
        times(stat.field(24), page));
    const auto booted = boot_time_s();
    const auto born = times(stat.field(22), tick_s);
    if (booted && born)
        add("process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
            MetricType::Gauge, *booted + *born);
    add("process_virtual_memory_bytes", "Virtual memory size in bytes.", MetricType::Gauge, stat.field(23));
    add("process_virtual_memory_max_bytes", "Maximum amount of virtual memory available in bytes.",
        MetricType::Gauge, limit_of(RLIMIT_AS));
    return out;
}

}  // namespace conductor::metrics
