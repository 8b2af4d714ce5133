// One HTTP listener with a table of JSON-RPC methods behind it, as go-ethereum's server answers, with faults in
// front. Can be closed and opened again on its port. One thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>

#include "core/rpc/dispatcher.hpp"
#include "core/rpc/http_handler.hpp"
#include "core/rpc/http_server.hpp"
#include "tests/simnode/faults.hpp"

namespace conductor::simnode {

/// What the three surfaces differ in.
struct SurfaceHabits {
    bool cors{false};     ///< `Vary: Origin`, as op-node; op-geth has it not
    bool healthz{false};  ///< op-node's
    std::size_t body_limit{std::size_t{5} << 20U};
};

class Surface final : public rpc::HttpHandler {
public:
    /// Answers what is posted to another path than `/`; the body is complete.
    using Post = std::function<rpc::HttpResponse(std::string_view body)>;

    /// One thread runs `net`.
    Surface(boost::asio::io_context& net, std::uint16_t port, SurfaceHabits habits);

    rpc::MethodTable methods;  ///< complete before open()
    Faults faults;
    std::map<std::string, Post> posts;

    /// Binds; the first time any port where 0 was asked for, the same one ever after.
    [[nodiscard]] Result<void, Complaint> open();
    /// Cuts every connection. Must not run on one of them.
    boost::asio::awaitable<void> close();
    [[nodiscard]] bool is_open() const noexcept { return server_ != nullptr; }
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    /// Calls that arrived, by method, faulty ones too.
    [[nodiscard]] const std::map<std::string, std::uint64_t>& calls() const noexcept { return calls_; }

    rpc::Admission admit(const rpc::RequestHead& head) override;
    boost::asio::awaitable<rpc::HttpResponse> answer(rpc::HttpRequest& request) override;

private:
    boost::asio::awaitable<rpc::HttpResponse> answer_rpc(rpc::HttpRequest& request);
    [[nodiscard]] std::vector<std::string> arrive(const rpc::Frame& frame);

    boost::asio::io_context& net_;
    std::uint16_t port_;
    SurfaceHabits habits_;
    rpc::Observer observer_;
    rpc::Dispatcher dispatcher_;
    std::map<std::string, std::uint64_t> calls_;
    std::unique_ptr<rpc::HttpServer> server_;
};

}  // namespace conductor::simnode
