// The host as a plugin sees it: its options, clock, log, metrics and JSON-RPC, and one JSON value read through
// the host's selector, so that no plugin needs a JSON library. Valid from construction of the plugin until its
// destruction; any thread. Getters throw Failure.
#pragma once

#include <conductor/draft/rpc_batch.h>
#include <conductor/cpp/plugin.hpp>

#include <initializer_list>
#include <optional>
#include <vector>

namespace conductor {
inline namespace sdk_0_1 {

/// One JSON value. A getter throws REMOTE_ERROR when the place is missing or holds something else. `at` is an
/// RFC 6901 pointer; empty is the whole value.
class Json {
public:
    Json(const conductor_host* host, std::string raw) : host_{host}, raw_{std::move(raw)} {}

    [[nodiscard]] const std::string& raw() const noexcept { return raw_; }
    /// CONDUCTOR_JSON_…; MISSING where there is no such place.
    [[nodiscard]] std::uint32_t kind(std::string_view at = {}) const { return get(at).kind; }
    /// Elements, members, or bytes of the string.
    [[nodiscard]] std::uint64_t length(std::string_view at = {}) const {
        const auto v = get(at);
        if (v.kind < CONDUCTOR_JSON_STRING) wrong(at);
        return v.length;
    }
    /// Numbers, and strings of "0x" and 1 to 16 hex digits.
    [[nodiscard]] std::int64_t integer(std::string_view at = {}) const {
        const auto v = get(at);
        if ((v.fits & CONDUCTOR_FITS_INT64) == 0) wrong(at);
        return v.as_int64;
    }
    [[nodiscard]] std::uint64_t natural(std::string_view at = {}) const {
        const auto v = get(at);
        if ((v.fits & CONDUCTOR_FITS_UINT64) == 0) wrong(at);
        return v.as_uint64;
    }
    [[nodiscard]] double real(std::string_view at = {}) const {
        const auto v = get(at);
        if ((v.fits & CONDUCTOR_FITS_REAL) == 0) wrong(at);
        return v.as_real;
    }
    [[nodiscard]] bool boolean(std::string_view at = {}) const {
        const auto v = get(at);
        if (v.kind != CONDUCTOR_JSON_BOOL) wrong(at);
        return v.boolean != 0;
    }
    [[nodiscard]] std::string string(std::string_view at = {}) const {
        std::string s;
        if (get(at, into(s)).kind != CONDUCTOR_JSON_STRING) wrong(at);
        return s;
    }
    /// The value there, by itself: cheaper than long pointers into a long text.
    [[nodiscard]] Json at(std::string_view pointer) const {
        const auto v = get(pointer);
        if (v.kind == CONDUCTOR_JSON_MISSING) wrong(pointer);
        return {host_, std::string(view(v.raw))};
    }

private:
    [[nodiscard]] conductor_json get(std::string_view at, conductor_sink to = {}) const {
        conductor_json v{};
        v.size = sizeof v;
        v.text = to;
        const auto* rpc = static_cast<const conductor_rpc*>(host_->service(host_, CONDUCTOR_RPC));
        if (rpc == nullptr || !CONDUCTOR_HAS(conductor_rpc, rpc, select))
            throw Failure(CONDUCTOR_UNSUPPORTED, CONDUCTOR_RPC);
        const auto status = rpc->select(host_, text(raw_), text(at), &v);
        if (status < 0) throw Failure(status, "cannot read \"" + std::string(at) + "\" of the answer");
        return v;
    }
    [[noreturn]] static void wrong(std::string_view at) {
        throw Failure(CONDUCTOR_REMOTE_ERROR,
                      "\"" + std::string(at) + "\" of the answer is missing or of another kind");
    }

    const conductor_host* host_;
    std::string raw_;
};

/// What a JSON-RPC call brought: the result, or the error object with `code`, `message` and, where the host
/// made it, `http`.
struct Answer : Json {
    Answer(Json json, conductor_status what) : Json{std::move(json)}, status{what} {}
    conductor_status status;

    [[nodiscard]] bool ok() const noexcept { return status >= 0; }
    [[nodiscard]] std::string why() const {
        try {
            return string("/message");
        } catch (const Failure&) {
            return "failed with status " + std::to_string(status);
        }
    }
    /// 0: there is none.
    [[nodiscard]] std::int64_t code() const { return number_or_zero("/code"); }
    [[nodiscard]] std::int64_t http() const { return number_or_zero("/http"); }

private:
    [[nodiscard]] std::int64_t number_or_zero(std::string_view place) const {
        try {
            return integer(place);
        } catch (const Failure&) {
            return 0;
        }
    }
};

struct Page {
    conductor_status status;
    std::int32_t http_status;
    std::string body;
    std::string why;  ///< what went wrong; empty while ok()
    [[nodiscard]] bool ok() const noexcept { return status >= 0; }
};

class Host {
public:
    using Pair = std::pair<std::string_view, std::string_view>;

    explicit Host(const conductor_host* host) noexcept : host_{host} {}

    [[nodiscard]] std::string instance() const { return std::string(view(host_->instance)); }

    [[nodiscard]] std::string string(const char* key, std::uint32_t index = 0) const {
        std::string v;
        take(key, config(&conductor_config::string)->string(host_, key, index, into(v)));
        return v;
    }
    /// INT, BOOL, DURATION (nanoseconds) and BYTES.
    [[nodiscard]] std::int64_t integer(const char* key, std::uint32_t index = 0) const {
        std::int64_t v{};
        take(key, config(&conductor_config::integer)->integer(host_, key, index, &v));
        return v;
    }
    /// The same where the option's bounds keep it from being negative.
    [[nodiscard]] std::uint64_t natural(const char* key, std::uint32_t index = 0) const {
        return static_cast<std::uint64_t>(integer(key, index));
    }
    [[nodiscard]] bool boolean(const char* key) const { return integer(key) != 0; }
    [[nodiscard]] double real(const char* key, std::uint32_t index = 0) const {
        double v{};
        take(key, config(&conductor_config::real)->real(host_, key, index, &v));
        return v;
    }
    /// Number of values: 0 where the option is not set and has no fallback.
    [[nodiscard]] std::uint32_t count(const char* key) const {
        return config(&conductor_config::count)->count(host_, key);
    }
    [[nodiscard]] std::vector<std::string> strings(const char* key) const {
        std::vector<std::string> all(count(key));
        for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = string(key, i);
        return all;
    }
    [[nodiscard]] std::vector<std::int64_t> integers(const char* key) const {
        std::vector<std::int64_t> all(count(key));
        for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = integer(key, i);
        return all;
    }

    void log(std::int32_t level, std::string_view message, std::initializer_list<Pair> pairs = {}) const {
        const auto* service = find(CONDUCTOR_LOG, &conductor_log::write);
        if (service == nullptr) return;
        std::vector<conductor_pair> flat;
        flat.reserve(pairs.size());
        for (const auto& pair : pairs) flat.push_back({text(pair.first), text(pair.second)});
        service->write(host_, level, text(message), flat.data(), static_cast<std::uint32_t>(flat.size()));
    }
    void gauge(const char* name, double value, std::string_view label_value = {}) const {
        if (const auto* service = find(CONDUCTOR_METRICS, &conductor_metrics::gauge))
            service->gauge(host_, name, text(label_value), value);
    }
    void add(const char* name, std::uint64_t delta, std::string_view label_value = {}) const {
        if (const auto* service = find(CONDUCTOR_METRICS, &conductor_metrics::count))
            service->count(host_, name, text(label_value), delta);
    }
    [[nodiscard]] std::uint64_t monotonic_ns() const {
        return need(CONDUCTOR_CLOCK, &conductor_clock::monotonic_ns)->monotonic_ns(host_);
    }
    [[nodiscard]] std::int64_t unix_ns() const {
        return need(CONDUCTOR_CLOCK, &conductor_clock::unix_ns)->unix_ns(host_);
    }

    /// `endpoint` is the name that one of this instance's ENDPOINT options holds. Returns before the deadline.
    [[nodiscard]] Answer call(const conductor_call& call, std::string_view endpoint, std::string_view method,
                              std::string_view params = "[]") const {
        std::string v;
        const auto status = need(CONDUCTOR_RPC, &conductor_rpc::json)
                                ->json(host_, &call, text(endpoint), text(method), text(params), into(v));
        return {Json{host_, std::move(v)}, status};
    }
    /// The same method once for each of `params`, in as few requests as host and node allow; whatever a batch
    /// leaves unanswered is asked by itself. The answers in order, up to the first that is not ok().
    [[nodiscard]] std::vector<Answer> call_each(const conductor_call& call, std::string_view endpoint,
                                                std::string_view method,
                                                const std::vector<std::string>& params) const {
        auto got = in_batches(call, endpoint, method, params);
        std::vector<Answer> all;
        all.reserve(params.size());
        for (std::size_t i = 0; i < params.size(); ++i) {
            if (!got[i] && call.cancelled != nullptr && call.cancelled(&call) == 1)
                got[i] = Answer{json(R"({"code":0,"message":"no time left for all calls","http":0})"),
                                CONDUCTOR_TIMED_OUT};
            if (!got[i]) got[i] = this->call(call, endpoint, method, params[i]);
            all.push_back(std::move(*got[i]));
            if (!all.back().ok()) break;
        }
        return all;
    }
    /// Any HTTP status is ok(); `path` is appended to the endpoint's URL.
    [[nodiscard]] Page get(const conductor_call& call, std::string_view endpoint, std::string_view path) const {
        Page page{CONDUCTOR_OK, 0, {}, {}};
        page.status = need(CONDUCTOR_RPC, &conductor_rpc::get)
                          ->get(host_, &call, text(endpoint), text(path), &page.http_status, into(page.body));
        if (!page.ok()) page.why = Answer{json(std::exchange(page.body, {})), page.status}.why();
        return page;
    }
    /// Any JSON text as something that can be read.
    [[nodiscard]] Json json(std::string_view raw) const { return {host_, std::string(raw)}; }

private:
    using Answers = std::vector<std::optional<Answer>>;
    struct Taker {
        const conductor_host* host;
        Answers& into;
        std::size_t first;
    };
    static void take_answer(void* self, std::uint32_t index, conductor_status status, conductor_text raw) {
        auto& taker = *static_cast<Taker*>(self);
        Answer answer{Json{taker.host, std::string(view(raw))}, status};
        const auto code = status < 0 ? answer.code() : 0;
        // The batch was too long, or its answer: what a node says of the whole is nothing about the call.
        if (code == -32600 || code == -32003) return;
        taker.into[taker.first + index] = std::move(answer);
    }
    [[nodiscard]] Answers in_batches(const conductor_call& call, std::string_view endpoint,
                                     std::string_view method, const std::vector<std::string>& params) const {
        Answers got(params.size());
        const auto* service = find(CONDUCTOR_RPC_BATCH, &conductor_rpc_batch::json);
        if (service == nullptr || params.size() < 2) return got;
        constexpr std::size_t most{CONDUCTOR_RPC_BATCH_MOST};
        for (std::size_t first = 0; first < params.size(); first += most) {
            std::vector<conductor_ask> asks;
            for (std::size_t i = first; i < params.size() && i < first + most; ++i)
                asks.push_back({text(method), text(params[i])});
            Taker taker{host_, got, first};
            std::string error;
            const auto status =
                service->json(host_, &call, text(endpoint), asks.data(),
                              static_cast<std::uint32_t>(asks.size()), {&taker, &take_answer}, into(error));
            if (status >= 0) continue;
            // Nobody there, or no time: asking one by one would find the same. Everything else is the batch's
            // fault.
            if (status == CONDUCTOR_UNREACHABLE || status == CONDUCTOR_TIMED_OUT ||
                status == CONDUCTOR_CANCELLED || status == CONDUCTOR_BAD_CONFIG)
                got[first] = Answer{json(error), status};
            break;
        }
        return got;
    }
    /// A table whose author knew that member; else the service is not offered.
    template <class T, class Member>
    [[nodiscard]] const T* find(const char* id, Member T::* member) const {
        const auto* service = static_cast<const T*>(host_->service(host_, id));
        if (service == nullptr) return nullptr;
        const auto* begin = reinterpret_cast<const unsigned char*>(service);
        const auto* end = reinterpret_cast<const unsigned char*>(&(service->*member)) + sizeof(Member);
        return service->size >= static_cast<std::size_t>(end - begin) ? service : nullptr;
    }
    template <class T, class Member>
    [[nodiscard]] const T* need(const char* id, Member T::* member) const {
        const auto* service = find(id, member);
        if (service == nullptr) throw Failure(CONDUCTOR_UNSUPPORTED, id);
        return service;
    }
    template <class Member>
    [[nodiscard]] const conductor_config* config(Member conductor_config::* member) const {
        return need(CONDUCTOR_CONFIG, member);
    }
    static void take(const char* key, conductor_status status) {
        if (status < 0) throw Failure(CONDUCTOR_BAD_CONFIG, std::string("no value for option ") + key);
    }

    const conductor_host* host_;
};

}  // namespace sdk_0_1
}  // namespace conductor
