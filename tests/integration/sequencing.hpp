// One conductord beside one simnode, as on a sequencer's host: what the scenarios of one node share. Every wait
// is bounded; what did not come in time is a failed check of the caller. Blocking; one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/integration/conductord.hpp"
#include "tests/support/simnode_process.hpp"

namespace conductor::test {

/// Of a step that asks both processes once or twice: seconds on a machine that does much else.
constexpr auto soon = std::chrono::seconds{8};

/// The whole environment of a daemon on loopback, with the node's addresses.
using Variables = std::map<std::string, std::string>;

/// `more`, and metrics on a free port: for SequencingHost::figure().
[[nodiscard]] Variables measured(Variables more = {});

class SequencingHost {
public:
    /// The node listens, has one peer and a fresh genesis, and knows no conductor; the daemon does not run.
    explicit SequencingHost(const std::string& name, Variables variables = {},
                            std::vector<std::string> node_arguments = {});

    /// What the daemon said is kept in the directory that CONDUCTOR_TEST_LOGS names, where it names one.
    ~SequencingHost();
    SequencingHost(const SequencingHost&) = delete;
    SequencingHost& operator=(const SequencingHost&) = delete;

    SimnodeProcess& node() { return node_; }
    ConductorDaemon& daemon() { return daemon_; }
    [[nodiscard]] const std::filesystem::path& work() const { return work_.path(); }

    /// Starts the daemon (again) and tells the node where it is. Whether it serves.
    [[nodiscard]] bool start_daemon();
    /// start_daemon(), leads, resumed, and the node has `blocks` blocks of its own.
    [[nodiscard]] bool sequence(std::uint64_t blocks = 2);
    /// As the runbook has it: the node started by hand under a paused leader, which is resumed then. Works with
    /// compat=go too, where an empty store starts nothing. Empty, or what went wrong.
    [[nodiscard]] std::string sequence_by_hand();
    struct Sibling {
        std::string head;     ///< hash of the block that was the node's head
        std::string payload;  ///< another one of its height, as JSON
    };
    /// The node makes no block from now on (sim_stall), and stands on its head's parent.
    [[nodiscard]] Sibling sibling_of_head();
    /// Paused, the node stopped, and the replicated head is the node's; the daemon still runs.
    [[nodiscard]] bool rest();

    /// The `result` of a call on the daemon, or its whole answer where it has none.
    [[nodiscard]] std::string ask(std::string_view method, std::string_view params = "[]");
    [[nodiscard]] int status(std::string_view path);
    [[nodiscard]] bool says(std::string_view method, std::string_view result,
                            std::chrono::milliseconds limit = soon);
    /// Whether the log has `text`, within `limit`.
    [[nodiscard]] bool logs(const std::string& text, std::chrono::milliseconds limit = soon);
    [[nodiscard]] std::uint64_t logged(const std::string& text);

    /// How often the node was asked so. Starts and stops include those that it refused.
    [[nodiscard]] std::uint64_t calls(const std::string& method);
    /// A series by its name without `op_conductor_`, with its labels, of a daemon that serves metrics; nothing
    /// where it is not served.
    [[nodiscard]] std::optional<double> figure(const std::string& series);
    [[nodiscard]] bool produces(std::uint64_t more = 1, std::chrono::milliseconds limit = soon);
    void fault(const std::string& surface, const std::string& spec) {
        (void)node_.sim("sim_fault", "[\"" + surface + "\"," + spec + "]");
    }
    /// Ends every fault of the node.
    void heal();
    /// Makes the unsafe head look older than any interval, or no longer.
    void sicken(bool sick) { (void)node_.sim("sim_skew", sick ? "[100000,0]" : "[0,0]"); }

private:
    const std::string name_;
    TempDir work_;
    SimnodeProcess node_;
    ConductorDaemon daemon_;
};

}  // namespace conductor::test
