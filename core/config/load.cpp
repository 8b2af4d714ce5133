#include "core/config/load.hpp"

#include <algorithm>

#include "core/base/go_text.hpp"
#include "core/base/json_scan.hpp"
#include "core/base/masked_url.hpp"
#include "core/config/build.hpp"
#include "core/config/dump.hpp"
#include "core/config/flags.hpp"
#include "core/config/help.hpp"
#include "core/config/validate.hpp"

namespace conductor::config {
namespace {

using logging::HeldLine;
using logging::Level;

HeldLine application_failed(const std::string& message) {
    return {Level::crit, "Application failed", {{"message", message}}};
}

template <class Given>
const Value* value_of(const std::vector<Given>& given, std::string_view name) {
    const Value* found = nullptr;
    for (const auto& item : given)
        if (item.option->name == name) found = &item.value;
    return found;
}

class Loading {
public:
    Loading(std::span<const std::string> words, const Surroundings& around)
        : around_{around}, variables_{read_environment(around.environment)}, flags_{parse_flags(words)} {
        out_.log.color = around.output_is_terminal;
    }

    Loaded run() {
        if (!usage_problem().empty()) return refuse_usage();
        if (flags_.help) return finish({0, help_text(around_.version, around_.networks), {}});
        if (flags_.version) return finish({0, version_text(around_.version), {}});

        read_files();
        Resolved values{is_go()};
        gather(values);
        out_.log = log_settings(values, around_.output_is_terminal);
        const auto peers = peers_of(values);
        for (auto& problem : validate(values, is_go(), peers)) problems_.push_back(std::move(problem));
        for (const auto& problem : problems_) out_.problems.push_back(problem.wrapper + problem.text);
        say_what_was_assumed(values);
        const auto rollup = read_rollup_config(values);
        out_.effective = effective_json(values, file_, peers);

        const bool check = values.flag("check-config");
        if (!problems_.empty())
            return check ? report_check()
                         : finish({1, {}, application_failed("failed to setup: " + joined(problems_))});
        auto settings = build(values, file_, out_.log);
        settings.peers.rpc = peers;
        settings.network.rollup_config = rollup;
        if (check) {
            out_.checked = std::move(settings);
            return report_check();
        }
        out_.lines.push_back({Level::info, "effective configuration", {{"config", out_.effective}}});
        out_.outcome = std::move(settings);
        return std::move(out_);
    }

private:
    Loaded finish(Exit exit) {
        out_.outcome = std::move(exit);
        return std::move(out_);
    }

    // The environment first, as urfave/cli applies it before it looks at the words.
    [[nodiscard]] std::string usage_problem() const {
        std::string out;
        for (const auto& problem : variables_.problems) out += (out.empty() ? "" : "; ") + problem;
        if (flags_.problem) out += (out.empty() ? "" : "; ") + *flags_.problem;
        return out;
    }

    Loaded refuse_usage() {
        const auto problem = usage_problem();
        return finish({1, "Incorrect Usage: " + problem + "\n\n" + help_text(around_.version, around_.networks),
                       application_failed(problem)});
    }

    [[nodiscard]] const Value* early(std::string_view name) const {
        if (const auto* value = value_of(flags_.given, name)) return value;
        if (const auto* value = value_of(variables_.set, name)) return value;
        return value_of(file_.options, name);
    }

    [[nodiscard]] bool is_go() const {
        const auto* compat = early("compat");
        return compat != nullptr && std::get<std::string>(*compat) == "go";
    }

    void read_files() {
        const auto* given = early("config");
        const auto path =
            given != nullptr ? std::get<std::string>(*given) : std::string{find_option("config")->fallback};
        if (path.empty()) return;
        if (given == nullptr && !around_.files.exists(path)) return;
        read_one(path);
        const auto slash = path.rfind('/');
        const auto directory = (slash == std::string::npos ? "" : path.substr(0, slash + 1)) + "conf.d";
        auto names = around_.files.list(directory);
        std::ranges::sort(names);
        for (const auto& name : names)
            if (name.ends_with(".toml")) read_one(directory + "/" + name);
        for (const auto& problem : file_.problems) problems_.push_back({"failed to read config: ", problem});
    }

    void read_one(const std::string& path) {
        const auto text = around_.files.read(path);
        if (text)
            read_file(file_, text->text, path);
        else
            file_.problems.push_back("open " + path + ": " + text.error().text);
    }

    void gather(Resolved& values) {
        for (const auto& item : file_.options) values.set(*item.option, item.value, Source::file);
        for (const auto& item : variables_.set) values.set(*item.option, item.value, Source::variable);
        for (const auto& item : flags_.given) values.set(*item.option, item.value, Source::flag);
        if (!is_go()) take_id_from_prefix(values);
        apply_profile(values);
    }

    // op-conductor's runbook names this variable, which its program never reads.
    void take_id_from_prefix(Resolved& values) {
        constexpr std::string_view name = "RAFT_SERVER_ID_PREFIX";
        if (values.given("raft.server.id")) return;
        const auto found = around_.environment.find(name);
        if (found == around_.environment.end() || found->second.empty()) return;
        values.set(*find_option("raft.server.id"), Value{found->second}, Source::variable);
        out_.lines.push_back(
            {Level::warn,
             "OP_CONDUCTOR_RAFT_SERVER_ID is not set, RAFT_SERVER_ID_PREFIX serves as server id",
             {{"id", found->second}}});
    }

    void apply_profile(Resolved& values) {
        const auto& network = values.text("network");
        if (network.empty() || !around_.profile) return;
        const auto profile = around_.profile(network);
        if (!profile) {
            problems_.push_back({"failed to read config: failed to load rollup config: ",
                                 "invalid network: " + go_quote(network) +
                                     (profile.error().text.empty() ? "" : "; " + profile.error().text)});
            return;
        }
        for (const auto& [name, text] : *profile) {
            const auto* option = find_option(name);
            auto value = option == nullptr ? Result<Value, ValueError>{ValueError{{}, "no such option", {}}}
                                           : parse_value(*option, text);
            if (value)
                values.set(*option, std::move(*value), Source::profile);
            else
                problems_.push_back({"failed to read config: ", "profile " + go_quote(network) + ": " + name +
                                                                    ": " + value.error().reason});
        }
    }

    // A flag or variable replaces the file's list as a whole, so that one place says who the peers are.
    [[nodiscard]] std::vector<PeerRpc> peers_of(const Resolved& values) const {
        if (!values.given("peers.rpc")) return file_.peers;
        std::vector<PeerRpc> out;
        for (const auto& item : values.list("peers.rpc"))
            if (auto peer = parse_peer(item)) out.push_back(std::move(*peer));
        return out;
    }

    void say_what_was_assumed(const Resolved& values) {
        for (const auto& name : variables_.unknown)
            out_.lines.push_back(
                {Level::warn, "Unknown env var", {{"prefix", "OP_CONDUCTOR"}, {"env_var", name}}});
        for (const auto& option : options()) {
            const auto now = write_value(option, values.value(option.name));
            if (!option.inert.empty() && values.given(option.name) && now != plain_default(option))
                out_.lines.push_back(
                    {Level::warn,
                     "option has no effect",
                     {{"option", std::string{option.name}}, {"why", std::string{option.inert}}}});
            if (option.need == Need::required_by_go && !values.given(option.name) && !is_go())
                out_.lines.push_back({Level::info,
                                      "option is not set, its default serves",
                                      {{"option", std::string{option.name}}, {"value", now}}});
        }
    }

    static std::string plain_default(const Option& option) {
        const auto value = parse_value(option, option.fallback);
        return value ? write_value(option, *value) : std::string{option.fallback};
    }

    // Serves for checks that only warn, so neither its absence nor its contents stop a start.
    std::string read_rollup_config(const Resolved& values) {
        const auto& path = values.text("rollup.config");
        if (path.empty()) return {};
        if (!values.text("network").empty()) {
            out_.lines.push_back(
                {Level::error,
                 "Cannot configure network and rollup-config at the same time, the rollup config is "
                 "ignored",
                 {{"network", values.text("network")}, {"rollup_config", path}}});
            return {};
        }
        auto text = around_.files.read(path);
        const auto warn = [&](const std::string& why) {
            out_.lines.push_back({Level::warn, "rollup config is not used", {{"path", path}, {"err", why}}});
        };
        if (!text) {
            warn("failed to read rollup config: open " + path + ": " + text.error().text);
            return {};
        }
        const auto value = json::first_value(text->text);
        if (!value || value->kind != json::Kind::object) {
            warn("failed to decode rollup config: not a JSON object");
            return {};
        }
        return std::move(text->text);
    }

    Loaded report_check() {
        std::string text;
        for (const auto& problem : problems_) text += problem.wrapper + problem.text + "\n";
        const auto count = problems_.size();
        text += count == 0 ? "the configuration is valid\n"
                           : std::to_string(count) + (count == 1 ? " problem\n" : " problems\n");
        return finish({count == 0 ? 0 : 1, std::move(text), {}});
    }

    const Surroundings& around_;
    const Variables variables_;
    const Flags flags_;
    FileContents file_;
    std::vector<Problem> problems_;
    Loaded out_{{}, {}, Exit{}, {}, {}, {}};
};

}  // namespace

Loaded load(std::span<const std::string> words, const Surroundings& around) {
    return Loading{words, around}.run();
}

}  // namespace conductor::config
