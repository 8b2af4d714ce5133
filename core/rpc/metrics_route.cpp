#include "core/rpc/metrics_route.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "core/rpc/gzip.hpp"

namespace conductor::rpc {

namespace {

// How much `coding` is wanted, by name or by a star, as Go's metrics handler weighs it; -1: not spoken of.
double weight_of(std::string_view accepted, std::string_view coding) {
    double weight = -1;
    while (!accepted.empty()) {
        auto one = accepted.substr(0, accepted.find(','));
        accepted.remove_prefix(std::min(accepted.size(), one.size() + 1));
        while (one.starts_with(' ') || one.starts_with('\t')) one.remove_prefix(1);
        const auto name = one.substr(0, one.find_first_of("; \t"));
        if (name != coding && name != "*") continue;
        const auto q = one.find("q=");
        const auto wanted =
            q == std::string_view::npos ? 1.0 : std::strtod(std::string{one.substr(q + 2)}.c_str(), nullptr);
        weight = std::max(weight, wanted);
    }
    return weight;
}

}  // namespace

// Answered from the head: nobody's body is read.
Admission MetricsRoute::admit(const RequestHead& head) {
    HttpResponse response;
    response.fields.emplace_back("Content-Type",
                                 "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
    response.body = metrics_.scrape();
    const auto packed = weight_of(head.accept_encoding, "gzip");
    if (packed > 0 && packed > weight_of(head.accept_encoding, "identity")) {
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
