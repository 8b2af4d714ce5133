#include "tests/demo/chronicle.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "core/payload/transcode.hpp"
#include "tests/demo/story.hpp"

namespace conductor::demo {

using namespace conductor::test;
using namespace std::chrono_literals;

namespace {

std::uint64_t unix_ms() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

std::string text_of(const std::string& object, const std::string& name) {
    const auto at = object.find("\"" + name + "\":");
    if (at == std::string::npos) throw Failed{"the node names no " + name};
    const auto value = object.substr(at + name.size() + 3, 80);
    return value.front() == '"' ? value.substr(1, value.find('"', 1) - 1) : value;
}

std::uint64_t number_of(const std::string& object, const std::string& name) {
    return std::strtoull(text_of(object, name).c_str(), nullptr, 10);
}

std::string in_seconds(double seconds) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s", seconds);
    return text;
}

}  // namespace

void Chronicle::chapter(const std::string& name) {
    chapters_.push_back({name, unix_ms()});
}

void Chronicle::handed_over(double seconds) {
    chapters_.back().hand_over_s = seconds;
}

void Chronicle::without_raft(bool on) {
    collect();
    without_raft_ = on;
}

void Chronicle::collect() {
    for (std::size_t site = 0; site < sites_.size(); ++site) {
        if (!sites_.at(site).node.process().running()) {
            seen_.erase(site);  // started again it counts anew
            continue;
        }
        const auto list = sites_.at(site).node.sim("sim_produced", "[" + std::to_string(seen_[site]) + "]");
        for (auto at = list.find('{'); at != std::string::npos; at = list.find('{', at + 1)) {
            const auto object = list.substr(at, list.find('}', at) - at);
            seen_[site] = number_of(object, "seq");
            published_.push_back({number_of(object, "unix_ms"), number_of(object, "number"),
                                  text_of(object, "hash"), site, without_raft_});
        }
    }
    std::ranges::stable_sort(published_, {}, [](const auto& block) { return block.unix_ms; });
}

void Chronicle::print() {
    std::printf("\n  %-42s %-14s %6s %7s  %-13s %s\n", "", "sequenced by", "blocks", "missing", "longest pause",
                "hand-over");
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < chapters_.size(); ++i) {
        const auto& chapter = chapters_[i];
        const auto until = i + 1 < chapters_.size() ? chapters_[i + 1].from_unix_ms : UINT64_MAX;
        std::string who;
        std::uint64_t blocks = 0;
        std::uint64_t pause_ms = 0;
        std::uint64_t highest = before;
        for (std::size_t k = 0; k < published_.size(); ++k) {
            const auto& block = published_[k];
            if (block.unix_ms < chapter.from_unix_ms || block.unix_ms >= until) continue;
            ++blocks;
            highest = std::max(highest, block.number);
            if (k > 0) pause_ms = std::max(pause_ms, block.unix_ms - published_[k - 1].unix_ms);
            const auto& id = sites_.at(block.site).id;
            if (!who.ends_with(id)) who += (who.empty() ? "" : ", ") + id;
        }
        std::printf("  %-42s %-14s %6llu %7llu  %-13s %s\n", chapter.name.c_str(), who.c_str(),
                    printable(blocks), printable(highest - before - blocks),
                    in_seconds(static_cast<double>(pause_ms) / 1000).c_str(),
                    chapter.hand_over_s > 0 ? in_seconds(chapter.hand_over_s).c_str() : "-");
        before = highest;
    }
    std::fflush(stdout);
}

void Chronicle::check_engines() {
    std::uint64_t head = 0;
    for (std::size_t i = 0; i < sites_.size(); ++i) head = std::max(head, sites_.at(i).node.head_number());
    await("every engine to have the newest block", [&] {
        for (std::size_t i = 0; i < sites_.size(); ++i)
            if (sites_.at(i).node.head_number() != head) return false;
        return true;
    });
    collect();
    std::set<std::string> with_raft, unasked;
    for (const auto& block : published_) (block.without_raft ? unasked : with_raft).insert(block.hash);

    BlockHash parent;
    for (std::uint64_t number = 1; number <= head; ++number) {
        const auto which = "block " + std::to_string(number);
        std::string first;
        for (std::size_t i = 0; i < sites_.size(); ++i) {
            const auto json = sites_.at(i).node.sim("sim_payload", "[" + std::to_string(number) + "]");
            if (i == 0) first = json;
            if (json == "null") throw Failed{which + " is missing in the engine of " + sites_.at(i).id};
            if (json != first) throw Failed{which + " is another one in the engine of " + sites_.at(i).id};
        }
        const auto block = payload::envelope_from_json(first);
        if (!block) throw Failed{which + " does not decode: " + block.error().message};
        if (number > 1 && block->parent != parent) throw Failed{which + " does not stand on the one before"};
        parent = block->hash;
        chain_.emplace(block->hash, block->ssz);
        if (!unasked.contains(to_hex(block->hash))) through_raft_.emplace(block->hash, block->ssz);
        with_raft.erase(to_hex(block->hash));
        unasked.erase(to_hex(block->hash));
    }
    for (const auto& lost : {with_raft, unasked})
        if (!lost.empty()) throw Failed{"published, and not on the chain any more: " + *lost.begin()};
    say("engines of all three: one chain, blocks 1 to %llu, no number missing or twice; all %zu blocks that "
        "were "
        "ever published stand on it",
        printable(head), published_.size());
}

// Under the override Raft is not asked. What it takes up afterwards is the newest of those blocks, and perhaps
// the one that was on its way when the quorum was lost.
void Chronicle::check_logs() {
    std::string newest;  // of the override
    for (const auto& block : published_)
        if (block.without_raft) newest = block.hash;
    for (std::size_t i = 0; i < sites_.size(); ++i) {
        const auto stored = blocks_in_log(sites_.at(i).daemon.store());
        if (!stored) throw Failed{sites_.at(i).id + ": " + stored.error()};
        const auto wrong = compare(*stored, {chain_, through_raft_});
        if (!wrong.empty()) throw Failed{sites_.at(i).id + ": " + wrong};
        if (std::ranges::none_of(*stored, [&](const auto& block) { return to_hex(block.first) == newest; }))
            throw Failed{sites_.at(i).id + ": Raft went on without the newest block of the override"};
    }
    say("logs of all three, opened and read: each has all %zu blocks that went through Raft, octet for octet, "
        "and "
        "nothing that is not on the chain; of the %zu under the override it has the newest, from which Raft "
        "went on",
        through_raft_.size(), chain_.size() - through_raft_.size());
}

}  // namespace conductor::demo
