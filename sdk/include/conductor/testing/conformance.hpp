// What every plugin owes the host, as one test case: CONDUCTOR_CONFORMANCE("path/of/library.so", setup), where
// `setup(id, host)` gives the options that have no fallback. Catch2, version 2 or 3, is included before.
#pragma once

#include <malloc.h>
#include <conductor/cpp/leader_transfer.hpp>
#include <conductor/cpp/network_profile.hpp>
#include <conductor/cpp/sequencer_driver.hpp>
#include <conductor/testing/library.hpp>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <set>
#include <thread>

namespace conductor {
inline namespace sdk_0_1 {
namespace testing {

using Setup = std::function<void(const std::string& id, Host& host)>;

namespace detail {

inline std::size_t entries(const char* directory) {
    std::size_t count = 0;
    for (auto at = std::filesystem::directory_iterator{directory}; at != std::filesystem::directory_iterator{};
         ++at)
        ++count;
    return count;
}

/// Descriptors, threads and signal handlers of this process.
struct Holdings {
    std::size_t descriptors = entries("/proc/self/fd");
    std::size_t threads = entries("/proc/self/task");
    std::vector<void (*)(int)> handlers = [] {
        std::vector<void (*)(int)> all;
        for (int number = 1; number < 32; ++number) {
            struct sigaction now{};
            ::sigaction(number, nullptr, &now);
            all.push_back(now.sa_handler);
        }
        return all;
    }();
};

inline std::string left_behind(const Holdings& before) {
    Holdings after;
    // A thread that has been joined may still be listed for a moment.
    for (int i = 0; i < 100 && after.threads > before.threads; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
        after = {};
    }
    if (after.threads > before.threads) return "a thread is left";
    if (after.descriptors > before.descriptors) return "a descriptor is left open";
    if (after.handlers != before.handlers) return "a signal handler was changed";
    return {};
}

inline void ready(Host& host, const Setup& setup, const conductor_descriptor& plugin) {
    if (setup) setup(plugin.id, host);
    fill_in(host, plugin);
}

/// One work call of its kind; what it answers does not matter.
inline void work(const Instance& instance, const conductor_descriptor& plugin, const Call& call) {
    const std::string_view kind{plugin.kind};
    std::string text;
    const auto sink = into(text);
    if (kind == CONDUCTOR_HEALTH_CHECK) {
        conductor_finding finding{};
        finding.size = sizeof finding;
        finding.reason = finding.detail = sink;
        (void)instance.table<conductor_health_check>(plugin.kind).judge(instance.self(), &call, &finding);
    } else if (kind == CONDUCTOR_SEQUENCER_DRIVER) {
        std::int32_t active = 0;
        (void)instance.table<conductor_sequencer_driver>(plugin.kind).active(instance.self(), &call, &active);
    } else if (kind == CONDUCTOR_NETWORK_PROFILE) {
        const auto& table = instance.table<conductor_network_profile>(plugin.kind);
        (void)table.list(instance.self(), &call, sink);
        (void)table.resolve(instance.self(), &call, conductor::text("no-such-network"), sink);
    } else if (kind == CONDUCTOR_LEADER_TRANSFER) {
        conductor_member alone{};
        alone.id = conductor::text("a");
        alone.voter = 1;
        alone.failure_age_ns = alone.heard_age_ns = CONDUCTOR_NEVER;
        conductor_transfer transfer{};
        transfer.size = sizeof transfer;
        transfer.member_count = 1;
        transfer.member_stride = sizeof alone;
        transfer.members = &alone;
        transfer.emit = [](void*, std::uint32_t) -> std::int32_t { return 0; };
        (void)instance.table<conductor_leader_transfer>(plugin.kind).rank(instance.self(), &call, &transfer);
    }
}

}  // namespace detail

/// Each rule, by its name; empty: it is kept, else what was seen.
using Rule = std::pair<std::string,
                       std::function<std::string(const Library&, const conductor_descriptor&, const Setup&)>>;

inline std::vector<Rule> rules() {
    using L = Library;
    using D = conductor_descriptor;
    using S = Setup;
    return {
        {"a note says what the descriptor says",
         [](const L& library, const D& plugin, const S&) -> std::string {
             const auto abi =
                 std::to_string(library.entry().abi_major) + "." + std::to_string(library.entry().abi_minor);
             for (const auto& note : notes_of(library.path()))
                 if (note ==
                     NoteLines{
                         {"abi", abi}, {"kind", plugin.kind}, {"id", plugin.id}, {"version", plugin.version}})
                     return {};
             return "no note is like the descriptor";
         }},
        {"describe is constant and ends",
         [](const L& library, const D&, const S&) -> std::string {
             const auto count = static_cast<std::uint32_t>(library.plugins().size());
             if (library.plugins() != library.plugins()) return "another descriptor the second time";
             if (library.entry().describe(count) != nullptr || library.entry().describe(UINT32_MAX) != nullptr)
                 return "a descriptor past the end";
             return {};
         }},
        {"null and unknown ids are refused",
         [](const L& library, const D&, const S&) -> std::string {
             for (const char* id : {static_cast<const char*>(nullptr), "", "org.example.no-such-plugin"}) {
                 Host host;
                 const Call call;
                 const conductor_plugin* made = nullptr;
                 if (library.entry().create(id, &host, &call, &made) >= 0) return "create took it";
             }
             return {};
         }},
        {"no options and absurd options are an error or work, and never a crash",
         [](const L& library, const D& plugin, const S&) -> std::string {
             const std::vector<Host::Value> absurd{INT64_MIN, INT64_MAX, -1e308, std::string{},
                                                   std::string(70'000, '\xff')};
             for (std::size_t which = 0; which <= absurd.size(); ++which) {
                 Host host;
                 for (std::uint32_t i = 0; which < absurd.size() && i < plugin.option_count; ++i)
                     host.option(plugin.options[i].key, absurd[which]);
                 const Call call;
                 const conductor_plugin* made = nullptr;
                 const auto status = library.entry().create(plugin.id, &host, &call, &made);
                 if (status < 0 && call.error_text.empty()) return "refused without a word";
                 if (status >= 0) made->destroy(made->self);
             }
             return {};
         }},
        {"unknown extensions are none, its own stays the same",
         [](const L& library, const D& plugin, const S& setup) -> std::string {
             Host host;
             detail::ready(host, setup, plugin);
             const Call call;
             const conductor_plugin* made = nullptr;
             if (library.entry().create(plugin.id, &host, &call, &made) < 0)
                 return "create: " + call.error_text;
             const auto* table = made->extension(made->self, plugin.kind);
             std::string seen;
             if (table == nullptr || table != made->extension(made->self, plugin.kind))
                 seen = "its table is missing or changes";
             if (made->extension(made->self, nullptr) != nullptr) seen = "a table of the null id";
             if (made->extension(made->self, "org.example.other/1") != nullptr)
                 seen = "a table of an unknown kind";
             made->destroy(made->self);
             return seen;
         }},
        {"destroy without start, and stop twice",
         [](const L& library, const D& plugin, const S& setup) -> std::string {
             for (const bool started : {false, true}) {
                 Host host;
                 detail::ready(host, setup, plugin);
                 const Call call;
                 const conductor_plugin* made = nullptr;
                 if (library.entry().create(plugin.id, &host, &call, &made) < 0)
                     return "create: " + call.error_text;
                 if (started && made->start(made->self, &call) >= 0)
                     for (int i = 0; i < 2; ++i) made->stop(made->self, &call);
                 made->destroy(made->self);
             }
             return {};
         }},
        {"a thousand lives do not grow, and leave nothing behind",
         [](const L& library, const D& plugin, const S& setup) -> std::string {
             const auto live = [&] {
                 Host host;
                 host.node().refuses();
                 detail::ready(host, setup, plugin);
                 const Instance instance{library, plugin.id, host};
                 const Call call{std::chrono::seconds{1}};
                 detail::work(instance, plugin, call);
             };
             for (int i = 0; i < 100; ++i) live();
             const detail::Holdings before;
             const auto held = ::mallinfo2().uordblks;
             for (int i = 0; i < 1000; ++i) live();
             const auto holds = ::mallinfo2().uordblks;
             if (holds > held + 64 * 1024) return "memory grew by " + std::to_string(holds - held) + " octets";
             return detail::left_behind(before);
         }},
        {"a hung node delays nobody beyond the deadline, and a cancelled call comes back within 50 ms",
         [](const L& library, const D& plugin, const S& setup) -> std::string {
             using namespace std::chrono_literals;
             Host host;
             for (const auto* endpoint : {"node", "execution"}) host.node(endpoint).hangs();
             detail::ready(host, setup, plugin);
             const Instance instance{library, plugin.id, host};
             const auto seconds = [&](std::chrono::nanoseconds limit, std::chrono::nanoseconds cancel_after) {
                 Call call{limit};
                 std::thread canceller{[&] {
                     std::this_thread::sleep_for(cancel_after);
                     call.cancel();
                 }};
                 const auto begun = std::chrono::steady_clock::now();
                 detail::work(instance, plugin, call);
                 const auto took = std::chrono::steady_clock::now() - begun;
                 canceller.join();
                 return took;
             };
             // The promise is the plugin's: one good time of five is proof of it, on a machine that does much
             // else.
             const auto within = [&](std::chrono::nanoseconds limit, std::chrono::nanoseconds cancel_after,
                                     std::chrono::nanoseconds most) {
                 for (int i = 0; i < 5; ++i)
                     if (seconds(limit, cancel_after) <= most) return true;
                 return false;
             };
             if (!within(300ms, 301ms, 350ms)) return "came back too late behind its deadline";
             if (!within(10s, 100ms, 150ms)) return "came back too late when it was cancelled";
             return {};
         }},
    };
}

}  // namespace testing
}  // namespace sdk_0_1
}  // namespace conductor

/// At file scope of a test program.
#define CONDUCTOR_CONFORMANCE(path, setup)                                                \
    TEST_CASE("conformance of " path, "[conformance]") {                                  \
        const ::conductor::testing::Library library{path};                                \
        REQUIRE(::conductor::testing::notes_of(path).size() == library.plugins().size()); \
        for (const auto* plugin : library.plugins())                                      \
            for (const auto& rule : ::conductor::testing::rules()) {                      \
                INFO(plugin->id << ": " << rule.first);                                   \
                CHECK(rule.second(library, *plugin, setup) == "");                        \
            }                                                                             \
    }
