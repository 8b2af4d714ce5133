// Asks every other conductor of the group how it is, all of them at once, once a period (conductor.md 1.7.3),
// and fills the table with what they say. A member of ours is asked one question; one that does not know it is
// a Go member and is asked the three that it can answer (1.7.5). Whoever gives no answer that can be read, or
// none in time, is silent: never healthy, never consenting.
//
// It waits for nobody: everything runs as coroutines on the core thread, and each member has its own deadline.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/peers/address_book.hpp"
#include "core/peers/table.hpp"
#include "core/runtime/jsonrpc_client.hpp"
#include "core/runtime/task_group.hpp"

namespace conductor::peers {

struct PollerSettings {
    Duration interval{std::chrono::seconds{1}};
    /// For all questions to one member together; never longer than the interval, or one member that hangs
    /// would make the answers of all others too old.
    Duration limit{std::chrono::milliseconds{300}};
};

class Poller {
public:
    struct Ears {
        std::function<void(const Note&)> noted;
        std::function<void()> round_ended;  ///< the table has what this round has learnt
    };
    /// `table` outlives it.
    Poller(boost::asio::io_context& core, ServerId self, PollerSettings settings, Table& table, Ears ears);

    /// Whom to ask from now on; the first round begins at once. An answer from where a member was before is
    /// dropped.
    void set_contacts(std::vector<Contact> contacts);
    /// Before this object goes.
    boost::asio::awaitable<void> stop() { return tasks_.stop(); }

private:
    struct Known {
        Contact contact;
        int go_rounds{0};  ///< for how many rounds it is still taken for a Go member without asking
    };
    struct Asked;
    struct Heard;
    boost::asio::awaitable<void> run();
    boost::asio::awaitable<void> ask(Contact contact, bool known_as_go);
    boost::asio::awaitable<Heard> question(Asked asked, bool known_as_go);
    boost::asio::awaitable<std::optional<Status>> question_go(Asked asked);
    boost::asio::awaitable<Result<std::string, http::RpcFailure>> call(Asked asked, std::string method);
    void begin_round();
    void took(const Contact& contact, Heard heard);
    void drop(const ServerId& id);
    void meet_members();
    [[nodiscard]] Known* find(const Contact& contact);

    boost::asio::io_context& core_;
    ServerId self_;
    PollerSettings settings_;
    Table& table_;
    Ears ears_;
    http::Client http_;
    http::JsonRpcClient rpc_{http_};
    std::vector<Known> known_;
    boost::asio::steady_timer timer_;
    std::size_t asking_{0};
    bool running_{false};
    bool hurry_{false};
    TaskGroup tasks_;
};

}  // namespace conductor::peers
