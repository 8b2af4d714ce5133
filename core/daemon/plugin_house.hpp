// The plugins of this daemon: found, judged and mapped before anything else runs; then opened, each on its own
// lane, rebuilt when their options change, and closed at the end. Owns their instances and what they reach the
// world through. Core thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/control/portrait.hpp"
#include "core/control/reload.hpp"
#include "core/control/rounds.hpp"
#include "core/daemon/health_port.hpp"
#include "core/daemon/node_gauges.hpp"
#include "core/daemon/plugin_order.hpp"
#include "core/daemon/plugin_rebuild.hpp"
#include "core/metrics/metrics.hpp"
#include "core/plugin/blocking_http.hpp"
#include "core/plugin/leader_transfer.hpp"

namespace conductor::daemon {

class PluginHouse {
public:
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
    /// Cancels what they do and stops every instance whose call comes back, the driver last. Bounded; `done`
    /// gets whether all have ended: where one has not, code of a plugin may still run.
    void close(std::function<void(bool all_ended)> done);

    /// Libraries at work.
    [[nodiscard]] KnownPlugins known() const;
    /// Rebuilds what may change at work and differs from `order`, takes over tokens of endpoints, and remembers
    /// what waits for a restart. One at a time, after open(). `done` comes once, unless close() does first.
    void take_over(PluginOrder order, std::function<void(control::ReloadReport)> done);

    [[nodiscard]] plugin::Instance& driver() { return *driver_; }
    [[nodiscard]] plugin::LeaderTransfer* transfer() { return transfer_ ? &*transfer_ : nullptr; }
    /// A gate is left out because it crashes: production is not to begin without a person's word.
    [[nodiscard]] bool gate_missing() const { return order_.gate_missing; }
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
    PluginHouse(boost::asio::io_context& core, plugin::Ports ports, PluginOrder order);
    /// Where one plugin works: his handle stays, whoever works behind it.
    struct Seat {
        Furniture* furniture;  ///< in `order_`
        std::unique_ptr<plugin::Instance> instance;
        std::string note;  ///< what a person should know besides its state
    };
    struct Round;  ///< one take_over()

    plugin::Instance& sit(Furniture& furniture);
    [[nodiscard]] std::unique_ptr<plugin::Instance> make(const Furniture& furniture,
                                                         const plugin::OptionValues& options) const;
    [[nodiscard]] Seat* seat_of(const Furniture& furniture);
    void rebuild(Seat& seat, const Furniture& is, const std::shared_ptr<Round>& round);

    boost::asio::io_context& core_;
    plugin::Ports ports_;
    std::shared_ptr<plugin::Watch> watch_;
    std::shared_ptr<plugin::BlockingHttp> http_;
    std::shared_ptr<NodeGauges> gauges_;
    PluginOrder order_;  ///< as they are at work
    std::vector<Seat> seats_;
    std::vector<std::unique_ptr<plugin::Instance>> guests_;  ///< on their way to a seat, or from one
    plugin::Instance* driver_{nullptr};
    std::optional<plugin::LeaderTransfer> transfer_;
    std::vector<std::unique_ptr<HealthPort>> checks_;
    std::vector<control::CheckPlan> plans_;
    bool closing_{false};
};

}  // namespace conductor::daemon
