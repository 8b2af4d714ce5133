#include "tests/unit/rpc/node.hpp"

#include <boost/asio/co_spawn.hpp>
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

void FakeOperator::take(std::string what, control::OperatorDone done) {
    std::string error;
    {
        const std::lock_guard lock{mutex_};
        taken_.push_back(std::move(what));
        error = error_;
    }
    if (!silent_) done(error);
}

void FakeOperator::pause(std::string by, control::OperatorDone done) {
    {
        const std::lock_guard lock{mutex_};
        by_ = std::move(by);
    }
    take("pause", std::move(done));
}

void FakeOperator::override_leader(control::LeaderOverride order, control::OperatorDone done) {
    {
        const std::lock_guard lock{mutex_};
        by_ = std::move(order.by);
    }
    const std::string lasts = order.lasts ? " for " + std::to_string(order.lasts->count()) + " s" : "";
    take((order.on ? "override on" : "override off") + lasts, std::move(done));
}

std::string FakeOperator::by() const {
    const std::lock_guard lock{mutex_};
    return by_;
}

void FakeOperator::change(control::ChangeRequest request, control::OperatorDone done) {
    constexpr const char* names[] = {"add voter", "add nonvoter", "demote", "remove"};
    take(names[static_cast<std::size_t>(request.change)] + (" " + request.id.text()) + " " + request.address +
             " " + std::to_string(request.version.value()),
         std::move(done));
}

void FakeOperator::transfer(ServerId target, std::string address, control::OperatorDone done) {
    take("transfer " + target.text() + " " + address, std::move(done));
}

void FakeOperator::reset_head(BlockHash hash, control::OperatorDone done) {
    take("reset " + to_hex(hash), std::move(done));
}

void FakeOperator::answer_with(std::string error) {
    const std::lock_guard lock{mutex_};
    error_ = std::move(error);
}

std::vector<std::string> FakeOperator::taken() const {
    const std::lock_guard lock{mutex_};
    return taken_;
}

void RecordingObserver::call_answered(const CallFacts& facts) {
    const std::lock_guard lock{mutex_};
    calls_.push_back({std::string{facts.method}, facts.error_code, facts.notification});
}

void RecordingObserver::commit_answered(const CommitFacts& facts) {
    ++commits;
    if (!facts.error.empty()) ++commits_failed;
}

void RecordingObserver::body_refused(std::uint64_t, std::uint64_t) {
    ++bodies_refused;
}

std::vector<RecordingObserver::Call> RecordingObserver::calls() const {
    const std::lock_guard lock{mutex_};
    return calls_;
}

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
    add_control_methods(methods_, operators);
    add_group_methods(methods_, operators);
    if (options.admin) {
        add_config_method(methods_, R"({"options":{}})");
        add_reset_method(methods_, operators);
    }
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
    server = std::make_unique<HttpServer>([this] { return threads_.next(); }, *routes_, observer, options.http);
    const auto bound = server->listen();
    if (!bound) throw std::runtime_error{bound.error().text};
    port_ = *bound;
}

void Node::stop() {
    if (stopped_) return;
    stopped_ = true;
    boost::asio::co_spawn(threads_.next(), server->stop(), boost::asio::use_future).get();
}

Node::~Node() {
    stop();
    threads_.join();
}

}  // namespace conductor::rpc::test
