// TLS for threads that may block: whose certificates count, and one connection to somebody who shows one of
// them. Every wait ends when the call that is served is cancelled or late. A connection is one thread's at a
// time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/plugin/ports.hpp"
#include "core/runtime/http_url.hpp"
#include "core/runtime/resolver.hpp"

struct ssl_st;

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

/// Failures are `unreachable` where the connection itself does not serve any more.
class TlsConnection {
public:
    explicit TlsConnection(const TlsTrust& trust);
    ~TlsConnection();
    TlsConnection(const TlsConnection&) = delete;
    TlsConnection& operator=(const TlsConnection&) = delete;

    /// What bounds every wait from now on; `cancel_fd` is polled only.
    void serve(SteadyTime until, int cancel_fd);

    std::optional<HttpError> connect(const boost::asio::ip::tcp::endpoint& to);
    /// `host` is what the certificate must name.
    std::optional<HttpError> greet(const std::string& host);
    /// `sent` is how much of `octets` has left this machine.
    std::optional<HttpError> send(std::string_view octets, std::size_t& sent);
    /// What comes next, in `buffer`; empty: the peer sends no more.
    Result<std::string_view, HttpError> receive(std::string& buffer);
    /// Nothing can be read, neither an end nor octets that nobody asked for.
    [[nodiscard]] bool quiet() const;

private:
    [[nodiscard]] std::optional<HttpError> more(int done) const;
    [[nodiscard]] std::optional<HttpError> wait(short events) const;

    ssl_st* ssl_;
    int fd_{-1};
    SteadyTime until_{};
    int cancel_fd_{-1};
};

}  // namespace conductor::plugin
