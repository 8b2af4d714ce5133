#include "core/plugin/sequencer_driver.hpp"

#include <algorithm>
#include <cstring>

#include "core/plugin/text.hpp"

namespace conductor::plugin {
namespace {

using DriverTable = conductor_sequencer_driver;

CallError malformed(const std::string& what) {
    return {Fate::finished, CONDUCTOR_INTERNAL, "malformed: " + what};
}

// A table that nobody has filled in would be a chain of its own: it is no answer.
Result<Block, CallError> to_block(const conductor_block& from) {
    Block block;
    block.number = BlockNumber{from.number};
    std::memcpy(block.hash.bytes.data(), from.hash, sizeof from.hash);
    std::memcpy(block.parent.bytes.data(), from.parent, sizeof from.parent);
    block.timestamp_s = from.timestamp_s;
    if (block.hash == BlockHash{}) return malformed("a block without a hash");
    return block;
}

Change to_change(conductor_status status) {
    return status == CONDUCTOR_ALREADY ? Change::already : Change::done;
}

struct Start {
    std::optional<BlockHash> head;
};
struct Envelope {
    explicit Envelope(std::string json) : text{std::move(json)} {}
    std::string text;
};
struct Payload {
    BlockNumber number;
    BoundedText text{payload_bound};
};

}  // namespace

template <class Value, class Out>
void SequencerDriver::ask(
    const char* what, Limit limit, std::shared_ptr<Value> value,
    std::function<conductor_status(const conductor_sequencer_driver&, void*, const conductor_call&, Value&)>
        work,
    std::function<Result<Out, CallError>(Value&, conductor_status)> read, Done<Out> done) {
    instance_.call<DriverTable, Value>(what, limit, std::move(value), std::move(work),
                                       [read = std::move(read), done = std::move(done)](
                                           Value& got, conductor_status status, const CallError* error) {
                                           if (error != nullptr) return done(*error);
                                           done(read(got, status));
                                       });
}

void SequencerDriver::start(std::optional<BlockHash> head, Limit limit, Done<Change> done) {
    ask<Start, Change>(
        "start_sequencer", limit, std::make_shared<Start>(Start{head}),
        [](const DriverTable& table, void* self, const conductor_call& call, Start& ask) -> conductor_status {
            if (!ask.head && (table.flags & CONDUCTOR_NEEDS_NO_HEAD) == 0) {
                (void)call.error.append(call.error.self, as_slice("the driver needs the hash to build on"));
                return CONDUCTOR_BAD_CONFIG;
            }
            return table.start_sequencer(self, &call, ask.head ? ask.head->bytes.data() : nullptr);
        },
        [](Start&, conductor_status status) { return to_change(status); }, std::move(done));
}

void SequencerDriver::stop(Limit limit, Done<Stopped> done) {
    ask<BlockHash, Stopped>(
        "stop_sequencer", limit, std::make_shared<BlockHash>(),
        [](const DriverTable& table, void* self, const conductor_call& call, BlockHash& head) {
            return table.stop_sequencer(self, &call, head.bytes.data());
        },
        [](const BlockHash& head, conductor_status status) {
            Stopped stopped{to_change(status), std::nullopt};
            if (head != BlockHash{}) stopped.head = head;
            return stopped;
        },
        std::move(done));
}

void SequencerDriver::active(Limit limit, Done<bool> done) {
    ask<std::int32_t, bool>(
        "active", limit, std::make_shared<std::int32_t>(0),
        [](const DriverTable& table, void* self, const conductor_call& call, std::int32_t& out) {
            return table.active(self, &call, &out);
        },
        [](const std::int32_t& out, conductor_status) { return out != 0; }, std::move(done));
}

void SequencerDriver::conductor_enabled(Limit limit, Done<bool> done) {
    ask<std::int32_t, bool>(
        "conductor_enabled", limit, std::make_shared<std::int32_t>(0),
        [](const DriverTable& table, void* self, const conductor_call& call, std::int32_t& out) {
            return table.conductor_enabled(self, &call, &out);
        },
        [](const std::int32_t& out, conductor_status) { return out != 0; }, std::move(done));
}

void SequencerDriver::unsafe_head(Limit limit, Done<Block> done) {
    ask<conductor_block, Block>(
        "unsafe_head", limit, std::make_shared<conductor_block>(),
        [](const DriverTable& table, void* self, const conductor_call& call, conductor_block& out) {
            return table.unsafe_head(self, &call, &out);
        },
        [](const conductor_block& out, conductor_status) { return to_block(out); }, std::move(done));
}

void SequencerDriver::block_at(BlockNumber number, Limit limit, Done<Block> done) {
    ask<conductor_block, Block>(
        "block_at", limit, std::make_shared<conductor_block>(),
        [number](const DriverTable& table, void* self, const conductor_call& call, conductor_block& out) {
            return table.block_at(self, &call, number.value(), &out);
        },
        [number](const conductor_block& out, conductor_status) -> Result<Block, CallError> {
            if (out.number != number.value())
                return malformed("block " + std::to_string(out.number) + " for the one of height " +
                                 std::to_string(number.value()));
            return to_block(out);
        },
        std::move(done));
}

void SequencerDriver::post_payload(std::string json_envelope, Limit limit, Done<Change> done) {
    ask<Envelope, Change>(
        "post_payload", limit, std::make_shared<Envelope>(std::move(json_envelope)),
        [](const DriverTable& table, void* self, const conductor_call& call, Envelope& envelope) {
            return table.post_payload(self, &call, as_slice(envelope.text));
        },
        [](Envelope&, conductor_status status) { return to_change(status); }, std::move(done));
}

void SequencerDriver::payload_at(BlockNumber number, Limit limit, Done<std::string> done) {
    ask<Payload, std::string>(
        "payload_at", limit, std::make_shared<Payload>(),
        [number](const DriverTable& table, void* self, const conductor_call& call,
                 Payload& out) -> conductor_status {
            if (!CONDUCTOR_HAS(DriverTable, &table, payload_at) || table.payload_at == nullptr)
                return CONDUCTOR_UNSUPPORTED;
            return table.payload_at(self, &call, number.value(), out.text.sink());
        },
        [](Payload& out, conductor_status) -> Result<std::string, CallError> {
            // The driver may not have noticed that we cut: half a payload is none.
            if (out.text.cut())
                return CallError{Fate::finished, CONDUCTOR_TRUNCATED, "the payload is above 32 MiB"};
            return out.text.take();
        },
        std::move(done));
}

}  // namespace conductor::plugin
