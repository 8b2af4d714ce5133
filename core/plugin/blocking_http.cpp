#include "core/plugin/blocking_http.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <optional>
#include <thread>

#include "core/runtime/http_client.hpp"

namespace conductor::plugin {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

using Outcome = Result<http::Answer, http::Failure>;

// What a caller and the worker share about one exchange. The mutex guards the outcome alone; the signal belongs
// to the worker's thread.
struct Exchange {
    Exchange() : done{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {}
    ~Exchange() {
        if (done >= 0) close(done);
    }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    void finish(std::optional<Outcome> how) {
        {
            const std::lock_guard lock{mutex};
            outcome = std::move(how);
        }
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = write(done, &one, sizeof one);
    }

    int done;
    std::mutex mutex;
    std::optional<Outcome> outcome;  ///< none once cancelled
    asio::cancellation_signal signal;
};

HttpError late() {
    return {HttpError::Kind::timed_out, "context deadline exceeded"};
}

HttpError error_of(const http::Failure& failure) {
    switch (failure.code) {
        case http::Errc::timed_out:
            return {HttpError::Kind::timed_out, failure.text};
        case http::Errc::too_large:
            return {HttpError::Kind::too_large, failure.text};
        default:
            return {HttpError::Kind::unreachable, failure.text};
    }
}

enum class Woken : std::uint8_t { done, cancelled, late };

// poll() alone, so that neither a stuck worker nor a clock that jumps keeps the caller.
Woken wait(int done, int cancel_fd, SteadyTime deadline) {
    while (true) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
        if (left <= milliseconds::zero()) return Woken::late;
        std::array<pollfd, 2> watched{pollfd{done, POLLIN, 0}, pollfd{cancel_fd, POLLIN, 0}};
        constexpr milliseconds longest{60'000};
        if (poll(watched.data(), watched.size(), static_cast<int>(std::min(left, longest).count())) <= 0)
            continue;
        if (watched[0].revents != 0) return Woken::done;
        if (watched[1].revents != 0) return Woken::cancelled;
    }
}

}  // namespace

struct BlockingHttp::Worker {
    Worker() : busy{asio::make_work_guard(context)} {}
    ~Worker() {
        context.stop();
        if (thread.joinable()) thread.join();
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    std::map<std::string, HttpEndpoint, std::less<>> places;
    std::atomic<std::size_t> under_way{0};
    asio::io_context context{1};
    http::Client client;  // after the context: its sockets live there
    asio::executor_work_guard<asio::io_context::executor_type> busy;
    std::thread thread;
};

Result<std::shared_ptr<BlockingHttp>, Complaint> BlockingHttp::make(
    const std::map<std::string, HttpEndpoint>& endpoints) {
    auto worker = std::make_unique<Worker>();
    for (const auto& [name, endpoint] : endpoints) {
        const auto url = http::read_url(endpoint.url);
        if (!url) return Complaint{"endpoints." + name + ".url: " + url.error().text};
        for (const auto& [field, value] : endpoint.fields)
            if (std::any_of(value.begin(), value.end(), [](char c) { return c >= '\0' && c < ' '; }))
                return Complaint{"endpoints." + name + ": " + field + " holds a control character"};
        worker->places.emplace(name, endpoint);
    }
    worker->thread = std::thread{[context = &worker->context] { context->run(); }};
    return std::shared_ptr<BlockingHttp>{new BlockingHttp{std::move(worker)}};
}

BlockingHttp::BlockingHttp(std::unique_ptr<Worker> worker) : worker_{std::move(worker)} {}
BlockingHttp::~BlockingHttp() = default;

Result<HttpReply, HttpError> BlockingHttp::post(const HttpCall& call) {
    return exchange("POST", call);
}

Result<HttpReply, HttpError> BlockingHttp::get(const HttpCall& call) {
    return exchange("GET", call);
}

Result<HttpReply, HttpError> BlockingHttp::exchange(std::string_view method, const HttpCall& call) {
    const auto found = worker_->places.find(call.endpoint);
    if (found == worker_->places.end())
        return HttpError{HttpError::Kind::no_endpoint,
                         "no endpoint named `" + std::string{call.endpoint} + "`"};
    const auto& place = found->second;

    const auto begun = steady_clock::now();
    const auto until = std::min(call.deadline, begun + place.timeout);
    if (until <= begun) return late();

    // Appended to a host, anything else could lead to another one and take the credentials there.
    if (!call.path.empty() && call.path.front() != '/' && call.path.front() != '?')
        return HttpError{HttpError::Kind::unreachable, "a path begins with `/` or `?`"};
    auto url = http::read_url(place.url + std::string{call.path});
    if (!url) return HttpError{HttpError::Kind::unreachable, url.error().text};
    http::Call ask{std::move(*url), std::string{call.body}};
    ask.method = method;
    if (call.body.empty()) ask.fields.clear();
    ask.fields.insert(ask.fields.end(), place.fields.begin(), place.fields.end());
    ask.limit = until - begun;
    ask.answer_limit = call.limit;
    if (method == "GET") ask.repeat = http::Repeat::once;

    const auto exchange = std::make_shared<Exchange>();
    auto* const worker = worker_.get();  // outlives its own thread
    if (exchange->done < 0 || worker->under_way.fetch_add(1) >= max_under_way) {
        if (exchange->done >= 0) worker->under_way.fetch_sub(1);
        return HttpError{HttpError::Kind::unreachable, "too many exchanges under way"};
    }
    asio::post(worker->context, [worker, exchange, ask = std::move(ask)]() mutable {
        asio::co_spawn(
            worker->context, worker->client.exchange(std::move(ask)),
            asio::bind_cancellation_slot(exchange->signal.slot(),
                                         [worker, exchange](std::exception_ptr failure, Outcome how) {
                                             worker->under_way.fetch_sub(1);
                                             if (failure) return exchange->finish(std::nullopt);
                                             exchange->finish(std::move(how));
                                         }));
    });

    const auto woken = wait(exchange->done, call.cancel_fd, until);
    if (woken != Woken::done) {
        asio::post(worker->context, [exchange] { exchange->signal.emit(asio::cancellation_type::terminal); });
        if (woken == Woken::late) return late();
        return HttpError{HttpError::Kind::cancelled, "context canceled"};
    }
    const std::lock_guard lock{exchange->mutex};
    if (!exchange->outcome) return late();
    auto& outcome = *exchange->outcome;
    if (!outcome) return error_of(outcome.error());
    return HttpReply{outcome->status, std::move(outcome->body)};
}

}  // namespace conductor::plugin
