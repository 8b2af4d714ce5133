#include "core/rpc/routes.hpp"

#include <algorithm>
#include <array>

#include "core/base/go_text.hpp"
#include "core/rpc/cors.hpp"
#include "core/rpc/gzip.hpp"
#include "core/rpc/json_text.hpp"
#include "core/rpc/media_type.hpp"
#include "core/rpc/url_path.hpp"
#include "core/runtime/clock.hpp"
#include "core/runtime/deadline.hpp"

namespace conductor::rpc {

namespace asio = boost::asio;

namespace {

constexpr std::string_view binary_path{"/commit-unsafe-payload"};
constexpr std::array<std::string_view, 8> probe_paths{"/healthz", "/healthz/", "/livez",   "/livez/",
                                                      "/readyz",  "/readyz/",  "/leaderz", "/leaderz/"};
constexpr std::array<std::string_view, 3> json_types{"application/json", "application/json-rpc",
                                                     "application/jsonrequest"};

bool is_json(const std::optional<std::string>& content_type) {
    if (!content_type) return false;
    const auto type = media_type(*content_type);
    return type && std::ranges::find(json_types, *type) != json_types.end();
}

HttpResponse json_response(int status, std::string body) {
    HttpResponse response;
    response.status = status;
    response.fields.emplace_back("Content-Type", "application/json");
    response.body = std::move(body);
    return response;
}

// Go's redirect carries a link for people, for the two verbs that people use.
HttpResponse redirect(const RequestHead& head, const std::string& path) {
    auto location = percent_encode_unsafe(path);
    if (!head.query.empty()) location.append("?").append(head.query);
    HttpResponse response;
    response.status = 307;
    response.fields.emplace_back("Location", location);
    if (head.method != "GET" && head.method != "HEAD") return response;
    response.fields.emplace_back("Content-Type", "text/html; charset=utf-8");
    if (head.method == "GET") response.body = "<a href=\"" + location + "\">Temporary Redirect</a>.\n\n";
    return response;
}

HttpResponse star(const RequestHead& head) {
    HttpResponse response;
    if (head.method == "OPTIONS") {
        response.plain = true;
        return response;
    }
    response.status = 400;
    if (head.minor == 1) response.fields.emplace_back("Connection", "close");
    return response;
}

// What Go's gzip handler does around the JSON-RPC route: any mention of gzip counts, whatever its weight.
void compress(HttpResponse& response, const RequestHead& head) {
    if (response.plain || response.status == 204) return;
    if (head.accept_encoding.find("gzip") == std::string::npos) return;
    response.body = gzip(response.body);
    response.fields.emplace_back("Content-Encoding", "gzip");
}

Admission at_once(HttpResponse response) {
    Admission admission;
    admission.at_once = std::move(response);
    return admission;
}

Admission up_to(std::size_t limit) {
    Admission admission;
    admission.body_limit = limit;
    return admission;
}

}  // namespace

Routes::Routes(Parts parts, RouteOptions options)
    : parts_{parts},
      options_{std::move(options)},
      dispatcher_{parts.methods, parts.observer, options_.batches} {}

bool Routes::leads() const {
    return parts_.control.leader_overridden() || parts_.group.leads();
}

Admission Routes::admit(const RequestHead& head) {
    if (head.star) return at_once(star(head));
    if (head.method != "CONNECT") {
        if (auto clean = clean_path(head.escaped_path); clean != head.escaped_path)
            return at_once(redirect(head, clean));
    }
    if (head.path == binary_path) return admit_binary(head);
    if (std::ranges::find(probe_paths, head.path) != probe_paths.end()) return at_once(probe(head));
    if (head.path == "/") return admit_rpc(head);
    return at_once(text_response(404, "404 page not found"));
}

HttpResponse Routes::probe(const RequestHead& head) const {
    if (head.path.starts_with("/healthz"))
        return json_response(200, R"({"version":)" + json_string(options_.version) + "}\n");
    if (head.path.starts_with("/livez")) return json_response(200, "{\"live\":true}\n");
    if (head.path.starts_with("/leaderz")) {
        const bool leader = leads();
        return json_response(leader ? 200 : 503, leader ? "{\"leader\":true}\n" : "{\"leader\":false}\n");
    }
    const auto why = parts_.control.stopped() ? std::string{"stopped"} : parts_.group.not_ready();
    if (why.empty()) return json_response(200, "{\"ready\":true}\n");
    return json_response(503, R"({"ready":false,"why":)" + json_string(why) + "}\n");
}

// In the order of Go: the dumb health check, then method, length, content type.
Admission Routes::admit_rpc(const RequestHead& head) {
    const auto refuse = [&](int status, std::string_view text) {
        auto response = text_response(status, text);
        add_cors_fields(response, head);
        compress(response, head);
        return at_once(std::move(response));
    };
    if (auto preflight = preflight_answer(head)) return at_once(std::move(*preflight));
    if (head.method == "GET" && !head.has_body() && head.query.empty()) {
        HttpResponse response;
        add_cors_fields(response, head);
        compress(response, head);
        return at_once(std::move(response));
    }
    if (head.method == "PUT" || head.method == "DELETE") return refuse(405, "method not allowed");
    if (head.content_length > options_.json_body_limit) {
        parts_.observer.body_refused(head.content_length, options_.json_body_limit);
        return refuse(413, "content length too large (" + std::to_string(head.content_length) + ">" +
                               std::to_string(options_.json_body_limit) + ")");
    }
    if (head.method != "OPTIONS" && !is_json(head.content_type))
        return refuse(415, "invalid content type, only application/json is supported");
    return up_to(options_.json_body_limit);
}

Admission Routes::admit_binary(const RequestHead& head) {
    if (head.method != "POST") {
        auto response = text_response(405, "method not allowed");
        response.fields.emplace_back("Allow", "POST");
        return at_once(std::move(response));
    }
    const auto type = head.content_type.value_or("");
    if (!type.empty() && type != "application/octet-stream")
        return at_once(text_response(
            415, "unsupported content-type " + go_quote(type) + ", want application/octet-stream"));
    if (head.content_length > options_.binary_body_limit) {
        parts_.observer.body_refused(head.content_length, options_.binary_body_limit);
        return at_once(text_response(413, "payload too large: " + std::to_string(head.content_length) + " > " +
                                              std::to_string(options_.binary_body_limit)));
    }
    if (!may_write(head, options_.cors_origins)) return at_once(text_response(403, "origin not allowed"));
    return up_to(options_.binary_body_limit);
}

asio::awaitable<HttpResponse> Routes::answer(HttpRequest& request) {
    if (request.head.path == binary_path) co_return co_await answer_binary(request);

    auto answer = co_await answer_rpc(request);
    auto response = json_response(200, std::move(answer.body));
    response.plain = answer.from_transport;
    add_cors_fields(response, request.head);
    response.last = parts_.control.stopped();
    // Where Go's handler writes nothing, nothing is compressed.
    if (!response.body.empty()) compress(response, request.head);
    co_return response;
}

asio::awaitable<RpcAnswer> Routes::answer_rpc(HttpRequest& request) {
    const auto started = now();
    const bool trusted = may_write(request.head, options_.cors_origins);
    if (trusted && request.body_end == BodyEnd::complete) {
        if (auto fast = payload::fast_commit_call(request.body.buffer(), ssz_pool_)) {
            parts_.observer.payload_transcoded(now() - started);
            std::string id{fast->id};
            co_return co_await answer_fast_commit(std::move(id), std::move(fast->envelope), request, started);
        }
    }
    const auto frame = read_frame(request.body.buffer().text());
    if (frame) {
        const Caller caller{trusted, request.answer_by, request.peer};
        co_return co_await dispatcher_.dispatch(*frame, caller);
    }
    if (request.body_end == BodyEnd::timed_out) co_return transport_error(code::parse_error, "read timeout");
    if (frame.error() == FrameErrc::empty && request.body_end == BodyEnd::complete) co_return RpcAnswer{};
    co_return transport_error(code::parse_error, "parse error");
}

asio::awaitable<RpcAnswer> Routes::answer_fast_commit(std::string id, payload::Envelope envelope,
                                                      HttpRequest& request, Instant started) {
    CallFacts facts;
    facts.method = facts.asked = "conductor_commitUnsafePayload";
    facts.id = id;
    facts.peer = request.peer;
    facts.changes = true;
    facts.params_octets = request.body.buffer().size();
    auto storing = parts_.commits.commit(std::move(envelope), CommitVia::json);
    const auto stored = co_await within(request.answer_by - now(), std::move(storing));

    RpcAnswer answer;
    RpcError error{code::timeout, "request timed out", {}};
    if (stored && *stored) {
        answer.body = result_text(id, "null");
    } else {
        if (stored) error = stored->error();
        answer.from_transport = !stored;
        facts.error_code = error.code;
        facts.error = error.message;
        answer.body = error_text(id, error);
    }
    if (!answer.from_transport) answer.body += '\n';
    facts.took = now() - started;
    parts_.observer.call_answered(facts);
    co_return answer;
}

asio::awaitable<HttpResponse> Routes::answer_binary(HttpRequest& request) {
    switch (request.body_end) {
        case BodyEnd::complete:
            break;
        case BodyEnd::over_limit:
            parts_.observer.body_refused(0, options_.binary_body_limit);
            co_return text_response(
                413, "payload too large: > " + std::to_string(options_.binary_body_limit) + " bytes");
        case BodyEnd::timed_out:
            co_return text_response(400, "read body: i/o timeout");
        case BodyEnd::malformed:
            co_return text_response(400, "read body: malformed chunked encoding");
        case BodyEnd::cut_off:
        case BodyEnd::no_room:
            co_return text_response(400, "read body: unexpected EOF");
    }
    if (request.body.buffer().size() == 0) co_return text_response(400, "empty payload");

    auto storing = parts_.commits.commit_ssz(request.body.into_bytes());
    const auto stored = co_await within(request.answer_by - now(), std::move(storing));
    if (!stored) co_return text_response(500, "failed to apply payload envelope: request timed out");
    if (!*stored) co_return text_response(500, stored->error().message);
    co_return HttpResponse{};
}

}  // namespace conductor::rpc
