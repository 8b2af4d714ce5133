// A blocking HTTP/1.1 client on a plain socket: sends exactly the octets it is given, keeps its connection,
// and never waits longer than its limit. For integration tests, the demo and benchmarks. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conductor::test {

struct HttpAnswer {
    int status{0};
    std::vector<std::pair<std::string, std::string>> headers;  ///< in wire order
    std::string body;                                          ///< chunks joined
    [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
};

class HttpClient {
public:
    HttpClient(std::string host, std::uint16_t port, std::chrono::milliseconds limit);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    /// Sends `head` and `body` as they are and reads one answer. Nothing where nobody listens, the connection
    /// ends early, or the limit passes; the next call connects anew then.
    [[nodiscard]] std::optional<HttpAnswer> exchange(std::string_view head, std::string_view body);

    /// POST with Content-Length.
    [[nodiscard]] std::optional<HttpAnswer> post(std::string_view path, std::string_view content_type,
                                                 std::string_view body);
    [[nodiscard]] std::optional<HttpAnswer> get(std::string_view path);

private:
    [[nodiscard]] bool connect();
    void disconnect();
    [[nodiscard]] bool send_all(std::string_view octets) const;
    [[nodiscard]] bool receive_more();
    [[nodiscard]] std::optional<HttpAnswer> receive();

    std::string host_;
    std::uint16_t port_;
    std::chrono::milliseconds limit_;
    int socket_{-1};
    std::string unread_;
};

/// The `result` or `error` of a JSON-RPC call with these params (JSON text), whole; empty: no answer.
[[nodiscard]] std::string rpc_call(HttpClient& client, std::string_view method, std::string_view params = "[]");

}  // namespace conductor::test
