// An HTTP body from a client's memory into the server's, over loopback, against a plain recv loop on the same
// machine in the same round: what remains is the price of the HTTP server.
//   bench_http [ROUNDS]       default 9; one JSON line a case, then a table
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "core/rpc/http_server.hpp"
#include "core/runtime/io_threads.hpp"
#include "tests/bench/figures.hpp"

using namespace conductor;

namespace {

constexpr std::size_t read_step = std::size_t{1} << 20U;

void fail(const char* why) {
    std::fprintf(stderr, "bench_http: %s\n", why);
    std::exit(1);
}

// Takes any body, answers nothing.
class Sink final : public rpc::HttpHandler {
public:
    rpc::Admission admit(const rpc::RequestHead&) override {
        rpc::Admission admission;
        admission.body_limit = std::size_t{64} << 20U;
        return admission;
    }
    boost::asio::awaitable<rpc::HttpResponse> answer(rpc::HttpRequest& request) override {
        if (request.body.buffer().size() != request.head.content_length) fail("a body was not whole");
        co_return rpc::HttpResponse{};
    }
};

class Connection {
public:
    explicit Connection(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
            fail("no connection");
        const int on = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    ~Connection() { ::close(socket_); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Milliseconds from the first octet to the first of the answer.
    double exchange(const std::string& octets) const {
        const auto start = std::chrono::steady_clock::now();
        for (std::size_t sent = 0; sent < octets.size();) {
            const auto n = ::send(socket_, octets.data() + sent, octets.size() - sent, MSG_NOSIGNAL);
            if (n <= 0) fail("sending failed");
            sent += static_cast<std::size_t>(n);
        }
        char answer[4096];
        if (::recv(socket_, answer, sizeof answer, 0) <= 0) fail("no answer");
        return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    }

private:
    int socket_;
};

// The floor: bodies of one known size, read as fast as the kernel gives them, one octet back.
class PlainReceiver {
public:
    explicit PlainReceiver(std::size_t body) : listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
            ::listen(listener_, 1) != 0 ||
            ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
            fail("no port for the floor");
        port_ = ntohs(address.sin_port);
        thread_ = std::thread{[this, body] { serve(body); }};
    }
    ~PlainReceiver() {
        thread_.join();
        ::close(listener_);
    }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
    void serve(std::size_t body) const {
        const int client = ::accept(listener_, nullptr, nullptr);
        std::vector<char> memory(body);
        for (;;) {
            for (std::size_t have = 0; have < body;) {
                const auto n = ::recv(client, memory.data() + have, std::min(read_step, body - have), 0);
                if (n <= 0) {
                    ::close(client);
                    return;
                }
                have += static_cast<std::size_t>(n);
            }
            (void)::send(client, "k", 1, MSG_NOSIGNAL);
        }
    }

    int listener_;
    std::uint16_t port_{0};
    std::thread thread_;
};

std::string post_of(std::size_t body) {
    return "POST / HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body) + "\r\n\r\n" + std::string(body, 'x');
}

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::max(5, std::atoi(argv[1])) : 9;
    IoThreads threads{2};
    Sink sink;
    rpc::Observer observer;
    rpc::HttpServerOptions options;
    options.address = "127.0.0.1";
    options.port = 0;
    rpc::HttpServer server{[&] { return threads.next(); }, sink, observer, options};
    const auto port = server.listen();
    if (!port) fail(port.error().text.c_str());

    std::vector<bench::Row> rows;
    for (const std::size_t body : {1'000'000U, 2'000'000U, 2'600'000U}) {
        bench::Row row{"http", std::to_string(body / 100'000) + "00kB", {}, {}};
        const auto request = post_of(body);
        PlainReceiver receiver{request.size()};
        const Connection plain{receiver.port()};
        const Connection http{*port};
        for (int round = -1; round < rounds; ++round) {
            std::vector<double> floor;
            std::vector<double> subject;
            for (int i = 0; i < 40; ++i) {
                floor.push_back(plain.exchange(request));
                subject.push_back(http.exchange(request));
            }
            if (round < 0) continue;  // warms both up
            row.floor.add_round(floor);
            row.subject.add_round(subject);
        }
        std::printf("%s: %.2f GB/s, floor %.2f GB/s\n", row.name.c_str(),
                    static_cast<double>(body) / 1e6 / row.subject.p50(),
                    static_cast<double>(body) / 1e6 / row.floor.p50());
        bench::print(row);
        rows.push_back(std::move(row));
    }
    bench::print_table(rows);
    boost::asio::co_spawn(threads.next(), server.stop(), boost::asio::use_future).get();
    threads.join();
}
