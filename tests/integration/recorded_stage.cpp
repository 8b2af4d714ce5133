#include "tests/integration/recorded_stage.hpp"
#include "tests/support/pattern.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace conductor::test {
namespace {

using rpc::test::Line;

/// Above every recorded block, so that a commit of one changes nothing.
constexpr std::uint64_t high{1'000'000};

Variables variables(const std::string& id, const std::string& compat, bool bootstrap) {
    return {{"OP_CONDUCTOR_RAFT_SERVER_ID", id},
            {"OP_CONDUCTOR_COMPAT", compat},
            {"OP_CONDUCTOR_RAFT_BOOTSTRAP", bootstrap ? "true" : "false"}};
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

void put(SequencingHost& host, bool paused, bool overridden) {
    const auto word = [](bool on) { return on ? "true" : "false"; };
    if (host.ask("conductor_paused") != word(paused))
        (void)host.ask(paused ? "conductor_pause" : "conductor_resume");
    if (host.ask("conductor_leaderOverridden") != word(overridden))
        (void)host.ask("conductor_overrideLeader", overridden ? "[true]" : "[false]");
}

/// The recorded verdict, where the case is about one.
std::optional<bool> recorded_health(const Line& recorded) {
    const auto response = recorded.object("response");
    if (!recorded.need("name").starts_with("conductor_sequencerHealthy") || !response) return std::nullopt;
    const auto body = response->octets("body");
    if (contains(body, "\"result\":true")) return true;
    if (contains(body, "\"result\":false")) return false;
    return std::nullopt;
}

}  // namespace

SilentPort::SilentPort() {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof at;
    if (socket_ < 0 || ::bind(socket_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 ||
        ::listen(socket_, 64) != 0 || ::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &length) != 0)
        throw std::runtime_error("no port for a silent member");
    address_ = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
}

SilentPort::~SilentPort() {
    if (socket_ >= 0) ::close(socket_);
}

RecordedStage::RecordedStage(const std::string& flavour, const std::string& compat)
    : follower_id_{flavour == "okx" ? "seq-0" : "seq-1"} {
    const std::string leader_id{flavour == "okx" ? "seq-1" : "seq-0"};
    const auto name = "recorded-" + flavour + "-" + compat;
    leader_ = std::make_unique<SequencingHost>(name + "-leader", variables(leader_id, compat, true));
    follower_ = std::make_unique<SequencingHost>(name + "-follower", variables(follower_id_, compat, false));
    taker_ = std::make_unique<SequencingHost>(name + "-taker", variables(leader_id, compat, true));
}

std::string RecordedStage::set() {
    if (auto wrong = leader_->sequence_by_hand(); !wrong.empty()) return "leader: " + wrong;
    if (!follower_->start_daemon()) return "the follower does not serve";
    const auto address = follower_->daemon().raft_address(soon);
    if (leader_->ask("conductor_addServerAsNonvoter", "[\"" + follower_id_ + "\",\"" + address + "\",0]") !=
        "null")
        return "the follower is not added";
    if (!eventually(soon, [&] { return contains(follower_->ask("conductor_leaderWithID"), "seq-"); }))
        return "the follower knows no leader";
    if (!taker_->start_daemon() || !taker_->says("conductor_leader", "true") ||
        !taker_->says("conductor_paused", "true"))
        return "the taker of commits does not lead paused";
    const auto block = small_block(high);
    const auto answer = taker_->daemon().client()->post(block.path(), block.content_type(), block.body);
    return answer && answer->status == 200 && !contains(answer->body, "error") ? "" : "no high head";
}

int RecordedStage::act(const Line& recorded) {
    const auto state = recorded.need("state");
    if (contains(state, "own op-node down")) return 1;
    if (state.starts_with("quorum lost")) return 2;
    if (recorded.need("name") == "conductor_stop") return 3;
    return state == "stopped" ? 4 : 0;
}

void RecordedStage::change_to(int act) {
    if (act == 1) follower_->node().kill();
    if (act == 2) {
        follower_->node().start();
        if (!follower_->node().serves()) throw std::runtime_error("the follower's node does not come back");
        follower_->heal();
        leader_->daemon().process().kill_hard();
    }
    if (act == 3) put(*follower_, false, false);
}

SequencingHost& RecordedStage::host_for(const Line& recorded) {
    const auto name = recorded.need("name");
    const auto state = recorded.need("state");
    const bool commits = name.starts_with("conductor_commitUnsafePayload") || name.starts_with("binary:");
    if (commits && state.starts_with("leader")) return *taker_;
    auto& host = state.starts_with("leader") ? *leader_ : *follower_;
    if (act(recorded) > 2) return host;
    put(host, contains(state, "paused") || state.starts_with("quorum lost"), contains(state, "overridden"));
    if (const auto healthy = recorded_health(recorded)) {
        if (act(recorded) != 1 && sick_ == *healthy) host.sicken(!*healthy);
        sick_ = !*healthy;
        (void)host.says("conductor_sequencerHealthy", *healthy ? "true" : "false");
    }
    return host;
}

std::string RecordedStage::octets(const Line& request) {
    const auto text = rpc::test::request_octets(request);
    std::string out;
    std::size_t from = 0;
    for (const auto& member : pattern::matches(text, R"(127\.0\.0\.1:2[12]0[0-9][0-9])")) {
        out.append(text, from, member.at - from);
        out += members_[member.text].address();
        from = member.at + member.text.size();
    }
    return out.append(text, from);
}

}  // namespace conductor::test
