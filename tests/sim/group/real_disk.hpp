// The real store on a simulated machine's files: what a crash leaves is built from the operations that the
// store made, un-synced ones torn, out of order or lost.
#pragma once

#include <memory>

#include "core/storage/log_store.hpp"
#include "disk.hpp"
#include "tests/support/crash_files.hpp"

namespace conductor::sim {

class RealDisk final : public Disk {
public:
    explicit RealDisk(std::uint64_t seed) : seed_{seed} {}

    [[nodiscard]] Found open() override;
    void write(std::span<const DiskWrite> batch) override;
    void crash(std::span<const DiskWrite> batch, bool power, consensus::Random& draw) override;
    void wipe() override;
    bool rot(consensus::Random&) override { return false; }
    [[nodiscard]] bool holds(consensus::Position position) const override { return shadow_.holds(position); }
    [[nodiscard]] const consensus::HardState& hard_state() const override { return shadow_.hard_state(); }

private:
    std::uint64_t seed_;
    std::unique_ptr<test::CrashFiles> files_;
    std::unique_ptr<storage::LogStore> store_;
    test::DiskImage image_;
    test::DiskImage began_;  ///< what the files of this life began with
    ModelDisk shadow_;       ///< what was acknowledged, to look things up without reading
};

}  // namespace conductor::sim
