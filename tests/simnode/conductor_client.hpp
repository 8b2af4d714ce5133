// What op-node asks of its conductor, within op-node's limits: one second for both tries of a call, 50 ms
// between them (conductor 8.2). One thread.
#pragma once

#include <optional>

#include "tests/simnode/http_post.hpp"

namespace conductor::simnode {

class ConductorClient {
public:
    /// Empty: nobody there, every call fails as op-node's does without an endpoint.
    void set_endpoint(std::optional<Endpoint> endpoint) { endpoint_ = std::move(endpoint); }
    /// op-node's admin_overrideLeader: both calls succeed without asking.
    void set_overridden(bool overridden) noexcept { overridden_ = overridden; }
    [[nodiscard]] bool overridden() const noexcept { return overridden_; }

    boost::asio::awaitable<Result<bool, Complaint>> leader();
    boost::asio::awaitable<Result<void, Complaint>> commit(std::string envelope_json);

private:
    boost::asio::awaitable<Result<JsonText, Complaint>> call(std::string method, std::string params);

    std::optional<Endpoint> endpoint_;
    std::uint64_t calls_{0};
    bool overridden_{false};
};

}  // namespace conductor::simnode
