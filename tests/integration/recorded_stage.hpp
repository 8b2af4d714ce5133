// The states in which op-conductors were recorded, made of real processes: a leader that sequences, a follower
// of it that votes for nobody, and a leader that takes the commits, each beside a simnode. Blocking; one
// thread.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "tests/integration/sequencing.hpp"
#include "tests/unit/rpc/recordings.hpp"

namespace conductor::test {

/// A port that takes connections and never says anything: a member as far as a test of its address goes.
class SilentPort {
public:
    SilentPort();
    ~SilentPort();
    SilentPort(const SilentPort&) = delete;
    SilentPort& operator=(const SilentPort&) = delete;
    [[nodiscard]] const std::string& address() const noexcept { return address_; }

private:
    int socket_{-1};
    std::string address_;
};

class RecordedStage {
public:
    /// `flavour` decides who is called how, as when it was recorded; `compat` is that variable.
    RecordedStage(const std::string& flavour, const std::string& compat);

    /// Empty once all three serve, and lead and follow as they should; otherwise what went wrong.
    [[nodiscard]] std::string set();
    /// The daemon for this case, in the state that was recorded.
    [[nodiscard]] SequencingHost& host_for(const rpc::test::Line& recorded);
    /// The request's octets, with addresses of ours for those of the recorded group.
    [[nodiscard]] std::string octets(const rpc::test::Line& request);
    /// When to play a case: those that end something come last.
    [[nodiscard]] static int act(const rpc::test::Line& recorded);
    /// Between two acts.
    void change_to(int act);

    [[nodiscard]] SequencingHost& follower() { return *follower_; }

private:
    std::string follower_id_;
    std::unique_ptr<SequencingHost> leader_, follower_, taker_;
    std::map<std::string, SilentPort> members_;
    bool sick_{false};
};

}  // namespace conductor::test
