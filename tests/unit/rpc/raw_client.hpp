// A blocking HTTP client that sends octets as they are given and shows answers as they came: for what no
// decent client would send. One thread; never waits longer than its limit.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conductor::rpc::test {

struct RawAnswer {
    std::string version;
    int status{0};
    std::string reason;
    std::vector<std::pair<std::string, std::string>> fields;  ///< in wire order
    std::string body;                                         ///< chunks joined, still compressed
    [[nodiscard]] std::optional<std::string> field(std::string_view name) const;
};

class RawClient {
public:
    explicit RawClient(std::uint16_t port, std::chrono::milliseconds limit = std::chrono::seconds{10});
    ~RawClient();
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    /// False once the server has closed.
    bool send(std::string_view octets) const;
    void end_sending() const;
    /// With a reset instead of a good-bye.
    void abort();
    /// Nothing where the connection ends, or the limit passes, before a whole answer. `to_head`: the request
    /// was a HEAD. Informational answers (1xx) are answers.
    [[nodiscard]] std::optional<RawAnswer> receive(bool to_head = false);
    /// Whether the server ends the connection before `limit`; what it still sends is thrown away.
    [[nodiscard]] bool closed_within(std::chrono::milliseconds limit);

private:
    [[nodiscard]] bool receive_more(std::chrono::milliseconds limit);
    [[nodiscard]] bool have(std::size_t octets);
    [[nodiscard]] std::optional<std::string> take_line();

    int socket_{-1};
    std::chrono::milliseconds limit_;
    std::string unread_;
};

/// A POST of JSON with the usual fields.
[[nodiscard]] std::string json_post(std::string_view body, std::string_view more_fields = {});

[[nodiscard]] std::string gunzip(std::string_view packed);

}  // namespace conductor::rpc::test
