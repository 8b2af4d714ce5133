// The plugins of this daemon: found, judged and mapped before anything else runs; then opened, each on its own
// lane, and closed at the end. Owns their instances and what they reach the world through. Core thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/control/portrait.hpp"
#include "core/control/rounds.hpp"
#include "core/daemon/health_port.hpp"
#include "core/daemon/node_gauges.hpp"
#include "core/daemon/plugin_wishes.hpp"
#include "core/metrics/metrics.hpp"
#include "core/plugin/leader_transfer.hpp"
#include "core/plugin/registry.hpp"

namespace conductor::daemon {

class PluginHouse {
public:
    using Problems = std::vector<std::string>;

    /// To be opened, or only looked at: then a crash is named and not counted, and no file is made.
    enum class Purpose : std::uint8_t { start, check };

    /// Maps what the configuration names; blocks on the disk, and runs the constructors of libraries.
    ///   errors  everything that is wrong, one sentence each
    [[nodiscard]] static Result<std::unique_ptr<PluginHouse>, Problems> furnish(
        boost::asio::io_context& core, const config::Settings& settings,
        std::shared_ptr<metrics::Metrics> metrics, Purpose purpose = Purpose::start);
    ~PluginHouse();
    PluginHouse(const PluginHouse&) = delete;
    PluginHouse& operator=(const PluginHouse&) = delete;

    /// Opens every instance. `done` gets what went wrong; bounded, whatever they do.
    void open(std::function<void(Problems)> done);
    /// Stops every instance whose lane is free. Bounded.
    void close(std::function<void()> done);

    [[nodiscard]] plugin::Instance& driver() { return *driver_; }
    [[nodiscard]] plugin::LeaderTransfer* transfer() { return transfer_ ? &*transfer_ : nullptr; }
    /// A gate is left out because it crashes: production is not to begin without a person's word.
    [[nodiscard]] bool gate_missing() const { return gate_missing_; }
    /// Every instance; checks first, in the order of `plans()`.
    [[nodiscard]] std::vector<control::PluginRow> rows() const;
    /// In the order of `plans()`.
    [[nodiscard]] std::vector<control::HealthCheck*> checks();
    [[nodiscard]] const std::vector<control::CheckPlan>& plans() const { return plans_; }
    /// The id of each check's plugin, in the order of `plans()`.
    [[nodiscard]] std::vector<std::string> check_plugins() const;
    /// What the bundled checks measure of the node.
    [[nodiscard]] const NodeGauges& gauges() const { return *gauges_; }

private:
    explicit PluginHouse(boost::asio::io_context& core) : core_{core} {}
    struct Furnishing;

    boost::asio::io_context& core_;
    std::vector<std::unique_ptr<plugin::Instance>> instances_;
    std::shared_ptr<NodeGauges> gauges_;
    plugin::Instance* driver_{nullptr};
    std::optional<plugin::LeaderTransfer> transfer_;
    std::vector<std::unique_ptr<HealthPort>> checks_;
    std::vector<control::CheckPlan> plans_;
    bool gate_missing_{false};
};

}  // namespace conductor::daemon
