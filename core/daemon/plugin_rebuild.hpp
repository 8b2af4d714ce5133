// One instance gives way to another of its name with other options (plugin-abi §11): the new one is created and
// started, takes the place between two calls, and the old one is stopped and destroyed. If the new one fails
// the old one stays. Where there may never be two at once the old one goes first, and comes again if the new
// one fails. Waits on nobody's thread; every step is bounded. Core thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "core/daemon/health_port.hpp"
#include "core/plugin/instance.hpp"

namespace conductor::daemon {

struct RebuildLimits {
    std::chrono::milliseconds open{5000};
    std::chrono::milliseconds free{5000};  ///< until the call in flight has come back
    std::chrono::milliseconds stop{2000};
};

class Rebuild : public std::enable_shared_from_this<Rebuild> {
public:
    struct Place {
        plugin::Instance& seat;
        HealthPort* port;  ///< of a check; null for others
        /// An instance that nobody has opened; it lives until `dismiss`.
        std::function<plugin::Instance&(const plugin::OptionValues&)> make;
        std::function<void(plugin::Instance&)> dismiss;
        std::function<bool()> over;  ///< everything ends: nothing is begun any more
    };
    /// Why the old one stays; empty: the new one is at work.
    using Done = std::function<void(std::string)>;

    /// Begins at once. `done` comes once, unless everything ends.
    static void begin(boost::asio::io_context& core, Place place, plugin::OptionValues was,
                      plugin::OptionValues is, Done done, RebuildLimits limits = {});

    Rebuild(boost::asio::io_context& core, Place place, plugin::OptionValues was, plugin::OptionValues is,
            Done done, RebuildLimits limits);

private:
    using Then = void (Rebuild::*)();
    using Opened = void (Rebuild::*)(std::string);

    void run();
    void open(const plugin::OptionValues& options, Opened then);
    void when_free(Then then);
    void look_free(Then then);
    void opened_beside(std::string failure);
    void exchange();
    void old_goes_first();
    void old_gone(bool ended);
    void opened_alone(std::string failure);
    void opened_again(std::string failure);
    void take_seat();
    void close_guest();
    void end(std::string why);

    Place place_;
    plugin::OptionValues was_;
    plugin::OptionValues is_;
    Done done_;
    RebuildLimits limits_;
    boost::asio::steady_timer patience_;
    bool waits_{false};
    plugin::Instance* guest_{nullptr};
    std::string failure_;  ///< of the new one
};

}  // namespace conductor::daemon
