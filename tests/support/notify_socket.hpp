// The end of sd_notify(3) that a service manager holds: a datagram socket, and what came over it. Blocking; one
// thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace conductor::test {

class NotifySocket {
public:
    /// `path` is what NOTIFY_SOCKET holds: '@' in front makes a name without a file.
    explicit NotifySocket(const std::string& path);
    ~NotifySocket();
    NotifySocket(const NotifySocket&) = delete;
    NotifySocket& operator=(const NotifySocket&) = delete;

    /// The next message, or nothing within `limit`.
    [[nodiscard]] std::optional<std::string> next(std::chrono::milliseconds limit);
    /// Reads until a message contains `text`; all that came, that one last. Empty: not within `limit`.
    [[nodiscard]] std::vector<std::string> until(const std::string& text, std::chrono::milliseconds limit);
    /// How many messages equal to `text` come within `period`; others are dropped.
    [[nodiscard]] std::size_t count(const std::string& text, std::chrono::milliseconds period);
    /// Forgets what has come.
    void drain();

private:
    int fd_{-1};
};

}  // namespace conductor::test
