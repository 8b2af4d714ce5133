// Plugins' way to nodes behind TLS, against a real server with certificates made for the test.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "core/plugin/blocking_http.hpp"
#include "core/plugin/tls_exchange.hpp"

using namespace conductor;
using namespace conductor::plugin;
using namespace std::chrono_literals;

namespace {

/// A certificate that vouches for itself, and its key.
class Certificate {
public:
    explicit Certificate(const std::string& names)
        : key_{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")},
          x509_{X509_new()},
          file_{std::filesystem::temp_directory_path() /
                ("conductor-tls-" + std::to_string(::getpid()) + "-" + std::to_string(made_++) + ".pem")} {
        X509_set_version(x509_, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x509_), 1);
        X509_gmtime_adj(X509_getm_notBefore(x509_), -3600);
        X509_gmtime_adj(X509_getm_notAfter(x509_), 3600);
        X509_set_pubkey(x509_, key_);
        const unsigned char name[] = "conductor test";
        X509_NAME_add_entry_by_txt(X509_get_subject_name(x509_), "CN", MBSTRING_ASC, name, -1, -1, 0);
        X509_set_issuer_name(x509_, X509_get_subject_name(x509_));
        add(NID_subject_alt_name, names);
        add(NID_basic_constraints, "critical,CA:TRUE");
        X509_sign(x509_, key_, EVP_sha256());
        auto* out = std::fopen(file_.c_str(), "w");
        PEM_write_X509(out, x509_);
        std::fclose(out);
    }
    ~Certificate() {
        X509_free(x509_);
        EVP_PKEY_free(key_);
        std::filesystem::remove(file_);
    }
    Certificate(const Certificate&) = delete;
    Certificate& operator=(const Certificate&) = delete;
    [[nodiscard]] X509* x509() const { return x509_; }
    [[nodiscard]] EVP_PKEY* key() const { return key_; }
    [[nodiscard]] std::string file() const { return file_.string(); }

private:
    void add(int nid, const std::string& value) {
        auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
        X509_add_ext(x509_, extension, -1);
        X509_EXTENSION_free(extension);
    }
    static inline int made_ = 0;
    EVP_PKEY* key_;
    X509* x509_;
    std::filesystem::path file_;
};

/// Serves one connection after the other until it goes: greets, reads one request, says what it was given.
class TlsServer {
public:
    TlsServer(const Certificate& certificate, std::string answer, bool silent = false)
        : answer_{std::move(answer)}, silent_{silent}, context_{SSL_CTX_new(TLS_server_method())} {
        SSL_CTX_use_certificate(context_, certificate.x509());
        SSL_CTX_use_PrivateKey(context_, certificate.key());
        listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in here{};
        here.sin_family = AF_INET;
        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof here;
        REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&here), size) == 0);
        REQUIRE(::listen(listener_, 8) == 0);
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &size);
        port_ = ntohs(here.sin_port);
        thread_ = std::thread{[this] { run(); }};
    }
    ~TlsServer() {
        eventfd_write(end_, 1);
        thread_.join();
        ::close(listener_);
        ::close(end_);
        SSL_CTX_free(context_);
    }
    TlsServer(const TlsServer&) = delete;
    TlsServer& operator=(const TlsServer&) = delete;
    [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") const {
        return "https://" + host + ":" + std::to_string(port_);
    }
    /// Of the last connection; read it when the exchange is over.
    std::string request;

private:
    bool readable(int fd) const {
        pollfd watched[] = {{fd, POLLIN, 0}, {end_, POLLIN, 0}};
        return ::poll(watched, 2, 20'000) > 0 && watched[1].revents == 0;
    }
    void run() {
        while (readable(listener_)) {
            const int fd = ::accept(listener_, nullptr, nullptr);
            if (silent_) {
                (void)readable(-1);
            } else {
                serve(fd);
            }
            ::close(fd);
        }
    }
    void serve(int fd) {
        auto* ssl = SSL_new(context_);
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1) {
            char octets[4096];
            const auto got = SSL_read(ssl, octets, sizeof octets);
            request.assign(octets, static_cast<std::size_t>(std::max(got, 0)));
            SSL_write(ssl, answer_.data(), static_cast<int>(answer_.size()));
            SSL_shutdown(ssl);
        }
        SSL_free(ssl);
    }

    std::string answer_;
    bool silent_;
    SSL_CTX* context_;
    int listener_{-1};
    int end_{::eventfd(0, EFD_CLOEXEC)};
    std::uint16_t port_{0};
    std::thread thread_;
};

const std::string yes{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"};

std::shared_ptr<BlockingHttp> to(const std::string& url, const std::string& ca, Duration timeout = 5s) {
    ::signal(SIGPIPE, SIG_IGN);  // as the daemon does
    HttpEndpoint node{url, timeout, {{"Authorization", "Bearer secret"}}, ca};
    auto made = BlockingHttp::make({{"node", node}});
    if (!made) FAIL(made.error().text);
    return *made;
}

Result<HttpReply, HttpError> ask(BlockingHttp& http, int cancel_fd = -1) {
    HttpCall call;
    call.endpoint = "node";
    call.limit = 1000;
    call.body = "{}";
    call.cancel_fd = cancel_fd;
    return http.post(call);
}

std::string complaint(const std::string& url, const std::string& ca) {
    const auto made = BlockingHttp::make({{"node", HttpEndpoint{url, 5s, {}, ca}}});
    return made ? "taken" : made.error().text;
}

}  // namespace

TEST_CASE("an https endpoint is asked with its credentials where its own authority vouches for it",
          "[plugin][tls]") {
    const Certificate certificate{"IP:127.0.0.1,DNS:localhost"};
    TlsServer server{certificate, yes};
    const std::string host = GENERATE("127.0.0.1", "localhost");
    const auto http = to(server.url(host), certificate.file());
    const auto answer = ask(*http);
    if (!answer) FAIL(answer.error().text);
    CHECK(answer->status == 200);
    CHECK(answer->body == "yes");
    CHECK(server.request.starts_with("POST / HTTP/1.1\r\n"));
    CHECK(server.request.find("\r\nAuthorization: Bearer secret\r\n") != std::string::npos);
    CHECK(server.request.ends_with("\r\n\r\n{}"));
}

TEST_CASE("whom no known authority vouches for is told nothing", "[plugin][tls]") {
    const Certificate certificate{"IP:127.0.0.1"};
    const Certificate other{"IP:127.0.0.1"};
    TlsServer server{certificate, yes};
    for (const auto& ca : {other.file(), std::string{}}) {
        const auto http = to(server.url(), ca);
        const auto answer = ask(*http);
        REQUIRE_FALSE(answer.has_value());
        CHECK(answer.error().kind == HttpError::Kind::unreachable);
        CHECK(answer.error().text.starts_with("tls: failed to verify certificate: "));
    }
    CHECK(server.request.empty());
}

TEST_CASE("a certificate for another name is none", "[plugin][tls]") {
    const Certificate certificate{"DNS:elsewhere.example"};
    TlsServer server{certificate, yes};
    const auto http = to(server.url(), certificate.file());
    const auto answer = ask(*http);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().text.find("mismatch") != std::string::npos);
}

TEST_CASE("a server that does not greet is given up at the endpoint's timeout, or when the call is cancelled",
          "[plugin][tls]") {
    const Certificate certificate{"IP:127.0.0.1"};
    TlsServer server{certificate, yes, true};
    {
        const auto http = to(server.url(), certificate.file(), 50ms);
        CHECK(ask(*http).error().kind == HttpError::Kind::timed_out);
    }
    const auto http = to(server.url(), certificate.file(), 20s);
    const int cancel = ::eventfd(1, EFD_CLOEXEC);
    CHECK(ask(*http, cancel).error().kind == HttpError::Kind::cancelled);
    ::close(cancel);
}

TEST_CASE("an answer over TLS has the bounds of any other", "[plugin][tls]") {
    const Certificate certificate{"IP:127.0.0.1"};
    SECTION("too large") {
        TlsServer server{certificate,
                         "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + std::string(2000, 'x')};
        const auto http = to(server.url(), certificate.file());
        CHECK(ask(*http).error().kind == HttpError::Kind::too_large);
    }
    SECTION("cut off") {
        TlsServer server{certificate, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf"};
        const auto http = to(server.url(), certificate.file());
        CHECK(ask(*http).error().text == "unexpected EOF");
    }
}

TEST_CASE("what is wrong with an endpoint's authority is said with its name", "[plugin][tls]") {
    CHECK(complaint("https://127.0.0.1:1", "/no/such.pem")
              .starts_with("endpoints.node: ca /no/such.pem cannot be"));
    CHECK(complaint("http://127.0.0.1:1", "/no/such.pem").starts_with("endpoints.node.ca: the url is http"));
    CHECK(complaint("https://", "").starts_with("endpoints.node.url: "));
    CHECK(complaint("gopher://x", "").starts_with("endpoints.node.url: "));
}

TEST_CASE("https without a port means 443", "[plugin][tls]") {
    const auto port = [](const std::string& url) {
        const auto read = read_tls_url(url);
        return read ? read->port : 0;
    };
    CHECK(port("https://node.example") == 443);
    CHECK(port("https://node.example/path:9") == 443);
    CHECK(port("https://user:pass@node.example") == 443);
    CHECK(port("https://node.example:80") == 80);
    CHECK(port("https://[::1]") == 443);
    CHECK(port("https://[::1]:8443/x") == 8443);
}
