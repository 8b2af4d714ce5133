// conductorctl as a shell runs it: words in, text and exit code out.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace conductor::test {

struct Said {
    std::optional<int> code;  ///< nothing: still runs after 60 s
    std::string text;         ///< standard output and error
    [[nodiscard]] bool has(const std::string& part) const { return text.find(part) != std::string::npos; }
};

/// Without a configuration of this machine, and with an RPC address at which nobody listens, unless `words` say
/// otherwise.
[[nodiscard]] Said conductorctl(std::vector<std::string> words,
                                const std::map<std::string, std::string>& environment = {});

/// A daemon that answers every request with one text.
class CannedDaemon {
public:
    explicit CannedDaemon(std::string result);
    ~CannedDaemon();
    CannedDaemon(const CannedDaemon&) = delete;
    CannedDaemon& operator=(const CannedDaemon&) = delete;
    [[nodiscard]] std::string url() const;

private:
    void serve() const;
    std::string answer_;
    int listener_{-1};
    std::thread thread_;
};

}  // namespace conductor::test
