// The real store on a simulated machine's files: what a crash leaves is built from the operations that the
// store made, un-synced ones torn, out of order or lost; any operation may fail; and bits of what is there
// turn.
#pragma once

#include <memory>
#include <string>

#include "core/storage/log_store.hpp"
#include "disk.hpp"
#include "tests/support/crash_files.hpp"
#include "tests/support/faulty_files.hpp"

namespace conductor::sim {

class RealDisk final : public Disk {
public:
    explicit RealDisk(std::uint64_t seed) : seed_{seed} {}

    /// Throws Violation where the store opens with less or other than what it was given; Refused where it says
    /// that it cannot open after what rot() did.
    [[nodiscard]] Found open() override;
    void write(std::span<const DiskWrite> batch) override;
    void crash(std::span<const DiskWrite> batch, bool power, consensus::Random& draw) override;
    void fail(std::span<const DiskWrite> batch, bool power, consensus::Random& draw) override;
    void wipe() override;
    void settle() override;
    bool rot(consensus::Random& draw) override;
    /// One of the two slots of the vote turns bad while no process runs.
    void spoil_vote(bool second);
    [[nodiscard]] consensus::Position last() const override { return shadow_.last(); }
    [[nodiscard]] bool holds(consensus::Position position) const override { return shadow_.holds(position); }
    [[nodiscard]] const consensus::HardState& hard_state() const override { return shadow_.hard_state(); }

    /// The store names what is bad and does not open. Nobody may act on what it held.
    struct Refused {
        std::string why;
    };

private:
    void leave(std::size_t before, bool power, consensus::Random& draw);
    void compare(const Found& found) const;

    std::uint64_t seed_;
    std::unique_ptr<test::CrashFiles> files_;
    std::unique_ptr<test::FaultyFiles> faulty_;
    std::unique_ptr<storage::LogStore> store_;
    test::DiskImage image_;
    test::DiskImage began_;  ///< what the files of this life began with
    ModelDisk shadow_;       ///< what was acknowledged, to look things up without reading
    bool in_doubt_{false};   ///< a write was under way when the process died
    LogIndex doubtful_from_;
    bool rotten_{false};
};

}  // namespace conductor::sim
