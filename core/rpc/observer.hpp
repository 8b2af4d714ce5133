// What the RPC server tells whoever counts and logs. Called on net threads, several at once; must not block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/ordinal.hpp"

namespace conductor::rpc {

/// One call, answered. `method` is a registered name, `unknown`, or empty for what was no call (conductor 7.2:
/// Go labels with whatever was sent, without a bound). Texts are valid during the call of the observer only.
struct CallFacts {
    std::string_view method;
    std::string_view asked;   ///< the method as it was sent, of any length
    std::string_view id;      ///< JSON as it was sent
    std::string_view params;  ///< JSON as it was sent; empty: none, or a payload
    std::string_view error;   ///< empty: it succeeded
    std::string_view peer;    ///< who asked, `host:port`
    bool changes{false};      ///< a method that may change something
    Duration took{};
    std::size_t params_octets{0};
    std::size_t result_octets{0};
    std::optional<int> error_code;
    bool notification{false};
};

enum class CommitVia : std::uint8_t { json, binary };

/// A payload that reached the backend.
struct CommitFacts {
    CommitVia via{CommitVia::json};
    BlockNumber number;
    BlockHash hash;  ///< as its sender claims it
    Duration took{};
    std::size_t octets{0};   ///< as SSZ
    std::string_view error;  ///< empty: it was stored
};

class Observer {
public:
    virtual ~Observer() = default;
    virtual void call_answered(const CallFacts&) {}
    /// A payload on its way to the backend: what it took to make SSZ of it, nothing where it came as SSZ.
    virtual void payload_transcoded(Duration) {}
    virtual void commit_begins(BlockNumber, const BlockHash&) {}
    virtual void commit_answered(const CommitFacts&) {}
    /// 413, or a body beyond the budget (`limit` 0).
    virtual void body_refused(std::uint64_t /*declared*/, std::uint64_t /*limit*/) {}
    /// A connection beyond the limit: the longest idle one was closed, or the new one where none was idle.
    virtual void connection_refused() {}
};

}  // namespace conductor::rpc
