#include "tests/unit/rpc/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

namespace conductor::rpc::test {

std::optional<std::string> RawAnswer::field(std::string_view name) const {
    for (const auto& [key, value] : fields)
        if (key == name) return value;
    return std::nullopt;
}

RawClient::RawClient(std::uint16_t port, std::chrono::milliseconds limit) : limit_{limit} {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (socket_ < 0 || ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error{"no connection to the server under test"};
    // A server that does not read must not hang the test.
    timeval wait{};
    wait.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(limit).count() + 1;
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
}

RawClient::~RawClient() {
    if (socket_ >= 0) ::close(socket_);
}

bool RawClient::send(std::string_view octets) const {
    while (!octets.empty()) {
        const auto sent = ::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        octets.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void RawClient::end_sending() const {
    ::shutdown(socket_, SHUT_WR);
}

void RawClient::abort() {
    const linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(socket_);
    socket_ = -1;
}

bool RawClient::receive_more(std::chrono::milliseconds limit) {
    pollfd waiting{socket_, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(limit.count())) <= 0) return false;
    std::array<char, 65536> chunk{};
    const auto got = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (got <= 0) return false;
    unread_.append(chunk.data(), static_cast<std::size_t>(got));
    return true;
}

bool RawClient::have(std::size_t octets) {
    while (unread_.size() < octets)
        if (!receive_more(limit_)) return false;
    return true;
}

std::optional<std::string> RawClient::take_line() {
    for (;;) {
        if (const auto end = unread_.find("\r\n"); end != std::string::npos) {
            auto line = unread_.substr(0, end);
            unread_.erase(0, end + 2);
            return line;
        }
        if (!receive_more(limit_)) return std::nullopt;
    }
}

std::optional<RawAnswer> RawClient::receive(bool to_head) {
    const auto status_line = take_line();
    if (!status_line || status_line->size() < 12) return std::nullopt;
    RawAnswer answer;
    answer.version = status_line->substr(0, 8);
    answer.status = std::atoi(status_line->substr(9, 3).c_str());
    if (status_line->size() > 13) answer.reason = status_line->substr(13);
    for (;;) {
        const auto line = take_line();
        if (!line) return std::nullopt;
        if (line->empty()) break;
        const auto colon = line->find(": ");
        answer.fields.emplace_back(line->substr(0, colon), line->substr(colon + 2));
    }
    if (to_head || answer.status == 204 || answer.status < 200) return answer;
    if (answer.field("Transfer-Encoding")) {
        for (;;) {
            const auto line = take_line();
            if (!line) return std::nullopt;
            const auto size = std::stoul(*line, nullptr, 16);
            if (!have(size + 2)) return std::nullopt;
            answer.body += unread_.substr(0, size);
            unread_.erase(0, size + 2);
            if (size == 0) return answer;
        }
    }
    if (const auto length = answer.field("Content-Length")) {
        const auto size = std::stoul(*length);
        if (!have(size)) return std::nullopt;
        answer.body = unread_.substr(0, size);
        unread_.erase(0, size);
        return answer;
    }
    while (receive_more(limit_)) {
    }
    answer.body = std::exchange(unread_, {});
    return answer;
}

bool RawClient::closed_within(std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) return false;
        pollfd waiting{socket_, POLLIN, 0};
        if (::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) return false;
        std::array<char, 4096> ignored{};
        if (::recv(socket_, ignored.data(), ignored.size(), 0) <= 0) return true;
    }
}

std::string json_post(std::string_view body, std::string_view more_fields) {
    std::string text{"POST / HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: "};
    text.append(std::to_string(body.size())).append("\r\n").append(more_fields).append("\r\n").append(body);
    return text;
}

std::string gunzip(std::string_view packed) {
    z_stream stream{};
    if (::inflateInit2(&stream, 15 + 16) != Z_OK) throw std::runtime_error{"zlib"};
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    std::string out;
    int result = Z_OK;
    while (result == Z_OK) {
        std::array<char, 65536> piece{};
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = piece.size();
        result = ::inflate(&stream, Z_NO_FLUSH);
        out.append(piece.data(), piece.size() - stream.avail_out);
    }
    ::inflateEnd(&stream);
    if (result != Z_STREAM_END) throw std::runtime_error{"no whole gzip text"};
    return out;
}

}  // namespace conductor::rpc::test
