// A conductor with a machine around it that a test turns by hand: its thread is a queue, its clock moves when
// told to, its lanes remember what was asked and answer when the test says so.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/control/conductor.hpp"
#include "tests/unit/control/support.hpp"

namespace conductor::control::test {

class HandCore final : public CoreLoop {
public:
    Instant now() const override { return time; }
    std::chrono::nanoseconds wall() const override { return time.time_since_epoch() + wall_offset; }
    void post(std::function<void()> work) override { queue_.push_back(std::move(work)); }
    void wake_at(Instant when, std::function<void()> work) override { alarm_ = {when, std::move(work)}; }
    void cancel_alarm() override { alarm_.reset(); }

    /// Runs what is posted, until nothing is.
    void run() {
        for (int guard = 0; !queue_.empty(); ++guard) {
            REQUIRE(guard < 10000);
            const auto work = std::move(queue_.front());
            queue_.pop_front();
            work();
        }
    }
    /// Lets time pass, with every alarm on the way.
    void pass(Duration duration) {
        const auto until = time + duration;
        run();
        for (int guard = 0; alarm_ && alarm_->first <= until; ++guard) {
            REQUIRE(guard < 100000);
            time = std::max(time, alarm_->first);
            const auto work = std::move(alarm_->second);
            alarm_.reset();
            work();
            run();
        }
        time = until;
        run();
    }
    [[nodiscard]] bool idle() const { return queue_.empty() && !alarm_; }

    Instant time{start_of_time};
    std::chrono::nanoseconds wall_offset{1'700'000'000s};

private:
    std::deque<std::function<void()>> queue_;
    std::optional<std::pair<Instant, std::function<void()>>> alarm_;
};

class HandLane final : public CallLane {
public:
    struct Made {
        Action action;
        std::function<void(Answer)> done;
    };
    void make(const Action& action, std::function<void(Answer)> done) override {
        made.push_back({action, std::move(done)});
        log.emplace_back(std::string{"make "} + name_of(action.task));
        if (at_once) made.back().done(*at_once);
    }
    void abandon(Call call) override {
        const auto found = std::ranges::find(made, call, [](const Made& one) { return one.action.call; });
        REQUIRE(found != made.end());
        abandoned.push_back(call);
        log.emplace_back(std::string{"abandon "} + name_of(found->action.task));
    }
    [[nodiscard]] long count(const std::string& name) const {
        return std::ranges::count(made, name,
                                  [](const Made& one) { return std::string{name_of(one.action.task)}; });
    }
    /// The newest call of that name.
    [[nodiscard]] const Made& last(const std::string& name) const {
        const auto found = std::find_if(made.rbegin(), made.rend(),
                                        [&](const Made& one) { return name == name_of(one.action.task); });
        INFO("no call made: " << name);
        REQUIRE(found != made.rend());
        return *found;
    }

    std::vector<Made> made;
    std::vector<Call> abandoned;
    std::vector<std::string> log;
    std::optional<Answer> at_once;
};

class HandCheck final : public HealthCheck {
public:
    void judge(Duration limit, std::function<void(std::optional<Finding>)> done) override {
        limits.push_back(limit);
        waiting.push_back(std::move(done));
        if (at_once) waiting.back()(*at_once);
    }
    void answer(Judgement judgement, FaultClass fault = FaultClass::hard) const {
        REQUIRE_FALSE(waiting.empty());
        waiting.back()(Finding{judgement, fault, {}, {}});
    }
    std::vector<Duration> limits;
    std::vector<std::function<void(std::optional<Finding>)>> waiting;
    std::optional<std::optional<Finding>> at_once;
};

class HandObserver final : public Observer {
public:
    void say(const Line& line) override { lines.push_back(line); }
    void count(const Count& count) override { counts.push_back(count); }
    void round_ended(const Verdict& verdict) override { rounds.push_back(verdict); }
    [[nodiscard]] bool said(const std::string& message) const {
        return std::ranges::any_of(lines, [&](const Line& line) { return line.message == message; });
    }
    std::vector<Line> lines;
    std::vector<Count> counts;
    std::vector<Verdict> rounds;
};

/// One operator's question.
struct Asked {
    OperatorDone done() {
        return [this](std::string text) {
            ++answers;
            error = std::move(text);
        };
    }
    int answers{0};
    std::string error;
};

/// A conductor whose only check hangs unless told otherwise.
class Bench {
public:
    explicit Bench(PolicySettings policy = settings(), std::size_t check_count = 1) : checks(check_count) {
        RoundSettings rounds;
        Conductor::Surroundings around{core,
                                       node,
                                       group,
                                       observer,
                                       {},
                                       [this](const Eligibility& told) { eligible.push_back(told); },
                                       [this] { ++asked_to_leave; }};
        for (auto& check : checks) {
            CheckPlan plan;
            plan.settings.instance = "check-" + std::to_string(around.checks.size());
            plan.settings.names_reason = false;
            rounds.checks.push_back(plan);
            around.checks.push_back(&check);
        }
        conductor.emplace(std::move(policy), std::move(rounds), std::move(around));
        core.run();
    }
    void answer(HandLane& lane, const std::string& name, Answer answer) {
        lane.last(name).done(std::move(answer));
        core.run();
    }
    void lead(Term term = Term{2}) {
        conductor->elected(term);
        core.run();
    }
    /// Up to the start call, which then hangs.
    void climb(Term term = Term{2}) {
        answer(node, "active", ActiveIs{false});
        lead(term);
        answer(group, "confirm", Confirmed{term, block(10), BlockNumber{1}});
        answer(node, "head", HeadIs{block(10)});
        REQUIRE(node.count("start") == 1);
    }
    void sequence() {
        climb();
        answer(node, "start", Done{});
        REQUIRE(conductor->policy().situation().active == Active::yes);
    }

    HandCore core;
    HandLane node, group;
    HandObserver observer;
    std::vector<HandCheck> checks;
    std::vector<Eligibility> eligible;
    int asked_to_leave{0};
    std::optional<Conductor> conductor;
};

}  // namespace conductor::control::test
