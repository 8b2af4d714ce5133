// One HTTP exchange over TLS for a thread that may block: a connection of its own, verified against the
// endpoint's authorities, given up at once when it is cancelled or late. Any thread.
#pragma once

#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "core/plugin/ports.hpp"
#include "core/runtime/http_answer.hpp"
#include "core/runtime/http_url.hpp"
#include "core/runtime/resolver.hpp"

namespace conductor::plugin {

/// `https://…`; port 443 where none is named. Otherwise as http::read_url.
[[nodiscard]] bool is_tls_url(std::string_view url) noexcept;
[[nodiscard]] Result<http::Url, Complaint> read_tls_url(std::string_view url);

/// Whose certificates count.
class TlsTrust {
public:
    /// The authorities in that PEM file alone; without one those of the system.
    ///   errors  the file cannot be read or holds none
    [[nodiscard]] static Result<std::shared_ptr<const TlsTrust>, Complaint> make(const std::string& ca_file);
    ~TlsTrust();
    TlsTrust(const TlsTrust&) = delete;
    TlsTrust& operator=(const TlsTrust&) = delete;

private:
    friend class TlsConnection;
    struct Context;
    explicit TlsTrust(std::unique_ptr<Context> context);
    std::unique_ptr<Context> context_;
};

struct TlsCall {
    std::string host;  ///< that the certificate must name
    Endpoints endpoints;
    std::string request;  ///< head and body; `Connection: close`
    std::size_t answer_limit{0};
    SteadyTime until;
    int cancel_fd{-1};  ///< poll() only
};
[[nodiscard]] Result<http::Answer, HttpError> tls_exchange(const TlsTrust& trust, const TlsCall& call);

}  // namespace conductor::plugin
