// Numbers in our files are little-endian, whatever the machine. Pure.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace conductor::storage {

template <std::unsigned_integral T>
void put(std::uint8_t* at, T value) noexcept {
    for (std::size_t i = 0; i < sizeof(T); ++i) at[i] = static_cast<std::uint8_t>(value >> (8U * i));
}

template <std::unsigned_integral T>
[[nodiscard]] T get(const std::uint8_t* at) noexcept {
    T value{0};
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value = static_cast<T>(value | static_cast<T>(T{at[i]} << (8U * i)));
    return value;
}

}  // namespace conductor::storage
