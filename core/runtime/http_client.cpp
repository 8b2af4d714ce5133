#include "core/runtime/http_client.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <optional>
#include <sstream>

#include "core/runtime/clock.hpp"
#include "core/runtime/deadline.hpp"
#include "core/runtime/errno_words.hpp"

namespace conductor::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

struct Client::Outcome {
    Outcome() = default;
    Outcome(Errc code, std::string text) : failure{code, std::move(text)} {}
    std::optional<Answer> answer;
    Failure failure;
    bool never_began{false};    ///< no octet of an answer came
    bool never_arrived{false};  ///< the peer cannot hold the whole request
};

struct Client::Dialled {
    Dialled() = default;
    std::optional<Socket> socket;
    Failure failure;
};

namespace {

constexpr std::size_t read_size = 16 * 1024;

std::string shown(const tcp::endpoint& endpoint) {
    std::ostringstream text;
    text << endpoint;
    return text.str();
}

// `read tcp 10.0.0.1:4000->10.0.0.2:8545: read: connection reset by peer`, as Go's net.OpError.
std::string broken(std::string_view operation, const tcp::socket& socket, const error_code& error) {
    error_code unknown;
    const auto here = socket.local_endpoint(unknown);
    const auto there = socket.remote_endpoint(unknown);
    return std::string{operation} + " tcp " + shown(here) + "->" + shown(there) + ": " +
           std::string{operation} + ": " + errno_words(error);
}

Errc dial_error(const error_code& error) noexcept {
    return error == asio::error::connection_refused ? Errc::refused : Errc::unreachable;
}

std::string request_text(const Call& call) {
    std::string text = call.method + " " + call.url.target + " HTTP/1.1\r\nHost: " + call.url.place() +
                       "\r\nUser-Agent: conductord\r\nAccept-Encoding: identity\r\n";
    if (call.method != "GET") text += "Content-Length: " + std::to_string(call.body.size()) + "\r\n";
    bool authorized = call.url.authorization.empty();
    for (const auto& [name, value] : call.fields) {
        text += name + ": " + value + "\r\n";
        authorized = authorized || name == "Authorization";
    }
    if (!authorized) text += "Authorization: " + call.url.authorization + "\r\n";
    return text + "\r\n" + call.body;
}

// A line end within a field would let whoever wrote the value write the rest of the request.
bool is_sendable(const Call& call) noexcept {
    const auto has_control = [](std::string_view text) {
        return std::any_of(text.begin(), text.end(),
                           [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
    };
    return std::none_of(call.fields.begin(), call.fields.end(), [&](const auto& field) {
        return field.first.empty() || has_control(field.first) || has_control(field.second);
    });
}

// A kept connection is usable while nothing can be read from it, neither an end nor octets that nobody asked
// for.
bool is_quiet(tcp::socket& socket) noexcept {
    char octet = 0;
    const auto got = ::recv(socket.native_handle(), &octet, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

asio::awaitable<Result<Answer, Failure>> Client::exchange(Call call) {
    if (!is_sendable(call)) {
        Failure unsendable{Errc::unreachable, "a header field holds a control character"};
        co_return unsendable;
    }
    auto ended = co_await within(call.limit, attempts(call, now() + call.limit));
    if (!ended) {
        Failure late{Errc::timed_out, "context deadline exceeded"};
        co_return late;
    }
    if (ended->answer) co_return std::move(*ended->answer);
    co_return ended->failure;
}

asio::awaitable<Client::Outcome> Client::attempts(const Call& call, Instant until) {
    if (auto old = take_kept(call.url.place())) {
        auto outcome = co_await attempt(std::move(*old), call);
        const bool stale = !outcome.answer && outcome.never_began && outcome.failure.code == Errc::closed;
        const bool again = stale && (outcome.never_arrived || call.repeat == Repeat::once);
        if (!again) co_return outcome;
    }
    auto dialled = co_await dial(call.url, until);  // not a kept one: those are likely to be as dead
    if (!dialled.socket) {
        Outcome failed{dialled.failure.code, dialled.failure.text};
        co_return failed;
    }
    co_return co_await attempt(std::move(*dialled.socket), call);
}

asio::awaitable<Client::Dialled> Client::connect(tcp::endpoint endpoint) {
    Dialled dialled;
    Socket socket{co_await asio::this_coro::executor};
    const auto [error] = co_await socket.async_connect(endpoint, asio::as_tuple(asio::use_awaitable));
    if (error) {
        dialled.failure =
            Failure{dial_error(error), "dial tcp " + shown(endpoint) + ": connect: " + errno_words(error)};
        co_return dialled;
    }
    error_code ignored;  // a connection that delays small packets works too
    socket.set_option(tcp::no_delay{true}, ignored);
    dialled.socket = std::move(socket);
    co_return dialled;
}

// Addresses are tried in turn. Each may take an equal share of the time that is left, so that one which
// swallows packets leaves time for the next.
asio::awaitable<Client::Dialled> Client::dial(const Url& url, Instant until) {
    Dialled dialled;
    const auto endpoints = co_await resolve_(url.host, url.port);
    if (!endpoints) {
        const bool busy = endpoints.error() == asio::error::try_again;
        const std::string why = busy ? "too many lookups under way"
                                : endpoints.error() == asio::error::host_not_found_try_again
                                    ? "server misbehaving"
                                    : "no such host";
        dialled.failure = Failure{Errc::no_address, "dial tcp: lookup " + url.host + ": " + why};
        co_return dialled;
    }
    dialled.failure = Failure{Errc::no_address, "dial tcp: lookup " + url.host + ": no such host"};
    auto left = static_cast<std::int64_t>(endpoints->size());
    for (const auto& endpoint : *endpoints) {
        auto connecting = connect(endpoint);
        if (--left == 0) co_return co_await std::move(connecting);
        const Duration share{(until - now()) / (left + 1)};
        auto tried = co_await within(share, std::move(connecting));
        if (tried && tried->socket) co_return std::move(*tried);
        dialled.failure = tried ? tried->failure
                                : Failure{Errc::unreachable, "dial tcp " + shown(endpoint) + ": i/o timeout"};
    }
    co_return dialled;
}

asio::awaitable<Client::Outcome> Client::attempt(Socket socket, const Call& call) {
    Outcome outcome;
    const auto request = request_text(call);
    const auto octets = asio::buffer(request);
    const auto [write_error, written] =
        co_await asio::async_write(socket, octets, asio::as_tuple(asio::use_awaitable));
    // A peer may answer and close without reading on: what it said is read even when our words broke off.
    AnswerReader reader{call.answer_limit};
    std::string buffer(read_size, '\0');
    while (true) {
        const auto space = asio::buffer(buffer);
        const auto [error, count] = co_await socket.async_read_some(space, asio::as_tuple(asio::use_awaitable));
        auto progress = reader.take(std::string_view{buffer}.substr(0, count));
        if (error && progress == AnswerReader::Progress::more) {
            if (error == asio::error::eof) progress = reader.peer_closed();
            if (progress == AnswerReader::Progress::more) {
                outcome.never_began = !reader.begun();
                outcome.never_arrived = written < request.size();
                const auto ended = reader.begun() ? std::string{"unexpected EOF"} : std::string{"EOF"};
                const auto text = write_error                 ? broken("write", socket, write_error)
                                  : error == asio::error::eof ? ended
                                                              : broken("read", socket, error);
                outcome.failure = Failure{Errc::closed, text};
                co_return outcome;
            }
        }
        switch (progress) {
            case AnswerReader::Progress::more:
                continue;
            case AnswerReader::Progress::malformed:
                outcome.failure = Failure{Errc::bad_response, reader.complaint()};
                co_return outcome;
            case AnswerReader::Progress::too_large:
                outcome.failure = Failure{
                    Errc::too_large, "answer of more than " + std::to_string(call.answer_limit) + " octets"};
                co_return outcome;
            case AnswerReader::Progress::done:
                break;
        }
        outcome.answer = std::move(reader.answer());
        if (reader.reusable() && !error && !write_error) keep(call.url.place(), std::move(socket));
        co_return outcome;
    }
}

std::optional<Client::Socket> Client::take_kept(const std::string& place) {
    const auto found = pool_.find(place);
    if (found == pool_.end()) return std::nullopt;
    auto& idle = found->second;
    std::optional<Socket> socket;
    while (!socket && !idle.empty()) {
        auto last = std::move(idle.back());  // the youngest: the peer is least likely to have closed it
        idle.pop_back();
        --kept_;
        if (now() - last.since < idle_limit && is_quiet(last.socket)) socket = std::move(last.socket);
    }
    if (idle.empty()) pool_.erase(found);
    return socket;
}

void Client::drop_expired() {
    for (auto& [place, idle] : pool_)
        kept_ -= std::erase_if(idle, [](const Kept& kept) { return now() - kept.since >= idle_limit; });
    std::erase_if(pool_, [](const auto& entry) { return entry.second.empty(); });
}

void Client::keep(const std::string& place, Socket socket) {
    if (kept_ >= kept_in_all) drop_expired();  // or places that nobody asks any more would hold all
    if (kept_ >= kept_in_all) return;
    auto& idle = pool_[place];
    if (idle.size() >= kept_per_place) return;
    idle.push_back(Kept{std::move(socket), now()});
    ++kept_;
}

}  // namespace conductor::http
