// What proves that a leader is gone: two refusals in a row and no sign of life, and nothing else.
#include "core/replica/leader_watch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <map>
#include <vector>

using namespace conductor;
using namespace conductor::replica;
using namespace std::chrono_literals;

namespace {

const ServerId chief{"chief"};

/// A watch whose dials come to what the test says, and after the last of it to refusals.
class Watched {
public:
    explicit Watched(std::vector<bool> refusals) : refusals_{std::move(refusals)} {}
    ~Watched() {
        bool stopped = false;
        boost::asio::co_spawn(core, watch.stop(), [&](const std::exception_ptr&) { stopped = true; });
        core.restart();
        core.run();
        CHECK(stopped);
    }
    /// Until the watch has nothing more to do.
    void run() {
        core.restart();
        core.run_for(10s);
    }

    boost::asio::io_context core;
    std::map<ServerId, Suspect> suspects{{chief, {"10.0.0.1:50050", Term{3}, Instant{5s}}}};
    std::vector<std::string> dialled;
    std::vector<ServerId> gone;
    std::function<void()> on_dial = [] {};
    LeaderWatch watch{core,
                      {[this](const ServerId& id) {
                           const auto known = suspects.find(id);
                           return known == suspects.end() ? std::nullopt : std::optional{known->second};
                       },
                       [this](std::string address) { return dial(std::move(address)); },
                       [this](const ServerId& id, const Suspect&) { gone.push_back(id); }}};

private:
    boost::asio::awaitable<bool> dial(std::string address) {
        co_await boost::asio::post(core, boost::asio::use_awaitable);
        dialled.push_back(std::move(address));
        on_dial();
        co_return dialled.size() > refusals_.size() || refusals_[dialled.size() - 1];
    }

    std::vector<bool> refusals_;
};

bool refuses(std::uint16_t port) {
    boost::asio::io_context core;
    bool refused = false;
    boost::asio::co_spawn(core, refuses_connections("127.0.0.1:" + std::to_string(port)),
                          [&](const std::exception_ptr&, bool answer) { refused = answer; });
    core.run();
    return refused;
}

}  // namespace

TEST_CASE("two refusals in a row prove that the leader is gone", "[replica][leader-watch][C-91]") {
    Watched one{{true, true}};
    one.watch.left(chief);
    one.run();
    CHECK(one.gone == std::vector{chief});
    CHECK(one.dialled == std::vector<std::string>(2, "10.0.0.1:50050"));
}

TEST_CASE("a dial that is not refused proves nothing, nor does one refusal", "[replica][leader-watch][C-91]") {
    Watched one{{true, false, true, false, false, true, true}};
    one.watch.left(chief);
    one.run();
    CHECK(one.gone == std::vector{chief});
    CHECK(one.dialled.size() == 7);
}

TEST_CASE("a leader that is heard meanwhile, or in another term, or no more the leader, is not gone",
          "[replica][leader-watch][C-91]") {
    const auto what = GENERATE(1, 2, 3);
    Watched one{{true, true}};
    one.on_dial = [&] {
        if (one.dialled.size() < 2) return;
        if (what == 1) one.suspects[chief].heard += 1ms;
        if (what == 2) one.suspects[chief].term = Term{4};
        if (what == 3) one.suspects.clear();
    };
    one.watch.left(chief);
    one.run();
    CHECK(one.gone.empty());
    CHECK(one.dialled.size() == 2);
}

TEST_CASE("whoever is not the leader may leave without a question", "[replica][leader-watch]") {
    Watched one{{}};
    one.watch.left(ServerId{"somebody"});
    one.run();
    CHECK(one.dialled.empty());
    CHECK(one.gone.empty());
}

TEST_CASE("a leader that came back and left again is watched anew", "[replica][leader-watch]") {
    Watched one{{true, false}};
    one.on_dial = [&] {
        if (one.dialled.size() != 2) return;
        one.suspects[chief].heard += 1ms;
        one.watch.left(chief);
    };
    one.watch.left(chief);
    one.run();
    CHECK(one.gone == std::vector{chief});
    CHECK(one.dialled.size() == 4);
}

TEST_CASE("a closed port refuses, an open one does not", "[replica][leader-watch]") {
    boost::asio::io_context core;
    boost::asio::ip::tcp::acceptor acceptor{core, {boost::asio::ip::address_v4::loopback(), 0}};
    const auto port = acceptor.local_endpoint().port();
    CHECK_FALSE(refuses(port));
    acceptor.close();
    CHECK(refuses(port));
    CHECK_FALSE(refuses(0));  // no address is no refusal
}
