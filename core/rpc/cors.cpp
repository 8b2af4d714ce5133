#include "core/rpc/cors.hpp"

#include <algorithm>

namespace conductor::rpc {

namespace {

bool method_allowed(std::string_view method) {
    return method == "GET" || method == "POST" || method == "OPTIONS";
}

bool from_page(const RequestHead& head) {
    return head.origin && !head.origin->empty();
}

}  // namespace

std::optional<HttpResponse> preflight_answer(const RequestHead& head) {
    if (head.method != "OPTIONS" || head.cors_method.empty()) return std::nullopt;
    HttpResponse response;
    response.status = 204;
    response.fields.emplace_back("Vary",
                                 "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
    if (!from_page(head) || !method_allowed(head.cors_method)) return response;
    response.fields.emplace_back("Access-Control-Allow-Origin", "*");
    response.fields.emplace_back("Access-Control-Allow-Methods", head.cors_method);
    if (!head.cors_headers.empty())
        response.fields.emplace_back("Access-Control-Allow-Headers", head.cors_headers);
    response.fields.emplace_back("Access-Control-Max-Age", "600");
    return response;
}

void add_cors_fields(HttpResponse& response, const RequestHead& head) {
    response.fields.emplace_back("Vary", "Origin");
    if (from_page(head) && method_allowed(head.method))
        response.fields.emplace_back("Access-Control-Allow-Origin", "*");
}

bool may_write(const RequestHead& head, const std::vector<std::string>& origins) {
    const auto listed = [&](const std::string& origin) { return origin == "*" || origin == *head.origin; };
    return !head.origin || std::ranges::any_of(origins, listed);
}

}  // namespace conductor::rpc
