// Whether rollup-boost has its builder and its fallback (conductor.md 4.5, 4.6): by status code, or in its
// newer dialect by a word in JSON. Log lines are op-conductor's; a partial failure that is tolerated is no
// error.
#include <conductor/cpp/health_check.hpp>

#include "plugins/health-rollup-boost/tolerance.hpp"

namespace {

using conductor::Failure;
using conductor::Finding;

constexpr std::size_t body_limit = 1024 * 1024;

enum class Boost : std::uint8_t { healthy, partial, down };

}  // namespace

/// Unhealthy when rollup-boost does not answer, has lost both sides, or has lost its builder too often.
class RollupBoost final : public conductor::HealthCheck {
public:
    static constexpr conductor::About about{"io.conductord.rollup-boost", "rollup-boost", "0.1.0",
                                            "rollup-boost reaches its builder and its execution engine"};
    static constexpr std::array options{
        conductor::option_endpoint("boost", "execution", "rollup-boost"),
        conductor::option_choice("variant", "standard", "standard|next",
                                 "standard: status code of /healthz below the endpoint; next: JSON of its URL"),
        conductor::live(
            conductor::option_integer("tolerance_limit", "0", 0, INT64_MAX,
                                      "partial failures that are let pass within tolerance_interval")),
        conductor::live(
            conductor::option_duration("tolerance_interval", "0s", 0, INT64_MAX, "a span that slides"))};
    static constexpr std::array<const char*, 4> reasons{"boost.unreachable", "boost.partial", "boost.down",
                                                        nullptr};

    explicit RollupBoost(conductor::Host host)
        : host_{host},
          boost_{host.string("boost")},
          next_{host.string("variant") == "next"},
          tolerance_{host.natural("tolerance_limit"), host.natural("tolerance_interval")} {}

    Finding judge(const conductor_call& call) override {
        Boost boost{};
        try {
            boost = next_ ? ask_next(call) : ask_standard(call);
        } catch (const Failure& failure) {
            host_.log(CONDUCTOR_LOG_ERROR, "health monitor failed to get rollup-boost status",
                      {{"err", failure.what()}});
            return Finding::unhealthy("boost.unreachable", failure.what(), CONDUCTOR_BUILDER_UNREACHABLE);
        }
        switch (boost) {
            case Boost::healthy:
                return Finding::healthy();
            case Boost::partial:
                return partial();
            case Boost::down:
                break;
        }
        host_.log(CONDUCTOR_LOG_ERROR,
                  "Rollup boost total failure, both builder and fallback execution client are down",
                  {{"err", "rollup boost is not healthy"}});
        return Finding::unhealthy("boost.down", "builder and fallback execution client are down",
                                  CONDUCTOR_BUILDER_DOWN);
    }

private:
    Finding partial() {
        if (tolerance_.lets_pass(host_.monotonic_ns())) {
            host_.log(CONDUCTOR_LOG_DEBUG, "Rollup boost partial unhealthiness failure tolerated",
                      {{"currentValue", std::to_string(tolerance_.count())},
                       {"limit", std::to_string(tolerance_.limit())}});
            return Finding::degraded("boost.partial", "the builder is down, tolerated");
        }
        host_.log(CONDUCTOR_LOG_ERROR,
                  "Rollup boost is partial failure, builder is down but fallback execution client is up",
                  {{"err",
                    "rollup boost is partially healthy, meaning that rbuilder is not healthy but the execution "
                    "client is healthy"}});
        return Finding::unhealthy("boost.partial", "the builder is down", CONDUCTOR_BUILDER_PARTIAL);
    }

    Boost ask_standard(const conductor_call& call) const {
        switch (const auto page = get(call, "/healthz"); page.http_status) {
            case 200:
                return Boost::healthy;
            case 206:
                return Boost::partial;
            case 503:
                return Boost::down;
            default:
                throw Failure(CONDUCTOR_REMOTE_ERROR,
                              "unexpected status code: " + std::to_string(page.http_status));
        }
    }

    Boost ask_next(const conductor_call& call) const {
        const auto page = get(call, "");
        if (page.http_status != 200)
            throw Failure(CONDUCTOR_REMOTE_ERROR,
                          "unexpected status code: " + std::to_string(page.http_status));
        const auto word = health_of(page.body);
        if (word == "Healthy") return Boost::healthy;
        if (word == "PartialContent") return Boost::partial;
        if (word == "ServiceUnavailable") return Boost::down;
        throw Failure(CONDUCTOR_REMOTE_ERROR, "unexpected rollup_boost_health: \"" + word + "\"");
    }

    [[nodiscard]] std::string health_of(const std::string& body) const {
        if (body.size() > body_limit)
            throw Failure(CONDUCTOR_REMOTE_ERROR, "failed to decode response: longer than 1 MiB");
        try {
            const auto json = host_.json(body);
            // A key that is not there is the empty word to Go.
            if (json.kind("/rollup_boost_health") == CONDUCTOR_JSON_MISSING) return {};
            return json.string("/rollup_boost_health");
        } catch (const Failure& failure) {
            throw Failure(CONDUCTOR_REMOTE_ERROR, std::string{"failed to decode response: "} + failure.what());
        }
    }

    [[nodiscard]] conductor::Page get(const conductor_call& call, std::string_view path) const {
        auto page = host_.get(call, boost_, path);
        if (!page.ok()) throw Failure(page.status, page.why);
        return page;
    }

    conductor::Host host_;
    std::string boost_;
    bool next_;
    Tolerance tolerance_;
};

CONDUCTOR_EXPORT_HEALTH_CHECK(RollupBoost)
