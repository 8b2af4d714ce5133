// HTTP exchanges over TLS for threads that may block: over connections that are verified against the endpoint's
// authorities and kept for the next, as those in the clear are; each given up at once when it is cancelled or
// late. Any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/plugin/tls_connection.hpp"
#include "core/runtime/http_client.hpp"

namespace conductor::plugin {

struct TlsCall {
    std::string host;     ///< that the certificate must name
    std::string place;    ///< `host:port`
    std::string request;  ///< head and body
    std::size_t answer_limit{0};
    SteadyTime until;
    int cancel_fd{-1};  ///< poll() only
    http::Repeat repeat{http::Repeat::never};
};

/// How many connections wait for the next call, and how long.
struct TlsKeeping {
    std::size_t per_place{http::Client::kept_per_place};
    std::size_t in_all{http::Client::kept_in_all};
    Duration idle{http::Client::idle_limit};
};

class TlsClient {
public:
    /// Where to dial; asked only when there is no kept connection.
    using Lookup = std::function<Result<Endpoints, HttpError>()>;

    explicit TlsClient(TlsKeeping keeping = {});
    ~TlsClient();
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;

    [[nodiscard]] Result<http::Answer, HttpError> exchange(const std::shared_ptr<const TlsTrust>& trust,
                                                           const TlsCall& call, const Lookup& lookup);
    /// Connections that wait for the next call.
    [[nodiscard]] std::size_t kept() const;

private:
    using Connection = std::unique_ptr<TlsConnection>;
    struct Kept {
        Connection connection;
        std::shared_ptr<const TlsTrust> trust;  ///< whoever trusts others does not get it
        Instant since;
    };
    struct Outcome;

    Outcome attempt(Connection connection, const std::shared_ptr<const TlsTrust>& trust, const TlsCall& call);
    Outcome fresh(const std::shared_ptr<const TlsTrust>& trust, const TlsCall& call, const Lookup& lookup);
    [[nodiscard]] Connection take_kept(const TlsTrust& trust, const std::string& place);
    void keep(Connection connection, const std::shared_ptr<const TlsTrust>& trust, const std::string& place);
    void drop_expired();

    const TlsKeeping keeping_;
    mutable std::mutex mutex_;
    std::map<std::string, std::vector<Kept>> pool_;  // by place; oldest first
    std::size_t kept_{0};
};

}  // namespace conductor::plugin
