#include "core/plugin/leader_transfer.hpp"
#include "core/plugin/network_profile.hpp"
#include "core/plugin/sequencer_driver.hpp"
#include "tests/unit/plugin/world.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;
using conductor::BlockHash;
using conductor::BlockNumber;
using conductor::Result;
using conductor::ServerId;

namespace {

/// A plugin in plain C at work: a chain of ten blocks in memory.
struct Chain {
    World world;
    std::unique_ptr<Instance> instance;
    SequencerDriver driver{*instance};

    explicit Chain(const std::string& library = "memory")
        : instance{world.make(library, "org.example.memory-driver", {})} {
        REQUIRE(world.open(*instance));
    }
    ~Chain() { world.close(*instance); }

    template <class T>
    using Got = Result<T, CallError>;
    template <class T>
    Got<T> answer(const std::function<void(SequencerDriver::Done<T>)>& ask_for) {
        std::optional<Got<T>> got;
        ask_for([&](Got<T> result) { got = std::move(result); });
        REQUIRE(world.core.run_until([&] { return got.has_value(); }));
        return *got;
    }
    template <class T>
    Got<T> ask(void (SequencerDriver::*member)(Instance::Limit, SequencerDriver::Done<T>)) {
        return answer<T>([&](SequencerDriver::Done<T> done) { (driver.*member)(5s, std::move(done)); });
    }
    template <class T, class Arg>
    Got<T> ask(void (SequencerDriver::*member)(Arg, Instance::Limit, SequencerDriver::Done<T>),
               std::type_identity_t<Arg> arg) {
        return answer<T>(
            [&](SequencerDriver::Done<T> done) { (driver.*member)(std::move(arg), 5s, std::move(done)); });
    }
};

BlockHash hash_of(std::uint8_t number) {
    BlockHash hash;
    hash.bytes.fill(number);
    return hash;
}

TransferMember member(const std::string& id, MemberHealth health = MemberHealth::healthy,
                      Says paused = Says::no) {
    TransferMember out;
    out.id = ServerId{id};
    out.voter = true;
    out.health = health;
    out.paused = paused;
    return out;
}

}  // namespace

TEST_CASE("a driver in plain C starts, stops and says what it stands on", "[plugin][driver]") {
    const std::string library = GENERATE("memory", "memory-frozen");
    Chain chain{library};
    const auto head = chain.ask<Block>(&SequencerDriver::unsafe_head);
    REQUIRE(head);
    CHECK(head->number == BlockNumber{10});
    CHECK(head->hash == hash_of(10));
    CHECK(head->parent == hash_of(9));
    CHECK(head->timestamp_s == 1'700'000'020);

    CHECK(*chain.ask<Change>(&SequencerDriver::start, hash_of(10)) == Change::done);
    CHECK(*chain.ask<Change>(&SequencerDriver::start, hash_of(10)) == Change::already);
    CHECK(*chain.ask<bool>(&SequencerDriver::active));
    const auto stopped = chain.ask<Stopped>(&SequencerDriver::stop);
    REQUIRE(stopped);
    CHECK(stopped->change == Change::done);
    CHECK(stopped->head == hash_of(10));
    CHECK(chain.ask<Stopped>(&SequencerDriver::stop)->change == Change::already);
    CHECK_FALSE(*chain.ask<bool>(&SequencerDriver::active));
}

TEST_CASE("what a driver refuses comes back with its status and words", "[plugin][driver]") {
    Chain chain;
    const auto mismatch = chain.ask<Change>(&SequencerDriver::start, hash_of(9));
    REQUIRE_FALSE(mismatch);
    CHECK(mismatch.error().status == CONDUCTOR_REMOTE_ERROR);
    CHECK(mismatch.error().text == "block hash does not match");
    CHECK(chain.ask<Change>(&SequencerDriver::start, std::nullopt).error().status == CONDUCTOR_BAD_CONFIG);
    CHECK(chain.ask<bool>(&SequencerDriver::conductor_enabled).error().status == CONDUCTOR_UNSUPPORTED);
    CHECK(chain.ask<Block>(&SequencerDriver::block_at, BlockNumber{11}).error().status == CONDUCTOR_NOT_FOUND);
    CHECK(chain.ask<std::string>(&SequencerDriver::payload_at, BlockNumber{11}).error().status ==
          CONDUCTOR_NOT_FOUND);
}

TEST_CASE("a payload goes in and comes out again", "[plugin][driver]") {
    Chain chain;
    const std::string next = R"({"executionPayload":{"blockNumber":"0xb"}})";
    CHECK(*chain.ask<Change>(&SequencerDriver::post_payload, next) == Change::done);
    CHECK(*chain.ask<Change>(&SequencerDriver::post_payload, next) == Change::already);
    CHECK(chain.ask<Change>(&SequencerDriver::post_payload, "{}").error().status == CONDUCTOR_REFUSED);
    CHECK(*chain.ask<std::string>(&SequencerDriver::payload_at, BlockNumber{11}) == next);
    CHECK(chain.ask<Block>(&SequencerDriver::block_at, BlockNumber{11})->hash == hash_of(11));
}

TEST_CASE("a strategy sees members sorted by id and ranks those it thinks fit", "[plugin][transfer]") {
    World world;
    const auto instance = world.make("memory", "org.example.next-fit", {});
    REQUIRE(world.open(*instance));
    LeaderTransfer strategy{*instance};

    TransferRequest request;
    request.own = ServerId{"c"};
    request.members = {member("e", MemberHealth::unhealthy), member("a"), member("d", MemberHealth::unknown),
                       member("c"), member("b", MemberHealth::healthy, Says::yes)};
    std::optional<Result<std::vector<ServerId>, CallError>> got;
    strategy.rank(request, 1s, [&](Result<std::vector<ServerId>, CallError> order) { got = std::move(order); });
    REQUIRE(world.core.run_until([&] { return got.has_value(); }));
    REQUIRE(*got);
    CHECK(**got == std::vector<ServerId>{ServerId{"d"}, ServerId{"a"}});
    world.close(*instance);
}

TEST_CASE("each function of a driver, a strategy and a provider that hangs is given up at its limit",
          "[plugin][driver][transfer]") {
    using Report = std::function<void(const CallError*)>;
    struct Asked {
        const char* id;
        std::function<void(Instance&, Report)> ask;
    };
    constexpr auto limit = 20ms;
    const auto tell = [](Report report) {
        return [report = std::move(report)](const auto& result) {
            if (result) return report(nullptr);
            const CallError error = result.error();
            report(&error);
        };
    };
    const auto driver = [&](auto ask) {
        return Asked{"org.example.hanging-driver", [ask, tell](Instance& instance, Report report) {
                         SequencerDriver driver_of{instance};
                         ask(driver_of, tell(std::move(report)));
                     }};
    };
    const auto provider = [&](auto ask) {
        return Asked{"org.example.hanging-profiles", [ask, tell](Instance& instance, Report report) {
                         NetworkProfile profiles{instance};
                         ask(profiles, tell(std::move(report)));
                     }};
    };
    TransferRequest request;
    request.own = ServerId{"a"};
    request.members = {member("a"), member("b")};
    const std::vector<Asked> all{
        driver([&](auto& d, auto done) { d.start(hash_of(1), limit, done); }),
        driver([&](auto& d, auto done) { d.stop(limit, done); }),
        driver([&](auto& d, auto done) { d.active(limit, done); }),
        driver([&](auto& d, auto done) { d.conductor_enabled(limit, done); }),
        driver([&](auto& d, auto done) { d.unsafe_head(limit, done); }),
        driver([&](auto& d, auto done) { d.block_at(BlockNumber{1}, limit, done); }),
        driver([&](auto& d, auto done) { d.post_payload("{}", limit, done); }),
        driver([&](auto& d, auto done) { d.payload_at(BlockNumber{1}, limit, done); }),
        {"org.example.hanging-strategy",
         [&](Instance& instance, Report report) {
             LeaderTransfer{instance}.rank(request, limit, tell(std::move(report)));
         }},
        provider([&](auto& p, auto done) { p.list(limit, done); }),
        provider([&](auto& p, auto done) { p.resolve("x", limit, done); }),
    };
    for (const auto& [id, ask] : all) {
        World world;
        const TemporaryDirectory directory;
        const auto release = (directory.path() / "release").string();
        const auto instance = world.make("hangs", id, {raw("release", release)}, {.grace = 5ms});
        REQUIRE(world.open(*instance));
        std::vector<std::string> said;
        for (int i = 0; i < 2; ++i) {
            std::optional<std::string> text;
            ask(*instance, [&](const CallError* error) { text = error == nullptr ? "answered" : error->text; });
            REQUIRE(world.core.run_until([&] { return text.has_value(); }));
            said.push_back(*text);
        }
        CHECK(said == std::vector<std::string>{"no answer in time", "its last call still runs"});
        std::ofstream{release} << "";
        while (instance->busy()) std::this_thread::sleep_for(1ms);
        world.close(*instance);
    }
}

TEST_CASE("a block that a driver has not filled in, or one of another height, is no answer",
          "[plugin][driver]") {
    World world;
    const auto instance = world.make("hangs", "org.example.hanging-driver", {raw("release", "/")});
    REQUIRE(world.open(*instance));
    SequencerDriver driver{*instance};
    const auto ask = [&](auto question) {
        std::optional<Result<Block, CallError>> got;
        question([&](Result<Block, CallError> block) { got = std::move(block); });
        REQUIRE(world.core.run_until([&] { return got.has_value(); }));
        REQUIRE_FALSE(*got);
        CHECK(got->error().status == CONDUCTOR_INTERNAL);
        return got->error().text;
    };
    CHECK(ask([&](auto done) { driver.unsafe_head(5s, done); }) == "malformed: a block without a hash");
    CHECK(ask([&](auto done) { driver.block_at(BlockNumber{0}, 5s, done); }) ==
          "malformed: a block without a hash");
    CHECK(ask([&](auto done) { driver.block_at(BlockNumber{3}, 5s, done); }) ==
          "malformed: block 0 for the one of height 3");
    world.close(*instance);
}

TEST_CASE("a driver that needs a head is never asked to start without one", "[plugin][driver]") {
    World world;
    const auto instance = world.make("hangs", "org.example.hanging-driver", {raw("release", "/")});
    REQUIRE(world.open(*instance));
    std::optional<Result<Change, CallError>> got;
    SequencerDriver{*instance}.start(std::nullopt, 5s, [&](Result<Change, CallError> done) { got = done; });
    REQUIRE(world.core.run_until([&] { return got.has_value(); }));
    REQUIRE_FALSE(*got);  // asked, it would have said that it is done
    CHECK(got->error().status == CONDUCTOR_BAD_CONFIG);
    CHECK(got->error().text == "the driver needs the hash to build on");
    world.close(*instance);
}

TEST_CASE("statuses of a younger plugin are read the harmless way", "[plugin][driver]") {
    CHECK(known_status(-99) == CONDUCTOR_INTERNAL);
    CHECK(known_status(5) == CONDUCTOR_OK);
    CHECK(known_status(CONDUCTOR_ALREADY) == CONDUCTOR_ALREADY);
    CHECK(known_status(CONDUCTOR_NOT_FOUND) == CONDUCTOR_NOT_FOUND);
}
