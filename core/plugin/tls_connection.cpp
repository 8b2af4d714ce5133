#include "core/plugin/tls_connection.hpp"

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <cstring>
#include <sstream>

namespace conductor::plugin {

using std::chrono::milliseconds;
using Kind = HttpError::Kind;

namespace {

constexpr std::string_view tls_scheme = "https://";

bool names_port(std::string_view authority) {
    authority.remove_prefix(authority.rfind('@') + 1);  // npos + 1 is 0
    authority.remove_prefix(std::min(authority.size(), authority.find(']') + 1));
    const auto colon = authority.find(':');
    return colon != std::string_view::npos && colon + 1 < authority.size();
}

bool is_literal(const std::string& host) {
    boost::system::error_code none;
    (void)boost::asio::ip::make_address(host, none);
    return !none;
}

std::string reason() {
    const auto code = ::ERR_get_error();
    ::ERR_clear_error();
    const char* text = code == 0 ? nullptr : ::ERR_reason_error_string(code);
    return text == nullptr ? "connection broken" : text;
}

}  // namespace

bool is_tls_url(std::string_view url) noexcept {
    return url.starts_with(tls_scheme);
}

Result<http::Url, Complaint> read_tls_url(std::string_view text) {
    const auto rest = text.substr(std::min(text.size(), tls_scheme.size()));
    auto url = http::read_url("http://" + std::string{rest});
    if (url && !names_port(rest.substr(0, std::min(rest.find_first_of("/?#"), rest.size())))) url->port = 443;
    return url;
}

struct TlsTrust::Context {
    Context() : ssl{::SSL_CTX_new(::TLS_client_method())} {}
    ~Context() { ::SSL_CTX_free(ssl); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    SSL_CTX* ssl;
};

TlsTrust::TlsTrust(std::unique_ptr<Context> context) : context_{std::move(context)} {}
TlsTrust::~TlsTrust() = default;

Result<std::shared_ptr<const TlsTrust>, Complaint> TlsTrust::make(const std::string& ca_file) {
    auto context = std::make_unique<Context>();
    auto* ssl = context->ssl;
    if (ssl == nullptr || ::SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) != 1)
        return Complaint{"TLS is not to be had: " + reason()};
    ::SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
    const bool trusts = ca_file.empty() ? ::SSL_CTX_set_default_verify_paths(ssl) == 1
                                        : ::SSL_CTX_load_verify_file(ssl, ca_file.c_str()) == 1;
    if (!trusts) return Complaint{"ca " + ca_file + " cannot be read or holds no certificate: " + reason()};
    return std::shared_ptr<const TlsTrust>{new TlsTrust{std::move(context)}};
}

TlsConnection::TlsConnection(const TlsTrust& trust) : ssl_{::SSL_new(trust.context_->ssl)} {}

TlsConnection::~TlsConnection() {
    ::SSL_free(ssl_);
    if (fd_ >= 0) ::close(fd_);
}

void TlsConnection::serve(SteadyTime until, int cancel_fd) {
    until_ = until;
    cancel_fd_ = cancel_fd;
}

std::optional<HttpError> TlsConnection::connect(const boost::asio::ip::tcp::endpoint& to) {
    std::ostringstream place;
    place << "dial tcp " << to << ": ";
    fd_ = ::socket(to.data()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return HttpError{Kind::unreachable, place.str() + std::strerror(errno)};
    int error = ::connect(fd_, to.data(), static_cast<socklen_t>(to.size())) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
        if (auto failed = wait(POLLOUT)) return failed;
        socklen_t size = sizeof error;
        ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error != 0) return HttpError{Kind::unreachable, place.str() + "connect: " + std::strerror(error)};
    const int yes = 1;  // a connection that delays small packets works too
    (void)::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return std::nullopt;
}

std::optional<HttpError> TlsConnection::greet(const std::string& host) {
    if (is_literal(host)) {
        ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl_), host.c_str());
    } else {
        ::SSL_set1_host(ssl_, host.c_str());
        // The macro for it casts as C does.
        ::SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                   const_cast<char*>(host.c_str()));
    }
    ::SSL_set_fd(ssl_, fd_);
    while (true) {
        ::ERR_clear_error();
        const int done = ::SSL_connect(ssl_);
        if (done == 1) return std::nullopt;
        const auto verified = ::SSL_get_verify_result(ssl_);
        if (auto failed = more(done)) {
            if (verified != X509_V_OK && failed->kind == Kind::unreachable)
                failed->text = std::string{"tls: failed to verify certificate: "} +
                               ::X509_verify_cert_error_string(verified);
            return failed;
        }
    }
}

std::optional<HttpError> TlsConnection::send(std::string_view octets, std::size_t& sent) {
    while (sent < octets.size()) {
        std::size_t written = 0;
        ::ERR_clear_error();
        const auto rest = octets.substr(sent);
        const int done = ::SSL_write_ex(ssl_, rest.data(), rest.size(), &written);
        if (done == 1) {
            sent += written;
        } else if (auto failed = more(done)) {
            return failed;
        }
    }
    return std::nullopt;
}

Result<std::string_view, HttpError> TlsConnection::receive(std::string& buffer) {
    while (true) {
        std::size_t got = 0;
        ::ERR_clear_error();
        const int done = ::SSL_read_ex(ssl_, buffer.data(), buffer.size(), &got);
        if (done == 1) return std::string_view{buffer}.substr(0, got);
        if (::SSL_get_error(ssl_, done) == SSL_ERROR_ZERO_RETURN) return std::string_view{};
        if (auto failed = more(done)) return *failed;
    }
}

bool TlsConnection::quiet() const {
    char octet = 0;
    if (::SSL_has_pending(ssl_) != 0) return false;
    const auto got = ::recv(fd_, &octet, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

// Waits for what the last operation lacks; an error where nothing can help it.
std::optional<HttpError> TlsConnection::more(int done) const {
    switch (::SSL_get_error(ssl_, done)) {
        case SSL_ERROR_WANT_READ:
            return wait(POLLIN);
        case SSL_ERROR_WANT_WRITE:
            return wait(POLLOUT);
        default:
            return HttpError{Kind::unreachable, "tls: " + reason()};
    }
}

// A poll() of the socket and of the cancellation.
std::optional<HttpError> TlsConnection::wait(short events) const {
    while (true) {
        const auto left = std::chrono::ceil<milliseconds>(until_ - std::chrono::steady_clock::now());
        if (left <= milliseconds::zero()) return HttpError{Kind::timed_out, "context deadline exceeded"};
        std::array<pollfd, 2> watched{pollfd{fd_, events, 0}, pollfd{cancel_fd_, POLLIN, 0}};
        constexpr milliseconds longest{60'000};
        const auto limit = static_cast<int>(std::min(left, longest).count());
        if (::poll(watched.data(), watched.size(), limit) <= 0) continue;
        if (watched[1].revents != 0) return HttpError{Kind::cancelled, "context canceled"};
        if (watched[0].revents != 0) return std::nullopt;
    }
}

}  // namespace conductor::plugin
