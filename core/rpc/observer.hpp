// What the RPC server tells whoever counts and logs. Called on net threads, several at once; must not block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/clock.hpp"

namespace conductor::rpc {

/// One call, answered. `method` is a registered name, `unknown`, or empty for what was no call (conductor 7.2:
/// Go labels with whatever was sent, without a bound).
struct CallFacts {
    std::string_view method;
    Duration took{};
    std::size_t params_octets{0};
    std::size_t result_octets{0};
    std::optional<int> error_code;
    bool notification{false};
};

enum class CommitVia : std::uint8_t { json, binary };

class Observer {
public:
    virtual ~Observer() = default;
    virtual void call_answered(const CallFacts&) {}
    /// A payload on its way to the backend: what it took to make SSZ of it, nothing where it came as SSZ.
    virtual void payload_transcoded(Duration) {}
    /// A payload that reached the backend; `error` is empty where it was stored.
    virtual void commit_answered(CommitVia, Duration, std::size_t /*octets*/, std::string_view /*error*/) {}
    /// 413, or a body beyond the budget (`limit` 0).
    virtual void body_refused(std::uint64_t /*declared*/, std::uint64_t /*limit*/) {}
    /// A connection beyond the limit: the longest idle one was closed, or the new one where none was idle.
    virtual void connection_refused() {}
};

}  // namespace conductor::rpc
