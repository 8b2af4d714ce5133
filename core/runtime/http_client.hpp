// HTTP/1.1 for asking nodes and other conductors: one exchange a call, connections kept per host and port,
// every wait and buffer bounded, no compression asked for. No redirect is followed: it would take a command to
// a node that nobody configured. `http` only.
//
// All calls on one executor, which is one thread or a strand; several may be under way at once.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/runtime/http_answer.hpp"
#include "core/runtime/http_url.hpp"
#include "core/runtime/resolver.hpp"

namespace conductor::http {

enum class Errc : std::uint8_t {
    no_address,    ///< the name resolves to nothing
    refused,       ///< nobody listens: the peer has not seen the request
    unreachable,   ///< no connection for another reason: the peer has not seen the request
    timed_out,     ///< whether the peer acted is unknown
    too_large,     ///< the answer exceeds the limit
    bad_response,  ///< what came is no HTTP/1.x answer
    closed,        ///< the connection ended before the answer did; whether the peer acted is unknown
};

struct Failure {
    Errc code{Errc::unreachable};
    std::string text;  ///< as a Go program would say it
};

/// What happens when a kept connection turns out to be dead before an octet of the answer came. Where part of
/// the request never left this machine, the peer cannot have acted: then the call always goes on, once, over a
/// fresh connection.
enum class Repeat : std::uint8_t {
    never,  ///< `closed`: the peer may have acted
    once,   ///< asked again on a fresh connection: for requests that may arrive twice
};

struct Call {
    // A constructor, because GCC 12 destroys an aggregate made within a co_await expression twice.
    explicit Call(Url where, std::string what = {}) : url{std::move(where)}, body{std::move(what)} {}

    std::string method{"POST"};  ///< not HEAD: its answer would be waited for
    Url url;
    std::string body;
    std::vector<std::pair<std::string, std::string>> fields{{"Content-Type", "application/json"}};
    Duration limit{std::chrono::seconds{5}};  ///< name, connection, repeat and answer together
    /// Octets of body. A head has the bounds of AnswerReader.
    std::size_t answer_limit{std::size_t{4} << 20U};
    Repeat repeat{Repeat::never};
};

using Resolve = std::function<boost::asio::awaitable<Result<Endpoints>>(std::string, std::uint16_t)>;

class Client {
public:
    static constexpr std::size_t kept_per_place = 4;
    static constexpr std::size_t kept_in_all = 64;
    static constexpr Duration idle_limit = std::chrono::seconds{60};  ///< op-node closes after 120

    Client() : Client{resolve} {}
    /// `resolve` must end when it is cancelled.
    explicit Client(Resolve resolve) : resolve_{std::move(resolve)} {}
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// The client outlives the call. An outer cancellation ends it by the exception of its cancellation.
    boost::asio::awaitable<Result<Answer, Failure>> exchange(Call call);

    /// Connections that wait for the next call.
    [[nodiscard]] std::size_t kept() const noexcept { return kept_; }

private:
    using Socket = boost::asio::ip::tcp::socket;
    struct Kept {
        Socket socket;
        Instant since;
    };
    // Classes with constructors, so that no result can be taken for an error nor be destroyed twice.
    struct Outcome;
    struct Dialled;

    boost::asio::awaitable<Outcome> attempts(const Call& call, Instant until);
    boost::asio::awaitable<Outcome> attempt(Socket socket, const Call& call);
    boost::asio::awaitable<Dialled> dial(const Url& url, Instant until);
    static boost::asio::awaitable<Dialled> connect(boost::asio::ip::tcp::endpoint endpoint);
    [[nodiscard]] std::optional<Socket> take_kept(const std::string& place);
    void keep(const std::string& place, Socket socket);
    void drop_expired();

    Resolve resolve_;
    std::map<std::string, std::vector<Kept>> pool_;  // by host:port; oldest first
    std::size_t kept_{0};
};

}  // namespace conductor::http
