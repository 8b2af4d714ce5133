// step() is total: whatever comes in, in whatever order, is answered or refused, and no rule breaks. The rules
// are checked inside the machine after every step (invariants.cpp) and abort.
#include <optional>

#include "core/consensus/random.hpp"
#include "fixtures.hpp"

using namespace conductor;
using namespace conductor::consensus;
using namespace conductor::consensus::test;

namespace {

struct Noise {
    explicit Noise(std::uint64_t seed) : random{seed} {}

    Random random;
    std::uint64_t below(std::uint64_t limit) { return random.next() % limit; }
    bool coin() { return below(2) == 0; }
    /// Mostly small numbers, sometimes absurd ones.
    std::uint64_t number() {
        if (below(40) == 0) return random.next();
        return below(12);
    }
    Term term() { return Term{number()}; }
    LogIndex index() { return LogIndex{number()}; }
    Position position() { return {term(), index()}; }
    std::string names() {
        static const std::vector<std::string> all{"", "a", "ab", "abc", "abC", "bc", "Abc", "A", "aa"};
        return all[below(all.size())];
    }
    Sender from() {
        if (below(20) == 0) return {};
        return sender(static_cast<char>('a' + below(5)));
    }

    AppendRequest append() {
        AppendRequest request;
        request.term = term();
        request.heartbeat = coin();
        if (request.heartbeat) return request;
        request.prev = position();
        request.commit = index();
        const auto length = below(4);
        auto at = coin() ? request.prev.index.next() : index();
        request.first = at;
        for (std::uint64_t i = 0; i < length; ++i) {
            const auto t = coin() ? request.term : term();
            request.entries.push_back(below(5) == 0
                                          ? configuration_entry(t.value(), at.value(), names())
                                          : entry(t.value(), at.value(), static_cast<EntryType>(below(6))));
            at = below(20) == 0 ? index() : at.next();
        }
        request.count = length;
        return request;
    }
    Message message() {
        switch (below(9)) {
            case 0:
                return AppendReply{term(), index(), coin(), coin()};
            case 1:
                return VoteRequest{coin() ? Ballot::vote : Ballot::pre_vote, term(), position(), coin()};
            case 2:
                return VoteReply{coin() ? Ballot::vote : Ballot::pre_vote, term(), coin()};
            case 3:
                return SnapshotRequest{term(), position(), members(names()), index(),
                                       coin() ? Bytes::copy_of("head") : Bytes{}};
            case 4:
                return SnapshotReply{term(), coin()};
            case 5:
                return TimeoutNowRequest{};
            case 6:
                return below(3) == 0 ? Message{TimeoutNowReply{}} : Message{ErrorReply{"unexpected command"}};
            default:
                return append();
        }
    }
    Input input(const Raft& raft, WriteTicket written, std::uint64_t asked) {
        switch (below(16)) {
            case 0:
                return Bootstrap{Ask{1}, members(names())};
            case 1:
                return Proposed{Ask{2}, coin() ? Bytes::copy_of("block") : Bytes{}};
            case 2:
                return ReadAsked{Ask{3}};
            case 3:
                return ChangeAsked{Ask{4}, static_cast<Change>(below(4)),
                                   id_of(static_cast<char>('a' + below(5))), coin() ? "x:1" : "",
                                   LogIndex{below(3)}};
            case 4:
                return TransferAsked{Ask{5}, coin() ? ServerId{} : id_of(static_cast<char>('a' + below(5)))};
            case 5:
            case 6:
                return Persisted{written};
            case 7:
                return Applied{LogIndex{below(raft.commit_index().value() + 1)}, coin()};
            case 8:
                return StoreChanged{below(4) == 0 ? StoreCondition::stalled : StoreCondition::well};
            case 9:
                return Unanswered{
                    id_of('b'), Exchange{asked - below(std::min<std::uint64_t>(asked, 6) + 1)}, {}};
            case 10:
                return below(3) == 0 ? Input{LeaderGone{}}
                                     : Input{EligibilityChanged{coin(), coin(), "paused"}};
            case 11:
                return below(10) == 0 ? Input{VoteHoldChanged{static_cast<VoteHold>(below(3))}} : Input{Tick{}};
            default:
                return Received{Exchange{asked - below(std::min<std::uint64_t>(asked, 6) + 1)}, from(),
                                message(), Connection{below(3)}};
        }
    }
};

}  // namespace

TEST_CASE("no sequence of inputs breaks a rule or goes unanswered", "[consensus][total]") {
    std::uint64_t elected = 0;
    std::uint64_t committed = 0;
    for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
        INFO("seed " << seed);
        Noise noise{seed};
        auto settings = settings_of('a');
        settings.seed = seed;
        settings.snapshot_threshold = 3;
        settings.snapshot_interval = 5ms;
        settings.trailing_logs = noise.below(4);
        settings.trailing_payloads = noise.below(3);
        settings.add_voter_at_once = noise.coin();
        settings.empty_snapshots = noise.coin();
        auto state = stored(noise.names(), {1, 1});
        if (state.entries.size() > 2 && noise.below(5) == 0) state.corrupt.push_back(LogIndex{2});
        Node node{settings, std::move(state)};
        std::uint64_t asked = 0;
        for (int i = 0; i < 200; ++i) {
            node.now += Duration{static_cast<Duration::rep>(noise.below(400'000'000))};
            const auto input = noise.input(node.raft, node.ticket, asked);
            const auto out = node.step(input);
            for (const auto& envelope : out.send_now)
                if (!std::holds_alternative<AppendReply>(envelope.message))
                    asked = std::max(asked, envelope.exchange.value());
            elected += out.elected ? 1U : 0U;
            committed += out.commit ? 1U : 0U;

            const auto* received = std::get_if<Received>(&input);
            const bool request =
                received != nullptr && (std::holds_alternative<AppendRequest>(received->message) ||
                                        std::holds_alternative<VoteRequest>(received->message) ||
                                        std::holds_alternative<SnapshotRequest>(received->message) ||
                                        std::holds_alternative<TimeoutNowRequest>(received->message));
            if (!request) continue;
            const auto answers = sent<AppendReply>(out).size() + sent<VoteReply>(out).size() +
                                 sent<SnapshotReply>(out).size() + sent<TimeoutNowReply>(out).size() +
                                 sent<ErrorReply>(out).size() + out.hang_up.size();
            if (answers != 1) FAIL("answered " << answers << " times: " << received->message << "\n" << out);
        }
    }
    CHECK(elected > 100);
    CHECK(committed > 1000);
}
