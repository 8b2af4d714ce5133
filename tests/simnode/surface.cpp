#include "tests/simnode/surface.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/rpc/cors.hpp"
#include "core/rpc/gzip.hpp"
#include "core/rpc/media_type.hpp"
#include "core/runtime/clock.hpp"

namespace conductor::simnode {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t max_counted = 256;  ///< names of methods that are counted one by one

bool is_json(const std::optional<std::string>& content_type) {
    const auto type = content_type ? rpc::media_type(*content_type) : std::nullopt;
    return type && (*type == "application/json" || *type == "application/json-rpc" ||
                    *type == "application/jsonrequest");
}

rpc::HttpResponse json_response(std::string body) {
    rpc::HttpResponse response;
    response.fields.emplace_back("Content-Type", "application/json");
    response.body = std::move(body);
    return response;
}

std::string id_of(const rpc::Frame& frame) {
    const auto message = rpc::read_message(frame.value);
    return message.has_valid_id() ? std::string{*message.id} : "null";
}

// A wait that ends by `until` at the latest; whether it could be as long as asked for.
asio::awaitable<bool> pause(Duration wanted, Instant until) {
    const auto left = until - now();
    asio::steady_timer timer{co_await asio::this_coro::executor,
                             std::max<Duration>(std::min(wanted, left), 0ms)};
    co_await timer.async_wait(asio::use_awaitable);
    co_return wanted <= left;
}

rpc::HttpResponse spoilt(const Fault& fault, const rpc::Frame& frame) {
    if (fault.kind == Fault::Kind::error)
        return json_response(rpc::error_text(id_of(frame), {fault.code, fault.text, {}}) + "\n");
    auto response = json_response(fault.text);
    response.status = fault.code;
    return response;
}

rpc::HttpResponse too_late(const rpc::Frame& frame) {
    return json_response(rpc::error_text(id_of(frame), {rpc::code::timeout, "request timed out", {}}));
}

}  // namespace

Surface::Surface(asio::io_context& net, std::uint16_t port, SurfaceHabits habits)
    : net_{net}, port_{port}, habits_{habits}, dispatcher_{methods, observer_, {}} {}

Result<void, Complaint> Surface::open() {
    rpc::HttpServerOptions options;
    options.address = "127.0.0.1";
    options.port = port_;
    options.linger = 50ms;
    options.stop_grace = 20ms;
    auto server = std::make_unique<rpc::HttpServer>([this] { return asio::make_strand(net_); }, *this,
                                                    observer_, options);
    const auto bound = server->listen();
    if (!bound) return bound.error();
    port_ = *bound;
    server_ = std::move(server);
    return {};
}

asio::awaitable<void> Surface::close() {
    const auto server = std::exchange(server_, nullptr);
    if (server) co_await server->stop();
}

rpc::Admission Surface::admit(const rpc::RequestHead& head) {
    rpc::Admission admission;
    const auto refuse = [&](int status, std::string_view text) {
        admission.at_once = rpc::text_response(status, text);
        if (habits_.cors) rpc::add_cors_fields(*admission.at_once, head);
        return admission;
    };
    admission.body_limit = habits_.body_limit;
    if (head.method == "POST" && posts.contains(head.path)) return admission;
    if (habits_.healthz && head.path == "/healthz") {
        admission.at_once = json_response("{\"version\":\"v1.19.0\"}\n");
        return admission;
    }
    if (head.path != "/") {
        admission.at_once = rpc::text_response(404, "404 page not found");
        return admission;
    }
    if (head.method == "GET" && !head.has_body() && head.query.empty()) {
        admission.at_once.emplace();
        return admission;
    }
    if (head.method == "PUT" || head.method == "DELETE") return refuse(405, "method not allowed");
    if (head.content_length > habits_.body_limit)
        return refuse(413, "content length too large (" + std::to_string(head.content_length) + ">" +
                               std::to_string(habits_.body_limit) + ")");
    if (!is_json(head.content_type))
        return refuse(415, "invalid content type, only application/json is supported");
    return admission;
}

asio::awaitable<rpc::HttpResponse> Surface::answer(rpc::HttpRequest& request) {
    if (const auto post = posts.find(request.head.path); post != posts.end()) {
        if (request.body_end != rpc::BodyEnd::complete) co_return rpc::text_response(400, "incomplete body");
        co_return post->second(request.body.buffer().text());
    }
    auto response = co_await answer_rpc(request);
    if (habits_.cors) rpc::add_cors_fields(response, request.head);
    const bool wanted = request.head.accept_encoding.find("gzip") != std::string::npos;
    if (wanted && !response.plain && !response.body.empty()) {
        response.body = rpc::gzip(response.body);
        response.fields.emplace_back("Content-Encoding", "gzip");
    }
    co_return response;
}

std::vector<std::string> Surface::arrive(const rpc::Frame& frame) {
    std::vector<std::string> names;
    if (frame.is_batch()) {
        json::ElementCursor elements{frame.value};
        while (const auto element = elements.next()) names.push_back(rpc::read_message(*element).method);
    } else {
        names.push_back(rpc::read_message(frame.value).method);
    }
    for (const auto& name : names)
        if (calls_.size() < max_counted || calls_.contains(name)) ++calls_[name];
    return names;
}

asio::awaitable<rpc::HttpResponse> Surface::answer_rpc(rpc::HttpRequest& request) {
    const auto frame = rpc::read_frame(request.body.buffer().text());
    if (!frame) {
        const bool complete = request.body_end == rpc::BodyEnd::complete;
        if (frame.error() == rpc::FrameErrc::empty && complete) co_return json_response({});
        const bool late = request.body_end == rpc::BodyEnd::timed_out;
        const auto* const why = late ? "read timeout" : "parse error";
        auto response = json_response(rpc::transport_error(rpc::code::parse_error, why).body);
        response.plain = true;
        co_return response;
    }
    const auto fault = faults.meet(arrive(*frame));
    const bool hangs = fault && fault->kind == Fault::Kind::hang;
    if (fault && !fault->takes_effect) {
        if (!hangs) co_return spoilt(*fault, *frame);
        if (!co_await pause(fault->delay, request.answer_by)) co_return too_late(*frame);
    }
    const rpc::Caller caller{true, request.answer_by, request.peer};
    auto answer = co_await dispatcher_.dispatch(*frame, caller);
    if (fault && fault->takes_effect) {
        if (!hangs) co_return spoilt(*fault, *frame);
        if (!co_await pause(fault->delay, request.answer_by)) co_return too_late(*frame);
    }
    auto response = json_response(std::move(answer.body));
    response.plain = answer.from_transport;
    co_return response;
}

}  // namespace conductor::simnode
