// What op-node asks of its conductor, within op-node's limits: one second for both tries of a call, 50 ms
// between them (conductor 8.2). One thread.
#pragma once

#include <optional>

#include "tests/simnode/block.hpp"
#include "tests/simnode/http_post.hpp"

namespace conductor::simnode {

class ConductorClient {
public:
    /// `conductor.binary-commit` of Base's op-node: SSZ to a path of its own instead of a JSON-RPC call.
    void set_binary_commit(bool binary) noexcept { binary_ = binary; }
    /// Empty: nobody there, every call fails as op-node's does without an endpoint.
    void set_endpoint(std::optional<Endpoint> endpoint) { endpoint_ = std::move(endpoint); }
    /// op-node's admin_overrideLeader: both calls succeed without asking.
    void set_overridden(bool overridden) noexcept { overridden_ = overridden; }
    [[nodiscard]] bool overridden() const noexcept { return overridden_; }

    boost::asio::awaitable<Result<bool, Complaint>> leader();
    boost::asio::awaitable<Result<void, Complaint>> commit(Envelope block);

private:
    boost::asio::awaitable<Result<JsonText, Complaint>> call(std::string method, std::string params);
    boost::asio::awaitable<Result<JsonText, Complaint>> post_ssz(std::string ssz);
    template <class Try>
    boost::asio::awaitable<Result<JsonText, Complaint>> within_budget(Try attempt_once) const;

    std::optional<Endpoint> endpoint_;
    std::uint64_t calls_{0};
    bool overridden_{false};
    bool binary_{false};
};

}  // namespace conductor::simnode
