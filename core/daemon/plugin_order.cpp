#include "core/daemon/plugin_order.hpp"

#include <algorithm>
#include <fstream>
#include <future>
#include <memory>
#include <set>
#include <thread>
#include <utility>

#include "core/plugin/raw_options.hpp"
#include "core/runtime/logging.hpp"

namespace conductor::daemon {

namespace {

constexpr auto default_timeout = std::chrono::seconds{5};
constexpr auto map_limit = std::chrono::seconds{5};

std::string token_line(const std::string& file) {
    std::ifstream in{file};
    std::string line;
    std::getline(in, line);
    return line;
}

/// Those of the flags unless the file says otherwise.
Result<plugin::HttpEndpoints, Problems> endpoints_of(const config::Settings& settings) {
    plugin::HttpEndpoints out;
    for (const auto& flag : endpoints_of_flags(settings)) out[flag.name] = {flag.url, flag.timeout, {}, {}};
    Problems problems;
    for (const auto& endpoint : settings.plugins.endpoints) {
        plugin::HttpEndpoint there{endpoint.url, endpoint.timeout.value_or(default_timeout), {}, endpoint.ca};
        if (!endpoint.token_file.empty()) {
            const auto token = token_line(endpoint.token_file);
            if (token.empty())
                problems.push_back(plugin::to_prefix(plugin::to_place(endpoint.place)) + "endpoint \"" +
                                   endpoint.name + "\": token_file " + endpoint.token_file +
                                   " cannot be read or is empty");
            there.fields.emplace_back("Authorization", "Bearer " + token);
        }
        out[endpoint.name] = std::move(there);
    }
    if (!problems.empty()) return problems;
    return out;
}

plugin::RegistrySettings registry_settings(const config::PluginSettings& plugins) {
    plugin::RegistrySettings out;
    out.directories.assign(plugins.directories.begin(), plugins.directories.end());
    out.executable = plugin::own_executable();
    out.allow = plugins.allow;
    out.trust = plugins.trust == config::PluginTrust::user ? plugin::Trust::user : plugin::Trust::root;
    out.drafts = plugins.drafts;
    return out;
}

plugin::Request request_of(const PluginWish& wish) {
    const auto& wanted = wish.instance;
    return {wanted.plugin, wish.kind, wish.subject, plugin::to_place(wanted.plugin_place),
            wanted.sha256.value_or(std::string{})};
}

/// Judges one wish after the other and gathers everything that is wrong.
class Judge {
public:
    explicit Judge(const config::Settings& settings) : registry_{registry_settings(settings.plugins)} {}
    virtual ~Judge() = default;
    Judge(const Judge&) = delete;
    Judge& operator=(const Judge&) = delete;

    Result<PluginOrder, Problems> order(const config::Settings& settings) {
        auto wishes = plugin_wishes(settings);
        if (!wishes) return wishes.error();
        auto endpoints = endpoints_of(settings);
        if (!endpoints) return endpoints.error();
        for (const auto& [name, endpoint] : *endpoints) endpoints_.push_back(name);
        out_.endpoints = std::move(*endpoints);
        begin(*wishes);
        for (auto& wish : wishes->checks)
            if (auto made = judged(std::move(wish))) out_.checks.push_back(std::move(*made));
        out_.driver = judged(std::move(wishes->driver));
        if (wishes->transfer) out_.transfer = judged(std::move(*wishes->transfer));
        if (!problems_.empty()) return problems_;
        return std::move(out_);
    }

protected:
    /// Before any wish is judged.
    virtual void begin(const PluginWishes&) {}
    /// The library for it; none, and a problem more, where it is not to be had; none alone where it is left
    /// out.
    virtual std::optional<plugin::Admitted> library_of(const PluginWish& wish) = 0;

    const plugin::Registry registry_;
    PluginOrder out_;
    Problems problems_;

private:
    std::optional<Furniture> judged(PluginWish wish) {
        if (!names_.insert(wish.instance.name).second)
            problems_.push_back(plugin::to_prefix(plugin::to_place(wish.instance.place)) + wish.subject +
                                ": the name is taken by another instance");
        const auto admitted = library_of(wish);
        if (!admitted) return std::nullopt;
        Furniture out{std::move(wish), *admitted, {}};
        if (admitted->descriptor == nullptr) return out;
        auto options = plugin::check_options(out.wish.subject, plugin::to_place(out.wish.instance.place),
                                             *admitted->descriptor, out.wish.options, endpoints_);
        if (!options) {
            const auto wrong = options.error();  // a copy at each call: its ends must be those of one
            problems_.insert(problems_.end(), wrong.begin(), wrong.end());
            return std::nullopt;
        }
        out.options = std::move(*options);
        return out;
    }

    std::vector<std::string> endpoints_;
    std::set<std::string> names_;  ///< logs and metrics tell instances of every kind apart by them
};

class StartJudge final : public Judge {
public:
    StartJudge(const config::Settings& settings, const plugin::CrashMarks& crashes)
        : Judge{settings}, crashes_{crashes} {}

private:
    // What came with the program is mapped before the code of anybody else has run.
    void begin(const PluginWishes& wishes) override {
        std::vector<const PluginWish*> all{&wishes.driver};
        for (const auto& check : wishes.checks) all.push_back(&check);
        if (wishes.transfer) all.push_back(&*wishes.transfer);
        for (const auto* wish : all) {
            const auto request = request_of(*wish);
            const auto found = registry_.vet(request);
            if (found && found->bundled)
                (void)map(request, *found);  // what is wrong with it is said in its turn
        }
    }

    std::optional<plugin::Admitted> library_of(const PluginWish& wish) override {
        if (hung_) return std::nullopt;
        const auto request = request_of(wish);
        const auto found = registry_.vet(request);
        // Before it is mapped: its constructors may be what brings us down.
        if (found && !found->bundled && crashes_.excluded(wish.instance.plugin)) {
            leave_out(wish);
            return std::nullopt;
        }
        auto admitted = found ? map(request, *found) : Result<plugin::Admitted, Complaint>{found.error()};
        if (admitted) return *admitted;
        problems_.push_back(admitted.error().text);
        return std::nullopt;
    }

    // Mapping runs constructors and describe(), which may never come back; nor would anybody else be mapped
    // then.
    Result<plugin::Admitted, Complaint> map(const plugin::Request& request, const plugin::Installed& found) {
        auto work = std::make_shared<std::packaged_task<Result<plugin::Admitted, Complaint>()>>(
            [request, found] { return plugin::Registry::map(request, found); });
        auto admitted = work->get_future();
        std::thread thread{[work] { (*work)(); }};
        if (admitted.wait_for(map_limit) == std::future_status::ready) {
            thread.join();
            return admitted.get();
        }
        thread.detach();  // tidy: the start is refused, the process leaves by _exit
        hung_ = true;
        return Complaint{plugin::to_prefix(request.place) + "plugin \"" + request.id +
                         "\" cannot be loaded: its constructors or describe() did not come back within 5 s"};
    }

    // Refusing to start would leave the sequencer without any conductor for as long as the marks are fresh;
    // only without a driver there is nothing to conduct.
    void leave_out(const PluginWish& wish) {
        const auto text = plugin::to_prefix(plugin::to_place(wish.instance.plugin_place)) + wish.subject +
                          ": plugin \"" + wish.instance.plugin +
                          "\" brought the daemon down twice within ten minutes and is left out";
        if (wish.kind == CONDUCTOR_SEQUENCER_DRIVER) {
            problems_.push_back(text);
            return;
        }
        logging::error("plugin left out", {{"err", text}, {"event", "plugin_left_out"}});
        if (wish.kind == CONDUCTOR_HEALTH_CHECK && wish.instance.role == "gate") out_.gate_missing = true;
    }

    const plugin::CrashMarks& crashes_;
    bool hung_{false};
};

class ReloadJudge final : public Judge {
public:
    ReloadJudge(const config::Settings& settings, const KnownPlugins& known) : Judge{settings}, known_{known} {}

private:
    std::optional<plugin::Admitted> library_of(const PluginWish& wish) override {
        const auto known = known_.find(wish.instance.plugin);
        if (known != known_.end() && known->second.descriptor->kind == wish.kind) return known->second;
        const auto request = request_of(wish);
        const auto found = registry_.vet(request);
        if (!found) {
            problems_.push_back(found.error().text);
            return std::nullopt;
        }
        // What comes with the program may be mapped as well: then its options are judged now, too.
        if (!found->bundled) return plugin::Admitted{};
        const auto admitted = plugin::Registry::map(request, *found);
        if (admitted) return *admitted;
        problems_.push_back(admitted.error().text);
        return std::nullopt;
    }

    const KnownPlugins& known_;
};

bool same_instance(const config::PluginInstance& a, const config::PluginInstance& b) {
    return a.plugin == b.plugin && a.role == b.role && a.interval == b.interval && a.timeout == b.timeout &&
           a.on_unknown == b.on_unknown && a.hold_for == b.hold_for && a.fault_cooldown == b.fault_cooldown &&
           a.failures_to_unhealthy == b.failures_to_unhealthy &&
           a.successes_to_healthy == b.successes_to_healthy && a.sha256 == b.sha256;
}

/// Names of those that both orders have, as `order` lists them.
std::vector<std::string> common(const PluginOrder& order, const std::set<std::string>& names) {
    std::vector<std::string> out;
    for (const auto& check : order.checks)
        if (names.contains(check.wish.instance.name)) out.push_back(check.wish.instance.name);
    return out;
}

std::set<std::string> names_of(const PluginOrder& order) {
    std::set<std::string> out;
    for (const auto* one : order.all()) out.insert(one->wish.kind + one->wish.instance.name);
    return out;
}

/// Whether an endpoint that the instance names is not where it was.
bool asks_elsewhere(const Furniture& one, const plugin::HttpEndpoints& was, const plugin::HttpEndpoints& is) {
    if (one.admitted.descriptor == nullptr) return false;
    for (const auto& spec : one.admitted.descriptor->options) {
        const auto values = one.options.values.find(spec.key);
        if (spec.type != plugin::OptionType::endpoint || values == one.options.values.end()) continue;
        for (const auto& value : values->second) {
            const auto& name = std::get<std::string>(value);
            const auto before = was.find(name);
            const auto after = is.find(name);
            if (before == was.end() || after == is.end()) continue;
            const auto& a = before->second;
            const auto& b = after->second;
            if (a.url != b.url || a.timeout != b.timeout || a.ca != b.ca) return true;
        }
    }
    return false;
}

}  // namespace

std::vector<const Furniture*> PluginOrder::all() const {
    std::vector<const Furniture*> out;
    for (const auto& check : checks) out.push_back(&check);
    if (driver) out.push_back(&*driver);
    if (transfer) out.push_back(&*transfer);
    return out;
}

Result<PluginOrder, Problems> order_of(const config::Settings& settings, const plugin::CrashMarks& crashes) {
    return StartJudge{settings, crashes}.order(settings);
}

Result<PluginOrder, Problems> reorder_of(const config::Settings& settings, const KnownPlugins& known) {
    return ReloadJudge{settings, known}.order(settings);
}

Difference difference_of(const Furniture& was, const Furniture& is) {
    if (!same_instance(was.wish.instance, is.wish.instance) || is.admitted.descriptor == nullptr)
        return Difference::restart;
    auto out = Difference::none;
    for (const auto& spec : is.admitted.descriptor->options) {
        const auto before = was.options.values.find(spec.key);
        const auto after = is.options.values.find(spec.key);
        const bool had = before != was.options.values.end();
        const bool has = after != is.options.values.end();
        if (had == has && (!had || before->second == after->second)) continue;
        if (!spec.live && !spec.secret) return Difference::restart;
        out = Difference::live;
    }
    return out;
}

std::vector<std::string> moved(const PluginOrder& was, const PluginOrder& is) {
    std::set<std::string> out;
    const auto before = names_of(was);
    const auto after = names_of(is);
    std::set<std::string> stay;
    for (const auto* order : {&was, &is}) {
        for (const auto* one : order->all()) {
            const auto& name = one->wish.instance.name;
            const auto key = one->wish.kind + name;
            if (!before.contains(key) || !after.contains(key)) {
                out.insert(name);
            } else {
                stay.insert(name);
            }
        }
    }
    const auto old_places = common(was, stay);
    const auto new_places = common(is, stay);
    for (std::size_t i = 0; i < std::min(old_places.size(), new_places.size()); ++i)
        if (old_places[i] != new_places[i]) out.insert({old_places[i], new_places[i]});
    for (const auto* one : is.all())
        if (asks_elsewhere(*one, was.endpoints, is.endpoints)) out.insert(one->wish.instance.name);
    return {out.begin(), out.end()};
}

}  // namespace conductor::daemon
