// A node as the RPC server sees it, with everything behind its ports played by the test: real sockets in
// front, doubles behind. Its threads and connections end with it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/control/ports.hpp"
#include "core/rpc/commit_handler.hpp"
#include "core/rpc/conductor_methods.hpp"
#include "core/rpc/http_server.hpp"
#include "core/rpc/operator_methods.hpp"
#include "core/rpc/proxy.hpp"
#include "core/rpc/routes.hpp"
#include "core/runtime/io_threads.hpp"

namespace conductor::rpc::test {

/// Answers at once, or keeps silent while `silent`, and remembers what it was given.
class FakeCommitter final : public control::Committer {
public:
    void commit(payload::Envelope envelope, control::CommitDone done) override;
    void refuse_with(std::optional<control::CommitError> error);
    void keep_silent(bool silent) { silent_ = silent; }
    /// Answers whoever was kept waiting.
    void answer_waiting();
    [[nodiscard]] std::vector<payload::Envelope> taken() const;

private:
    mutable std::mutex mutex_;
    std::atomic<bool> silent_{false};
    std::optional<control::CommitError> error_;
    std::vector<payload::Envelope> taken_;
    std::vector<control::CommitDone> waiting_;
};

class FakeNode final : public control::GroupView, public control::ControlView {
public:
    bool leads() const override { return leads_; }
    control::LeaderView leader() const override { return leader_; }
    control::MembershipView membership() const override { return membership_; }
    std::string not_ready() const override { return not_ready_; }
    bool paused() const override { return paused_; }
    bool stopped() const override { return stopped_; }
    bool sequencer_healthy() const override { return healthy_; }
    bool leader_overridden() const override { return overridden_; }

    // Set before the node answers anybody.
    std::atomic<bool> leads_{true};
    bool paused_{false}, stopped_{false}, healthy_{true}, overridden_{false};
    control::LeaderView leader_;
    control::MembershipView membership_;
    std::string not_ready_;
};

/// The nodes behind the proxy: one answer to whatever is asked.
class FakeUpstream final : public Upstream {
public:
    boost::asio::awaitable<Answer> ask(Backend backend, std::string method, std::string params) override;

    // Set before the node answers anybody.
    Answer answer_{std::string{"null"}};
    std::function<void()> meanwhile_;  ///< what happens while the node thinks

    struct Question {
        Backend backend{};
        std::string method;
        std::string params;
    };
    [[nodiscard]] std::vector<Question> asked() const;

private:
    mutable std::mutex mutex_;
    std::vector<Question> asked_;
};

/// An operator's way in: remembers what was asked, answers everything alike, or keeps silent.
class FakeOperator final : public control::ControlOperator, public control::GroupOperator {
public:
    void pause(std::string by, control::OperatorDone done) override;
    void resume(control::OperatorDone done) override { take("resume", std::move(done)); }
    void waive_peer_check(control::OperatorDone done) override { take("waive", std::move(done)); }
    void stop(control::OperatorDone done) override { take("stop", std::move(done)); }
    void override_leader(control::LeaderOverride order, control::OperatorDone done) override;
    void change(control::ChangeRequest request, control::OperatorDone done) override;
    void transfer(ServerId target, std::string address, control::OperatorDone done) override;
    void reset_head(BlockHash hash, control::OperatorDone done) override;

    void answer_with(std::string error);
    void keep_silent() { silent_ = true; }
    [[nodiscard]] std::vector<std::string> taken() const;
    /// Who gave the last order that asks for it.
    [[nodiscard]] std::string by() const;

private:
    void take(std::string what, control::OperatorDone done);

    mutable std::mutex mutex_;
    std::atomic<bool> silent_{false};
    std::string error_;
    std::string by_;
    std::vector<std::string> taken_;
};

class RecordingObserver final : public Observer {
public:
    struct Call {
        std::string method;
        std::optional<int> error_code;
        bool notification{false};
    };
    void call_answered(const CallFacts& facts) override;
    void payload_transcoded(Duration) override { ++transcoded; }
    void commit_answered(const CommitFacts& facts) override;
    void body_refused(std::uint64_t declared, std::uint64_t limit) override;
    void connection_refused() override { ++connections_refused; }

    [[nodiscard]] std::vector<Call> calls() const;
    std::atomic<int> transcoded{0};
    std::atomic<int> commits{0};
    std::atomic<int> commits_failed{0};
    std::atomic<int> bodies_refused{0};
    std::atomic<int> connections_refused{0};

private:
    mutable std::mutex mutex_;
    std::vector<Call> calls_;
};

struct NodeOptions {
    HttpServerOptions http;
    RouteOptions routes;
    payload::Strictness strictness;
    bool refuse_bad_hash{false};
    bool admin{false};  ///< `rpc.enable-admin`
};
/// The defaults of op-conductor v1.19: 5 MiB, its version text; waits short enough for tests.
[[nodiscard]] NodeOptions as_go();

class Node {
public:
    explicit Node(NodeOptions options = as_go());
    ~Node();
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    void stop();

    FakeCommitter committer;
    FakeNode node;
    FakeUpstream upstream;
    FakeOperator operators;
    RecordingObserver observer;

private:
    IoThreads threads_{2};
    CommitHandler commits_;
    MethodTable methods_;
    std::unique_ptr<Routes> routes_;

public:
    std::unique_ptr<HttpServer> server;

private:
    std::uint16_t port_{0};
    bool stopped_{false};
};

}  // namespace conductor::rpc::test
