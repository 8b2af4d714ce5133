// The table of JSON-RPC methods: one line adds one. A method takes its positional parameters by type and
// answers JSON text or an error, at once or as a coroutine; both run on a net thread. The table is complete
// before the server listens and never changes afterwards.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/rpc/params.hpp"

namespace conductor::rpc {

using Answer = Result<std::string, RpcError>;

/// Whether a page in a browser may call it (conductor 3.1.5).
enum class Access : std::uint8_t { read, write };

struct Method {
    Access access{Access::write};
    std::function<Answer(const std::optional<json::RawValue>&)> now;
    std::function<boost::asio::awaitable<Answer>(const std::optional<json::RawValue>&, std::string_view peer)>
        later;  ///< if not `now`
};

/// Ordinary failures.
[[nodiscard]] inline RpcError application_error(std::string text) {
    return {code::application, std::move(text), {}};
}

class MethodTable {
public:
    /// add<std::string, std::optional<std::uint64_t>>("conductor_x", Access::write, f): `f` is called with
    /// these arguments, on several threads at once, and returns Answer or awaitable<Answer>. What a coroutine
    /// returns after `answer_by` nobody reads; it is cancelled then.
    template <class... Args, class F>
    void add(std::string name, Access access, F f) {
        Method method;
        method.access = access;
        if constexpr (std::is_same_v<std::invoke_result_t<F, Args...>, Answer>) {
            method.now = [f = std::move(f)](const std::optional<json::RawValue>& params) -> Answer {
                auto arguments = decode_params<Args...>(params);
                if (!arguments) return arguments.error();
                return std::apply(f, std::move(*arguments));
            };
        } else {
            method.later = [f = std::move(f)](const std::optional<json::RawValue>& params,
                                              std::string_view /*peer*/) -> boost::asio::awaitable<Answer> {
                auto arguments = decode_params<Args...>(params);
                if (!arguments) co_return arguments.error();
                auto running = std::apply(f, std::move(*arguments));
                co_return co_await std::move(running);
            };
        }
        insert(std::move(name), std::move(method));
    }

    /// For a method that reads its parameters itself.
    void add_raw(std::string name, Access access,
                 std::function<boost::asio::awaitable<Answer>(const std::optional<json::RawValue>&)> f) {
        add_asked(std::move(name), access,
                  [f = std::move(f)](const std::optional<json::RawValue>& params, std::string_view /*peer*/) {
                      return f(params);
                  });
    }

    /// For a method that must know who asks: `peer` is `host:port`, valid until it has answered.
    void add_asked(std::string name, Access access,
                   std::function<boost::asio::awaitable<Answer>(const std::optional<json::RawValue>&,
                                                                std::string_view peer)>
                       f) {
        Method method;
        method.access = access;
        method.later = std::move(f);
        insert(std::move(name), std::move(method));
    }

    /// Null where there is none. Names are compared octet for octet.
    [[nodiscard]] const Method* find(std::string_view name) const;
    /// Sorted.
    [[nodiscard]] std::vector<std::string> names() const;
    /// `{"conductor":"1.0",…}`: every namespace that has a method, and `rpc`.
    [[nodiscard]] std::string modules() const;

private:
    void insert(std::string name, Method method);

    std::map<std::string, Method, std::less<>> methods_;
};

}  // namespace conductor::rpc
