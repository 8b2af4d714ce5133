// What every plugin written in C++17 shares: text across the border, errors as exceptions on this side and as a
// status on the other, declared options and metrics, and the export of symbol and note. Header only, standard
// library only. All names live in an inline namespace per SDK version: two libraries built with different SDKs
// never share a symbol. No exception leaves a trampoline.
#pragma once

#include <conductor/services.h>
#include <conductor/cpp/options.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace conductor {
inline namespace sdk_0_1 {

class Host;

inline conductor_text text(std::string_view s) noexcept {
    return {s.data(), s.size()};
}
inline std::string_view view(conductor_text t) noexcept {
    return {t.data, t.size};
}

/// Whether all that was ever written there is whole. A sink without a function wants nothing: that is whole.
inline bool write(const conductor_sink& to, std::string_view s) noexcept {
    return to.append == nullptr || to.append(to.self, text(s)) == 1;
}

/// A sink that fills `s`; out of memory counts as cut.
inline conductor_sink into(std::string& s) noexcept {
    return {&s, [](void* self, conductor_text t) noexcept -> std::int32_t {
                try {
                    if (t.size != 0) static_cast<std::string*>(self)->append(t.data, t.size);
                    return 1;
                } catch (...) {
                    return 0;
                }
            }};
}

/// Thrown by a plugin to end a call with a status; the words go to the host's error sink.
struct Failure : std::runtime_error {
    Failure(conductor_status code, const std::string& why) : std::runtime_error(why), status(code) {}
    conductor_status status;
};

/// Times in nanoseconds; 0 leaves the choice to the host.
struct About {
    const char *id, *name, *version, *summary;
    std::uint64_t interval_ns = 0, timeout_ns = 0;
};

/// Base of the bases. A plugin class has `static constexpr About about` and a constructor that takes a Host;
/// what it does not declare itself, it has none of.
class Plugin {
public:
    static constexpr std::array<conductor_option, 0> options{};
    static constexpr std::array<conductor_metric, 0> metrics{};
    static constexpr std::array<const char*, 1> reasons{nullptr};
    static constexpr std::uint32_t flags = 0;  ///< CONDUCTOR_SINGLE

    Plugin() = default;
    Plugin(const Plugin&) = delete;
    Plugin& operator=(const Plugin&) = delete;
    virtual ~Plugin() = default;

    /// Threads begin here, not in the constructor. [worker]
    virtual void start(const conductor_call&) {}
    /// Threads end here. May come without start(), and twice. [worker]
    virtual void stop(const conductor_call&) {}
};

namespace detail {

/// Runs `f`, which returns a status, and turns what it throws into one. A call whose table is shorter than that
/// of 0.1 is none: everything of it may be read by whoever gets it.
template <class F>
conductor_status guarded(const conductor_call* call, F&& f) noexcept {
    if (call == nullptr || !CONDUCTOR_HAS(conductor_call, call, error)) return CONDUCTOR_INTERNAL;
    const auto say = [call](const char* why) noexcept { (void)write(call->error, why); };
    try {
        return f();
    } catch (const Failure& e) {
        say(e.what());
        return e.status;
    } catch (const std::exception& e) {
        say(e.what());
        return CONDUCTOR_INTERNAL;
    } catch (...) {
        say("unknown exception");
        return CONDUCTOR_INTERNAL;
    }
}

template <class T>
struct Box {
    template <class HostHandle>
    explicit Box(HostHandle host) : table{}, plugin(host) {}
    conductor_plugin table;
    T plugin;
};

template <class T>
T& plugin_of(void* self) noexcept {
    return static_cast<Box<T>*>(self)->plugin;
}

template <class T>
struct Glue {
    static constexpr conductor_descriptor descriptor{sizeof(conductor_descriptor),
                                                     T::flags,
                                                     static_cast<std::uint32_t>(T::options.size()),
                                                     sizeof(conductor_option),
                                                     static_cast<std::uint32_t>(T::metrics.size()),
                                                     sizeof(conductor_metric),
                                                     T::about.id,
                                                     T::kind,
                                                     T::about.name,
                                                     T::about.version,
                                                     T::about.summary,
                                                     T::options.data(),
                                                     T::metrics.data(),
                                                     T::reasons.data(),
                                                     T::about.interval_ns,
                                                     T::about.timeout_ns};

    static conductor_status start(void* self, const conductor_call* call) noexcept {
        return guarded(call, [&] {
            plugin_of<T>(self).start(*call);
            return conductor_status{CONDUCTOR_OK};
        });
    }
    static void stop(void* self, const conductor_call* call) noexcept {
        (void)guarded(call, [&] {
            plugin_of<T>(self).stop(*call);
            return conductor_status{CONDUCTOR_OK};
        });
    }
    static void destroy(void* self) noexcept { delete static_cast<Box<T>*>(self); }
    static const void* extension(void*, const char* id) noexcept {
        return id != nullptr && std::strcmp(id, T::kind) == 0 ? &T::template table<T> : nullptr;
    }
    template <class HostHandle>
    static conductor_status create(const conductor_host* host, const conductor_call* call,
                                   const conductor_plugin** out) noexcept {
        if (host == nullptr || !CONDUCTOR_HAS(conductor_host, host, service)) return CONDUCTOR_UNSUPPORTED;
        return guarded(call, [&] {
            auto* box = new Box<T>(HostHandle{host});
            box->table = {sizeof(conductor_plugin), 0, box, &start, &stop, &destroy, &extension};
            *out = &box->table;
            return conductor_status{CONDUCTOR_OK};
        });
    }
};

template <class HostHandle, class... Ts>
struct Library {
    static const conductor_descriptor* describe(std::uint32_t index) noexcept {
        constexpr std::array<const conductor_descriptor*, sizeof...(Ts)> all{&Glue<Ts>::descriptor...};
        return index < all.size() ? all[index] : nullptr;
    }
    static conductor_status create(const char* id, const conductor_host* host, const conductor_call* call,
                                   const conductor_plugin** out) noexcept {
        if (id == nullptr) return CONDUCTOR_UNSUPPORTED;
        conductor_status status = CONDUCTOR_UNSUPPORTED;
        (void)((std::strcmp(id, Ts::about.id) == 0 &&
                (status = Glue<Ts>::template create<HostHandle>(host, call, out), true)) ||
               ...);
        return status;
    }
    static constexpr conductor_entry entry() noexcept {
        return {sizeof(conductor_entry),
                CONDUCTOR_ABI_MAGIC,
                CONDUCTOR_ABI_MAJOR,
                CONDUCTOR_ABI_MINOR,
                0,
                0,
                &describe,
                &create};
    }
};

#define CONDUCTOR_TEXT_OF_(x) #x
#define CONDUCTOR_TEXT_OF(x) CONDUCTOR_TEXT_OF_(x)

/// One ELF note: who and what this is, for those who must know before they map the library.
struct Note {
    std::uint32_t name_size = 11, text_size = 244, type = 1;
    char name[12] = "conductord";
    char text[244] = {};
};
constexpr void add(Note& note, unsigned& at, std::string_view s) {
    for (const char c : s) note.text[at++] = c;  // too long: not a constant expression, so it does not compile
}
template <class T>
constexpr Note note_of() {
    Note note;
    unsigned at = 0;
    add(note, at,
        "abi=" CONDUCTOR_TEXT_OF(CONDUCTOR_ABI_MAJOR) "." CONDUCTOR_TEXT_OF(CONDUCTOR_ABI_MINOR) "\nkind=");
    add(note, at, T::kind);
    add(note, at, "\nid=");
    add(note, at, T::about.id);
    add(note, at, "\nversion=");
    add(note, at, T::about.version);
    add(note, at, "\n");
    return note;
}
template <class... Ts>
constexpr std::array<Note, sizeof...(Ts)> notes_of() {
    return {note_of<Ts>()...};
}

}  // namespace detail
}  // namespace sdk_0_1
}  // namespace conductor

/// Exports these classes as the plugins of this library: once per library, at global scope.
#define CONDUCTOR_EXPORT_PLUGINS(...)                                                                          \
    [[gnu::used, gnu::retain, gnu::section(".note.conductord"),                                                \
      gnu::aligned(4)]] static constexpr auto conductor_notes_ = ::conductor::detail::notes_of<__VA_ARGS__>(); \
    extern "C" [[gnu::visibility("default")]] const conductor_entry conductor_plugin_v1;                       \
    const conductor_entry conductor_plugin_v1 =                                                                \
        ::conductor::detail::Library<::conductor::Host, __VA_ARGS__>::entry();
