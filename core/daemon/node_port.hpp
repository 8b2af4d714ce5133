// Calls to the sequencer's node: one at a time, through the driver plugin and its lane. A call that was given
// up is cancelled, but its lane is free only when it has ended; the next one waits for that here, within its
// own limit, so that a stop is not refused because a question was still on its way. Core thread.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/control/surroundings.hpp"
#include "core/daemon/payload_shelf.hpp"
#include "core/plugin/sequencer_driver.hpp"

namespace conductor::daemon {

/// What the control loop makes of a driver's failure.
[[nodiscard]] control::Failed failure_of(const plugin::CallError& error);

class NodePort final : public control::CallLane {
public:
    using JsonDone = std::function<void(Result<std::string, Complaint>)>;
    using PayloadDone = std::function<void(Result<payload::Envelope, Complaint>)>;
    struct Surroundings {
        control::CoreLoop& core;
        plugin::Instance& driver;  ///< opened; outlives this object, as does every call on it
        PayloadShelf& shelf;
        /// A payload of the ring as JSON envelope; comes back on core.
        std::function<void(BlockNumber, JsonDone)> ring_payload;
        /// Runs work on a thread that may be busy for long: decoding and hashing a block.
        std::function<void(std::function<void()>)> worker;
    };
    explicit NodePort(Surroundings around);

    void make(const control::Action& action, std::function<void(control::Answer)> done) override;
    void abandon(control::Call call) override;

    /// Whether the node lets a conductor decide (2.2): ActiveIs, or Failed, of the kind `unsupported` where it
    /// cannot tell. Takes its turn on the same lane; one at a time.
    void probe(Duration limit, std::function<void(control::Answer)> done);
    /// The payload of the node's newest block, which must be `hash`; its own hash is checked. Takes its turn on
    /// the same lane; one at a time.
    void newest_payload(BlockHash hash, Duration limit, PayloadDone done);

private:
    using Done = std::function<void(control::Answer)>;
    enum class Kind : std::uint8_t { call, probe, newest };
    struct Asked {
        Kind kind{Kind::call};
        control::Call call;                 ///< 0 unless it is a call
        std::optional<control::Task> task;  ///< empty unless it is a call
        Instant until;
        Done done;
        bool abandoned{false};
    };
    struct Perform;

    void enqueue(Asked asked);
    void begin();
    void ended(control::Answer answer);
    [[nodiscard]] Duration left() const;
    void read_payload(BlockNumber number);
    void post_payload(const Result<std::string, Complaint>& json);
    void fetch_newest(const Result<plugin::Block, plugin::CallError>& newest);
    void fetched(Result<std::string, plugin::CallError> json, peers::Head block);

    Surroundings around_;
    plugin::SequencerDriver driver_;
    std::optional<Asked> current_;  ///< on the lane, perhaps given up
    std::deque<Asked> waiting_;     ///< until that one has ended: one of each kind
    std::uint64_t reads_{0};        ///< payloads asked of the log, the last of them perhaps being read
    bool reading_{false};           ///< the current call waits for the log, not for the node
    BlockHash newest_;              ///< that newest_payload() wants
    PayloadShelf newest_shelf_;     ///< where its payload waits for whoever asked
    std::shared_ptr<NodePort*> self_;
};

}  // namespace conductor::daemon
