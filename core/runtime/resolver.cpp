#include "core/runtime/resolver.hpp"

#include <netdb.h>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace conductor {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

std::atomic<std::size_t> lookups_under_way{0};

// What waiter and worker share. The mutex keeps the worker from touching the waiter's executor after the waiter
// has gone.
struct Lookup {
    using Channel = asio::experimental::concurrent_channel<void(error_code, Endpoints)>;
    explicit Lookup(const asio::any_io_executor& executor) : answer{std::in_place, executor, 1} {}
    std::mutex mutex;
    std::optional<Channel> answer;
};

// Takes the channel away when the waiter leaves, also by cancellation.
class Waiting {
public:
    explicit Waiting(std::shared_ptr<Lookup> lookup) : lookup_{std::move(lookup)} {}
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() {
        const std::lock_guard lock{lookup_->mutex};
        lookup_->answer.reset();
    }

private:
    std::shared_ptr<Lookup> lookup_;
};

struct FreeList {
    void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};

std::pair<error_code, Endpoints> look_up(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    const auto code = getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (code == EAI_AGAIN) return {asio::error::host_not_found_try_again, {}};
    if (code != 0) return {asio::error::host_not_found, {}};

    const std::unique_ptr<addrinfo, FreeList> list{found};
    Endpoints endpoints;
    for (const auto* item = list.get(); item != nullptr; item = item->ai_next) {
        asio::ip::tcp::endpoint endpoint;
        if (item->ai_addrlen > endpoint.capacity()) continue;
        std::memcpy(endpoint.data(), item->ai_addr, item->ai_addrlen);
        endpoint.resize(item->ai_addrlen);
        endpoint.port(port);
        endpoints.push_back(endpoint);
    }
    return {endpoints.empty() ? error_code{asio::error::host_not_found} : error_code{}, endpoints};
}

void work(const std::shared_ptr<Lookup>& lookup, const std::string& host, std::uint16_t port) {
    auto [error, endpoints] = look_up(host, port);
    lookups_under_way.fetch_sub(1);
    const std::lock_guard lock{lookup->mutex};
    if (lookup->answer) lookup->answer->try_send(error, std::move(endpoints));
}

}  // namespace

asio::awaitable<Result<Endpoints>> resolve(std::string host, std::uint16_t port) {
    error_code not_literal;
    const auto address = asio::ip::make_address(host, not_literal);
    if (!not_literal) {
        Endpoints literal;
        literal.emplace_back(address, port);
        co_return literal;
    }
    if (lookups_under_way.fetch_add(1) >= max_lookups) {
        lookups_under_way.fetch_sub(1);
        co_return error_code{asio::error::try_again};
    }
    const auto executor = co_await asio::this_coro::executor;
    const auto lookup = std::make_shared<Lookup>(executor);
    const Waiting waiting{lookup};
    try {
        std::thread{work, lookup, host, port}.detach();
    } catch (const std::system_error&) {
        lookups_under_way.fetch_sub(1);
        co_return error_code{asio::error::try_again};
    }
    auto [error, endpoints] = co_await lookup->answer->async_receive(asio::as_tuple(asio::use_awaitable));
    if (error) co_return error;
    co_return std::move(endpoints);
}

}  // namespace conductor
