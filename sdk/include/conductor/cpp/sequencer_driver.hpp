// A sequencer driver: starts, stops and feeds one sequencer. The contract of each call stands at the C table.
#pragma once

#include <conductor/cpp/host.hpp>

#include <array>
#include <optional>

namespace conductor {
inline namespace sdk_0_1 {

using Hash = std::array<std::uint8_t, 32>;  ///< bytes in printed order

enum class Outcome : std::int32_t { done = CONDUCTOR_OK, already = CONDUCTOR_ALREADY };

namespace detail {
template <class T>
struct DriverGlue {
    static conductor_status start_sequencer(void* self, const conductor_call* call,
                                            const std::uint8_t* head) noexcept {
        return guarded(call, [&] {
            std::optional<Hash> hash;
            if (head != nullptr) std::memcpy(hash.emplace().data(), head, sizeof(Hash));
            return static_cast<conductor_status>(plugin_of<T>(self).start_sequencer(*call, hash));
        });
    }
    static conductor_status stop_sequencer(void* self, const conductor_call* call,
                                           std::uint8_t* head) noexcept {
        return guarded(call, [&] {
            Hash newest{};
            const auto outcome = plugin_of<T>(self).stop_sequencer(*call, newest);
            std::memcpy(head, newest.data(), newest.size());
            return static_cast<conductor_status>(outcome);
        });
    }
    static conductor_status active(void* self, const conductor_call* call, std::int32_t* out) noexcept {
        return guarded(call, [&] {
            *out = plugin_of<T>(self).active(*call) ? 1 : 0;
            return conductor_status{CONDUCTOR_OK};
        });
    }
    static conductor_status conductor_enabled(void* self, const conductor_call* call,
                                              std::int32_t* out) noexcept {
        return guarded(call, [&] {
            *out = plugin_of<T>(self).conductor_enabled(*call) ? 1 : 0;
            return conductor_status{CONDUCTOR_OK};
        });
    }
    static conductor_status unsafe_head(void* self, const conductor_call* call, conductor_block* out) noexcept {
        return guarded(call, [&] {
            *out = plugin_of<T>(self).unsafe_head(*call);
            return conductor_status{CONDUCTOR_OK};
        });
    }
    static conductor_status block_at(void* self, const conductor_call* call, std::uint64_t number,
                                     conductor_block* out) noexcept {
        return guarded(call, [&] {
            *out = plugin_of<T>(self).block_at(*call, number);
            return conductor_status{CONDUCTOR_OK};
        });
    }
    static conductor_status post_payload(void* self, const conductor_call* call,
                                         conductor_text envelope) noexcept {
        return guarded(call, [&] {
            return static_cast<conductor_status>(plugin_of<T>(self).post_payload(*call, view(envelope)));
        });
    }
    static conductor_status payload_at(void* self, const conductor_call* call, std::uint64_t number,
                                       conductor_sink envelope) noexcept {
        return guarded(call, [&] {
            const auto text = plugin_of<T>(self).payload_at(*call, number);
            return conductor_status{write(envelope, text) ? CONDUCTOR_OK : CONDUCTOR_TRUNCATED};
        });
    }
};
}  // namespace detail

/// Every member: on a worker, one call at a time; failures are thrown as Failure.
class SequencerDriver : public Plugin {
public:
    static constexpr const char* kind = CONDUCTOR_SEQUENCER_DRIVER;
    static constexpr std::uint32_t driver_flags = 0;  ///< CONDUCTOR_NEEDS_NO_HEAD
    template <class T>
    static constexpr conductor_sequencer_driver table{
        sizeof(conductor_sequencer_driver),      T::driver_flags,
        &detail::DriverGlue<T>::start_sequencer, &detail::DriverGlue<T>::stop_sequencer,
        &detail::DriverGlue<T>::active,          &detail::DriverGlue<T>::conductor_enabled,
        &detail::DriverGlue<T>::unsafe_head,     &detail::DriverGlue<T>::block_at,
        &detail::DriverGlue<T>::post_payload,    &detail::DriverGlue<T>::payload_at};

    virtual Outcome start_sequencer(const conductor_call& call, const std::optional<Hash>& head) = 0;
    /// `head` stays zero where the node does not tell.
    virtual Outcome stop_sequencer(const conductor_call& call, Hash& head) = 0;
    virtual bool active(const conductor_call& call) = 0;
    virtual bool conductor_enabled(const conductor_call&) {
        throw Failure(CONDUCTOR_UNSUPPORTED, "this node cannot tell whether its conductor is enabled");
    }
    virtual conductor_block unsafe_head(const conductor_call& call) = 0;
    virtual conductor_block block_at(const conductor_call& call, std::uint64_t number) = 0;
    virtual Outcome post_payload(const conductor_call& call, std::string_view envelope) = 0;
    virtual std::string payload_at(const conductor_call&, std::uint64_t) {
        throw Failure(CONDUCTOR_UNSUPPORTED, "this driver cannot read payloads back");
    }
};

}  // namespace sdk_0_1
}  // namespace conductor

#define CONDUCTOR_EXPORT_SEQUENCER_DRIVER(T) CONDUCTOR_EXPORT_PLUGINS(T)
