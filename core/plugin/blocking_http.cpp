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
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "core/plugin/tls_client.hpp"
#include "core/runtime/http_client.hpp"

namespace conductor::plugin {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// What a caller and the worker share about one piece of work. The mutex guards the outcome alone; the signal
// belongs to the worker's thread.
template <class Outcome>
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

struct BlockingHttp::Place {
    HttpEndpoint endpoint;
    std::shared_ptr<const TlsTrust> trust;  ///< null: in the clear
};

struct BlockingHttp::Ask {
    std::string_view method;
    const HttpCall& call;
    http::Url url;
    SteadyTime begun;
    SteadyTime until;
};

namespace {

bool holds_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return c >= '\0' && c < ' '; });
}

Result<http::Url, Complaint> url_of(const std::string& text) {
    return is_tls_url(text) ? read_tls_url(text) : http::read_url(text);
}

std::string request_text(std::string_view method, const http::Url& url, const HttpEndpoint& place,
                         std::string_view body) {
    std::string text{method};
    text += " " + url.target + " HTTP/1.1\r\nHost: " + url.place() +
            "\r\nUser-Agent: conductord\r\nAccept-Encoding: identity\r\n";
    if (method != "GET")
        text += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    bool authorized = url.authorization.empty();
    for (const auto& [name, value] : place.fields) {
        text += name + ": " + value + "\r\n";
        authorized = authorized || name == "Authorization";
    }
    if (!authorized) text += "Authorization: " + url.authorization + "\r\n";
    text += "\r\n";
    text += body;
    return text;
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

    [[nodiscard]] std::optional<Place> place(std::string_view name) {
        const std::lock_guard lock{mutex};
        const auto found = places.find(name);
        return found == places.end() ? std::nullopt : std::optional{found->second};
    }

    /// Runs `work` on the worker's thread until it has ended, is cancelled, or is late.
    template <class Outcome>
    Result<Outcome, HttpError> await(std::function<asio::awaitable<Outcome>()> work, const Ask& ask) {
        const auto exchange = std::make_shared<Exchange<Outcome>>();
        if (exchange->done < 0 || under_way.fetch_add(1) >= max_under_way) {
            if (exchange->done >= 0) under_way.fetch_sub(1);
            return HttpError{HttpError::Kind::unreachable, "too many exchanges under way"};
        }
        asio::post(context, [this, exchange, work = std::move(work)]() mutable {
            asio::co_spawn(
                context, work(),
                asio::bind_cancellation_slot(exchange->signal.slot(),
                                             [this, exchange](std::exception_ptr failure, Outcome how) {
                                                 under_way.fetch_sub(1);
                                                 if (failure) return exchange->finish(std::nullopt);
                                                 exchange->finish(std::move(how));
                                             }));
        });
        const auto woken = wait(exchange->done, ask.call.cancel_fd, ask.until);
        if (woken != Woken::done) {
            asio::post(context, [exchange] { exchange->signal.emit(asio::cancellation_type::terminal); });
            if (woken == Woken::late) return late();
            return HttpError{HttpError::Kind::cancelled, "context canceled"};
        }
        const std::lock_guard lock{exchange->mutex};
        if (!exchange->outcome) return late();
        return std::move(*exchange->outcome);
    }

    std::mutex mutex;  // places may be renewed while workers ask
    std::map<std::string, Place, std::less<>> places;
    std::atomic<std::size_t> under_way{0};
    asio::io_context context{1};
    http::Client client;  // after the context: its sockets live there
    TlsClient tls;
    asio::executor_work_guard<asio::io_context::executor_type> busy;
    std::thread thread;
};

namespace {

using Places = std::map<std::string, std::pair<HttpEndpoint, std::shared_ptr<const TlsTrust>>, std::less<>>;

Result<Places, Complaint> places_of(const HttpEndpoints& endpoints) {
    Places out;
    for (const auto& [name, endpoint] : endpoints) {
        const auto url = url_of(endpoint.url);
        if (!url) return Complaint{"endpoints." + name + ".url: " + url.error().text};
        for (const auto& [field, value] : endpoint.fields)
            if (holds_control(value))
                return Complaint{"endpoints." + name + ": " + field + " holds a control character"};
        std::shared_ptr<const TlsTrust> trust;
        if (is_tls_url(endpoint.url)) {
            auto made = TlsTrust::make(endpoint.ca);
            if (!made) return Complaint{"endpoints." + name + ": " + made.error().text};
            trust = std::move(*made);
        } else if (!endpoint.ca.empty()) {
            return Complaint{"endpoints." + name + ".ca: the url is http, so nobody shows a certificate"};
        }
        out.emplace(name, std::pair{endpoint, std::move(trust)});
    }
    return out;
}

}  // namespace

Result<std::shared_ptr<BlockingHttp>, Complaint> BlockingHttp::make(const HttpEndpoints& endpoints) {
    auto places = places_of(endpoints);
    if (!places) return places.error();
    auto worker = std::make_unique<Worker>();
    for (auto& [name, place] : *places) worker->places.emplace(name, Place{place.first, place.second});
    worker->thread = std::thread{[context = &worker->context] { context->run(); }};
    return std::shared_ptr<BlockingHttp>{new BlockingHttp{std::move(worker)}};
}

BlockingHttp::BlockingHttp(std::unique_ptr<Worker> worker) : worker_{std::move(worker)} {}
BlockingHttp::~BlockingHttp() = default;

Result<void, Complaint> BlockingHttp::renew(const HttpEndpoints& endpoints) {
    const auto places = places_of(endpoints);
    if (!places) return places.error();
    const std::lock_guard lock{worker_->mutex};
    for (const auto& [name, place] : *places) {
        auto& known = worker_->places.try_emplace(name, Place{place.first, place.second}).first->second;
        // A token for another place is not for this one.
        if (known.endpoint.url == place.first.url) known.endpoint.fields = place.first.fields;
    }
    return {};
}

Result<HttpReply, HttpError> BlockingHttp::post(const HttpCall& call) {
    return exchange("POST", call);
}

Result<HttpReply, HttpError> BlockingHttp::get(const HttpCall& call) {
    return exchange("GET", call);
}

Result<HttpReply, HttpError> BlockingHttp::exchange(std::string_view method, const HttpCall& call) {
    const auto place = worker_->place(call.endpoint);
    if (!place)
        return HttpError{HttpError::Kind::no_endpoint,
                         "no endpoint named `" + std::string{call.endpoint} + "`"};

    const auto begun = steady_clock::now();
    const auto until = std::min(call.deadline, begun + place->endpoint.timeout);
    if (until <= begun) return late();

    // Appended to a host, anything else could lead to another one and take the credentials there.
    if (!call.path.empty() && call.path.front() != '/' && call.path.front() != '?')
        return HttpError{HttpError::Kind::unreachable, "a path begins with `/` or `?`"};
    auto url = url_of(place->endpoint.url + std::string{call.path});
    if (!url) return HttpError{HttpError::Kind::unreachable, url.error().text};
    const Ask ask{method, call, std::move(*url), begun, until};
    return place->trust ? by_tls(*place, ask) : in_clear(*place, ask);
}

Result<HttpReply, HttpError> BlockingHttp::in_clear(const Place& place, const Ask& ask) {
    http::Call out{ask.url, std::string{ask.call.body}};
    out.method = ask.method;
    if (ask.call.body.empty()) out.fields.clear();
    out.fields.insert(out.fields.end(), place.endpoint.fields.begin(), place.endpoint.fields.end());
    out.limit = ask.until - ask.begun;
    out.answer_limit = ask.call.limit;
    if (ask.method == "GET") out.repeat = http::Repeat::once;

    using Outcome = Result<http::Answer, http::Failure>;
    auto* const worker = worker_.get();  // outlives its own thread
    auto answered = worker->await<Outcome>([worker, out] { return worker->client.exchange(out); }, ask);
    if (!answered) return answered.error();
    if (!*answered) return error_of(answered->error());
    return HttpReply{(*answered)->status, std::move((*answered)->body)};
}

// A name is looked up where lookups can be abandoned; the rest blocks here, where that is no harm.
Result<HttpReply, HttpError> BlockingHttp::by_tls(const Place& place, const Ask& ask) {
    const auto host = ask.url.host;
    const auto port = ask.url.port;
    const auto lookup = [&]() -> Result<Endpoints, HttpError> {
        auto found = worker_->await<Result<Endpoints>>([host, port] { return resolve(host, port); }, ask);
        if (!found) return found.error();
        if (!*found) return HttpError{HttpError::Kind::unreachable, "lookup " + host + ": no such host"};
        return std::move(**found);
    };
    TlsCall call{
        host,           ask.url.place(), request_text(ask.method, ask.url, place.endpoint, ask.call.body),
        ask.call.limit, ask.until,       ask.call.cancel_fd};
    if (ask.method == "GET") call.repeat = http::Repeat::once;
    auto answer = worker_->tls.exchange(place.trust, call, lookup);
    if (!answer) return answer.error();
    return HttpReply{answer->status, std::move(answer->body)};
}

}  // namespace conductor::plugin
