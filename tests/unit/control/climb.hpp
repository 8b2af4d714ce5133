// A ladder with its feet on the ground: a test answers its rungs by hand.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/control/ladder.hpp"
#include "tests/unit/control/support.hpp"

namespace conductor::control::test {

struct Climb {
    explicit Climb(LadderSettings settings = {}, std::vector<peers::Row> rows = {peer(peer_b), peer(peer_c)})
        : ladder{settings}, view{std::move(rows)} {}

    void begin() { take(ladder.begin(now, ground())); }
    void answer(Answer with) { take(ladder.answered(now, with, ground())); }
    void fail(FailureKind kind = FailureKind::remote_error, std::string text = "boom") {
        answer(Failed{kind, std::move(text)});
    }
    /// Up to the comparison of heads.
    void compare(std::optional<Head> replicated, Head node, std::optional<BlockNumber> ring = BlockNumber{1}) {
        begin();
        REQUIRE(asks<ConfirmLead>());
        answer(Confirmed{term, replicated, replicated ? ring : std::nullopt});
        REQUIRE(asks<AskHead>());
        answer(HeadIs{node});
    }
    template <class Kind>
    [[nodiscard]] bool asks() const {
        const auto* task = std::get_if<Task>(&rung);
        return task && std::holds_alternative<Kind>(*task);
    }
    [[nodiscard]] BlockHash start_head() const {
        REQUIRE(asks<StartSequencer>());
        return std::get<StartSequencer>(std::get<Task>(rung)).head;
    }
    [[nodiscard]] const Refusal& refusal() const {
        REQUIRE(std::holds_alternative<Refusal>(rung));
        return std::get<Refusal>(rung);
    }
    [[nodiscard]] std::vector<ServerId> handed_to() const {
        REQUIRE(std::holds_alternative<HandOver>(rung));
        return std::get<HandOver>(rung).targets;
    }
    [[nodiscard]] Ground ground() const { return {term, view, waived, newest}; }
    void take(LadderStep step) {
        rung = std::move(step.rung);
        for (auto& line : step.lines) lines.push_back(std::move(line));
    }

    Instant now{start_of_time};
    Term term{5};
    Ladder ladder;
    peers::View view;
    bool waived{false};
    std::optional<Head> newest;
    Rung rung;
    std::vector<Line> lines;
};

inline peers::Row ahead(const ServerId& id, std::uint64_t number) {
    auto row = peer(id);
    row.status.head = block(number);
    return row;
}

}  // namespace conductor::control::test
