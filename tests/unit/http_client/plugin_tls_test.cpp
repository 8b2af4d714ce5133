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

#include <atomic>
#include <boost/asio/ip/address.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "core/plugin/blocking_http.hpp"
#include "core/plugin/tls_client.hpp"

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

/// What a server does with its connections.
struct Manner {
    int answers{1000};       ///< of one connection, which is closed then
    bool silent{false};      ///< it does not even greet
    bool falls_mute{false};  ///< the request after the last answer is taken, and the connection closed
    int together{1};         ///< so many connections are open before the first answer
};

/// Each connection has a thread of its own, which greets and answers every request alike.
class TlsServer {
public:
    TlsServer(const Certificate& certificate, std::string answer, Manner manner = {})
        : answer_{std::move(answer)}, manner_{manner}, context_{SSL_CTX_new(TLS_server_method())} {
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
        for (auto& one : serving_) one.join();
        ::close(listener_);
        ::close(end_);
        SSL_CTX_free(context_);
    }
    TlsServer(const TlsServer&) = delete;
    TlsServer& operator=(const TlsServer&) = delete;
    [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") const {
        return "https://" + host + ":" + std::to_string(port_);
    }
    /// The last one; read it when the exchange is over.
    std::string request;
    std::atomic<int> accepted{0};
    std::atomic<int> requests{0};
    std::atomic<int> closed{0};

private:
    bool readable(int fd) const {
        pollfd watched[] = {{fd, POLLIN, 0}, {end_, POLLIN, 0}};
        return ::poll(watched, 2, 20'000) > 0 && watched[1].revents == 0;
    }
    void run() {
        while (readable(listener_)) {
            const int fd = ::accept(listener_, nullptr, nullptr);
            ++accepted;
            serving_.emplace_back([this, fd] {
                if (manner_.silent) {
                    (void)readable(-1);
                } else {
                    serve(fd);
                }
                ::close(fd);
                ++closed;
            });
        }
    }
    void serve(int fd) {
        auto* ssl = SSL_new(context_);
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1) {
            int answered = 0;
            while (answered < manner_.answers && take_request(ssl, fd)) {
                while (accepted < manner_.together) std::this_thread::sleep_for(1ms);
                SSL_write(ssl, answer_.data(), static_cast<int>(answer_.size()));
                ++answered;
            }
            if (manner_.falls_mute) (void)take_request(ssl, fd);
            SSL_shutdown(ssl);
        }
        SSL_free(ssl);
    }
    bool take_request(SSL* ssl, int fd) {
        char octets[4096];
        if (!readable(fd)) return false;
        const auto got = SSL_read(ssl, octets, sizeof octets);
        if (got <= 0) return false;
        const std::lock_guard lock{mutex_};
        request.assign(octets, static_cast<std::size_t>(got));
        ++requests;
        return true;
    }

    std::string answer_;
    Manner manner_;
    SSL_CTX* context_;
    int listener_{-1};
    int end_{::eventfd(0, EFD_CLOEXEC)};
    std::uint16_t port_{0};
    std::mutex mutex_;
    std::vector<std::thread> serving_;
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

Result<HttpReply, HttpError> look(BlockingHttp& http) {
    HttpCall call;
    call.endpoint = "node";
    call.limit = 1000;
    return http.get(call);
}

std::string said(const Result<HttpReply, HttpError>& reply) {
    return reply ? reply->body : reply.error().text;
}

bool comes_true(const std::function<bool()>& what) {
    for (int i = 0; i < 5000 && !what(); ++i) std::this_thread::sleep_for(1ms);
    return what();
}

/// Asked without the port around it, with bounds of the test's own.
struct Direct {
    TlsClient client;
    std::shared_ptr<const TlsTrust> trust;
    std::uint16_t port;

    Direct(const TlsServer& server, const Certificate& certificate, TlsKeeping keeping)
        : client{keeping}, trust{*TlsTrust::make(certificate.file())}, port{read_tls_url(server.url())->port} {
        ::signal(SIGPIPE, SIG_IGN);
    }
    std::string ask(const std::shared_ptr<const TlsTrust>& trusted) {
        TlsCall call;
        call.host = "127.0.0.1";
        call.place = "127.0.0.1:" + std::to_string(port);
        call.request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        call.answer_limit = 1000;
        call.until = std::chrono::steady_clock::now() + 10s;
        const auto here = [this]() -> Result<Endpoints, HttpError> {
            return Endpoints{{boost::asio::ip::make_address("127.0.0.1"), port}};
        };
        const auto answer = client.exchange(trusted, call, here);
        return answer ? answer->body : answer.error().text;
    }
    std::string ask() { return ask(trust); }
};

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
    TlsServer server{certificate, yes, {.silent = true}};
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
        TlsServer server{certificate, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf", {.answers = 1}};
        const auto http = to(server.url(), certificate.file());
        CHECK(ask(*http).error().text == "unexpected EOF");
    }
}

TEST_CASE("exchanges over TLS one after another share a connection", "[plugin][tls]") {
    const Certificate certificate{"IP:127.0.0.1"};
    TlsServer server{certificate, yes};
    const auto http = to(server.url(), certificate.file());
    for (int i = 0; i < 5; ++i) CHECK(said(ask(*http)) == "yes");
    CHECK(said(look(*http)) == "yes");
    CHECK(server.accepted == 1);
    CHECK(server.requests == 6);
}

TEST_CASE("a connection that the server does not keep is not kept here", "[plugin][tls]") {
    const Certificate certificate{"IP:127.0.0.1"};
    const std::string answer = GENERATE("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nyes",
                                        "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nyes",
                                        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes and more");
    TlsServer server{certificate, answer};
    Direct direct{server, certificate, {}};
    CHECK(direct.ask() == "yes");
    CHECK(direct.client.kept() == 0);
}

TEST_CASE("a kept connection that the server has closed meanwhile is not asked", "[plugin][tls]") {
    const Certificate certificate{"IP:127.0.0.1"};
    TlsServer server{certificate, yes, {.answers = 1}};
    const auto http = to(server.url(), certificate.file());
    for (int i = 1; i <= 3; ++i) {
        CHECK(said(ask(*http)) == "yes");
        REQUIRE(comes_true([&] { return server.closed == i; }));
    }
    CHECK(server.accepted == 3);
}

TEST_CASE("what may have been carried out over a kept connection is not asked twice, a question is",
          "[plugin][tls]") {
    const Certificate certificate{"IP:127.0.0.1"};
    TlsServer server{certificate, yes, {.answers = 1, .falls_mute = true}};
    const auto http = to(server.url(), certificate.file());
    CHECK(said(ask(*http)) == "yes");
    const auto lost = ask(*http);  // taken, and not answered
    REQUIRE_FALSE(lost.has_value());
    CHECK(lost.error().kind == HttpError::Kind::unreachable);
    CHECK(server.requests == 2);
    CHECK(said(look(*http)) == "yes");
    CHECK(said(look(*http)) == "yes");  // the second time over a fresh one
    CHECK(server.accepted == 3);
}

TEST_CASE("connections that wait for the next exchange are bounded in number and in time", "[plugin][tls]") {
    const Certificate certificate{"IP:127.0.0.1"};
    TlsServer server{certificate, yes, {.together = 4}};
    Direct direct{server, certificate, {.per_place = 2, .in_all = 8, .idle = 10s}};
    std::vector<std::thread> askers;
    std::atomic<int> good{0};
    for (int i = 0; i < 4; ++i) askers.emplace_back([&] { good += direct.ask() == "yes" ? 1 : 0; });
    for (auto& one : askers) one.join();
    CHECK(good == 4);
    CHECK(server.accepted == 4);
    CHECK(direct.client.kept() == 2);

    Direct brief{server, certificate, {.per_place = 2, .in_all = 8, .idle = 0s}};
    CHECK(brief.ask() == "yes");
    CHECK(brief.ask() == "yes");
    CHECK(server.accepted == 6);

    Direct none{server, certificate, {.per_place = 2, .in_all = 0, .idle = 10s}};
    CHECK(none.ask() == "yes");
    CHECK(none.client.kept() == 0);
}

TEST_CASE("a connection that one authority vouches for is not lent to who trusts another", "[plugin][tls]") {
    const Certificate certificate{"IP:127.0.0.1"};
    const Certificate other{"IP:127.0.0.1"};
    TlsServer server{certificate, yes};
    Direct direct{server, certificate, {}};
    CHECK(direct.ask() == "yes");
    CHECK(direct.client.kept() == 1);
    CHECK(direct.ask(*TlsTrust::make(other.file())).starts_with("tls: failed to verify certificate: "));
    CHECK(direct.client.kept() == 1);
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
