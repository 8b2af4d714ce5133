#include "core/rpc/metrics_route.hpp"

#include "core/rpc/gzip.hpp"

namespace conductor::rpc {

// Answered from the head: nobody's body is read.
Admission MetricsRoute::admit(const RequestHead& head) {
    HttpResponse response;
    response.fields.emplace_back("Content-Type",
                                 "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
    response.body = metrics_.scrape();
    if (head.accept_encoding.find("gzip") != std::string::npos) {
        response.body = gzip(response.body);
        response.fields.emplace_back("Content-Encoding", "gzip");
    }
    Admission admission;
    admission.at_once = std::move(response);
    return admission;
}

boost::asio::awaitable<HttpResponse> MetricsRoute::answer(HttpRequest&) {
    co_return HttpResponse{};  // admit() has answered
}

}  // namespace conductor::rpc
