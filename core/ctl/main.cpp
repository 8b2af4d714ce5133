// conductorctl.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <optional>

#include "core/ctl/commands.hpp"

#ifndef CONDUCTOR_VERSION
#error "CONDUCTOR_VERSION comes from the build"
#endif

namespace {

using namespace conductor::ctl;

/// The command line, and what it asked for.
class CommandLine {
public:
    CommandLine() {
        app_.set_version_flag("--version", std::string{"conductorctl version "} + CONDUCTOR_VERSION);
        app_.require_subcommand(1);
        app_.fallthrough();
        app_.add_option("-o,--output", format_, "table or json")
            ->transform(CLI::CheckedTransformer(
                std::map<std::string, Format>{{"table", Format::table}, {"json", Format::json}}))
            ->default_str("table");
        app_.add_option("--rpc", setting_.rpc, "JSON-RPC of the daemon")
            ->envname("CONDUCTORCTL_RPC")
            ->capture_default_str();
        app_.add_option("--timeout", seconds_, "seconds until the daemon counts as silent")
            ->check(CLI::Range(0.01, 3600.0))
            ->capture_default_str();
        app_.add_option("--config", setting_.config, "configuration that names the directories of plugins")
            ->capture_default_str();
        app_.add_option("--directory", setting_.directories, "a directory of plugins, searched before those");
        plugins();
        profiles();
        auto* reload_now = app_.add_subcommand("reload", "have the daemon read its configuration again");
        reload_now->callback([this] { command_ = [this] { return reload(setting_); }; });
    }

    int run(int argc, char** argv) {
        try {
            app_.parse(argc, argv);
        } catch (const CLI::ParseError& error) {
            return app_.exit(error) == 0 ? exit_ok : exit_usage;
        }
        setting_.format = format_;
        setting_.timeout = std::chrono::milliseconds{static_cast<std::int64_t>(seconds_ * 1000)};
        return command_();
    }

private:
    void plugins() {
        auto* group = app_.add_subcommand("plugin", "libraries with plugins")->require_subcommand(1);
        group->add_subcommand("list", "what is installed, and how it does")->callback([this] {
            command_ = [this] { return plugin_list(setting_); };
        });
        auto* inspect = group->add_subcommand("inspect", "who a library says it is");
        inspect->add_option("plugin", which_.plugin, "a path or an id")->required();
        inspect->add_flag("--options", which_.options, "map it, in a child process, and show what it declares");
        inspect->callback([this] { command_ = [this] { return plugin_inspect(setting_, which_); }; });
        auto* validate =
            group->add_subcommand("validate", "try whether it keeps the contract, in a child process");
        validate->add_option("plugin", which_.plugin, "a path or an id")->required();
        validate->add_option("--set", which_.values, "an option of the plugin, key=value; may be repeated")
            ->check([](const std::string& text) {
                return text.find('=') == std::string::npos ? "is no key=value" : std::string{};
            });
        validate->add_option("--limit", limit_, "seconds for one plugin")
            ->check(CLI::Range(1, 3600))
            ->capture_default_str();
        validate->callback([this] {
            which_.limit = std::chrono::seconds{limit_};
            command_ = [this] { return plugin_validate(setting_, which_); };
        });
    }

    void profiles() {
        auto* group = app_.add_subcommand("profile", "facts and limits of networks")->require_subcommand(1);
        group->add_subcommand("list", "every network that is known")->callback([this] {
            command_ = [this] { return profile_list(setting_); };
        });
        auto* show = group->add_subcommand("show", "what is known of one");
        show->add_option("network", one_)->required();
        show->callback([this] { command_ = [this] { return profile_show(setting_, one_); }; });
        auto* diff =
            group->add_subcommand("diff", "where two differ, or what one sets otherwise than the defaults");
        diff->add_option("network", one_)->required();
        diff->add_option("other", other_);
        diff->callback([this] { command_ = [this] { return profile_diff(setting_, one_, other_); }; });
    }

    CLI::App app_{"operators' tool for conductord", "conductorctl"};
    Setting setting_{Format::table,
                     "http://127.0.0.1:8545",
                     std::chrono::seconds{5},
                     "/etc/conductord/conductord.toml",
                     {},
                     std::cout,
                     std::cerr};
    Format format_{Format::table};
    double seconds_{5};
    int limit_{60};
    Which which_;
    std::string one_, other_;
    std::function<int()> command_;
};

}  // namespace

int main(int argc, char** argv) {
    ::signal(SIGPIPE, SIG_IGN);
    return CommandLine{}.run(argc, argv);
}
