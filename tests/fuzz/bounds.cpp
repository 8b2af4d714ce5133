#include "tests/fuzz/bounds.hpp"

#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <new>

namespace {

std::size_t live = 0;
std::size_t peak = 0;

void* counted(std::size_t octets) {
    void* memory = std::malloc(octets == 0 ? 1 : octets);
    if (memory == nullptr) std::abort();
    live += malloc_usable_size(memory);
    if (live > peak) peak = live;
    return memory;
}

void discounted(void* memory) noexcept {
    if (memory == nullptr) return;
    live -= malloc_usable_size(memory);
    std::free(memory);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int slowness = 10;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr int slowness = 10;
#else
constexpr int slowness = 1;
#endif
#else
constexpr int slowness = 1;
#endif

}  // namespace

void* operator new(std::size_t octets) {
    return counted(octets);
}
void* operator new[](std::size_t octets) {
    return counted(octets);
}
void operator delete(void* memory) noexcept {
    discounted(memory);
}
void operator delete[](void* memory) noexcept {
    discounted(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    discounted(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    discounted(memory);
}

namespace conductor::fuzz {

Bounds::Bounds(std::size_t input_octets)
    : input_octets_{input_octets}, began_{std::chrono::steady_clock::now()} {
    live = 0;
    peak = 0;
}

Bounds::~Bounds() {
    constexpr std::size_t mebibyte = 1 << 20;
    require(peak < 4 * input_octets_ + mebibyte, "memory: more than 4 times the input and 1 MiB");
    const auto mebibytes = static_cast<int>(input_octets_ / mebibyte) + 1;
    const auto took = std::chrono::steady_clock::now() - began_;
    require(took < std::chrono::milliseconds{50} * mebibytes * slowness, "time: more than 50 ms a MiB");
}

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "property broken: %s\n", what);
    std::abort();
}

}  // namespace conductor::fuzz
