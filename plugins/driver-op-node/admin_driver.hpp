// What drivers of consensus nodes with an `admin` namespace share: production is asked of the consensus node,
// blocks of the execution layer (conductor.md 8.3, 8.4). How a node is started and stopped is what they differ
// in. What a node says is sorted into done, try again, or a person must act.
#pragma once

#include <conductor/cpp/sequencer_driver.hpp>

#include <string>

namespace admin {

inline constexpr std::int64_t method_not_found = -32601;
inline constexpr std::int64_t invalid_params = -32602;

[[nodiscard]] bool says(const std::string& text, std::string_view part);
[[nodiscard]] std::string to_hex(const conductor::Hash& hash);
/// `0x` and 64 digits; false, and `out` as it was perhaps in part, for anything else.
[[nodiscard]] bool parse_hash(const std::string& text, std::uint8_t* out);
/// What the host could not do is its own status; what the node said becomes REMOTE_ERROR or BAD_CONFIG.
[[noreturn]] void fail(const conductor::Answer& answer, const char* method);

inline constexpr std::array options{conductor::consensus_node, conductor::execution_layer};

class Driver : public conductor::SequencerDriver {
public:
    explicit Driver(conductor::Host host)
        : host_{host}, node_{host.string("node")}, execution_{host.string("execution")} {}

    bool active(const conductor_call& call) override;
    bool conductor_enabled(const conductor_call& call) override;
    conductor_block unsafe_head(const conductor_call& call) override;
    conductor_block block_at(const conductor_call& call, std::uint64_t number) override;
    conductor::Outcome post_payload(const conductor_call& call, std::string_view envelope) override;
    std::string payload_at(const conductor_call& call, std::uint64_t number) override;

protected:
    [[nodiscard]] conductor::Answer ask(const conductor_call& call, const char* method,
                                        std::string_view params = "[]") const {
        return host_.call(call, node_, method, params);
    }
    /// For a node whose start takes no hash: it checks nothing and would build on whatever it has.
    conductor::Outcome start_without_hash(const conductor_call& call, const conductor::Hash& head);
    /// From the answer of a stop that worked; zeros where the node does not tell.
    [[nodiscard]] static conductor::Hash told_head(const conductor::Answer& answer);

private:
    [[nodiscard]] conductor::Answer block(const conductor_call& call, const std::string& which) const;
    [[nodiscard]] conductor::Answer existing_block(const conductor_call& call, std::uint64_t number) const;
    [[nodiscard]] std::vector<std::string> transactions(const conductor_call& call,
                                                        const std::string& block_hash,
                                                        std::uint64_t count) const;

    conductor::Host host_;
    std::string node_;
    std::string execution_;
};

}  // namespace admin
