// gopeer (tests/integration/interop/gopeer) as a child process: hashicorp/raft v1.7.3 as op-conductor uses it.
#pragma once

#include <filesystem>
#include <string_view>

#include "tests/integration/interop/member.hpp"
#include "tests/support/daemon_process.hpp"
#include "tests/support/http_client.hpp"

namespace conductor::test {

/// Builds gopeer, once in this process. Empty, or why this machine cannot: no Go, an old one, no module. Throws
/// where everything is at hand and it does not build.
[[nodiscard]] const std::string& why_no_go_peer();

class GoPeer final : public Member {
public:
    GoPeer(std::string id, std::filesystem::path work, const Tuning& tuning);

    [[nodiscard]] bool is_go() const override { return true; }
    [[nodiscard]] bool start() override;
    [[nodiscard]] bool runs() const override { return runs_; }
    void kill() override;
    void signal(int number) override { process_->signal(number); }
    [[nodiscard]] std::string address() const override { return address_; }
    [[nodiscard]] std::string output() override { return process_->output(); }

    [[nodiscard]] bool leads() override { return state("role") == "Leader"; }
    [[nodiscard]] std::uint64_t term() override { return figure("term"); }
    [[nodiscard]] std::uint64_t head_number() override { return figure("head"); }
    [[nodiscard]] std::string leader_id() override { return state("leader"); }
    [[nodiscard]] std::string configuration() override;
    [[nodiscard]] std::vector<LogLine> log() override;

    [[nodiscard]] std::string commit(const RecordedBlock& block) override;
    [[nodiscard]] std::string add_voter(const Place& who) override { return change("/add-voter", who); }
    [[nodiscard]] std::string add_nonvoter(const Place& who) override { return change("/add-nonvoter", who); }
    [[nodiscard]] std::string demote(const std::string& who) override { return change("/demote", {who, {}}); }
    [[nodiscard]] std::string remove(const std::string& who) override { return change("/remove", {who, {}}); }
    [[nodiscard]] std::string transfer() override { return command("/transfer"); }
    [[nodiscard]] std::string transfer_to(const Place& who) override { return change("/transfer", who); }

    /// A member of its state (gopeer/control.go); empty: no answer.
    [[nodiscard]] std::string state(const std::string& name);
    [[nodiscard]] std::uint64_t figure(const std::string& name);
    /// Any command; empty, or what it said instead.
    [[nodiscard]] std::string command(const std::string& path, std::string_view body = {});
    /// `count` payloads from height `first` on, one behind the other, without waiting in between.
    [[nodiscard]] std::string load(const RecordedBlock& like, std::uint64_t first, std::uint64_t count);
    /// The SSZ octets of its head.
    [[nodiscard]] std::string head();
    /// At its next start only: a tail that another leader left.
    void plant(std::uint64_t term, std::uint64_t count);
    /// At its next start only: how long it takes to restore a snapshot.
    void delay_restore(std::chrono::milliseconds delay);

private:
    [[nodiscard]] std::optional<HttpAnswer> ask(const std::string& path, std::string_view body = {}) const;
    [[nodiscard]] std::string change(const std::string& path, const Place& who);

    std::filesystem::path work_;
    std::vector<std::string> flags_;
    std::vector<std::string> once_;
    std::optional<DaemonProcess> process_;
    std::string address_{"127.0.0.1:0"};
    std::uint16_t control_{0};
    bool runs_{false};
};

}  // namespace conductor::test
