#include "tests/simnode/node.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/payload/block_hash.hpp"
#include "core/payload/transcode.hpp"
#include "core/runtime/clock.hpp"

namespace conductor::simnode {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr Duration idle_look = 100ms;
constexpr Duration backoff = 1s;        // op-node's after a temporary engine error
constexpr Duration longest_stop = 25s;  // op-node has no limit, but its HTTP server ends the call
constexpr Duration longest_catch_up = 10s;
constexpr std::size_t max_produced = 4096;

std::uint64_t unix_ms() {
    const auto since = wall_clock().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

rpc::Answer done() {
    return std::string{"null"};
}

asio::awaitable<void> sleep(Duration time) {
    asio::steady_timer timer{co_await asio::this_coro::executor, time};
    co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace

Node::Node(asio::any_io_executor executor, NodeSettings settings)
    : gossip{executor},
      executor_{executor},
      settings_{settings},
      chain_{make_genesis(settings.seed, settings.genesis_time_s)},
      wake_{executor},
      head_since_{now()},
      due_{now()} {}

void Node::run(TaskGroup& tasks) {
    tasks_ = &tasks;
    gossip.set_tasks(tasks);
    tasks.spawn(executor_, sequence());
}

Envelope Node::next_block(std::uint64_t salt) const {
    const auto& head = chain_.head();
    BlockRequest request;
    request.seed = settings_.seed;
    request.salt = salt;
    request.timestamp_s = std::max(head.timestamp_s, unix_ms() / 1000);
    request.padding = settings_.padding;
    return make_block(head, request);
}

asio::awaitable<void> Node::sequence() {
    const auto works = [this] { return active_ && !misbehaviour.stalled && stopping_ == 0; };
    while (true) {
        wake_.expires_after(works() ? std::max<Duration>(due_ - now(), 0ms) : idle_look);
        (void)co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
        if (!works() || now() < due_) continue;
        const bool made = co_await produce();
        due_ = made ? std::max(due_ + settings_.block_time, now()) : now() + backoff;
    }
}

// Seals, commits, and only then inserts and publishes. A block that could not be committed is kept and tried
// again while its parent is the head, as op-node gets the same payload from its engine again.
asio::awaitable<bool> Node::produce() {
    if (!sealed_ || sealed_->parent != chain_.head().hash) sealed_ = next_block(salt_);
    const auto block = *sealed_;
    const auto life = life_;
    auto committing = conductor.commit(block);
    committing_ = true;
    const auto committed = co_await std::move(committing);
    committing_ = false;
    if (life != life_) co_return false;
    if (!committed) {
        ++counts.commits_failed;
        counts.last_commit_error = committed.error().text;
        co_return false;
    }
    sealed_.reset();
    if (chain_.find(block.parent) == nullptr) co_return false;
    chain_.adopt(block);
    head_since_ = now();
    ++counts.sealed;
    produced_.push_back({++sequence_, block.number.value(), block.hash, unix_ms()});
    if (produced_.size() > max_produced) produced_.pop_front();
    gossip.publish(block);
    co_return true;
}

asio::awaitable<rpc::Answer> Node::start(BlockHash head) {
    const auto leads = co_await conductor.leader();
    if (!leads) co_return rpc::application_error("sequencer leader check failed: " + leads.error().text);
    if (!*leads) co_return rpc::application_error("sequencer is not the leader, aborting");
    if (active_) co_return rpc::application_error("sequencer already running");
    const auto& own = chain_.head();
    if (head != own.hash)
        co_return rpc::application_error("block hash does not match: head " + to_hex(own.hash) + ":" +
                                         std::to_string(own.number.value()) + ", received " + to_hex(head));
    active_ = true;
    due_ = std::max(now(), head_since_ + settings_.block_time);  // a late block is built at once
    wake_.cancel();
    co_return done();
}

asio::awaitable<rpc::Answer> Node::stop() {
    if (!active_) co_return rpc::application_error("sequencer not running");
    if (committing_) {
        // op-node waits for a block that is on its way to become head, and only while it leads; for one that
        // was not committed it does not wait. The call may be cancelled meanwhile.
        struct Waiting {
            explicit Waiting(int& counted) : count{counted} { ++count; }
            ~Waiting() { --count; }
            Waiting(const Waiting&) = delete;
            Waiting& operator=(const Waiting&) = delete;
            int& count;
        };
        const Waiting waiting{stopping_};
        const auto leads = co_await conductor.leader();
        const auto until = now() + longest_stop;
        while (leads && *leads && committing_ && active_ && now() < until) co_await sleep(5ms);
        if (leads && *leads && committing_ && now() >= until)
            co_return rpc::application_error("context deadline exceeded");
    }
    stop_by_hand();
    co_return '"' + to_hex(chain_.head().hash) + '"';
}

void Node::stop_by_hand() {
    active_ = false;
    wake_.cancel();
}

void Node::restarted() {
    ++life_;
    sealed_.reset();
    conductor.set_overridden(false);
    stop_by_hand();
}

void Node::fork(std::uint64_t depth, std::uint64_t count) {
    chain_.rewind(depth);
    sealed_.reset();
    ++salt_;
    for (std::uint64_t i = 0; i < count; ++i) chain_.adopt(next_block(salt_));
    head_since_ = now();
}

Imported Node::import(const Envelope& block) {
    const auto outcome = chain_.import(block);
    if (outcome == Imported::new_head) head_since_ = now();
    return outcome;
}

asio::awaitable<rpc::Answer> Node::post(Envelope block) {
    if (const auto checked = payload::check_block_hash(block); !checked)
        co_return rpc::application_error(checked.error().text);
    if (misbehaviour.insert_delay > 0ms) {
        tasks_->spawn(executor_, insert_later(std::move(block)));
    } else {
        (void)import(block);
    }
    co_return done();
}

asio::awaitable<void> Node::insert_later(Envelope block) {
    co_await sleep(misbehaviour.insert_delay);
    (void)import(block);
}

Result<Imported, Complaint> Node::receive(const Envelope& block) {
    if (misbehaviour.lagging) {
        ++counts.ignored;
        return Imported::ignored;
    }
    if (const auto checked = payload::check_block_hash(block); !checked) {
        ++counts.refused;
        return checked.error();
    }
    const auto outcome = import(block);
    ++(outcome == Imported::new_head ? counts.imported : counts.ignored);
    const bool gap = outcome == Imported::queued || outcome == Imported::full;
    if (gap && misbehaviour.syncs && !catching_up_) {
        catching_up_ = true;
        tasks_->spawn(executor_, catch_up(now() + longest_catch_up));
    }
    return outcome;
}

asio::awaitable<void> Node::catch_up(Instant until) {
    while (now() < until && !misbehaviour.lagging && misbehaviour.syncs) {
        auto asking = gossip.ask(chain_.head().number.value() + 1);
        const auto block = co_await std::move(asking);
        // No peer has more, or what it has is of another branch, which only a reorganisation could cure.
        if (!block || misbehaviour.lagging || import(*block) != Imported::new_head) break;
    }
    catching_up_ = false;
}

}  // namespace conductor::simnode
