#include <signal.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/demo/acts.hpp"
#include "tests/demo/story.hpp"
#include "tests/support/commit_account.hpp"

namespace conductor::demo {

using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

using Blocks = std::vector<RecordedBlock>;

bool commit(HttpClient& client, const RecordedBlock& block, Account& account) {
    return account.commit(client, block).empty();
}

void commit_recorded(ConductorDaemon& daemon, const Blocks& blocks, Account& account) {
    const auto client = daemon.client();
    for (const bool json : {true, false}) {
        std::size_t count = 0;
        std::size_t smallest = SIZE_MAX;
        std::size_t largest = 0;
        double slowest_ms = 0;
        const Stopwatch all;
        for (const auto& block : blocks) {
            if (block.json != json) continue;
            const Stopwatch one;
            if (const auto why = account.commit(*client, block); !why.empty())
                throw Failed{block.name + " was not acknowledged: " + why};
            slowest_ms = std::max(slowest_ms, one.ms());
            smallest = std::min(smallest, block.body.size());
            largest = std::max(largest, block.body.size());
            ++count;
        }
        say("%zu recorded blocks sent as op-node sent them, as %s, %.1f to %.1f KB each: all acknowledged in "
            "%.1f ms, the slowest took %.1f ms",
            count, json ? "JSON" : "SSZ", static_cast<double>(smallest) / 1e3,
            static_cast<double>(largest) / 1e3, all.ms(), slowest_ms);
    }
}

/// The largest recorded block came as SSZ; as JSON it has 4 MB.
void commit_largest_as_json(ConductorDaemon& daemon, const Blocks& blocks, Account& account) {
    const auto& largest =
        *std::ranges::max_element(blocks, {}, [](const auto& b) { return b.envelope.ssz.size(); });
    auto block = largest;
    block.json = true;
    block = at_height(block, 900'000);
    const auto client = daemon.client();
    const Stopwatch watch;
    if (!commit(*client, block, account)) throw Failed{"the largest block was not acknowledged as JSON"};
    say("the largest of them as JSON, %.1f MB: acknowledged after %.1f ms",
        static_cast<double>(block.body.size()) / 1e6, watch.ms());
}

/// Commits ever higher blocks until the daemon stops answering; another thread kills it meanwhile.
std::uint64_t load_until_killed(ConductorDaemon& daemon, const Blocks& blocks, Account& account) {
    std::atomic<std::uint64_t> committed{0};
    std::thread killer{[&] {
        const Stopwatch watch;
        while (committed.load() < 200 && watch.seconds() < 10) std::this_thread::sleep_for(1ms);
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
    say("SIGKILL while blocks come as fast as they can: %llu more were acknowledged, block %llu was on its way "
        "and got no answer",
        printable(committed.load()), printable(number));
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
        const auto why = account.commit(*client, sibling_of(*head));
        if (why == "no answer") throw Failed{"no answer to a commit after the restart"};
        if (why.find("conflicting payload at head") == std::string::npos) continue;
        say("block %llu is the head again; another block of the same number and parent is refused:",
            printable(head->envelope.number.value()));
        return quote(why.substr(0, why.find_last_not_of('\n') + 1));
    }
    throw Failed{"neither the newest acknowledged block nor the one on its way is the head"};
}

void audit(const ConductorDaemon& daemon, const Account& account) {
    const auto stored = blocks_in_log(daemon.store());
    if (!stored) throw Failed{stored.error()};
    if (const auto wrong = compare(*stored, account); !wrong.empty()) throw Failed{wrong};
    say("its log, opened and read: all %zu acknowledged blocks are there, octet for octet; of the %zu that got "
        "no "
        "acknowledgement %zu; nothing that nobody sent",
        account.acknowledged.size(), account.sent.size() - account.acknowledged.size(),
        stored->size() - account.acknowledged.size());
}

}  // namespace

void recorded_act(const std::filesystem::path& conductord, const std::filesystem::path& data) {
    title("Act two: nothing acknowledged is lost. This program plays op-node and sends blocks of real chains.");
    const TempDir work{"conductord-demo"};
    const auto blocks = recorded_blocks(data);
    Account account;
    ConductorDaemon daemon{{conductord, work.path(), "seq-1", {}, {}}};

    start(daemon, "conductord starts on an empty directory");
    commit_recorded(daemon, blocks, account);
    commit_largest_as_json(daemon, blocks, account);
    const auto newest = load_until_killed(daemon, blocks, account);
    start(daemon, "conductord starts again on what is left");
    const auto block = [&](std::uint64_t number) { return at_height(blocks[number % blocks.size()], number); };
    check_head(daemon, block(newest), block(newest + 1), account);

    const auto client = daemon.client();
    for (std::uint64_t number = newest + 10; number < newest + 20; ++number)
        if (!commit(*client, block(number), account)) throw Failed{"a block was refused after the restart"};
    say("10 more blocks on top: acknowledged");
    stop(daemon);
    audit(daemon, account);
}

}  // namespace conductor::demo
