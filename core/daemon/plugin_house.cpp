#include "core/daemon/plugin_house.hpp"

#include <conductor/plugin.h>

#include <boost/asio/post.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "core/daemon/plugin_log.hpp"
#include "core/plugin/blocking_http.hpp"
#include "core/plugin/crash.hpp"
#include "core/plugin/raw_options.hpp"
#include "core/plugin/served_metrics.hpp"
#include "core/runtime/logging.hpp"

namespace conductor::daemon {

using namespace std::chrono_literals;

namespace {

constexpr auto open_limit = 5s;
constexpr auto close_limit = 500ms;

/// Lines of plugins, with the instance in front of what they say themselves.
std::string token_line(const std::string& file) {
    std::ifstream in{file};
    std::string line;
    std::getline(in, line);
    return line;
}

using HttpEndpoints = std::map<std::string, plugin::HttpEndpoint>;

/// Those of the flags unless the file says otherwise.
Result<HttpEndpoints, std::vector<std::string>> endpoints_of(const config::Settings& settings) {
    HttpEndpoints out;
    for (const auto& flag : endpoints_of_flags(settings)) out[flag.name] = {flag.url, flag.timeout, {}};
    std::vector<std::string> problems;
    for (const auto& endpoint : settings.plugins.endpoints) {
        plugin::HttpEndpoint there{endpoint.url, endpoint.timeout.value_or(5s), {}};
        if (!endpoint.token_file.empty()) {
            const auto token = token_line(endpoint.token_file);
            if (token.empty())
                problems.push_back(plugin::to_prefix({endpoint.place.file, endpoint.place.line, 0}) +
                                   "endpoint \"" + endpoint.name + "\": token_file " + endpoint.token_file +
                                   " cannot be read or is empty");
            there.fields.emplace_back("Authorization", "Bearer " + token);
        }
        out[endpoint.name] = std::move(there);
    }
    if (!problems.empty()) return problems;
    return out;
}

std::filesystem::path mark_file(const config::Settings& settings) {
    return std::filesystem::path{settings.raft.storage_dir} / "plugin-crashes";
}

/// Without a place for the marks crashes are named, but not counted.
void watch_for_crashes(const std::filesystem::path& marks) {
    std::error_code ignored;
    std::filesystem::create_directories(marks.parent_path(), ignored);
    if (plugin::install_crash_handler(marks)) return;
    logging::warn("crashes of plugins cannot be counted", {{"file", marks.string()}});
    (void)plugin::install_crash_handler({});
}

std::int64_t unix_seconds() {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace

/// What is needed while the house is furnished, and not afterwards.
struct PluginHouse::Furnishing {
    plugin::Registry registry;
    plugin::CrashMarks crashes;
    std::vector<std::string> endpoints;
    plugin::Ports ports;
    std::shared_ptr<plugin::Watch> watch;
    plugin::Post post;
    Problems problems;
    bool gate_missing{false};

    struct Made {
        std::unique_ptr<plugin::Instance> instance;
        plugin::Admitted admitted;
    };
    /// Nothing, and a problem more, where it is not to be had; nothing alone where it is left out.
    std::optional<Made> make(const PluginWish& wish) {
        const auto& wanted = wish.instance;
        const auto place = plugin::to_place(wanted.plugin_place);
        const auto admitted = registry.admit(
            {wanted.plugin, wish.kind, wish.subject, place, wanted.sha256.value_or(std::string{})});
        if (!admitted) {
            problems.push_back(admitted.error().text);
            return std::nullopt;
        }
        if (!admitted->bundled && crashes.excluded(wanted.plugin)) {
            leave_out(wish, plugin::to_prefix(place));
            return std::nullopt;
        }
        auto options = plugin::check_options(wish.subject, plugin::to_place(wanted.place),
                                             *admitted->descriptor, wish.options, endpoints);
        if (!options) {
            const auto wrong = options.error();  // a copy at each call: its ends must be those of one
            problems.insert(problems.end(), wrong.begin(), wrong.end());
            return std::nullopt;
        }
        plugin::InstanceSpec spec{wanted.name, *admitted, std::move(*options)};
        return Made{std::make_unique<plugin::Instance>(std::move(spec), ports, watch, post), *admitted};
    }

    // Refusing to start would leave the sequencer without any conductor for as long as the marks are fresh;
    // only without a driver there is nothing to conduct.
    void leave_out(const PluginWish& wish, const std::string& place) {
        const auto text = place + wish.subject + ": plugin \"" + wish.instance.plugin +
                          "\" brought the daemon down twice within ten minutes and is left out";
        if (wish.kind == CONDUCTOR_SEQUENCER_DRIVER) {
            problems.push_back(text);
            return;
        }
        logging::error("plugin left out", {{"err", text}, {"event", "plugin_left_out"}});
        if (wish.kind == CONDUCTOR_HEALTH_CHECK && wish.instance.role == "gate") gate_missing = true;
    }
};

PluginHouse::~PluginHouse() = default;

Result<std::unique_ptr<PluginHouse>, PluginHouse::Problems> PluginHouse::furnish(
    boost::asio::io_context& core, const config::Settings& settings, std::shared_ptr<metrics::Metrics> metrics,
    Purpose purpose) {
    auto wishes = plugin_wishes(settings);
    if (!wishes) return wishes.error();
    auto endpoints = endpoints_of(settings);
    if (!endpoints) return endpoints.error();
    auto http = plugin::BlockingHttp::make(*endpoints);
    if (!http) return Problems{http.error().text};

    const auto marks = mark_file(settings);
    if (purpose == Purpose::start)
        watch_for_crashes(marks);
    else
        (void)plugin::install_crash_handler({});
    plugin::RegistrySettings registry;
    registry.directories.assign(settings.plugins.directories.begin(), settings.plugins.directories.end());
    registry.executable = plugin::own_executable();
    registry.allow = settings.plugins.allow;
    registry.trust =
        settings.plugins.trust == config::PluginTrust::user ? plugin::Trust::user : plugin::Trust::root;
    registry.drafts = settings.plugins.drafts;
    if (registry.trust == plugin::Trust::user)
        logging::warn("plugins of this user are trusted: for development and tests only",
                      {{"option", "plugins.trust"}});

    const auto gauges =
        std::make_shared<NodeGauges>(std::make_shared<plugin::ServedMetrics>(std::move(metrics)));
    Furnishing furnishing{
        plugin::Registry{std::move(registry)},
        plugin::CrashMarks::read(marks, unix_seconds()),
        {},
        {std::make_shared<PluginLines>(), gauges, std::make_shared<plugin::SystemClock>(), std::move(*http)},
        std::make_shared<plugin::Watch>(),
        [&core](std::function<void()> work) { boost::asio::post(core, std::move(work)); },
        {},
        false};
    for (const auto& [name, endpoint] : *endpoints) furnishing.endpoints.push_back(name);

    std::unique_ptr<PluginHouse> house{new PluginHouse{core}};
    house->gauges_ = gauges;
    // Checks come first: instance and plan of a check have the same place.
    for (const auto& wish : wishes->checks) {
        auto made = furnishing.make(wish);
        if (!made) continue;
        house->plans_.push_back(plan_of(wish.instance, made->admitted, settings.health));
        if (made->admitted.bundled) gauges->know(wish.instance.name, made->admitted.descriptor->id);
        house->checks_.push_back(std::make_unique<HealthPort>(*made->instance));
        house->instances_.push_back(std::move(made->instance));
    }
    if (auto made = furnishing.make(wishes->driver)) {
        house->driver_ = made->instance.get();
        house->instances_.push_back(std::move(made->instance));
    }
    if (wishes->transfer) {
        if (auto made = furnishing.make(*wishes->transfer)) {
            house->transfer_.emplace(*made->instance);
            house->instances_.push_back(std::move(made->instance));
        }
    }
    if (!furnishing.problems.empty()) return furnishing.problems;
    house->gate_missing_ = furnishing.gate_missing;
    return house;
}

void PluginHouse::open(std::function<void(Problems)> done) {
    struct Opening {
        std::size_t waited_for;
        Problems problems;
        std::function<void(Problems)> done;
    };
    auto opening = std::make_shared<Opening>(Opening{instances_.size(), {}, std::move(done)});
    for (const auto& instance : instances_) {
        auto* one = instance.get();
        one->open(open_limit, [opening, one](const Result<void, plugin::CallError>& opened) {
            if (!opened)
                opening->problems.push_back("plugin \"" + one->name() + "\" (" + one->descriptor().id +
                                            "): " + opened.error().text);
            if (opened)
                logging::debug("plugin opened", {{"plugin", one->name()},
                                                 {"id", one->descriptor().id},
                                                 {"version", one->descriptor().version}});
            if (--opening->waited_for == 0) opening->done(std::move(opening->problems));
        });
    }
}

void PluginHouse::close(std::function<void()> done) {
    auto left = std::make_shared<std::size_t>(instances_.size());
    for (const auto& instance : instances_)
        instance->close(close_limit, [left, done] {
            if (--*left == 0) done();
        });
}

std::vector<control::PluginRow> PluginHouse::rows() const {
    std::vector<control::PluginRow> out;
    for (const auto& instance : instances_) {
        const auto& library = *instance->library();
        control::PluginRow row{
            instance->name(),
            instance->descriptor().id,
            instance->descriptor().kind,
            instance->descriptor().version,
            std::to_string(library.entry->abi_major) + "." + std::to_string(library.entry->abi_minor),
            library.path.string(),
            "at work"};
        if (instance->out_of_service())
            row.state = "out of service: " + std::to_string(instance->abandoned()) + " calls abandoned";
        out.push_back(std::move(row));
    }
    return out;
}

std::vector<std::string> PluginHouse::check_plugins() const {
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < checks_.size(); ++i) ids.push_back(instances_[i]->descriptor().id);
    return ids;
}

std::vector<control::HealthCheck*> PluginHouse::checks() {
    std::vector<control::HealthCheck*> out;
    for (const auto& check : checks_) out.push_back(check.get());
    return out;
}

}  // namespace conductor::daemon
