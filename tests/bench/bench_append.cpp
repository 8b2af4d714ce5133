// Appending through LogStore against a raw file: the same octets, written to a file that is full of zeros and
// flushed, alternately, in one run. Prints a table for people and one JSON line for each case.
//
//   bench_append [directory [case]]   default: here, all cases; about 5 GB are written
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "core/storage/log_store.hpp"
#include "core/storage/posix_files.hpp"

using namespace conductor;
using namespace conductor::storage;

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "bench_append: %s\n", why.c_str());
    std::exit(1);
}

template <class T, class E>
T must(Result<T, E> result) {
    if (!result) {
        if constexpr (std::is_same_v<E, FileError>)
            give_up(to_string(result.error()));
        else
            give_up(result.error().text);
    }
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

double at_quantile(std::vector<double> values, double quantile) {
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(quantile * static_cast<double>(values.size() - 1))];
}

struct Case {
    std::string name;
    std::size_t octets;
    int appends_in_round;
    std::chrono::milliseconds pace;
};

// A log in its steady state: trimmed by snapshots, its segments recycled.
class Subject {
public:
    Subject(FileSystem& files, const std::string& directory, std::uint64_t retain) : files_{files} {
        options_.directory = directory;
        options_.retain_octets = retain;
        open();
    }
    void open() {
        store_.reset();
        store_ = must(LogStore::open(files_, options_));
        if (!store_->recovered().entries.empty()) last_ = store_->recovered().entries.back().position.index;
    }
    void close() { store_.reset(); }
    double append(const Bytes& data) {
        consensus::Entry entry;
        entry.position = {Term{1}, last_.next()};
        entry.data = data;
        StoreWrite write;
        write.entries.push_back(wire::encode_entry(entry));
        const auto start = Clock::now();
        must(store_->write({&write, 1}));
        const auto took = Milliseconds{Clock::now() - start}.count();
        last_ = last_.next();
        return took;
    }
    void keep(std::uint64_t entries) {
        if (last_.value() <= entries) return;
        StoreWrite write;
        consensus::SnapshotMark mark;
        mark.last = {Term{1}, last_};
        mark.first_kept = LogIndex{last_.value() - entries + 1};
        write.snapshot = mark;
        must(store_->write({&write, 1}));
    }
    void idle() { must(store_->idle()); }
    [[nodiscard]] StoreFigures figures() const { return store_->figures(); }
    [[nodiscard]] std::size_t entries() const { return store_->recovered().entries.size(); }
    void await_spares() const {
        for (int i = 0; i < 500 && store_->figures().spares < 2; ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }

private:
    FileSystem& files_;
    StoreOptions options_;
    std::unique_ptr<LogStore> store_;
    LogIndex last_;
};

// The floor: octets into a file that is there and full of zeros, then fdatasync.
class Floor {
public:
    Floor(FileSystem& files, const std::string& path) : file_{must(files.open(path, OpenMode::create))} {
        const std::vector<std::uint8_t> zeros(1U << 20U);
        for (std::uint64_t at = 0; at < size; at += zeros.size()) must(write_all(*file_, at, ByteSpan{zeros}));
        must(file_->sync());
    }
    double append(const Bytes& data) {
        if (at_ + data.size() > size) at_ = 0;
        const auto start = Clock::now();
        must(write_all(*file_, at_, data.span()));
        must(file_->sync());
        const auto took = Milliseconds{Clock::now() - start}.count();
        at_ += (data.size() + 4095) / 4096 * 4096;
        return took;
    }

private:
    static constexpr std::uint64_t size = 256ULL << 20U;
    std::unique_ptr<File> file_;
    std::uint64_t at_{0};
};

Bytes body(std::size_t octets) {
    std::vector<std::uint8_t> out(octets);
    std::uint64_t state = 88172645463325252ULL;
    for (auto& octet : out) {
        state ^= state << 13U;
        state ^= state >> 7U;
        state ^= state << 17U;
        octet = static_cast<std::uint8_t>(state);
    }
    return Bytes::adopt(std::move(out));
}

void print_case(const std::string& name, const std::vector<double>& ours, const std::vector<double>& floor,
                const std::vector<double>& round_ratios) {
    const auto p50 = at_quantile(ours, 0.5);
    const auto p99 = at_quantile(ours, 0.99);
    const auto floor_p50 = at_quantile(floor, 0.5);
    const auto floor_p99 = at_quantile(floor, 0.99);
    const auto ratio = at_quantile(round_ratios, 0.5);
    const auto spread = at_quantile(round_ratios, 1.0) - at_quantile(round_ratios, 0.0);
    std::printf("%-24s p50 %7.3f ms  p99 %7.3f ms  floor %7.3f / %7.3f ms  p50 %.2f x  p99 %.2f x\n",
                name.c_str(), p50, p99, floor_p50, floor_p99, ratio, p99 / floor_p99);
    std::printf(
        "{\"bench\":\"append\",\"case\":\"%s\",\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"floor_p50_ms\":%.4f,"
        "\"floor_p99_ms\":%.4f,\"ratio\":%.3f,\"spread\":%.3f}\n",
        name.c_str(), p50, p99, floor_p50, floor_p99, ratio, spread);
}

void run_case(FileSystem& files, const std::string& root, const Case& one) {
    fs::create_directories(root);
    Floor floor{files, root + "/floor"};
    Subject subject{files, root + "/store", 256ULL << 20U};
    const auto data = body(one.octets);
    const auto kept = std::max<std::uint64_t>(4, (64ULL << 20U) / one.octets);
    subject.await_spares();
    // Until the segments that are written into were used before.
    for (std::uint64_t written = 0; written < (400ULL << 20U); written += one.octets) {
        subject.append(data);
        if ((written / one.octets) % 16 == 15) subject.keep(kept);
    }
    subject.await_spares();

    std::vector<double> ours;
    std::vector<double> raw;
    std::vector<double> ratios;
    const auto before = subject.figures();
    std::uint64_t snapshots = 0;
    for (int round = 0; round < 7; ++round) {
        std::vector<double> ours_now;
        std::vector<double> raw_now;
        for (int i = 0; i < one.appends_in_round; ++i) {
            std::this_thread::sleep_for(one.pace);
            raw_now.push_back(floor.append(data));
            std::this_thread::sleep_for(one.pace);
            ours_now.push_back(subject.append(data));
        }
        subject.keep(kept);
        ++snapshots;
        ratios.push_back(at_quantile(ours_now, 0.5) / at_quantile(raw_now, 0.5));
        ours.insert(ours.end(), ours_now.begin(), ours_now.end());
        raw.insert(raw.end(), raw_now.begin(), raw_now.end());
    }
    const auto after = subject.figures();
    print_case(one.name, ours, raw, ratios);
    const auto batches = static_cast<double>(ours.size() + snapshots);
    std::printf("%-24s %.3f flushes a batch, %.4f octets written for each of the payloads\n", "",
                static_cast<double>(after.flushes - before.flushes) / batches,
                static_cast<double>(after.octets_written - before.octets_written) /
                    (static_cast<double>(ours.size()) * static_cast<double>(one.octets)));
    subject.close();
    fs::remove_all(root);
}

// Drops the pages of every file below, as far as that needs no privilege.
void forget_pages(const std::string& root) {
    for (const auto& entry : fs::recursive_directory_iterator{root}) {
        if (!entry.is_regular_file()) continue;
        const auto descriptor = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
        ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
        ::close(descriptor);
    }
}

void run_open(FileSystem& files, const std::string& root) {
    {
        Subject subject{files, root, 2ULL << 30U};
        const auto data = body(1'300'000);
        for (std::uint64_t written = 0; written < (1ULL << 30U); written += data.size()) subject.append(data);
        subject.idle();
        subject.await_spares();
    }
    std::vector<double> took;
    for (int round = 0; round < 5; ++round) {
        forget_pages(root);
        const auto start = Clock::now();
        Subject subject{files, root, 2ULL << 30U};
        took.push_back(Milliseconds{Clock::now() - start}.count());
        subject.await_spares();
    }
    std::printf("%-24s p50 %7.1f ms  max %7.1f ms\n", "cold open of 1 GiB", at_quantile(took, 0.5),
                at_quantile(took, 1.0));
    std::printf(
        "{\"bench\":\"append\",\"case\":\"cold-open-1GiB\",\"p50_ms\":%.2f,\"p99_ms\":%.2f,"
        "\"floor_p50_ms\":0,\"ratio\":0,\"spread\":%.2f}\n",
        at_quantile(took, 0.5), at_quantile(took, 1.0), at_quantile(took, 1.0) - at_quantile(took, 0.0));
    fs::remove_all(root);
}

void run_growth(FileSystem& files, const std::string& root) {
    const auto data = body(20'000);
    Subject small{files, root + "/small", 256ULL << 20U};
    Subject large{files, root + "/large", 256ULL << 20U};
    for (int i = 0; i < 100; ++i) small.append(data);
    const auto seed = body(200);
    for (int i = 0; i < 9900; ++i) large.append(seed);
    for (int i = 0; i < 100; ++i) large.append(data);
    std::vector<double> of_small;
    std::vector<double> of_large;
    std::vector<double> ratios;
    for (int round = 0; round < 7; ++round) {
        std::vector<double> a;
        std::vector<double> b;
        for (int i = 0; i < 60; ++i) {
            a.push_back(small.append(data));
            b.push_back(large.append(data));
        }
        small.keep(100);
        ratios.push_back(at_quantile(b, 0.5) / at_quantile(a, 0.5));
        of_small.insert(of_small.end(), a.begin(), a.end());
        of_large.insert(of_large.end(), b.begin(), b.end());
    }
    print_case("10000 against 100", of_large, of_small, ratios);
    small.close();
    large.close();
    fs::remove_all(root);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string where = argc > 1 ? argv[1] : ".";
    const auto root = where + "/bench_append.tmp";
    const std::string only = argc > 2 ? argv[2] : "";
    fs::remove_all(root);
    PosixFiles files;
    using namespace std::chrono_literals;
    for (const auto& one : {Case{"0.5MB", 500'000, 60, 0ms}, Case{"1.3MB", 1'300'000, 40, 0ms},
                            Case{"2MB", 2'000'000, 30, 0ms}, Case{"10MB", 10'000'000, 10, 0ms},
                            Case{"0.5MB-paced", 500'000, 12, 20ms}, Case{"2MB-paced", 2'000'000, 12, 20ms}})
        if (only.empty() || only == one.name) run_case(files, root + "/" + one.name, one);
    if (only.empty() || only == "growth") run_growth(files, root + "/growth");
    if (only.empty() || only == "open") run_open(files, root + "/open");
    fs::remove_all(root);
    return 0;
}
