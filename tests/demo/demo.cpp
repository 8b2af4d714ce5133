// `./dev demo`: a conductord commits blocks that op-node once sent, is killed with SIGKILL under load, starts
// again, and then its log is opened and compared with every answer it gave. Prints each step with its time;
// exits 1 where a step fails; leaves nothing running and nothing behind.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <map>
#include <thread>

#include "core/storage/log_store.hpp"
#include "core/storage/posix_files.hpp"
#include "tests/support/conductor_daemon.hpp"
#include "tests/support/recorded_blocks.hpp"

namespace {

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

const auto began = Clock::now();

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

[[gnu::format(printf, 1, 2)]] void say(const char* format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    std::printf("%7.3f s  %s\n", seconds_since(began), text);
    std::fflush(stdout);
}

struct Failed {
    std::string why;
};

/// What was sent and what was answered, by block hash.
struct Account {
    std::map<BlockHash, Bytes> sent;
    std::map<BlockHash, Bytes> acknowledged;
};

bool acknowledged(const RecordedBlock& block, const std::optional<HttpAnswer>& answer) {
    if (!answer || answer->status != 200) return false;
    return !block.json || answer->body.find("\"result\":null") != std::string::npos;
}

bool commit(HttpClient& client, const RecordedBlock& block, Account& account) {
    account.sent.emplace(block.envelope.hash, block.envelope.ssz);
    const auto answer = client.post(block.path(), block.content_type(), block.body);
    if (!acknowledged(block, answer)) return false;
    account.acknowledged.emplace(block.envelope.hash, block.envelope.ssz);
    return true;
}

void start(ConductorDaemon& daemon, const char* what) {
    const auto start = Clock::now();
    daemon.start();
    if (!daemon.serves(10s))
        throw Failed{"conductord does not answer; its output:\n" + daemon.process().output()};
    const auto answers = seconds_since(start);
    if (!daemon.leads(10s)) throw Failed{"conductord does not lead; its output:\n" + daemon.process().output()};
    say("%s: RPC answers after %.0f ms, leader after %.0f ms (pid %d)", what, 1000 * answers,
        1000 * seconds_since(start), daemon.process().pid());
}

void commit_recorded(ConductorDaemon& daemon, const std::vector<RecordedBlock>& blocks, Account& account) {
    const auto client = daemon.client();
    for (const bool json : {true, false}) {
        std::size_t count = 0;
        std::size_t smallest = SIZE_MAX;
        std::size_t largest = 0;
        double slowest = 0;
        const auto start = Clock::now();
        for (const auto& block : blocks) {
            if (block.json != json) continue;
            const auto one = Clock::now();
            if (!commit(*client, block, account)) throw Failed{block.name + " was not acknowledged"};
            slowest = std::max(slowest, seconds_since(one));
            smallest = std::min(smallest, block.body.size());
            largest = std::max(largest, block.body.size());
            ++count;
        }
        say("committed %zu recorded blocks as %s, %.1f to %.1f KB each: %.1f ms in all, the slowest %.1f ms",
            count, json ? "JSON" : "SSZ", static_cast<double>(smallest) / 1e3,
            static_cast<double>(largest) / 1e3, 1000 * seconds_since(start), 1000 * slowest);
    }
}

/// The largest recorded block came as SSZ; as JSON it has 4 MB.
void commit_largest_as_json(ConductorDaemon& daemon, const std::vector<RecordedBlock>& blocks,
                            Account& account) {
    const auto& largest =
        *std::ranges::max_element(blocks, {}, [](const auto& b) { return b.envelope.ssz.size(); });
    auto block = largest;
    block.json = true;
    block = at_height(block, 900'000);
    const auto client = daemon.client();
    const auto start = Clock::now();
    if (!commit(*client, block, account)) throw Failed{"the largest block was not acknowledged as JSON"};
    say("committed the largest of them as JSON, %.1f MB: %.1f ms", static_cast<double>(block.body.size()) / 1e6,
        1000 * seconds_since(start));
}

/// Commits ever higher blocks until the daemon stops answering; another thread kills it meanwhile.
std::uint64_t load_until_killed(ConductorDaemon& daemon, const std::vector<RecordedBlock>& blocks,
                                Account& account) {
    std::atomic<std::uint64_t> committed{0};
    std::thread killer{[&] {
        const auto limit = Clock::now() + 10s;
        while (committed.load() < 200 && Clock::now() < limit) std::this_thread::sleep_for(1ms);
        daemon.process().signal(SIGKILL);
    }};
    const auto client = daemon.client();
    std::uint64_t number = 1'000'000;
    while (commit(*client, at_height(blocks[number % blocks.size()], number), account)) {
        ++committed;
        ++number;
    }
    killer.join();
    (void)daemon.process().wait(5s);
    say("SIGKILL under load after %llu more acknowledged blocks; block %llu was in flight, unanswered",
        static_cast<unsigned long long>(committed.load()), static_cast<unsigned long long>(number));
    return number - 1;
}

/// A block of the same number and parent under another hash.
RecordedBlock sibling_of(const RecordedBlock& block) {
    auto ssz = std::vector<std::uint8_t>{block.envelope.ssz.span().begin(), block.envelope.ssz.span().end()};
    ssz[504] ^= 0xff;
    RecordedBlock sibling = block;
    sibling.json = false;
    sibling.body.assign(reinterpret_cast<const char*>(ssz.data()), ssz.size());
    sibling.envelope = *payload::envelope_from_ssz(Bytes::adopt(std::move(ssz)));
    return sibling;
}

/// The head is back: a sibling of it is refused. Head is the newest acknowledged block, or the unanswered one
/// behind it if the disk already had that.
void check_head(ConductorDaemon& daemon, const RecordedBlock& newest, const RecordedBlock& in_flight,
                Account& account) {
    const auto client = daemon.client();
    for (const auto* head : {&newest, &in_flight}) {
        const auto sibling = sibling_of(*head);
        account.sent.emplace(sibling.envelope.hash, sibling.envelope.ssz);
        const auto answer = client->post(sibling.path(), sibling.content_type(), sibling.body);
        if (!answer) throw Failed{"no answer to a commit after the restart"};
        if (answer->body.find("conflicting payload at head") == std::string::npos) continue;
        return say("block %llu is the head again: a sibling of it is refused",
                   static_cast<unsigned long long>(head->envelope.number.value()));
    }
    throw Failed{"neither the newest acknowledged block nor the one in flight is the head"};
}

void compare_log(const std::filesystem::path& directory, const Account& account) {
    storage::PosixFiles files;
    storage::StoreOptions options;
    options.directory = directory.string();
    auto store = storage::LogStore::open(files, options);
    if (!store) throw Failed{"the log does not open: " + store.error().text};

    std::map<BlockHash, Bytes> stored;
    const auto& state = (*store)->recovered();
    for (const auto& facts : state.entries) {
        if (facts.type != consensus::EntryType::command) continue;
        auto entry = (*store)->read(facts.position.index);
        if (!entry) throw Failed{"an entry cannot be read: " + entry.error().text};
        const auto envelope = payload::envelope_from_ssz(entry->data);
        if (!envelope) throw Failed{"an entry does not decode: " + envelope.error().precise};
        stored.emplace(envelope->hash, entry->data);
    }
    if (!state.corrupt.empty()) throw Failed{"the log has damaged entries"};

    for (const auto& [hash, ssz] : account.acknowledged) {
        const auto found = stored.find(hash);
        if (found == stored.end()) throw Failed{"acknowledged, but not in the log: " + to_hex(hash)};
        if (!(found->second == ssz)) throw Failed{"stored with other octets: " + to_hex(hash)};
    }
    for (const auto& [hash, ssz] : stored)
        if (!account.sent.contains(hash)) throw Failed{"in the log, but nobody sent it: " + to_hex(hash)};
    say("opened the log: all %zu acknowledged blocks are there, octet for octet; of %zu unanswered ones %zu; "
        "nothing that nobody sent",
        account.acknowledged.size(), account.sent.size() - account.acknowledged.size(),
        stored.size() - account.acknowledged.size());
}

void run(const std::filesystem::path& program, const std::filesystem::path& data) {
    const TempDir work{"conductord-demo"};
    const auto blocks = recorded_blocks(data);
    Account account;
    ConductorDaemon daemon{{program, work.path(), "seq-1", {}, {}}};

    start(daemon, "started on an empty directory, bootstrapped");
    commit_recorded(daemon, blocks, account);
    commit_largest_as_json(daemon, blocks, account);
    const auto newest = load_until_killed(daemon, blocks, account);
    start(daemon, "started again on what was left");
    const auto block = [&](std::uint64_t number) { return at_height(blocks[number % blocks.size()], number); };
    check_head(daemon, block(newest), block(newest + 1), account);

    const auto client = daemon.client();
    for (std::uint64_t number = newest + 10; number < newest + 20; ++number)
        if (!commit(*client, block(number), account)) throw Failed{"a block was refused after the restart"};
    say("committed 10 more blocks on top");

    const auto stopping = Clock::now();
    const auto code = daemon.stop();
    if (code != 0) throw Failed{"conductord did not end cleanly after SIGTERM"};
    say("SIGTERM: ended with code 0 after %.0f ms", 1000 * seconds_since(stopping));
    compare_log(daemon.store(), account);
}

}  // namespace

int main(int argc, char** argv) {
    std::filesystem::path program;
    std::filesystem::path data;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (std::strcmp(argv[i], "--daemon") == 0) program = argv[i + 1];
        if (std::strcmp(argv[i], "--blocks") == 0) data = argv[i + 1];
    }
    if (program.empty() || data.empty()) {
        std::fprintf(stderr, "usage: demo --daemon PATH --blocks DIRECTORY\n");
        return 2;
    }
    try {
        run(program, data);
    } catch (const Failed& failed) {
        say("FAILED: %s", failed.why.c_str());
        return 1;
    } catch (const std::exception& error) {
        say("FAILED: %s", error.what());
        return 1;
    }
    say("done: nothing acknowledged was lost, nothing is left running");
    return 0;
}
