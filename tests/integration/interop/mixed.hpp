// Groups of conductord and hashicorp/raft on loopback, what is asked of either, and whether all hold the same.
#pragma once

#include <memory>
#include <optional>

#include "tests/integration/conductord.hpp"
#include "tests/integration/interop/go_peer.hpp"
#include "tests/integration/interop/member.hpp"
#include "tests/support/simnode_process.hpp"

namespace conductor::test {

/// conductord without a sequencer's node, paused: a member of the group and no more.
class Ours final : public Member {
public:
    Ours(std::string id, const std::filesystem::path& work, const Tuning& tuning,
         std::map<std::string, std::string> environment = {});

    [[nodiscard]] bool is_go() const override { return false; }
    [[nodiscard]] bool start() override;
    [[nodiscard]] bool runs() const override { return runs_; }
    void kill() override;
    void signal(int number) override { daemon_.process().signal(number); }
    [[nodiscard]] std::string address() const override { return address_; }
    [[nodiscard]] std::string output() override { return daemon_.process().output(); }

    [[nodiscard]] bool leads() override;
    // Both as of its last second: levels are shown once a second.
    [[nodiscard]] std::uint64_t term() override;
    [[nodiscard]] std::uint64_t head_number() override {
        return figure("op_conductor_unsafe_head_number{source=\"fsm\"}");
    }
    [[nodiscard]] std::string leader_id() override;
    [[nodiscard]] std::string configuration() override;
    [[nodiscard]] std::vector<LogLine> log() override;

    [[nodiscard]] std::string commit(const RecordedBlock& block) override;
    [[nodiscard]] std::string add_voter(const Place& who) override;
    [[nodiscard]] std::string add_nonvoter(const Place& who) override;
    [[nodiscard]] std::string demote(const std::string& who) override;
    [[nodiscard]] std::string remove(const std::string& who) override;
    [[nodiscard]] std::string transfer() override;
    [[nodiscard]] std::string transfer_to(const Place& who) override;

    [[nodiscard]] std::uint64_t figure(const std::string& metric);
    /// Whole answer of a call.
    [[nodiscard]] std::string call(const std::string& method, const std::string& params = "[]");
    [[nodiscard]] ConductorDaemon& daemon() { return daemon_; }

private:
    ConductorDaemon daemon_;
    std::string address_;
    std::uint16_t metrics_{0};
    bool runs_{false};
};

enum class Kind { ours, go };

class Mixed {
public:
    /// The first of them is to bootstrap. Nobody runs yet.
    explicit Mixed(const std::vector<Kind>& kinds, const Tuning& tuning = {});

    /// Starts all; the first takes the others in as voters. Empty, or what went wrong.
    [[nodiscard]] std::string form();

    [[nodiscard]] Member& at(std::size_t which) { return *members_.at(which); }
    [[nodiscard]] Ours& ours(std::size_t which) { return dynamic_cast<Ours&>(at(which)); }
    [[nodiscard]] GoPeer& go(std::size_t which) { return dynamic_cast<GoPeer&>(at(which)); }
    [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }

    /// Who says that it leads, once somebody does; throws where nobody does within ten seconds.
    [[nodiscard]] std::size_t leader();
    /// Hands over until `heir` leads; empty, or the last answer.
    [[nodiscard]] std::string make_leader(std::size_t heir);
    /// A block of some size above all former ones through whoever leads, again until it is acknowledged. Empty,
    /// or the last answer.
    [[nodiscard]] std::string commit(std::size_t octets = 0);
    [[nodiscard]] std::string commit_many(int count, std::size_t octets = 0);
    [[nodiscard]] std::uint64_t newest() const noexcept { return number_; }
    [[nodiscard]] RecordedBlock next_block(std::size_t octets = 0);

    /// Whether all who run have the newest block as their head soon.
    [[nodiscard]] bool agree(std::chrono::milliseconds limit = std::chrono::seconds{20});
    /// agree(), and then kills ours: empty where the logs, as far as they overlap, are the same entry for
    /// entry, and every acknowledged block is in each; otherwise what differs.
    [[nodiscard]] std::string compare();

    [[nodiscard]] const std::filesystem::path& work() const noexcept { return work_.path(); }

private:
    TempDir work_;
    std::optional<SimnodeProcess> node_;
    std::vector<std::unique_ptr<Member>> members_;
    std::uint64_t number_{1'000'000};
    std::map<std::string, std::uint64_t> acknowledged_;  // SHA-256 to height
};

/// A recorded block whose last transaction is longer, so that its SSZ has that many octets.
[[nodiscard]] RecordedBlock large_block(std::uint64_t number, std::size_t octets);
[[nodiscard]] std::string sha256_of(ByteSpan octets);

}  // namespace conductor::test
