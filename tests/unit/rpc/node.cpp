#include "tests/unit/rpc/node.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>
#include <stdexcept>

namespace conductor::rpc::test {

using namespace std::chrono_literals;

void FakeCommitter::commit(payload::Envelope envelope, control::CommitDone done) {
    std::optional<control::CommitError> error;
    {
        const std::lock_guard lock{mutex_};
        taken_.push_back(std::move(envelope));
        if (silent_) {
            waiting_.push_back(std::move(done));
            return;
        }
        error = error_;
    }
    if (error) {
        done(*error);
    } else {
        done(Result<void, control::CommitError>{});
    }
}

void FakeCommitter::refuse_with(std::optional<control::CommitError> error) {
    const std::lock_guard lock{mutex_};
    error_ = std::move(error);
}

void FakeCommitter::answer_waiting() {
    std::vector<control::CommitDone> waiting;
    {
        const std::lock_guard lock{mutex_};
        waiting.swap(waiting_);
    }
    for (const auto& done : waiting) done(Result<void, control::CommitError>{});
}

std::vector<payload::Envelope> FakeCommitter::taken() const {
    const std::lock_guard lock{mutex_};
    return taken_;
}

boost::asio::awaitable<Answer> FakeUpstream::ask(Backend backend, std::string method, std::string params) {
    {
        const std::lock_guard lock{mutex_};
        asked_.push_back({backend, std::move(method), std::move(params)});
    }
    if (meanwhile_) meanwhile_();
    co_return answer_;
}

std::vector<FakeUpstream::Question> FakeUpstream::asked() const {
    const std::lock_guard lock{mutex_};
    return asked_;
}

void RecordingObserver::call_answered(const CallFacts& facts) {
    const std::lock_guard lock{mutex_};
    calls_.push_back({std::string{facts.method}, facts.error_code, facts.notification});
}

void RecordingObserver::commit_answered(CommitVia, Duration, std::size_t, std::string_view error) {
    ++commits;
    if (!error.empty()) ++commits_failed;
}

void RecordingObserver::body_refused(std::uint64_t, std::uint64_t) {
    ++bodies_refused;
}

std::vector<RecordingObserver::Call> RecordingObserver::calls() const {
    const std::lock_guard lock{mutex_};
    return calls_;
}

namespace {

// What control adds: here only their names and parameters, as Go types them.
void add_silent_methods(MethodTable& table) {
    using Text = std::string;
    const auto done = [](const auto&...) -> Answer { return Text{"null"}; };
    const auto write = Access::write;
    for (const auto* name : {"pause", "resume", "stop", "transferLeader"})
        table.add<>(Text{"conductor_"} + name, write, done);
    table.add<bool>("conductor_overrideLeader", write, done);
    table.add<Text, Text, std::uint64_t>("conductor_addServerAsVoter", write, done);
    table.add<Text, Text, std::uint64_t>("conductor_addServerAsNonvoter", write, done);
    table.add<Text, std::uint64_t>("conductor_removeServer", write, done);
    table.add<Text, std::uint64_t>("conductor_demoteVoter", write, done);
    table.add<Text, Text>("conductor_transferLeaderToServer", write, done);
}

}  // namespace

NodeOptions as_go() {
    NodeOptions options;
    options.http.address = "127.0.0.1";
    options.http.port = 0;
    options.http.linger = 200ms;
    options.routes.version = "v1.19.0";
    options.routes.json_body_limit = 5 * 1024 * 1024;
    options.strictness.strict = false;
    return options;
}

Node::Node(NodeOptions options) : commits_{committer, observer, {options.strictness, options.refuse_bad_hash}} {
    add_read_methods(methods_, node, node);
    add_commit_method(methods_, commits_);
    add_silent_methods(methods_);
    const ProxyPorts ports{[this] { return node.leads() || node.leader_overridden(); }, upstream};
    const auto proxied =
        add_proxied_methods(methods_,
                            {"eth_getBlockByNumber", "miner_setMaxDASize", "optimism_syncStatus",
                             "optimism_outputAtBlock", "optimism_rollupConfig", "admin_sequencerActive"},
                            ports);
    if (!proxied) throw std::runtime_error{proxied.error().text};
    add_server_methods(methods_, options.routes.version);
    const Routes::Parts parts{methods_, commits_, node, node, observer};
    routes_ = std::make_unique<Routes>(parts, options.routes);
    server = std::make_unique<HttpServer>(threads_.context(), *routes_, observer, options.http);
    const auto bound = server->listen();
    if (!bound) throw std::runtime_error{bound.error().text};
    port_ = *bound;
}

void Node::stop() {
    if (stopped_) return;
    stopped_ = true;
    boost::asio::co_spawn(boost::asio::make_strand(threads_.context()), server->stop(), boost::asio::use_future)
        .get();
}

Node::~Node() {
    stop();
    threads_.join();
}

}  // namespace conductor::rpc::test
