// What three nodes have published, by chapters of the story, and whether all of it is still there at the end:
// in every engine, and in the log of every conductor. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/support/sites.hpp"

namespace conductor::demo {

class Chronicle {
public:
    explicit Chronicle(test::Sites& sites) : sites_{sites} {}

    /// What is published from now on belongs to a chapter of this name.
    void chapter(const std::string& name);
    /// In this chapter another one took over, and its first block came so much later.
    void handed_over(double seconds);
    /// From now on blocks are published that no conductor was asked about; or no longer.
    void without_raft(bool on);
    /// Asks the nodes that answer. Before one of them is killed, and at the end.
    void collect();
    /// A table, a row a chapter.
    void print();

    /// Before: nobody sequences any more. Whether each engine has one and the same chain, without a gap, and on
    /// it every block that was ever published; throws Failed otherwise.
    void check_engines();
    /// Before: the conductors have stopped. Whether each log has every block that was published through Raft,
    /// octet for octet; throws Failed otherwise.
    void check_logs();

private:
    struct Published {
        std::uint64_t unix_ms{0};
        std::uint64_t number{0};
        std::string hash;
        std::size_t site{0};
        bool without_raft{false};
    };
    struct Chapter {
        std::string name;
        std::uint64_t from_unix_ms{0};
        double hand_over_s{0};
    };

    test::Sites& sites_;
    std::vector<Chapter> chapters_;
    std::vector<Published> published_;
    std::map<std::size_t, std::uint64_t> seen_;  ///< of each site: the last `seq`
    bool without_raft_{false};
    test::BlocksByHash chain_;         ///< of the engines
    test::BlocksByHash through_raft_;  ///< the part of it that conductors have acknowledged
};

}  // namespace conductor::demo
