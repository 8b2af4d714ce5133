// A strategy: whom a leader hands over to, in which order. From memory, without I/O.
#pragma once

#include <conductor/cpp/host.hpp>

namespace conductor {
inline namespace sdk_0_1 {

/// The members as the host knows them; walked with the host's stride, which may be longer than ours.
class Transfer {
public:
    explicit Transfer(const conductor_transfer& table) noexcept : table_{table} {}

    [[nodiscard]] std::uint32_t size() const noexcept { return table_.member_count; }
    [[nodiscard]] std::uint32_t own() const noexcept { return table_.own; }
    [[nodiscard]] std::uint32_t cause() const noexcept { return table_.cause; }
    [[nodiscard]] bool head_known() const noexcept { return table_.head_known != 0; }
    [[nodiscard]] std::uint64_t head_number() const noexcept { return table_.head_number; }
    [[nodiscard]] const conductor_member& member(std::uint32_t index) const noexcept {
        const auto* first = reinterpret_cast<const unsigned char*>(table_.members);
        const auto offset = std::size_t{index} * table_.member_stride;
        return *reinterpret_cast<const conductor_member*>(first + offset);
    }
    /// Best first. False: not a voter, the leader itself, or said before.
    bool emit(std::uint32_t index) const { return table_.emit(table_.list, index) == 1; }

private:
    const conductor_transfer& table_;
};

namespace detail {
template <class T>
conductor_status rank(void* self, const conductor_call* call, const conductor_transfer* transfer) noexcept {
    // Shorter than 0.1 ever was.
    if (!CONDUCTOR_HAS(conductor_transfer, transfer, emit) ||
        transfer->member_stride < sizeof(conductor_member))
        return CONDUCTOR_INTERNAL;
    return guarded(call, [&] {
        plugin_of<T>(self).rank(*call, Transfer{*transfer});
        return conductor_status{CONDUCTOR_OK};
    });
}
}  // namespace detail

class LeaderTransfer : public Plugin {
public:
    static constexpr const char* kind = CONDUCTOR_LEADER_TRANSFER;
    template <class T>
    static constexpr conductor_leader_transfer table{sizeof(conductor_leader_transfer), 0, &detail::rank<T>};

    /// Emits nothing: consensus chooses. [worker]
    virtual void rank(const conductor_call& call, const Transfer& transfer) = 0;
};

}  // namespace sdk_0_1
}  // namespace conductor

#define CONDUCTOR_EXPORT_LEADER_TRANSFER(T) CONDUCTOR_EXPORT_PLUGINS(T)
