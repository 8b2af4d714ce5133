// A provider of network profiles: names, and for a name the text of a profile file.
#pragma once

#include <conductor/cpp/host.hpp>

#include <optional>

namespace conductor {
inline namespace sdk_0_1 {

namespace detail {
template <class T>
struct ProfileGlue {
    static conductor_status list(void* self, const conductor_call* call, conductor_sink names) noexcept {
        return guarded(call, [&] {
            std::string lines;
            for (const auto& name : plugin_of<T>(self).list(*call)) lines.append(name).push_back('\n');
            return conductor_status{write(names, lines) ? CONDUCTOR_OK : CONDUCTOR_TRUNCATED};
        });
    }
    static conductor_status resolve(void* self, const conductor_call* call, conductor_text name,
                                    conductor_sink profile) noexcept {
        return guarded(call, [&] {
            const std::optional<std::string> text = plugin_of<T>(self).resolve(*call, view(name));
            if (!text) return conductor_status{CONDUCTOR_NOT_FOUND};
            return conductor_status{write(profile, *text) ? CONDUCTOR_OK : CONDUCTOR_TRUNCATED};
        });
    }
};
}  // namespace detail

class NetworkProfile : public Plugin {
public:
    static constexpr const char* kind = CONDUCTOR_NETWORK_PROFILE;
    template <class T>
    static constexpr conductor_network_profile table{
        sizeof(conductor_network_profile), 0, &detail::ProfileGlue<T>::list, &detail::ProfileGlue<T>::resolve};

    virtual std::vector<std::string> list(const conductor_call& call) = 0;
    /// Nothing: not mine, ask the next provider.
    virtual std::optional<std::string> resolve(const conductor_call& call, std::string_view name) = 0;
};

}  // namespace sdk_0_1
}  // namespace conductor

#define CONDUCTOR_EXPORT_NETWORK_PROFILE(T) CONDUCTOR_EXPORT_PLUGINS(T)
