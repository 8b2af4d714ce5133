// A sequencer driver at work on scripted nodes: each of its calls, waited for.
#pragma once

#include "core/plugin/sequencer_driver.hpp"
#include "tests/unit/plugins/recorded.hpp"

namespace conductor::plugin::test {

/// A driver at work on scripted nodes.
class Driving {
public:
    World world;
    Nodes nodes{world};
    std::unique_ptr<Instance> instance;

    Driving(const std::string& library, const std::string& id, std::vector<RawOption> options)
        : instance{world.make(library, id, std::move(options))} {
        REQUIRE(world.open(*instance));
    }
    ~Driving() { world.close(*instance); }
    Driving(const Driving&) = delete;
    Driving& operator=(const Driving&) = delete;

    template <class T>
    using Got = Result<T, CallError>;
    template <class T>
    Got<T> wait(const std::function<void(SequencerDriver&, SequencerDriver::Done<T>)>& ask) {
        std::optional<Got<T>> got;
        SequencerDriver driver{*instance};
        ask(driver, [&](Got<T> result) { got = std::move(result); });
        REQUIRE(world.core.run_until([&] { return got.has_value(); }));
        return *got;
    }
    Got<Change> start(std::optional<BlockHash> head) {
        return wait<Change>([&](auto& driver, auto done) { driver.start(head, 5s, std::move(done)); });
    }
    Got<Stopped> stop() {
        return wait<Stopped>([](auto& driver, auto done) { driver.stop(5s, std::move(done)); });
    }
    Got<bool> active() {
        return wait<bool>([](auto& driver, auto done) { driver.active(5s, std::move(done)); });
    }
    Got<bool> conductor_enabled() {
        return wait<bool>([](auto& driver, auto done) { driver.conductor_enabled(5s, std::move(done)); });
    }
    Got<Block> unsafe_head() {
        return wait<Block>([](auto& driver, auto done) { driver.unsafe_head(5s, std::move(done)); });
    }
    Got<Block> block_at(std::uint64_t number) {
        return wait<Block>(
            [&](auto& driver, auto done) { driver.block_at(BlockNumber{number}, 5s, std::move(done)); });
    }
    Got<Change> post(const std::string& envelope) {
        return wait<Change>(
            [&](auto& driver, auto done) { driver.post_payload(envelope, 5s, std::move(done)); });
    }
    Got<std::string> payload_at(std::uint64_t number) {
        return wait<std::string>(
            [&](auto& driver, auto done) { driver.payload_at(BlockNumber{number}, 5s, std::move(done)); });
    }
};

inline BlockHash filled(std::uint8_t octet) {
    BlockHash hash;
    hash.bytes.fill(octet);
    return hash;
}

inline std::string hex_of(const BlockHash& hash) {
    return conductor::to_hex(hash);
}

}  // namespace conductor::plugin::test
