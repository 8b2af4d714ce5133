// What every plugin owes the host, rule by rule: the one source of `conductorctl plugin validate` and of the
// suite in conformance.hpp. Needs no test framework. Runs code of the library on the calling thread: one that
// hangs or crashes takes its caller with it.
#pragma once

#include <conductor/testing/calls.hpp>
#include <conductor/testing/traces.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <thread>

namespace conductor {
inline namespace sdk_0_1 {
namespace testing {

/// Gives the options that have no fallback, or others than that; what is required and still missing gets a
/// value that its type and bounds allow.
using Setup = std::function<void(const std::string& id, Host& host)>;

/// The plugin that is looked at, and the process as it was before anything of it was called.
struct Subject {
    Subject(const Library& from, const conductor_descriptor& one, Setup with)
        : library{from}, plugin{one}, setup{std::move(with)}, before{Traces::now()} {}
    const Library& library;
    const conductor_descriptor& plugin;
    Setup setup;
    Traces before;
};

struct Seen {
    std::string problem;  ///< empty: the rule is kept
    std::string note;     ///< what else is worth saying
};

struct Rule {
    std::string name;
    bool needs_life;  ///< says nothing of a plugin that cannot be made and called
    bool gives_life;  ///< such is one that breaks this
    std::function<Seen(const Subject&)> check;
};

inline constexpr const char* can_be_made = "it can be made";

namespace detail {

inline const conductor_option& option_at(const conductor_descriptor& plugin, std::uint32_t index) {
    const auto* octets = reinterpret_cast<const unsigned char*>(plugin.options);
    return *reinterpret_cast<const conductor_option*>(octets + std::size_t{index} * plugin.option_stride);
}

inline Host::Value plausible(const conductor_option& option) {
    const auto least = option.min <= option.max ? option.min : std::int64_t{1};
    switch (option.type) {
        case CONDUCTOR_BOOL:
            return std::int64_t{0};
        case CONDUCTOR_INT:
        case CONDUCTOR_DURATION:
        case CONDUCTOR_BYTES:
            return least;
        case CONDUCTOR_REAL:
            return static_cast<double>(least);
        case CONDUCTOR_CHOICE: {
            const std::string all{option.choices != nullptr ? option.choices : ""};
            return all.substr(0, all.find('|'));
        }
        case CONDUCTOR_ENDPOINT:
            return std::string{"node"};
        default:
            return std::string(static_cast<std::size_t>(std::clamp<std::int64_t>(least, 1, 4096)), 'x');
    }
}

inline void ready(Host& host, const Subject& subject) {
    const auto& plugin = subject.plugin;
    if (std::string_view{plugin.kind} == CONDUCTOR_LEADER_TRANSFER) host.withheld = {CONDUCTOR_RPC};
    if (subject.setup) subject.setup(plugin.id, host);
    fill_in(host, plugin);
    for (std::uint32_t i = 0; i < plugin.option_count; ++i) {
        const auto& option = option_at(plugin, i);
        if ((option.flags & CONDUCTOR_REQUIRED) != 0 && !host.has_option(option.key))
            host.option(option.key, plausible(option));
    }
}

/// One instance, made and not started. Destroyed with this, whatever came before.
class Life {
public:
    Life(const Subject& subject, const char* id, const conductor_host& host) {
        Call call;
        status = subject.library.entry().create(id, &host, &call, &plugin);
        error = call.error_text;
        if (status < 0) plugin = nullptr;
    }
    ~Life() {
        if (plugin != nullptr) plugin->destroy(plugin->self);
    }
    Life(const Life&) = delete;
    Life& operator=(const Life&) = delete;

    [[nodiscard]] std::string why() const {
        if (plugin != nullptr) return {};
        if (status >= 0) return "create gave no instance";
        return "create: " + (error.empty() ? "status " + std::to_string(status) : error);
    }
    /// Empty, or why it could not.
    [[nodiscard]] std::string start() const {
        Call call;
        const auto started = plugin->start(plugin->self, &call);
        if (started >= 0) return {};
        return "start: " + (call.error_text.empty() ? "status " + std::to_string(started) : call.error_text);
    }
    void stop() const {
        const Call call{std::chrono::seconds{2}};
        plugin->stop(plugin->self, &call);
    }
    [[nodiscard]] std::vector<WorkCall> calls(const Subject& subject) const {
        return work_calls(subject.plugin.kind, plugin->extension(plugin->self, subject.plugin.kind));
    }

    conductor_status status = CONDUCTOR_INTERNAL;
    const conductor_plugin* plugin = nullptr;
    std::string error;
};

inline Seen notes(const Subject& subject) {
    const auto& entry = subject.library.entry();
    const auto abi = std::to_string(entry.abi_major) + "." + std::to_string(entry.abi_minor);
    const NoteLines wanted{{"abi", abi},
                           {"kind", subject.plugin.kind},
                           {"id", subject.plugin.id},
                           {"version", subject.plugin.version}};
    for (const auto& note : notes_of(subject.library.path()))
        if (note == wanted) return {};
    return {"no note is like the descriptor", {}};
}

inline Seen describes(const Subject& subject) {
    const auto& entry = subject.library.entry();
    const auto all = subject.library.plugins();
    const auto count = static_cast<std::uint32_t>(all.size());
    if (all != subject.library.plugins()) return {"describe() answers differently each time", {}};
    for (const auto past : {count, count + 1, std::numeric_limits<std::uint32_t>::max()})
        if (entry.describe(past) != nullptr) return {"describe() answers beyond its end", {}};
    return {};
}

inline Seen refuses_ids(const Subject& subject) {
    for (const char* id : {static_cast<const char*>(nullptr), "", "org.example.no-such-plugin"}) {
        Host host;
        ready(host, subject);
        if (Life{subject, id, host}.plugin == nullptr) continue;
        return {id == nullptr ? "create() makes something of no id"
                              : "create() makes something of the id \"" + std::string{id} + "\"",
                {}};
    }
    return {};
}

inline Seen survives(const Subject& subject, Host& host) {
    const Life life{subject, subject.plugin.id, host};
    if (life.plugin != nullptr) return {};
    if (life.status >= 0) return {life.why(), {}};
    if (life.error.empty()) return {"refused without a word", {}};
    return {{}, "refused: " + life.error};
}

inline Seen survives_without(const Subject& subject) {
    Host host;
    return survives(subject, host);
}

// Nothing that a configuration could say: extremes, another type, heaps of values, text that is none.
inline Seen survives_absurd(const Subject& subject) {
    const std::vector<Host::Value> absurd{INT64_MIN,     INT64_MAX,
                                          -1e308,        std::numeric_limits<double>::quiet_NaN(),
                                          std::string{}, std::string(70'000, '\xff')};
    Seen seen;
    for (const int count : {1, 64}) {
        for (const auto& value : absurd) {
            Host host;
            for (std::uint32_t i = 0; i < subject.plugin.option_count; ++i)
                for (int n = 0; n < count; ++n) host.option(option_at(subject.plugin, i).key, value);
            seen = survives(subject, host);
            if (!seen.problem.empty()) return seen;
        }
    }
    return seen;
}

inline Seen lives(const Subject& subject) {
    Host host;
    ready(host, subject);
    const Life life{subject, subject.plugin.id, host};
    if (life.plugin == nullptr) return {life.why(), {}};
    const auto why = life.start();
    life.stop();
    return {why, {}};
}

inline Seen odd_lives(const Subject& subject) {
    Host host;
    ready(host, subject);
    if (const Life never_started{subject, subject.plugin.id, host}; never_started.plugin == nullptr)
        return {never_started.why(), {}};
    {
        const Life only_stopped{subject, subject.plugin.id, host};
        if (only_stopped.plugin == nullptr) return {only_stopped.why(), {}};
        only_stopped.stop();
    }
    const Life stopped_twice{subject, subject.plugin.id, host};
    if (stopped_twice.plugin == nullptr) return {stopped_twice.why(), {}};
    const auto why = stopped_twice.start();
    stopped_twice.stop();
    stopped_twice.stop();
    return {why, {}};
}

inline Seen extensions(const Subject& subject) {
    Host host;
    ready(host, subject);
    const Life life{subject, subject.plugin.id, host};
    if (life.plugin == nullptr) return {life.why(), {}};
    const auto ask = [&life](const char* id) { return life.plugin->extension(life.plugin->self, id); };
    const auto* own = ask(subject.plugin.kind);
    if (auto wrong = table_problem(subject.plugin.kind, own); !wrong.empty()) return {wrong, {}};
    if (own != ask(subject.plugin.kind)) return {"its table is another one the second time", {}};
    if (ask(nullptr) != nullptr) return {"it has a table of no id", {}};
    if (ask("org.example.no-such-kind/1") != nullptr) return {"it has a table of a kind that there is not", {}};
    return {};
}

// Whoever builds on whatever head a node has must say so: the host would not hand it a start without one.
inline Seen refuses_headless(const Subject& subject) {
    if (std::string_view{subject.plugin.kind} != CONDUCTOR_SEQUENCER_DRIVER) return {};
    Host host;
    ready(host, subject);
    const Life life{subject, subject.plugin.id, host};
    if (life.plugin == nullptr) return {life.why(), {}};
    const auto& table = *static_cast<const conductor_sequencer_driver*>(
        life.plugin->extension(life.plugin->self, subject.plugin.kind));
    if ((table.flags & CONDUCTOR_NEEDS_NO_HEAD) != 0) return {};
    if (auto why = life.start(); !why.empty()) return {why, {}};
    const Call call;
    const auto status = table.start_sequencer(life.plugin->self, &call, nullptr);
    life.stop();
    if (status == CONDUCTOR_BAD_CONFIG) return {};
    return {"a start without a head is status " + std::to_string(status) +
                ", and BAD_CONFIG of whoever has not CONDUCTOR_NEEDS_NO_HEAD",
            {}};
}

inline constexpr std::chrono::milliseconds late_by{50};

/// How late the call came back behind its deadline, or behind a cancellation long before that.
inline std::chrono::milliseconds lateness(const Life& life, const WorkCall& work, bool cancelled) {
    using Clock = std::chrono::steady_clock;
    using namespace std::chrono_literals;
    Call call{cancelled ? std::chrono::nanoseconds{10s} : 150ms};
    const auto due = Clock::now() + (cancelled ? 50ms : 150ms);
    std::thread alarm{[&call, due] {
        std::this_thread::sleep_until(due);
        call.cancel();
    }};
    (void)work.run(life.plugin->self, call);
    const auto late = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - due);
    alarm.join();
    return late;
}

inline Seen obeys(const Subject& subject) {
    Host host;
    host.every_node_hangs();
    ready(host, subject);
    const Life life{subject, subject.plugin.id, host};
    if (life.plugin == nullptr) return {life.why(), {}};
    if (auto why = life.start(); !why.empty()) return {why, {}};
    Seen seen;
    for (const auto& work : life.calls(subject)) {
        for (const bool cancelled : {false, true}) {
            // The promise is the plugin's: one good time of five proves it, on a machine that does much else.
            auto best = lateness(life, work, cancelled);
            for (int i = 1; i < 5 && best > late_by; ++i)
                best = std::min(best, lateness(life, work, cancelled));
            if (best <= late_by || !seen.problem.empty()) continue;
            seen.problem = work.name + " came back " + std::to_string(best.count()) + " ms after its " +
                           (cancelled ? "cancellation" : "deadline") + ", 50 are allowed";
        }
        if (!seen.problem.empty()) break;
    }
    life.stop();
    return seen;
}

// From creation to destruction, with every call once; nobody listens where it asks.
inline std::string whole_life(const Subject& subject) {
    Host host;
    ready(host, subject);
    const Life life{subject, subject.plugin.id, host};
    if (life.plugin == nullptr) return life.why();
    if (auto why = life.start(); !why.empty()) return why;
    for (const auto& work : life.calls(subject)) {
        const Call call{std::chrono::seconds{1}};
        (void)work.run(life.plugin->self, call);
    }
    life.stop();
    return {};
}

inline Seen thousand_lives(const Subject& subject) {
    constexpr int wanted = 1000;
    constexpr int first = 100;                   // caches fill
    constexpr std::size_t growth_per_life = 64;  // octets
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{15};
    Seen seen;
    std::size_t heap = 0;
    int lived = 0;
    for (; lived < wanted && std::chrono::steady_clock::now() < until; ++lived) {
        if (lived == first) heap = heap_in_use();
        if (auto why = whole_life(subject); !why.empty())
            return {"life " + std::to_string(lived + 1) + ": " + why, {}};
    }
    const auto held = heap_in_use();
    if (lived < wanted) seen.note = std::to_string(lived) + " lives in the time for them";
    seen.problem = subject.before.left_by(Traces::now());
    for (int i = 0; i < 30 && !seen.problem.empty(); ++i) {  // a joined thread leaves /proc a moment later
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
        seen.problem = subject.before.left_by(Traces::now());
    }
    const auto counted = static_cast<std::size_t>(std::max(lived - first, 1));
    if (heap != 0 && held > heap + counted * growth_per_life)
        seen.problem += (seen.problem.empty() ? "" : "; ") + std::string{"the heap grows by "} +
                        std::to_string((held - heap) / counted) + " octets a life";
    return seen;
}

}  // namespace detail

inline std::vector<Rule> rules() {
    return {{"a note says what the descriptor says", false, false, &detail::notes},
            {"describe is constant and ends", false, false, &detail::describes},
            {"an unknown or missing id is refused", false, false, &detail::refuses_ids},
            {"no option at all does no harm", false, false, &detail::survives_without},
            {"absurd options do no harm", false, false, &detail::survives_absurd},
            {can_be_made, false, true, &detail::lives},
            {"destroyed without start, stopped twice", true, false, &detail::odd_lives},
            {"its own table is whole, an unknown extension is none", true, true, &detail::extensions},
            {"a driver says whether it needs a head", true, false, &detail::refuses_headless},
            {"deadline and cancellation are obeyed", true, false, &detail::obeys},
            {"a thousand lives leave nothing", true, false, &detail::thousand_lives}};
}

/// Each rule once, in their order, also after one that is broken; those that need a life only where there is
/// one. `begins(name)` comes before each, `ended(name, seen)` behind it.
template <class Begins, class Ended>
void conform(const Subject& subject, Begins begins, Ended ended) {
    bool alive = true;
    for (const auto& rule : rules()) {
        if (rule.needs_life && !alive) return;
        begins(rule.name);
        Seen seen;
        try {
            seen = rule.check(subject);
        } catch (const std::exception& error) {
            seen.problem = std::string{"an exception left the plugin: "} + error.what();
        } catch (...) {
            seen.problem = "an exception left the plugin";
        }
        if (rule.gives_life && !seen.problem.empty()) alive = false;
        ended(rule.name, seen);
    }
}

}  // namespace testing
}  // namespace sdk_0_1
}  // namespace conductor
