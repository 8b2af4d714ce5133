// What real op-conductors asked their nodes, flow by flow and in order, and what ours ask where the same
// befalls them: the policy decides, the real plugins ask, and the nodes answer as they were recorded. Whatever
// we ask more, or less, must stand in docs/divergence.md.
#include <algorithm>
#include <map>

#include "core/base/hex.hpp"
#include "tests/unit/control/support.hpp"
#include "tests/unit/plugins/driven.hpp"
#include "tests/unit/rpc/recordings.hpp"

namespace {

namespace ctl = conductor::control;
namespace ctl_test = conductor::control::test;
using conductor::BlockHash;
using conductor::BlockNumber;
using conductor::plugin::HttpCall;
using conductor::plugin::HttpError;
using conductor::plugin::HttpReply;
using conductor::plugin::Instance;
using conductor::plugin::json_slice;
using conductor::plugin::test::Driving;
using conductor::plugin::test::raw;
using conductor::plugin::test::string_at;
using conductor::rpc::test::recorded_lines;

struct Asked {
    double seconds{0};
    std::string method;
    std::string text;  ///< as Nodes::asked() writes it
    std::string params;
    HttpReply reply;
    bool met{false};
};
/// Of one conductor in one flow.
using Story = std::vector<Asked>;

std::map<std::string, Story> recorded_stories() {
    std::map<std::string, Story> stories;
    for (const auto& line : recorded_lines("engine/flows.jsonl.gz")) {
        const auto link = line.need("link");
        if (link.starts_with("conductor-")) continue;
        const auto body = line.object("request")->need("body");
        const auto response = line.object("response");
        Asked asked;
        asked.seconds = std::stod(std::string{line.raw("t")->raw});
        asked.method = string_at(body, "/method");
        asked.params = json_slice(body, "/params").value_or("-");
        asked.text = (link.starts_with("cl-") ? "node " : "execution ") + asked.method + " " + asked.params;
        asked.reply = {static_cast<int>(response->number("status")), response->octets("body")};
        stories[line.need("flow") + ", node " + link.substr(3)].push_back(std::move(asked));
    }
    for (auto& [name, story] : stories)
        std::ranges::stable_sort(story, {}, [](const Asked& asked) { return asked.seconds; });
    return stories;
}

BlockHash hash_in(const std::string& text) {
    const auto octets = conductor::from_hex(text);
    REQUIRE(octets.has_value());
    BlockHash hash;
    REQUIRE(octets->size() == hash.bytes.size());
    std::ranges::copy(*octets, hash.bytes.begin());
    return hash;
}
std::uint64_t number_in(const std::string& quantity) {
    return std::stoull(quantity, nullptr, 16);
}

/// One conductor of ours, with the real plugins, whose nodes answer as in a story.
class Conducted {
public:
    explicit Conducted(Story& story)
        : story_{story},
          driving_{"driver-op-node", "io.conductord.op-node", {}},
          sync_{health("io.conductord.op-node-sync", {raw("unsafe_interval", "12s")})},
          peers_{health("io.conductord.op-node-peers", {})},
          loop_{begins(story), {}} {
        driving_.world.http->answer = [this](const HttpCall& call) { return answer(call); };
        if (story.front().method == "admin_conductorEnabled") return;
        // A recording begins somewhere: who is stopped first has led and produced until then.
        const auto deed = std::ranges::find_if(story, is_deed);
        produces_ = deed != story.end() && deed->method == "admin_stopSequencer";
        if (produces_) loop_.sequence();
    }
    ~Conducted() {
        driving_.world.close(*sync_);
        driving_.world.close(*peers_);
    }
    Conducted(const Conducted&) = delete;
    Conducted& operator=(const Conducted&) = delete;

    void live() {
        for (auto& next : story_) {
            if (!next.met) befall(next);
            while (!next.met && act()) {
            }
        }
        loop_.judge(ctl_test::well());  // what each round asks for, recorded or not
        while (act()) {
        }
    }
    [[nodiscard]] const std::vector<std::string>& asked() const { return asked_; }

private:
    static bool is_deed(const Asked& asked) {
        return asked.method == "admin_startSequencer" || asked.method == "admin_stopSequencer" ||
               asked.method == "admin_postUnsafePayload";
    }
    static ctl::PolicySettings begins(const Story& story) {
        auto settings = ctl_test::settings();
        if (story.front().method == "admin_conductorEnabled") settings.active = ctl::Active::unknown;
        return settings;
    }
    std::unique_ptr<Instance> health(const std::string& id, std::vector<conductor::plugin::RawOption> options) {
        auto check = driving_.world.make("health-op-node", id, std::move(options));
        REQUIRE(driving_.world.open(*check));
        return check;
    }

    conductor::Result<HttpReply, HttpError> answer(const HttpCall& call) {
        const auto method = string_at(call.body, "/method");
        asked_.push_back(std::string{call.endpoint} + " " + method + " " +
                         std::string{json_slice(call.body, "/params").value_or("-")});
        const auto found = std::ranges::find_if(
            story_, [&](const Asked& asked) { return !asked.met && asked.text == asked_.back(); });
        // Ours ask that more often: only in its turn the recorded answer is the one to give.
        if (found != story_.end() && (method != "admin_sequencerActive" || &*found == next_)) {
            found->met = true;
            return found->reply;
        }
        if (method != "admin_sequencerActive")
            return HttpError{HttpError::Kind::unreachable, "nobody was recorded to ask this here"};
        return HttpReply{
            200, std::string{R"({"jsonrpc":"2.0","id":1,"result":)"} + (produces_ ? "true}" : "false}")};
    }

    /// Brings about what made the recorded conductor ask its next question.
    void befall(const Asked& next) {
        next_ = &next;
        if (next.method == "optimism_syncStatus") {
            (void)driving_.world.judge(*sync_);
        } else if (next.method == "opp2p_peerStats") {
            (void)driving_.world.judge(*peers_);
        } else if (next.method == "admin_conductorEnabled") {
            CHECK(*driving_.conductor_enabled());
        } else if (next.method == "admin_sequencerActive") {
            if (loop_.is_flying("active")) return;
            loop_.give(ctl::PauseAsked{ctl::OperatorAsk{++orders_}});
            if (next.reply.body.find("true") != std::string::npos && !loop_.policy.situation().leads)
                loop_.lead();
            loop_.give(ctl::ResumeAsked{ctl::OperatorAsk{++orders_}});
        } else if (next.method == "admin_stopSequencer") {
            loop_.follow();
        } else if (next.method != "optimism_rollupConfig" && !loop_.policy.situation().leads) {
            loop_.lead();
        }
    }

    /// The head that the group has in this reign: the block that is started on, or the one that is posted.
    ctl::Head replicated() const {
        const auto deed = std::ranges::find_if(story_, [](const Asked& asked) {
            return !asked.met && is_deed(asked) && asked.method != "admin_stopSequencer";
        });
        REQUIRE(deed != story_.end());
        if (deed->method == "admin_postUnsafePayload")
            return {BlockNumber{number_in(string_at(deed->params, "/0/executionPayload/blockNumber"))},
                    hash_in(string_at(deed->params, "/0/executionPayload/blockHash"))};
        const auto look = std::ranges::find_if(
            story_, [](const Asked& asked) { return !asked.met && asked.text.starts_with("execution "); });
        REQUIRE(look != story_.end());
        return {BlockNumber{number_in(string_at(look->reply.body, "/result/number"))},
                hash_in(string_at(deed->params, "/0"))};
    }

    /// Makes one of the calls that are in flight; false: there is none.
    bool act() {
        if (loop_.in_flight.empty()) return false;
        const auto action = loop_.in_flight.front();
        const auto name = std::string{ctl::name_of(action.task)};
        if (name == "confirm") {
            const auto head = replicated();
            loop_.confirm(head, head.number);
        } else if (name == "active") {
            produces_ = *driving_.active();
            loop_.answer(name, ctl::ActiveIs{produces_});
        } else if (name == "stop") {
            const auto stopped = driving_.stop();
            REQUIRE(stopped);
            CHECK(stopped->head.has_value());
            produces_ = false;
            loop_.answer(name, ctl::Done{false, stopped->head});
        } else if (name == "head") {
            const auto head = driving_.unsafe_head();
            if (!head) return false;
            loop_.answer(name, ctl::HeadIs{{head->number, head->hash}});
        } else if (name == "start") {
            REQUIRE(driving_.start(std::get<ctl::StartSequencer>(action.task).head));
            produces_ = true;
            loop_.answer(name, ctl::Done{});
        } else if (name == "post") {
            const auto deed = std::ranges::find(story_, "admin_postUnsafePayload", &Asked::method);
            REQUIRE(deed != story_.end());
            REQUIRE(driving_.post(std::string{*json_slice(deed->params, "/0")}));
            loop_.answer(name, ctl::Done{});
        } else {
            FAIL("nobody was recorded to ask for this: " << name);
        }
        return true;
    }

    Story& story_;
    Driving driving_;
    std::unique_ptr<Instance> sync_, peers_;
    ctl_test::Loop loop_;
    std::vector<std::string> asked_;
    const Asked* next_{nullptr};  ///< what the recorded conductor asked next
    std::uint64_t orders_{0};
    bool produces_{false};
};

/// `+ question` that only ours has, `- question` that only the recording has, in order.
std::vector<std::string> difference(const std::vector<std::string>& ours,
                                    const std::vector<std::string>& theirs) {
    std::vector<std::vector<std::size_t>> common(ours.size() + 1, std::vector<std::size_t>(theirs.size() + 1));
    for (std::size_t i = ours.size(); i-- > 0;)
        for (std::size_t j = theirs.size(); j-- > 0;)
            common[i][j] =
                ours[i] == theirs[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
    std::vector<std::string> out;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < ours.size() || j < theirs.size()) {
        const bool both = i < ours.size() && j < theirs.size();
        if (both && ours[i] == theirs[j]) {
            ++i, ++j;
        } else if (j == theirs.size() || (both && common[i + 1][j] >= common[i][j + 1])) {
            out.push_back("+ " + ours[i++]);
        } else {
            out.push_back("- " + theirs[j++]);
        }
    }
    return out;
}

}  // namespace

TEST_CASE("in each recorded flow ours ask their nodes what op-conductor asked, in the same order",
          "[plugins][recorded][flows][8.3]") {
    const auto admitted =
        conductor::rpc::test::admitted_differences("plugins: recorded flows in which ours ask more or less");
    std::size_t deeds = 0;
    std::size_t questions = 0;
    auto stories = recorded_stories();
    for (auto& [name, story] : stories) {
        CAPTURE(name);
        Conducted conducted{story};
        conducted.live();
        std::vector<std::string> theirs;
        for (const auto& asked : story) {
            theirs.push_back(asked.text);
            if (asked.met && asked.text.find("admin_st") != std::string::npos) ++deeds;
        }
        questions += theirs.size();
        for (const auto& differs : difference(conducted.asked(), theirs)) {
            const auto row = std::ranges::find_if(
                admitted, [&](const auto& one) { return one.covers(std::string_view{differs}.substr(2)); });
            INFO(differs);
            if (row == admitted.end()) {
                CHECK(false);
                continue;
            }
            row->used = true;
            CHECK(row->ours == (differs[0] == '+' ? "more" : "less"));
        }
    }
    for (const auto& row : admitted) {
        INFO(row.cases);
        CHECK(row.used);
    }
    CHECK(stories.size() > 40);
    CHECK(questions > 500);
    CHECK(deeds > 25);
}
