// Whether an HTTP page answers as it should: the simplest way to make a service that already knows how it is a
// gate of leadership.
#include <conductor/cpp/health_check.hpp>

#include <algorithm>
#include <vector>

using conductor::Finding;

/// Unhealthy when the page does not answer, with another status, or without a text.
class Http final : public conductor::HealthCheck {
public:
    static constexpr conductor::About about{"io.conductord.http", "HTTP page", "0.1.0",
                                            "An HTTP page answers with the right status and text"};
    static constexpr std::array options{
        conductor::required(conductor::option_endpoint("endpoint", nullptr, "whom to ask")),
        conductor::live(
            conductor::option_string("path", "", "appended to the endpoint's URL; begins with / or ?")),
        conductor::live(conductor::list_of(
            conductor::option_integer("healthy", "200", 100, 599, "status codes of health"))),
        conductor::live(conductor::list_of(conductor::option_integer(
            "degraded", nullptr, 100, 599, "status codes that count as healthy and are shown amber"))),
        conductor::live(conductor::option_string("contains", "", "text that the body of a good answer holds"))};
    static constexpr std::array<const char*, 5> reasons{"http.down", "http.status", "http.body",
                                                        "http.degraded", nullptr};
    static constexpr std::array metrics{conductor::gauge("status", "HTTP status of the last answer")};

    explicit Http(conductor::Host host)
        : host_{host},
          endpoint_{host.string("endpoint")},
          path_{host.string("path")},
          healthy_{host.integers("healthy")},
          degraded_{host.integers("degraded")},
          contains_{host.string("contains")} {
        if (!path_.empty() && path_.front() != '/' && path_.front() != '?')
            throw conductor::Failure(CONDUCTOR_BAD_CONFIG,
                                     "path: \"" + path_ + "\" begins neither with / nor with ?");
    }

    Finding judge(const conductor_call& call) override {
        const auto page = host_.get(call, endpoint_, path_);
        if (page.status == CONDUCTOR_TRUNCATED || page.status == CONDUCTOR_BAD_CONFIG)
            throw conductor::Failure(page.status, page.why);
        if (!page.ok()) return Finding::unhealthy("http.down", page.why);
        host_.gauge("status", page.http_status);
        const bool good = holds(healthy_, page.http_status);
        if (!good && !holds(degraded_, page.http_status))
            return Finding::unhealthy("http.status", "status " + std::to_string(page.http_status));
        if (page.body.find(contains_) == std::string::npos)
            return Finding::unhealthy("http.body", "the answer does not hold \"" + contains_ + "\"");
        if (good) return Finding::healthy();
        return Finding::degraded("http.degraded", "status " + std::to_string(page.http_status));
    }

private:
    static bool holds(const std::vector<std::int64_t>& all, std::int64_t code) {
        return std::find(all.begin(), all.end(), code) != all.end();
    }

    conductor::Host host_;
    std::string endpoint_;
    std::string path_;
    std::vector<std::int64_t> healthy_;
    std::vector<std::int64_t> degraded_;
    std::string contains_;
};

CONDUCTOR_EXPORT_HEALTH_CHECK(Http)
