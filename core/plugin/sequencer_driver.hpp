// The host of a sequencer driver. What each call promises stands at the C table
// (sdk/include/conductor/plugin.h); here it is a value, or the reason why there is none. One call at a time: a
// second one answers `busy`. After any error of start() or stop() the outcome is unknown: ask active(). Core
// thread; calls back through Post.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/base/ordinal.hpp"
#include "core/plugin/instance.hpp"

namespace conductor::plugin {

struct Block {
    BlockNumber number;
    BlockHash hash;
    BlockHash parent;
    std::uint64_t timestamp_s{0};  ///< unix seconds
    friend bool operator==(const Block&, const Block&) = default;
};

enum class Change : std::uint8_t { done, already };  ///< already: it was so before the call
struct Stopped {
    Change change{Change::done};
    std::optional<BlockHash> head;  ///< empty: the node did not tell
};

class SequencerDriver {
public:
    using Limit = Instance::Limit;
    template <class T>
    using Done = std::function<void(Result<T, CallError>)>;

    explicit SequencerDriver(Instance& instance) : instance_{instance} {}

    /// Without `head`: on the node's own head, an operator's wish.
    void start(std::optional<BlockHash> head, Limit limit, Done<Change> done);
    void stop(Limit limit, Done<Stopped> done);
    void active(Limit limit, Done<bool> done);
    void conductor_enabled(Limit limit, Done<bool> done);
    void unsafe_head(Limit limit, Done<Block> done);
    void block_at(BlockNumber number, Limit limit, Done<Block> done);
    void post_payload(std::string json_envelope, Limit limit, Done<Change> done);
    /// JSON envelope, whole. Its hash is not checked here.
    void payload_at(BlockNumber number, Limit limit, Done<std::string> done);

private:
    template <class Value, class Out>
    void ask(
        const char* what, Limit limit, std::shared_ptr<Value> value,
        std::function<conductor_status(const conductor_sequencer_driver&, void*, const conductor_call&, Value&)>
            work,
        std::function<Result<Out, CallError>(Value&, conductor_status)> read, Done<Out> done);

    Instance& instance_;
};

}  // namespace conductor::plugin
