#include "tests/support/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace conductor::test {
namespace {

bool same_name(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

std::size_t number(std::string_view text, int base) {
    std::size_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, base);
    return value;
}

}  // namespace

std::optional<std::string> HttpAnswer::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (same_name(key, name)) return value;
    return std::nullopt;
}

HttpClient::HttpClient(std::string host, std::uint16_t port, std::chrono::milliseconds limit)
    : host_{std::move(host)}, port_{port}, limit_{limit} {}

HttpClient::~HttpClient() {
    disconnect();
}

void HttpClient::disconnect() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
    unread_.clear();
}

bool HttpClient::connect() {
    if (socket_ >= 0) return true;
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return false;
    timeval limit{};
    limit.tv_sec = limit_.count() / 1000;
    limit.tv_usec = (limit_.count() % 1000) * 1000;
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);

    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port_);
    if (::inet_pton(AF_INET, host_.c_str(), &to.sin_addr) == 1 &&
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0)
        return true;
    disconnect();
    return false;
}

bool HttpClient::send_all(std::string_view octets) const {
    while (!octets.empty()) {
        const auto sent = ::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        octets.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool HttpClient::receive_more() {
    char block[65536];
    ssize_t got = 0;
    do got = ::recv(socket_, block, sizeof block, 0);
    while (got < 0 && errno == EINTR);  // so ends a wait with a limit in a process that was stopped and goes on
    if (got <= 0) return false;
    unread_.append(block, static_cast<std::size_t>(got));
    return true;
}

std::optional<HttpAnswer> HttpClient::exchange(std::string_view head, std::string_view body) {
    if (!connect()) return std::nullopt;
    // A server may answer and close before it has read a body it refuses: then the answer still counts.
    const bool sent = send_all(head) && send_all(body);
    auto answer = receive();
    if (!answer || !sent || answer->header("connection") == "close") disconnect();
    return answer;
}

std::optional<HttpAnswer> HttpClient::receive() {
    std::size_t end = 0;
    while ((end = unread_.find("\r\n\r\n")) == std::string::npos)
        if (!receive_more()) return std::nullopt;

    HttpAnswer answer;
    if (end < 12) return std::nullopt;
    answer.status = static_cast<int>(number(std::string_view{unread_}.substr(9, 3), 10));
    for (auto at = unread_.find("\r\n"); at < end;) {
        const auto next = unread_.find("\r\n", at + 2);
        const auto line = unread_.substr(at + 2, next - at - 2);
        const auto colon = line.find(": ");
        if (colon != std::string::npos)
            answer.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
        at = next;
    }
    unread_.erase(0, end + 4);

    if (answer.header("transfer-encoding") == "chunked") {
        while (true) {
            std::size_t line = 0;
            while ((line = unread_.find("\r\n")) == std::string::npos)
                if (!receive_more()) return std::nullopt;
            const auto size = number(std::string_view{unread_}.substr(0, line), 16);
            while (unread_.size() < line + 2 + size + 2)
                if (!receive_more()) return std::nullopt;
            answer.body += unread_.substr(line + 2, size);
            unread_.erase(0, line + 2 + size + 2);
            if (size == 0) return answer;
        }
    }
    const auto length = answer.header("content-length");
    const auto wanted = length ? number(*length, 10) : 0;
    while (unread_.size() < wanted)
        if (!receive_more()) return std::nullopt;
    answer.body = unread_.substr(0, wanted);
    unread_.erase(0, wanted);
    return answer;
}

std::optional<HttpAnswer> HttpClient::post(std::string_view path, std::string_view content_type,
                                           std::string_view body) {
    std::string head{"POST "};
    head.append(path).append(" HTTP/1.1\r\nHost: localhost\r\nContent-Type: ").append(content_type);
    head.append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
    return exchange(head, body);
}

std::optional<HttpAnswer> HttpClient::get(std::string_view path) {
    std::string head{"GET "};
    head.append(path).append(" HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return exchange(head, {});
}

std::string rpc_call(HttpClient& client, std::string_view method, std::string_view params) {
    std::string body{R"({"jsonrpc":"2.0","id":1,"method":")"};
    body.append(method).append(R"(","params":)").append(params).append("}");
    const auto answer = client.post("/", "application/json", body);
    return answer ? answer->body : std::string{};
}

}  // namespace conductor::test
