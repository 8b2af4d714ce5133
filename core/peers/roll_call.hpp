// Asks other conductors, all at once and once, who is in their group: what a node must know that has come up
// empty, before it gives a vote that it may have given already (raft-wire 5.4.1), or founds a group beside one
// that is there (conductor.md P-36). Whoever does not answer in time, or knows of no group, has said nothing.
// Core thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/peers/address_book.hpp"
#include "core/runtime/jsonrpc_client.hpp"
#include "core/runtime/task_group.hpp"

namespace conductor::peers {

enum class Word : std::uint8_t {
    silent,      ///< no answer that can be read
    no_group,    ///< it is in no group itself
    not_listed,  ///< its group knows nobody of this id
    listed,      ///< with a vote or without: a member that lost its state may have lost its vote first
};
struct Heard {
    ServerId who;
    Word word{Word::silent};
};

class RollCall {
public:
    using Done = std::function<void(const std::vector<Heard>&)>;
    /// `limit` is each one's time to answer.
    RollCall(boost::asio::io_context& core, ServerId self, Duration limit);

    /// One call at a time. `done` comes on core, once, unless stop() comes first; nobody to ask: from inside.
    void ask(std::vector<Contact> whom, Done done);
    /// Before this object goes.
    boost::asio::awaitable<void> stop() { return tasks_.stop(); }

private:
    boost::asio::awaitable<void> ask_one(Contact whom, std::size_t place);

    boost::asio::io_context& core_;
    ServerId self_;
    Duration limit_;
    http::Client http_;
    http::JsonRpcClient rpc_{http_};
    std::vector<Heard> heard_;
    std::size_t asking_{0};
    Done done_;
    TaskGroup tasks_;
};

/// What the result of `conductor_clusterMembership` says of `self`. Pure.
[[nodiscard]] Word read_membership(std::string_view json, const ServerId& self);

}  // namespace conductor::peers
