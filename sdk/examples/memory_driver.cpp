#include <conductor/cpp/sequencer_driver.hpp>

/// A driver over a chain that exists in memory alone: what each member owes its caller, to begin a real one
/// from. Its sequencer builds nothing; payloads that extend the head become the head.
class MemoryDriver final : public conductor::SequencerDriver {
public:
    static constexpr conductor::About about{"org.example.memory", "Memory", "1.0.0", "A sequencer of nothing"};

    explicit MemoryDriver(conductor::Host host) : host_{host} {}

    conductor::Outcome start_sequencer(const conductor_call&,
                                       const std::optional<conductor::Hash>& head) override {
        if (!head) throw conductor::Failure(CONDUCTOR_BAD_CONFIG, "the hash to build on is missing");
        if (running_) return conductor::Outcome::already;
        // Another head may be ours a moment later: the core tries again.
        if (*head != hash_of(head_))
            throw conductor::Failure(CONDUCTOR_REMOTE_ERROR, "the head is block " + std::to_string(head_));
        running_ = true;
        return conductor::Outcome::done;
    }

    conductor::Outcome stop_sequencer(const conductor_call&, conductor::Hash& head) override {
        if (!running_) return conductor::Outcome::already;
        running_ = false;
        head = hash_of(head_);
        return conductor::Outcome::done;
    }

    bool active(const conductor_call&) override { return running_; }
    bool conductor_enabled(const conductor_call&) override { return true; }
    conductor_block unsafe_head(const conductor_call&) override { return block(head_); }

    conductor_block block_at(const conductor_call&, std::uint64_t number) override {
        if (number > head_)
            throw conductor::Failure(CONDUCTOR_NOT_FOUND, "the head is block " + std::to_string(head_));
        return block(number);
    }

    conductor::Outcome post_payload(const conductor_call&, std::string_view envelope) override {
        const auto number = host_.json(envelope).natural("/executionPayload/blockNumber");
        if (number <= head_) return conductor::Outcome::already;
        if (number > head_ + 1)
            throw conductor::Failure(CONDUCTOR_REMOTE_ERROR, "blocks are missing in between");
        head_ = number;
        return conductor::Outcome::done;
    }

private:
    static conductor::Hash hash_of(std::uint64_t number) {
        conductor::Hash hash{};
        hash[0] = 0xb1;  // no block has a hash of zeros, nor has the first
        for (std::size_t i = 0; i < 8; ++i) hash[31 - i] = static_cast<std::uint8_t>(number >> (8 * i));
        return hash;
    }
    static conductor_block block(std::uint64_t number) {
        conductor_block out{};
        std::memcpy(out.hash, hash_of(number).data(), sizeof out.hash);
        if (number > 0) std::memcpy(out.parent, hash_of(number - 1).data(), sizeof out.parent);
        out.number = number;
        out.timestamp_s = 1'700'000'000 + 2 * number;
        return out;
    }

    conductor::Host host_;
    bool running_ = false;
    std::uint64_t head_ = 0;
};

CONDUCTOR_EXPORT_SEQUENCER_DRIVER(MemoryDriver)
