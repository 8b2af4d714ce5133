// The paths of the conductor's one listener: JSON-RPC on `/`, the binary commit, and what load balancers ask
// (conductor 3.1, 3.7). Decides by the head what may be read, answers what was read. Any net thread.
#pragma once

#include <string>
#include <vector>

#include "core/control/ports.hpp"
#include "core/payload/ssz_pool.hpp"
#include "core/rpc/commit_handler.hpp"
#include "core/rpc/dispatcher.hpp"
#include "core/rpc/http_handler.hpp"

namespace conductor::rpc {

struct RouteOptions {
    std::string version;                                    ///< as /healthz says it
    std::size_t json_body_limit{std::size_t{32} << 20U};    ///< `rpc.http-body-limit-mb`
    std::size_t binary_body_limit{std::size_t{16} << 20U};  ///< `rpc.binary-body-limit-mb`
    std::vector<std::string> cors_origins;                  ///< `rpc.cors-origins`
    BatchLimits batches;
};

class Routes final : public HttpHandler {
public:
    /// All outlive the routes.
    struct Parts {
        const MethodTable& methods;
        CommitHandler& commits;
        const control::GroupView& group;
        const control::ControlView& control;
        Observer& observer;
    };
    Routes(Parts parts, RouteOptions options);

    Admission admit(const RequestHead& head) override;
    boost::asio::awaitable<HttpResponse> answer(HttpRequest& request) override;

private:
    [[nodiscard]] Admission admit_rpc(const RequestHead& head);
    [[nodiscard]] Admission admit_binary(const RequestHead& head);
    [[nodiscard]] HttpResponse probe(const RequestHead& head) const;
    boost::asio::awaitable<RpcAnswer> answer_rpc(HttpRequest& request);
    boost::asio::awaitable<RpcAnswer> answer_fast_commit(std::string id, payload::Envelope envelope,
                                                         HttpRequest& request, Instant started);
    boost::asio::awaitable<HttpResponse> answer_binary(HttpRequest& request);
    [[nodiscard]] bool leads() const;

    Parts parts_;
    RouteOptions options_;
    Dispatcher dispatcher_;
    payload::SszPool ssz_pool_;
};

}  // namespace conductor::rpc
