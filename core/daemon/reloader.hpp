// Reads the configuration again, judges it as a start would, and only if all of it is good lets the plugins
// take over what may change at work (plugin-abi §11). Reading and judging block on the disk, so a thread of its
// own does them; one reload at a time, and whoever asks meanwhile gets the next one. Core thread unless a
// member says otherwise.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/config/settings.hpp"
#include "core/control/reload.hpp"
#include "core/daemon/plugin_house.hpp"

namespace conductor::daemon {

/// The configuration as it stands now.
struct Reread {
    config::Settings settings;
    std::string effective;  ///< as config::Loaded
};
/// Blocks on the disk.
///   errors  everything that is wrong, as a start would say it
using ReadAgain = std::function<Result<Reread, Problems>()>;

class Reloader final : public control::Reloader {
public:
    struct Surroundings {
        boost::asio::io_context& core;
        PluginHouse& plugins;
        ReadAgain read;
        std::string effective;        ///< of the configuration that we have started with
        std::function<void()> began;  ///< for whoever supervises us
        std::function<void()> ended;
    };
    explicit Reloader(Surroundings around) : around_{std::move(around)} {}
    ~Reloader() override;
    Reloader(const Reloader&) = delete;
    Reloader& operator=(const Reloader&) = delete;

    void reload(std::function<void(control::ReloadReport)> done) override;
    /// Plugins are open: what was asked before begins now.
    void allow();
    /// Nothing is begun any more.
    void stop() { stopped_ = true; }

private:
    using Done = std::function<void(control::ReloadReport)>;
    struct Read;
    void begin();
    void judged(const std::shared_ptr<Read>& read);
    void end(control::ReloadReport report);

    Surroundings around_;
    bool allowed_{false};
    bool stopped_{false};
    std::vector<Done> asked_;    ///< for the next one
    std::vector<Done> waiting_;  ///< for the one under way; not empty while there is one
    std::shared_ptr<Read> read_;
    std::thread thread_;
};

/// Options of the program whose value differs, but for those that only the plugins' own options repeat. Both
/// texts as config::Loaded::effective. Pure.
[[nodiscard]] std::vector<std::string> changed_options(std::string_view was, std::string_view is);

}  // namespace conductor::daemon
