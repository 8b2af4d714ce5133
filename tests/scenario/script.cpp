#include "script.hpp"

#include <algorithm>
#include <cctype>
#include <functional>
#include <memory>
#include <sstream>
#include <vector>

#include "core/consensus/membership.hpp"
#include "stage.hpp"

namespace conductor::scenario {

using namespace std::chrono_literals;

namespace {

using Who = Stage::Who;
using Words = std::vector<std::string>;

/// What a step says at the places its pattern leaves open.
struct Said {
    std::vector<Who> members;
    std::vector<std::uint64_t> numbers;
    std::vector<std::string> names;
    Duration span{};
};

[[nodiscard]] Words words_of(const std::string& line) {
    std::istringstream text{line.substr(0, line.find('#'))};
    Words words;
    for (std::string word; text >> word;) words.push_back(word);
    return words;
}

[[nodiscard]] std::optional<std::uint64_t> number_in(const std::string& word) {
    const bool digits = !word.empty() && word.size() < 10 &&
                        std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
    return digits ? std::optional{std::stoull(word)} : std::nullopt;
}

[[nodiscard]] std::optional<Duration> span_in(const std::string& count, const std::string& unit) {
    const auto number = number_in(count);
    if (!number) return std::nullopt;
    if (unit == "ms") return std::chrono::milliseconds{*number};
    if (unit == "s") return std::chrono::seconds{*number};
    return std::nullopt;
}

// In a pattern M is a member, N a number, T a span of time as "3 s", X a name; all else stands for itself.
[[nodiscard]] std::optional<Said> match(const std::string& pattern, const Words& words) {
    Said said;
    std::size_t at = 0;
    for (const auto& part : words_of(pattern)) {
        if (at >= words.size()) return std::nullopt;
        const auto& word = words[at];
        if (part == "T") {
            const auto span = at + 1 < words.size() ? span_in(word, words[at + 1]) : std::nullopt;
            if (!span) return std::nullopt;
            said.span = *span;
            at += 2;
            continue;
        }
        if (part == "M") {
            if (word.size() != 1 || word[0] < 'a' || word[0] > 'z') return std::nullopt;
            said.members.push_back(static_cast<Who>(word[0] - 'a'));
        } else if (part == "N") {
            const auto number = number_in(word);
            if (!number) return std::nullopt;
            said.numbers.push_back(*number);
        } else if (part == "X") {
            if (std::isupper(static_cast<unsigned char>(word[0])) == 0) return std::nullopt;
            said.names.push_back(word);
        } else if (part != word) {
            return std::nullopt;
        }
        ++at;
    }
    return at == words.size() ? std::optional{said} : std::nullopt;
}

// ---- how a group is made ----

struct Casting {
    const char* pattern;
    void (*make)(Cast&, const Said&);
};
const Casting castings[]{
    {"group of N", [](Cast& cast, const Said& said) { cast.voters = static_cast<unsigned>(said.numbers[0]); }},
    {"group of N and N spare",
     [](Cast& cast, const Said& said) {
         cast.voters = static_cast<unsigned>(said.numbers[0]);
         cast.spares = static_cast<unsigned>(said.numbers[1]);
     }},
    {"with the real store", [](Cast& cast, const Said&) { cast.real_store = true; }},
    {"with control loops", [](Cast& cast, const Said&) { cast.control = true; }},
    {"with votes at once", [](Cast& cast, const Said&) { cast.votes_at_once = true; }},
    {"with a snapshot after N entries", [](Cast& cast, const Said& said) { cast.compact = said.numbers[0]; }},
};

// ---- what is done ----

struct Verb {
    const char* pattern;
    void (*act)(Stage&, const Said&);
};
using consensus::Change;
const Verb verbs[]{
    {"elect M", [](Stage& s, const Said& a) { s.elect(a.members[0]); }},
    {"M commits N blocks",
     [](Stage& s, const Said& a) { s.commit(a.members[0], static_cast<unsigned>(a.numbers[0])); }},
    {"M proposes X", [](Stage& s, const Said& a) { s.propose(a.members[0], a.names[0]); }},
    {"M proposes X beside X",
     [](Stage& s, const Said& a) { s.propose_beside(a.members[0], a.names[0], a.names[1]); }},
    {"M proposes X on X", [](Stage& s, const Said& a) { s.propose_on(a.members[0], a.names[0], a.names[1]); }},
    {"the sequencer of M makes X alone",
     [](Stage& s, const Said& a) { s.make_alone(a.members[0], a.names[0]); }},
    {"wait T", [](Stage& s, const Said& a) { s.pass(a.span); }},
    {"cut M -> M", [](Stage& s, const Said& a) { s.cut(a.members[0], a.members[1]); }},
    {"cut M and M",
     [](Stage& s, const Said& a) {
         s.cut(a.members[0], a.members[1]);
         s.cut(a.members[1], a.members[0]);
     }},
    {"isolate M", [](Stage& s, const Said& a) { s.isolate(a.members[0]); }},
    {"lose large frames M -> M", [](Stage& s, const Said& a) { s.swallow_large(a.members[0], a.members[1]); }},
    {"heal", [](Stage& s, const Said&) { s.heal(); }},
    {"M stops", [](Stage& s, const Said& a) { s.stop(a.members[0], false); }},
    {"M loses power", [](Stage& s, const Said& a) { s.stop(a.members[0], true); }},
    {"M starts", [](Stage& s, const Said& a) { s.start(a.members[0]); }},
    {"M starts empty", [](Stage& s, const Said& a) { s.restart_empty(a.members[0]); }},
    {"M does not start", [](Stage& s, const Said& a) { s.fail_to_start(a.members[0]); }},
    {"the first vote slot of M rots",
     [](Stage& s, const Said& a) { s.spoil_vote(a.members[0], Stage::Slot::first); }},
    {"the second vote slot of M rots",
     [](Stage& s, const Said& a) { s.spoil_vote(a.members[0], Stage::Slot::second); }},
    {"the sequencer of M hears nobody", [](Stage& s, const Said& a) { s.deafen(a.members[0], true); }},
    {"the sequencer of M hears all", [](Stage& s, const Said& a) { s.deafen(a.members[0], false); }},
    {"M freezes for T", [](Stage& s, const Said& a) { s.freeze(a.members[0], a.span); }},
    {"the disk of M hangs for T", [](Stage& s, const Said& a) { s.disk(a.members[0]).stall = a.span; }},
    {"the disk of M takes T", [](Stage& s, const Said& a) { s.disk(a.members[0]).flush = a.span; }},
    {"the disk of M fails", [](Stage& s, const Said& a) { s.disk(a.members[0]).error = true; }},
    {"M adds M", [](Stage& s, const Said& a) { s.ask(a.members[0], Change::add_nonvoter, a.members[1]); }},
    {"M adds voter M", [](Stage& s, const Said& a) { s.ask(a.members[0], Change::add_voter, a.members[1]); }},
    {"M demotes M", [](Stage& s, const Said& a) { s.ask(a.members[0], Change::demote_voter, a.members[1]); }},
    {"M removes M", [](Stage& s, const Said& a) { s.ask(a.members[0], Change::remove_server, a.members[1]); }},
    {"M hands over", [](Stage& s, const Said& a) { s.hand_over(a.members[0], {}); }},
    {"M hands over to M",
     [](Stage& s, const Said& a) {
         s.hand_over(a.members[0], ServerId{std::string(1, static_cast<char>('a' + a.members[1]))});
     }},
    {"M is paused", [](Stage& s, const Said& a) { s.pause(a.members[0], true); }},
    {"M is resumed", [](Stage& s, const Said& a) { s.pause(a.members[0], false); }},
    {"M is overridden", [](Stage& s, const Said& a) { s.override_leader(a.members[0], true); }},
    {"M is overridden no more", [](Stage& s, const Said& a) { s.override_leader(a.members[0], false); }},
    {"M finds the leader's host refusing",
     [](Stage& s, const Said& a) { s.tell(a.members[0], consensus::LeaderGone{}); }},
};

// ---- what is seen ----

[[nodiscard]] const consensus::Server* seen(Stage& stage, Who by, Who whom) {
    return consensus::find_server(stage.raft(by).latest_configuration(),
                                  ServerId{std::string(1, static_cast<char>('a' + whom))});
}
[[nodiscard]] bool has_vote(Stage& stage, Who by, Who whom) {
    const auto* server = seen(stage, by, whom);
    return server != nullptr && server->suffrage == consensus::Suffrage::voter;
}
[[nodiscard]] std::size_t leaders(Stage& stage) {
    std::size_t count = 0;
    for (Who who = 0; who < stage.size(); ++who) count += stage.leads(who) ? 1U : 0U;
    return count;
}
[[nodiscard]] std::size_t producers(Stage& stage) {
    std::size_t count = 0;
    for (Who who = 0; who < stage.size(); ++who) count += stage.produces(who) ? 1U : 0U;
    return count;
}
template <class So>
[[nodiscard]] bool all(Stage& stage, So so) {
    for (Who who = 0; who < stage.size(); ++who)
        if (stage.running(who) && stage.raft(who).latest_configuration_index() != LogIndex{} && !so(who))
            return false;
    return true;
}

struct Sight {
    const char* pattern;
    bool (*so)(Stage&, const Said&);
};
const Sight sights[]{
    {"M leads", [](Stage& s, const Said& a) { return s.leads(a.members[0]); }},
    {"M does not lead", [](Stage& s, const Said& a) { return !s.leads(a.members[0]); }},
    {"somebody leads", [](Stage& s, const Said&) { return leaders(s) == 1; }},
    {"nobody leads", [](Stage& s, const Said&) { return leaders(s) == 0; }},
    {"M produces", [](Stage& s, const Said& a) { return s.produces(a.members[0]); }},
    {"M does not produce", [](Stage& s, const Said& a) { return !s.produces(a.members[0]); }},
    {"somebody produces", [](Stage& s, const Said&) { return producers(s) == 1; }},
    {"nobody produces", [](Stage& s, const Said&) { return producers(s) == 0; }},
    {"M follows M",
     [](Stage& s, const Said& a) {
         const auto leader = s.raft(a.members[0]).leader().id;
         return leader.text() == std::string(1, static_cast<char>('a' + a.members[1]));
     }},
    {"M is down", [](Stage& s, const Said& a) { return !s.running(a.members[0]); }},
    {"M holds its vote",
     [](Stage& s, const Said& a) { return s.raft(a.members[0]).vote_hold() != consensus::VoteHold::none; }},
    {"M gives its vote",
     [](Stage& s, const Said& a) { return s.raft(a.members[0]).vote_hold() == consensus::VoteHold::none; }},
    {"M has N blocks", [](Stage& s, const Said& a) { return s.blocks(a.members[0]) == a.numbers[0]; }},
    {"M has some blocks", [](Stage& s, const Said& a) { return s.blocks(a.members[0]) > 0; }},
    {"all have N blocks",
     [](Stage& s, const Said& a) { return all(s, [&](Who who) { return s.blocks(who) == a.numbers[0]; }); }},
    {"M has X", [](Stage& s, const Said& a) { return s.has(a.members[0], a.names[0]); }},
    {"M lacks X", [](Stage& s, const Said& a) { return !s.has(a.members[0], a.names[0]); }},
    {"all have X",
     [](Stage& s, const Said& a) { return all(s, [&](Who who) { return s.has(who, a.names[0]); }); }},
    {"X is acknowledged", [](Stage& s, const Said& a) { return s.answer(a.names[0]) == std::optional{true}; }},
    {"X is refused", [](Stage& s, const Said& a) { return s.answer(a.names[0]) == std::optional{false}; }},
    {"X is open", [](Stage& s, const Said& a) { return s.answer(a.names[0]) == std::nullopt; }},
    {"M is in the term of M",
     [](Stage& s, const Said& a) { return s.raft(a.members[0]).term() == s.raft(a.members[1]).term(); }},
    {"M counts M as voter", [](Stage& s, const Said& a) { return has_vote(s, a.members[0], a.members[1]); }},
    {"M counts M as nonvoter",
     [](Stage& s, const Said& a) {
         return seen(s, a.members[0], a.members[1]) != nullptr && !has_vote(s, a.members[0], a.members[1]);
     }},
    {"M does not know M",
     [](Stage& s, const Said& a) { return seen(s, a.members[0], a.members[1]) == nullptr; }},
    {"the hand-over works", [](Stage& s, const Said&) { return s.hand_over_worked() == std::optional{true}; }},
    {"the hand-over fails", [](Stage& s, const Said&) { return s.hand_over_worked() == std::optional{false}; }},
};

class Player {
public:
    void step(const Words& words) {
        if (!stage_ && cast(words)) return;
        if (!stage_) stage_ = std::make_unique<Stage>(cast_);
        if (words.front() == "expect") return expect({words.begin() + 1, words.end()});
        for (const auto& verb : verbs)
            if (const auto said = understood(verb.pattern, words)) return verb.act(*stage_, *said);
        throw Impossible{"no such step"};
    }
    [[nodiscard]] std::string text() { return stage_ ? stage_->text() : std::string{}; }

private:
    bool cast(const Words& words) {
        for (const auto& casting : castings) {
            if (const auto said = match(casting.pattern, words)) {
                casting.make(cast_, *said);
                if (cast_.voters == 0 || cast_.voters + cast_.spares > 9) throw Impossible{"1 to 9 members"};
                return true;
            }
        }
        return false;
    }

    [[nodiscard]] std::optional<Said> understood(const char* pattern, const Words& words) const {
        auto said = match(pattern, words);
        if (!said) return said;
        for (const auto who : said->members)
            if (who >= stage_->size())
                throw Impossible{"there is no member " + std::string(1, static_cast<char>('a' + who))};
        return said;
    }

    // Now; `within` a span: at one moment of it; `for` a span: at every moment of it.
    void expect(Words words) {
        std::optional<Duration> span;
        bool always = false;
        if (words.size() > 3) {
            const auto& how = words[words.size() - 3];
            const auto limit = span_in(words[words.size() - 2], words.back());
            if (limit && (how == "within" || how == "for")) {
                span = limit;
                always = how == "for";
                words.resize(words.size() - 3);
            }
        }
        for (const auto& sight : sights) {
            const auto said = understood(sight.pattern, words);
            if (!said) continue;
            const auto so = [&] { return sight.so(*stage_, *said); };
            if (always) {
                if (stage_->until(*span, [&] { return !so(); })) throw Impossible{"it is not so for that long"};
            } else if (!stage_->until(span.value_or(Duration{}), so)) {
                throw Impossible{"it is not so"};
            }
            return;
        }
        throw Impossible{"no such sight"};
    }

    Cast cast_;
    std::unique_ptr<Stage> stage_;
};

}  // namespace

std::optional<std::string> play(const std::string& name, std::istream& script) {
    Player player;
    unsigned number = 0;
    for (std::string line; std::getline(script, line);) {
        ++number;
        const auto words = words_of(line);
        if (words.empty()) continue;
        try {
            player.step(words);
        } catch (const std::exception& failure) {
            auto told = name + ":" + std::to_string(number) + ": ";
            return told.append(line).append(": ").append(failure.what()).append(player.text());
        }
    }
    return std::nullopt;
}

}  // namespace conductor::scenario
