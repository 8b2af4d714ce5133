// The node's lane, through the real op-node driver, against recorded answers.
#include "core/daemon/node_port.hpp"

#include "core/payload/transcode.hpp"
#include "tests/support/checkout.hpp"
#include "tests/support/recorded_blocks.hpp"
#include "tests/unit/daemon/rig.hpp"

using namespace conductor;
using namespace conductor::daemon;
using namespace conductor::daemon::test;
using control::FailureKind;

namespace {

BlockHash filled(std::uint8_t octet) {
    BlockHash hash;
    hash.bytes.fill(octet);
    return hash;
}

class Rig {
public:
    Rig() {
        REQUIRE(world_.open(*driver_));
        answer_ = world_.http->answer;
        world_.http->answer =
            [this](const plugin::HttpCall& call) -> Result<plugin::HttpReply, plugin::HttpError> {
            const auto method = plugin::test::string_at(call.body, "/method");
            if (hanging_.empty() || method != hanging_) return answer_(call);  // a batch has no method
            hangs_ = true;
            pollfd cancelled{call.cancel_fd, POLLIN, 0};
            ::poll(&cancelled, 1, 10000);
            hangs_ = false;
            return plugin::HttpError{plugin::HttpError::Kind::cancelled, "cancelled"};
        };
        port_.emplace(NodePort::Surroundings{loop_, *driver_, shelf,
                                             [this](BlockNumber number, const NodePort::JsonDone& done) {
                                                 ring_asked.push_back(number.value());
                                                 if (ring_hangs) return ring_waits.push_back(done);
                                                 if (!ring.empty())
                                                     return done(Result<std::string, Complaint>{
                                                         boost::system::in_place_value, ring});
                                                 done(Complaint{"payload is not in the ring"});
                                             },
                                             [](const std::function<void()>& work) { work(); }});
    }
    ~Rig() {
        hanging_.clear();
        port_.reset();
        world_.close(*driver_);
    }

    Told make(control::Task task, Duration limit = 5s) {
        Told told;
        port_->make({control::Call{++calls_}, std::move(task), limit}, told.done());
        return told;
    }
    Told probe() {
        Told told;
        port_->probe(5s, told.done());
        return told;
    }
    using Newest = std::optional<Result<payload::Envelope, Complaint>>;
    std::shared_ptr<Newest> newest(const BlockHash& hash) {
        auto told = std::make_shared<Newest>();
        port_->newest_payload(hash, 5s, [told](const auto& payload) { *told = payload; });
        return told;
    }
    void abandon_last() { port_->abandon(control::Call{calls_}); }
    void abandon(std::uint64_t call) { port_->abandon(control::Call{call}); }
    bool until(const std::function<bool()>& condition) { return world_.core.run_until(condition); }
    void run_for(std::chrono::milliseconds time) {
        (void)world_.core.run_until([] { return false; }, time);
    }
    Told ask(control::Task task) {
        auto told = make(std::move(task));
        REQUIRE(until([&] { return told.arrived(); }));
        return told;
    }
    void hang_on(const std::string& method) { hanging_ = method; }
    void wait_until_it_hangs() {
        for (int i = 0; i < 1000 && !hangs_; ++i) std::this_thread::sleep_for(5ms);
        REQUIRE(hangs_);
    }
    void forget_port() { port_.reset(); }

private:
    World world_;
    std::atomic<bool> hangs_{false};
    std::string hanging_;  // set while no call is at work
    std::function<Result<plugin::HttpReply, plugin::HttpError>(const plugin::HttpCall&)> answer_;
    WorldLoop loop_{world_};
    std::uint64_t calls_{0};
    std::unique_ptr<plugin::Instance> driver_ =
        world_.make("driver-op-node", "io.conductord.op-node", {plugin::test::raw("start_mode", "auto")});
    std::optional<NodePort> port_;

public:
    Nodes nodes{world_};
    PayloadShelf shelf;
    std::string ring;
    std::vector<std::uint64_t> ring_asked;
    bool ring_hangs{false};
    std::vector<NodePort::JsonDone> ring_waits;
};

/// A block that op-geth holds, as op-node would post it.
struct Recorded {
    plugin::test::Exchange block{recorded("okx", "eth_getBlockByNumber [\"0x1\", false]")};
    peers::Head head{BlockNumber{1}, {}};

    void answered_by(Nodes& nodes) {
        const auto known = recorded("okx", "postUnsafePayload: old block, known");
        const auto envelope = *plugin::json_slice(known.params, "/0");
        const auto payload = payload::envelope_from_json(envelope, {});
        REQUIRE(payload.has_value());
        head = {payload->number, payload->hash};
        nodes.says("eth_getBlockByNumber", block);
        nodes.result("eth_getRawTransactionByBlockHashAndIndex",
                     std::string{*plugin::json_slice(envelope, "/executionPayload/transactions/0")});
    }
};

}  // namespace

TEST_CASE("each task is put to the driver and answered in its own kind", "[daemon][node]") {
    Rig rig;
    rig.nodes.result("admin_sequencerActive", "true");
    rig.nodes.says("eth_getBlockByNumber", recorded("okx", "latest"));
    rig.nodes.says("admin_startSequencer", recorded("okx", "start with the head's hash"));
    rig.nodes.says("admin_stopSequencer", recorded("okx", "stop"));

    CHECK(rig.ask(control::AskActive{}).as<control::ActiveIs>().active);
    const auto head = rig.ask(control::AskHead{}).as<control::HeadIs>().head;
    CHECK(head.number.value() > 0);
    CHECK(rig.ask(control::AskBlock{head.number}).as<control::HeadIs>().head == head);
    CHECK_FALSE(rig.ask(control::StartSequencer{filled(0x11)}).as<control::Done>().already);
    CHECK(rig.nodes.asked().back() == "node admin_startSequencer [\"" + to_hex(filled(0x11)) + "\"]");
    CHECK(rig.ask(control::StopSequencer{}).as<control::Done>().head.has_value());
}

TEST_CASE("what was so before the call is told as such", "[daemon][node][5.4.3]") {
    Rig rig;
    rig.nodes.says("admin_startSequencer", recorded("base", "start when running"));
    CHECK(rig.ask(control::StartSequencer{filled(1)}).as<control::Done>().already);
}

TEST_CASE("a failure keeps its kind and the node's own words", "[daemon][node]") {
    Rig rig;
    CHECK(rig.ask(control::AskActive{}).as<control::Failed>().kind == FailureKind::unreachable);
    rig.nodes.says("admin_startSequencer", recorded("okx", "start on a follower"));
    const auto refused = rig.ask(control::StartSequencer{filled(1)}).as<control::Failed>();
    CHECK(refused.kind == FailureKind::remote_error);
    CHECK(refused.text == "sequencer is not the leader, aborting");
    rig.nodes.error("admin_stopSequencer", -32000, "sequencer is not enabled");
    CHECK(rig.ask(control::StopSequencer{}).as<control::Failed>().kind == FailureKind::bad_config);
}

TEST_CASE("the end of a call is a failure of its own for each fate", "[daemon][node]") {
    using plugin::Fate;
    CHECK(failure_of({Fate::late, CONDUCTOR_TIMED_OUT, "late"}).text == "context deadline exceeded");
    CHECK(failure_of({Fate::late, CONDUCTOR_TIMED_OUT, "late"}).kind == FailureKind::timed_out);
    CHECK(failure_of({Fate::busy, CONDUCTOR_TIMED_OUT, "busy"}).kind == FailureKind::timed_out);
    CHECK(failure_of({Fate::out_of_service, CONDUCTOR_TIMED_OUT, ""}).kind == FailureKind::other);
    CHECK(failure_of({Fate::finished, CONDUCTOR_REFUSED, "no"}).kind == FailureKind::refused);
    CHECK(failure_of({Fate::finished, CONDUCTOR_NOT_FOUND, "no"}).kind == FailureKind::not_found);
    CHECK(failure_of({Fate::finished, CONDUCTOR_UNSUPPORTED, "no"}).kind == FailureKind::unsupported);
}

TEST_CASE("a stop waits until the start that was given up has ended, and is then made", "[daemon][node][P-6]") {
    Rig rig;
    rig.nodes.says("admin_stopSequencer", recorded("okx", "stop"));
    rig.hang_on("admin_startSequencer");
    const auto start = rig.make(control::StartSequencer{filled(1)}, 10s);
    rig.wait_until_it_hangs();
    rig.abandon_last();
    const auto stop = rig.make(control::StopSequencer{});
    REQUIRE(rig.until([&] { return stop.arrived(); }));
    (void)stop.as<control::Done>();
    CHECK(start.count() == 0);  // nobody waited for it
}

TEST_CASE("a call that is given up while it waits is never made", "[daemon][node]") {
    Rig rig;
    rig.nodes.result("admin_sequencerActive", "false");
    rig.nodes.says("admin_stopSequencer", recorded("okx", "stop"));
    rig.hang_on("admin_startSequencer");
    (void)rig.make(control::StartSequencer{filled(1)});
    rig.wait_until_it_hangs();
    rig.abandon_last();
    const auto stop = rig.make(control::StopSequencer{});
    rig.abandon_last();
    const auto active = rig.make(control::AskActive{});
    REQUIRE(rig.until([&] { return active.arrived(); }));
    CHECK(stop.count() == 0);
    for (const auto& asked : rig.nodes.asked()) CHECK(asked.find("admin_stopSequencer") == std::string::npos);
}

TEST_CASE("a payload that a hanging disk keeps holds up no other call once it is given up",
          "[daemon][node][P-52]") {
    Rig rig;
    rig.nodes.says("admin_stopSequencer", recorded("okx", "stop"));
    rig.ring_hangs = true;
    const auto post = rig.make(control::PostPayload{BlockNumber{7}});
    REQUIRE(rig.ring_waits.size() == 1);
    rig.abandon_last();
    const auto stop = rig.make(control::StopSequencer{});
    REQUIRE(rig.until([&] { return stop.arrived(); }));
    (void)stop.as<control::Done>();

    // What the disk gives in the end is nobody's any more, least of all the next call's.
    const auto other = rig.make(control::PostPayload{BlockNumber{8}});
    REQUIRE(rig.ring_waits.size() == 2);
    rig.ring_waits[0](Complaint{"late"});
    rig.run_for(20ms);
    CHECK(other.count() == 0);
    rig.ring_waits[1](Complaint{"payload is not in the ring"});
    REQUIRE(rig.until([&] { return other.arrived(); }));
    CHECK(other.as<control::Failed>().text == "payload is not in the ring");
    CHECK(post.count() == 0);
}

TEST_CASE("giving up what has ended harms nobody", "[daemon][node]") {
    Rig rig;
    rig.nodes.result("admin_sequencerActive", "false");
    (void)rig.ask(control::AskActive{});
    rig.abandon(1);
    CHECK_FALSE(rig.ask(control::AskActive{}).as<control::ActiveIs>().active);
}

TEST_CASE("a payload to post comes from the ring, and none is posted that the ring lacks", "[daemon][node]") {
    Rig rig;
    const auto missing = rig.ask(control::PostPayload{BlockNumber{7}}).as<control::Failed>();
    CHECK(missing.text == "payload is not in the ring");
    CHECK(rig.nodes.asked().empty());

    const auto known = recorded("okx", "postUnsafePayload: old block, known");
    rig.ring = std::string{*plugin::json_slice(known.params, "/0")};
    rig.nodes.says("admin_postUnsafePayload", known);
    (void)rig.ask(control::PostPayload{BlockNumber{8}}).as<control::Done>();
    CHECK(rig.ring_asked == std::vector<std::uint64_t>{7, 8});
    CHECK(rig.nodes.asked().back() == "node admin_postUnsafePayload [" + rig.ring + "]");
}

TEST_CASE("a fetched payload lies on the shelf once its hash is computed and right",
          "[daemon][node][5.5.4][S-65]") {
    Rig rig;
    Recorded block;
    block.answered_by(rig.nodes);
    (void)rig.ask(control::FetchPayload{block.head}).as<control::Done>();
    auto other = block.head;
    other.hash = filled(9);
    CHECK_FALSE(rig.shelf.take(other).has_value());

    (void)rig.ask(control::FetchPayload{block.head}).as<control::Done>();
    const auto taken = rig.shelf.take(block.head);
    REQUIRE(taken.has_value());
    CHECK(taken->hash == block.head.hash);
    CHECK_FALSE(rig.shelf.take(block.head).has_value());
}

TEST_CASE("a block from before Isthmus is fetched as the payload that its node had committed",
          "[daemon][node][5.5.4][S-65]") {
    const auto ssz = conductor::test::read_file(conductor::checkout::test_data() +
                                                "/commit/base-ecotone-ssz-000115-bcf8bf.ssz");
    const auto committed = payload::envelope_from_ssz(Bytes::adopt({ssz.begin(), ssz.end()}));
    REQUIRE(committed.has_value());
    REQUIRE(committed->version == payload::Version::v3);
    Rig rig;
    rig.nodes.says("eth_getBlockByNumber", recorded("base", "latest, an Ecotone block"));
    const auto json = payload::envelope_to_json(*committed);
    const auto transaction = [&](int at) {
        return plugin::json_slice(json, "/executionPayload/transactions/" + std::to_string(at));
    };
    for (int at = 0; transaction(at); ++at)
        rig.nodes.result("eth_getRawTransactionByBlockHashAndIndex", std::string{*transaction(at)});
    const peers::Head head{committed->number, committed->hash};
    (void)rig.ask(control::FetchPayload{head}).as<control::Done>();
    const auto taken = rig.shelf.take(head);
    REQUIRE(taken.has_value());
    CHECK((taken->ssz == committed->ssz));
}

TEST_CASE("a payload of another block, or one that does not hash to its block, is not taken",
          "[daemon][node][5.5.4][S-65]") {
    Rig rig;
    Recorded block;
    block.answered_by(rig.nodes);
    auto other = block.head;
    other.hash = filled(9);
    CHECK(rig.ask(control::FetchPayload{other}).as<control::Failed>().text.find("asked was") !=
          std::string::npos);

    Rig forged;
    Recorded changed;
    changed.head = block.head;
    forged.nodes.says("eth_getBlockByNumber", changed.block);
    forged.nodes.result("eth_getRawTransactionByBlockHashAndIndex", "\"0x7e00\"");
    (void)forged.ask(control::FetchPayload{changed.head}).as<control::Failed>();
    CHECK_FALSE(forged.shelf.take(changed.head).has_value());
}

TEST_CASE("the node's newest payload is given to an operator who names its hash, beside what the loop asks",
          "[daemon][node][5.10.5]") {
    Rig rig;
    Recorded block;
    block.answered_by(rig.nodes);
    rig.nodes.result("admin_sequencerActive", "true");
    const auto active = rig.make(control::AskActive{});
    const auto newest = rig.newest(block.head.hash);
    REQUIRE(rig.until([&] { return newest->has_value() && active.arrived(); }));
    REQUIRE((*newest)->has_value());
    CHECK((**newest)->hash == block.head.hash);
    CHECK((**newest)->number == block.head.number);
    CHECK_FALSE(rig.shelf.take(block.head).has_value());  // that shelf is the loop's

    const auto other = rig.newest(filled(9));
    REQUIRE(rig.until([&] { return other->has_value(); }));
    REQUIRE((*other)->has_error());
    CHECK((*other)->error().text == "the newest block of the execution layer is " + to_hex(block.head.hash) +
                                        ", not " + to_hex(filled(9)));
    Rig silent;
    const auto nothing = silent.newest(filled(9));
    REQUIRE(silent.until([&] { return nothing->has_value(); }));
    CHECK((*nothing)->has_error());
}

TEST_CASE("the probe and a question of the loop take turns", "[daemon][node][2.2]") {
    Rig rig;
    rig.nodes.result("admin_conductorEnabled", "true");
    rig.nodes.result("admin_sequencerActive", "false");
    const auto probe = rig.probe();
    const auto active = rig.make(control::AskActive{});
    REQUIRE(rig.until([&] { return active.arrived() && probe.arrived(); }));
    CHECK(probe.as<control::ActiveIs>().active);
    CHECK_FALSE(active.as<control::ActiveIs>().active);
}

TEST_CASE("a node that does not know the probe cannot tell", "[daemon][node][2.2.2]") {
    Rig rig;
    rig.nodes.error("admin_conductorEnabled", -32601, "the method admin_conductorEnabled does not exist");
    const auto probe = rig.probe();
    REQUIRE(rig.until([&] { return probe.arrived(); }));
    CHECK(probe.as<control::Failed>().kind == FailureKind::unsupported);
}

TEST_CASE("what comes back after the port has gone finds nobody", "[daemon][node]") {
    Rig rig;
    rig.hang_on("admin_startSequencer");
    const auto start = rig.make(control::StartSequencer{filled(1)}, 200ms);
    rig.wait_until_it_hangs();
    rig.forget_port();
    rig.run_for(400ms);
    CHECK(start.count() == 0);
}
