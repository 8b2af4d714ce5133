#include "core/ctl/trial.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <thread>

#include "core/ctl/trial_calls.hpp"
#include "core/ctl/trial_host.hpp"
#include "core/ctl/trial_traces.hpp"
#include "core/plugin/instance.hpp"
#include "core/plugin/lane.hpp"
#include "core/plugin/services.hpp"
#include "core/plugin/text.hpp"

namespace conductor::ctl {

using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

constexpr int lives = 1000;
constexpr int first_lives = 100;  // caches fill
constexpr auto lives_limit = 15s;
constexpr std::size_t growth_per_life = 64;  // octets
constexpr auto late_by = 50ms;
constexpr const char* secret_variable = "CONDUCTORCTL_TRIAL_SECRET";

/// A value that the option's type and bounds allow.
plugin::RawValue plausible(const plugin::OptionSpec& spec) {
    using plugin::OptionType;
    if (spec.secret)
        return {plugin::SecretSource{plugin::SecretSource::Kind::environment, secret_variable}, {}};
    const auto whole = spec.min <= spec.max ? spec.min : std::int64_t{1};
    switch (spec.type) {
        case OptionType::boolean:
            return {false, {}};
        case OptionType::integer:
        case OptionType::bytes:
            return {whole, {}};
        case OptionType::real:
            return {static_cast<double>(whole), {}};
        case OptionType::duration:
            return {std::to_string(whole) + "ns", {}};
        case OptionType::choice:
            return {spec.choices.empty() ? std::string{} : spec.choices.front(), {}};
        case OptionType::endpoint:
            return {std::string{"node"}, {}};
        case OptionType::string:
            break;
    }
    return {std::string(static_cast<std::size_t>(std::clamp<std::int64_t>(whole, 1, 4096)), 'x'), {}};
}

/// Nothing that a configuration could say: extremes, heaps of values, text that is none.
plugin::OptionValues absurd(const plugin::Descriptor& descriptor) {
    plugin::OptionValues out;
    for (const auto& spec : descriptor.options) {
        auto& values = out.values[spec.key];
        for (int i = 0; i < 64; ++i) {
            switch (spec.type) {
                case plugin::OptionType::real:
                    values.emplace_back(i % 2 == 0 ? std::numeric_limits<double>::quiet_NaN() : -1e308);
                    break;
                case plugin::OptionType::string:
                case plugin::OptionType::choice:
                case plugin::OptionType::endpoint:
                    values.emplace_back(std::string(static_cast<std::size_t>(16 * i * i), '\xff'));
                    break;
                default:
                    values.emplace_back(i % 2 == 0 ? std::numeric_limits<std::int64_t>::min()
                                                   : std::numeric_limits<std::int64_t>::max());
            }
        }
    }
    return out;
}

class Trial {
public:
    Trial(const plugin::Library& library, const plugin::Descriptor& descriptor,
          const std::vector<plugin::RawOption>& given, const TrialReport& report)
        : entry_{*library.entry}, descriptor_{descriptor}, report_{report} {
        ::setenv(secret_variable, "secret", 1);
        plain(given);
    }

    void run() {
        step("note equals descriptor", [] { return std::string{}; });  // or the library had not been mapped
        step("describe is constant and ends", [this] { return describes(); });
        step("an unknown or missing id is refused", [this] { return refuses_ids(); });
        step("no option at all does no harm", [this] { return survives(plugin::OptionValues{}); });
        step("absurd options do no harm", [this] { return survives(absurd(descriptor_)); });
        bool made = false;
        step("it can be made", [&] {
            const auto why = lives_once();
            made = why.empty();
            return why;
        });
        if (!made) return;
        step("destroyed without start, stopped twice", [this] { return odd_lives(); });
        step("an unknown extension is none", [this] { return knows_its_extensions(); });
        step("deadline and cancellation are obeyed", [this] { return obeys(); });
        step("a thousand lives leave nothing", [this] { return thousand_lives(); });
    }

private:
    template <class Work>
    void step(const std::string& name, Work work) {
        report_.begins(name);
        note_.clear();
        std::string problem;
        try {
            problem = work();
        } catch (const std::exception& error) {
            problem = std::string{"an exception left the plugin: "} + error.what();
        } catch (...) {
            problem = "an exception left the plugin";
        }
        report_.ended({name, problem, note_});
    }

    void plain(std::vector<plugin::RawOption> raw) {
        std::vector<std::string> endpoints{"node", "execution"};
        for (const auto& spec : descriptor_.options) {
            if (spec.type == plugin::OptionType::endpoint && spec.fallback) endpoints.push_back(*spec.fallback);
            const bool said = std::ranges::any_of(raw, [&](const auto& one) { return one.key == spec.key; });
            if (spec.required && !said && (!spec.fallback || spec.secret))
                raw.push_back({spec.key, {}, spec.list, {plausible(spec)}});
        }
        for (const auto& option : raw)  // an endpoint that was given is one that there is
            for (const auto& value : option.values)
                if (const auto* text = std::get_if<std::string>(&value.value)) endpoints.push_back(*text);
        auto checked = plugin::check_options("plugin", {}, descriptor_, raw, endpoints);
        if (checked)
            options_ = std::move(*checked);
        else
            options_problem_ = plugin::joined(checked.error());
    }

    [[nodiscard]] std::unique_ptr<plugin::HostServices> host(plugin::OptionValues options) const {
        return std::make_unique<plugin::HostServices>("trial", descriptor_, std::move(options), silent_ports());
    }

    struct Made {
        conductor_status status{CONDUCTOR_INTERNAL};
        const conductor_plugin* plugin{nullptr};
        std::string error;
    };
    Made create(const char* id, const conductor_host& services) const {
        plugin::CallFrame call{5s};
        Made made;
        made.status = entry_.create(id, &services, &call, &made.plugin);
        made.error = plugin::mended(call.error_text());
        if (made.status < 0) made.plugin = nullptr;
        return made;
    }
    Made create(const conductor_host& services) const { return create(descriptor_.id.c_str(), services); }

    [[nodiscard]] std::string describes() const {
        std::uint32_t count = 0;
        while (count < 64 && entry_.describe(count) != nullptr) ++count;
        if (count == 64) return "describe() never ends";
        for (const auto index : {count, count + 1, std::numeric_limits<std::uint32_t>::max()})
            if (entry_.describe(index) != nullptr) return "describe() answers beyond its end";
        for (std::uint32_t i = 0; i < count; ++i)
            if (entry_.describe(i) != entry_.describe(i)) return "describe() answers differently each time";
        return {};
    }

    [[nodiscard]] std::string refuses_ids() const {
        const auto services = host(options_);
        for (const char* id : {"org.example.no-such-plugin", "", static_cast<const char*>(nullptr)}) {
            const auto made = create(id, *services);
            if (made.plugin == nullptr) continue;
            made.plugin->destroy(made.plugin->self);
            return id == nullptr ? "create() makes something of no id"
                                 : "create() makes something of the id \"" + std::string{id} + "\"";
        }
        return {};
    }

    std::string survives(plugin::OptionValues options) {
        const auto services = host(std::move(options));
        const auto made = create(*services);
        if (made.plugin == nullptr) {
            note_ = "refused: " + (made.error.empty() ? plugin::status_name(made.status) : made.error);
            return made.error.empty() ? "refused without a word" : "";
        }
        made.plugin->destroy(made.plugin->self);
        return {};
    }

    std::string lives_once() {
        if (!options_problem_.empty()) return options_problem_;
        const auto services = host(options_);
        const auto made = create(*services);
        if (made.plugin == nullptr)
            return "create: " + (made.error.empty() ? plugin::status_name(made.status) : made.error) +
                   "; give it other options by --set key=value";
        return live(*made.plugin);
    }

    static std::string live(const conductor_plugin& made, int stops = 1) {
        plugin::CallFrame start{5s};
        const auto started = made.start(made.self, &start);
        plugin::CallFrame stop{2s};
        for (int i = 0; i < stops; ++i) made.stop(made.self, &stop);
        made.destroy(made.self);
        if (started >= 0) return {};
        return "start: " +
               (start.error_text().empty() ? plugin::status_name(started) : plugin::mended(start.error_text()));
    }

    [[nodiscard]] std::string odd_lives() const {
        const auto services = host(options_);
        for (int i = 0; i < 2; ++i) {
            const auto made = create(*services);
            if (made.plugin == nullptr) return "a second instance cannot be made: " + made.error;
            if (i == 1) return live(*made.plugin, 2);
            made.plugin->destroy(made.plugin->self);
        }
        return {};
    }

    [[nodiscard]] std::string knows_its_extensions() const {
        const auto services = host(options_);
        const auto made = create(*services);
        const auto* own = made.plugin->extension(made.plugin->self, descriptor_.kind.c_str());
        const auto* foreign = made.plugin->extension(made.plugin->self, "org.example.no-such-kind/1");
        const auto* none = made.plugin->extension(made.plugin->self, nullptr);
        made.plugin->destroy(made.plugin->self);
        if (own == nullptr) return "it has no table of its own kind";
        return foreign != nullptr || none != nullptr ? "it has a table of a kind that there is not" : "";
    }

    // Each call twice: once until its deadline, once until it is cancelled long before.
    std::string obeys() {
        const auto services = host(options_);
        const auto made = create(*services);
        plugin::CallFrame start{5s};
        if (made.plugin->start(made.plugin->self, &start) < 0) return "it does not start";
        const auto* table = made.plugin->extension(made.plugin->self, descriptor_.kind.c_str());
        std::string problem;
        for (const auto& call : calls_of(descriptor_.kind, table)) {
            for (const bool cancel : {false, true}) {
                plugin::CallFrame frame{cancel ? 10s : 150ms};
                const auto due = cancel ? Clock::now() + 50ms : frame.deadline();
                std::thread alarm{[&frame, due] {
                    std::this_thread::sleep_until(due);
                    frame.cancel();
                }};
                call.run(made.plugin->self, frame);
                const auto late = Clock::now() - due;
                alarm.join();
                if (late <= late_by || !problem.empty()) continue;
                problem = call.name + " came back " +
                          std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(late).count()) +
                          " ms after its " + (cancel ? "cancellation" : "deadline") + ", 50 are allowed";
            }
        }
        plugin::CallFrame stop{2s};
        made.plugin->stop(made.plugin->self, &stop);
        made.plugin->destroy(made.plugin->self);
        return problem;
    }

    std::string thousand_lives() {
        const auto until = Clock::now() + lives_limit;
        std::size_t heap = 0;
        int lived = 0;
        for (; lived < lives && Clock::now() < until; ++lived) {
            if (lived == first_lives) heap = heap_in_use();
            const auto services = host(options_);
            const auto made = create(*services);
            if (made.plugin == nullptr) return "life " + std::to_string(lived + 1) + ": " + made.error;
            if (const auto why = live(*made.plugin); !why.empty()) return why;
        }
        if (lived < lives) note_ = std::to_string(lived) + " lives in the time for them";
        auto left = before_.left_by(Traces::now());
        for (int i = 0; i < 20 && !left.empty(); ++i) {  // a joined thread leaves /proc a moment later
            std::this_thread::sleep_for(10ms);
            left = before_.left_by(Traces::now());
        }
        const auto now = heap_in_use();
        const auto counted = static_cast<std::size_t>(std::max(lived - first_lives, 1));
        if (heap == 0 || now <= heap + counted * growth_per_life) return left;
        return left + (left.empty() ? "" : "; ") + "the heap grows by " +
               std::to_string((now - heap) / counted) + " octets a life";
    }

    const conductor_entry& entry_;
    const plugin::Descriptor& descriptor_;
    const TrialReport& report_;
    const Traces before_{Traces::now()};  // mapped, and nothing of it called
    plugin::OptionValues options_;
    std::string options_problem_;
    std::string note_;
};

}  // namespace

void try_plugin(const plugin::Library& library, const plugin::Descriptor& descriptor,
                const std::vector<plugin::RawOption>& given, const TrialReport& report) {
    Trial{library, descriptor, given, report}.run();
}

}  // namespace conductor::ctl
