#include "tests/unit/ctl/tool.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "tests/support/daemon_process.hpp"

namespace conductor::test {

using namespace std::chrono_literals;

Said conductorctl(std::vector<std::string> words, const std::map<std::string, std::string>& environment) {
    const TempDir work{"conductorctl"};
    const auto absent = [&](const std::string& flag) { return std::ranges::find(words, flag) == words.end(); };
    if (absent("--rpc") && !environment.contains("CONDUCTORCTL_RPC"))
        words.insert(words.begin(), {"--rpc", "http://127.0.0.1:1"});
    if (absent("--config")) words.insert(words.begin(), {"--config", "/nowhere/conductord.toml"});
    DaemonProcess process{{std::filesystem::canonical("/proc/self/exe").parent_path() / "conductorctl", words,
                           environment, work.path() / "said"}};
    Said said;
    said.code = process.wait(60s);
    said.text = process.output();
    return said;
}

CannedDaemon::CannedDaemon(std::string result)
    : answer_{R"({"jsonrpc":"2.0","id":1,)" + std::move(result) + "}"},
      listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0 ||
        ::listen(listener_, 4) != 0)
        throw std::runtime_error("cannot listen");
    thread_ = std::thread{[this] { serve(); }};
}

CannedDaemon::~CannedDaemon() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
}

std::string CannedDaemon::url() const {
    sockaddr_in own{};
    socklen_t size = sizeof own;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&own), &size);
    return "http://127.0.0.1:" + std::to_string(ntohs(own.sin_port));
}

void CannedDaemon::serve() const {
    for (;;) {
        const int peer = ::accept(listener_, nullptr, nullptr);
        if (peer < 0) return;
        std::array<char, 4096> request{};
        (void)::recv(peer, request.data(), request.size(), 0);
        const auto text =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
            std::to_string(answer_.size()) + "\r\n\r\n" + answer_;
        (void)::send(peer, text.data(), text.size(), MSG_NOSIGNAL);
        ::shutdown(peer, SHUT_WR);
        (void)::recv(peer, request.data(), request.size(), 0);
        ::close(peer);
    }
}

}  // namespace conductor::test
