// One host: a sequencer, and beside the member's protocol the real control loop, with its policy and ladder,
// that tells the sequencer what to do.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/control/conductor.hpp"
#include "node.hpp"
#include "sequencer.hpp"

namespace conductor::sim {

class Station final : control::CoreLoop, control::Observer, control::HealthCheck {
public:
    Station(Surroundings& world, Node& node);
    ~Station() override;
    Station(const Station&) = delete;
    Station& operator=(const Station&) = delete;

    /// The process beside the sequencer has started, or ended.
    void boot();
    void died();
    /// One more block, if the sequencer is told to make blocks.
    void produce();
    void gossiped(const Sequencer::Known& block) {
        if (sequencer.up && !sequencer.deaf) sequencer.take(block, world_.schedule.now());
    }
    /// L1 ends every branch but the group's, as far as its blocks came to this sequencer.
    void derive();
    void see(peers::View view);
    /// The members are others now: what those said who stay is kept, and the rest has not been asked.
    void meet(peers::View members);
    void pause(bool on);
    void override_leader(bool on);
    void jump_wall_clock(Duration by) { wall_ahead_ += by; }
    /// How its RPC answers the others: not at all, as it would have at this moment, or with what never was.
    enum class Lie : std::uint8_t { silence, old_news, invention, none };
    void lie(Lie how, std::uint64_t salt);
    /// What a peer learns that asks.
    void answer(peers::Row& row) const;

    Sequencer sequencer;
    /// A block is out.
    std::function<void(const Sequencer::Known&)> on_block = [](const auto&) {};

private:
    class NodeLane;
    class GroupLane;
    void later(Duration wait, std::function<void()> work);
    [[nodiscard]] peers::Status status() const;
    void check_start() const;
    [[nodiscard]] std::optional<std::string> why_not_start(const peers::View& seen) const;
    void note_transfer();
    control::Answer answer_of(const control::Task& task);
    control::Answer started(const BlockHash& head);
    void group_call(const control::Action& action, std::function<void(control::Answer)> done);
    void committed(const Sequencer::Known& block, std::uint64_t asked, bool stored);

    // CoreLoop
    [[nodiscard]] Instant now() const override;
    [[nodiscard]] std::chrono::nanoseconds wall() const override;
    void post(std::function<void()> work) override { later({}, std::move(work)); }
    void wake_at(Instant when, std::function<void()> work) override;
    void cancel_alarm() override { ++alarm_; }
    // Observer
    void say(const control::Line& line) override;
    void count(const control::Count&) override {}
    void round_ended(const control::Verdict&) override {}
    // HealthCheck
    void judge(Duration limit, std::function<void(std::optional<control::Finding>)> done) override;

    Surroundings& world_;
    Node& node_;
    std::uint64_t epoch_{0};
    std::uint64_t alarm_{0};
    Duration wall_ahead_{};
    bool overridden_{false};
    Lie lie_{Lie::none};
    std::uint64_t lie_salt_{0};
    peers::Status old_news_;
    peers::View told_;                ///< the last one that was handed to the control loop
    peers::View seen_, seen_before_;  ///< as the control loop of this life was told
    Instant seen_at_;
    std::deque<Instant> handed_over_;  ///< that worked, since a block was out
    BlockNumber out_then_;
    std::optional<Sequencer::Known> shelf_;
    BlockNumber floor_;                      ///< what was out when leadership was confirmed
    std::optional<Sequencer::Known> drawn_;  ///< a block that is not committed yet
    bool committing_{false};
    std::uint64_t commits_{0};
    std::unique_ptr<NodeLane> node_lane_;
    std::unique_ptr<GroupLane> group_lane_;
    std::unique_ptr<control::Conductor> conductor_;
};

}  // namespace conductor::sim
