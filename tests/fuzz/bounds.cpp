#include "tests/fuzz/bounds.hpp"

#include <malloc.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONDUCTOR_FUZZ_ASAN
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define CONDUCTOR_FUZZ_ASAN
#endif

namespace {

// libFuzzer has threads of its own.
thread_local std::size_t live = 0;
thread_local std::size_t peak = 0;

void took(std::size_t octets) {
    live += octets;
    if (live > peak) peak = live;
}
// What was there before the input may go while it runs.
void gave(std::size_t octets) {
    live -= octets < live ? octets : live;
}

}  // namespace

#ifdef CONDUCTOR_FUZZ_ASAN

// AddressSanitizer pairs new and delete itself, and libFuzzer is linked with its pair: so its hooks count.
// GCC ships them without their header.
extern "C" {
int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void*, std::size_t),
                                              void (*free_hook)(const volatile void*));
std::size_t __sanitizer_get_allocated_size(const volatile void* memory);
}

namespace {
constexpr int slowness = 10;
const int hooks = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t octets) { took(octets); },
    [](const volatile void* memory) { gave(__sanitizer_get_allocated_size(memory)); });
}  // namespace

#else

namespace {

constexpr int slowness = 1;

void* counted(std::size_t octets) {
    void* memory = std::malloc(octets == 0 ? 1 : octets);
    if (memory == nullptr) std::abort();
    took(malloc_usable_size(memory));
    return memory;
}

void discounted(void* memory) noexcept {
    if (memory == nullptr) return;
    gave(malloc_usable_size(memory));
    std::free(memory);
}

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

#endif

namespace conductor::fuzz {

namespace {

// Of this thread alone: how busy the machine is says nothing about a parser.
std::chrono::nanoseconds processor_time() {
    timespec spent{};
    require(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent) == 0, "no clock");
    return std::chrono::seconds{spent.tv_sec} + std::chrono::nanoseconds{spent.tv_nsec};
}

}  // namespace

Bounds::Bounds(std::size_t input_octets) : input_octets_{input_octets}, began_{processor_time()} {
#ifdef CONDUCTOR_FUZZ_ASAN
    require(hooks != 0, "the sanitizer takes no hooks");
#endif
    live = 0;
    peak = 0;
}

Bounds::~Bounds() {
    constexpr std::size_t mebibyte = 1 << 20;
    require(peak < 4 * input_octets_ + mebibyte, "memory: more than 4 times the input and 1 MiB");
    const auto mebibytes = static_cast<int>(input_octets_ / mebibyte) + 1;
    const auto elapsed = processor_time() - began_;
    require(elapsed < std::chrono::milliseconds{50} * mebibytes * slowness, "time: more than 50 ms a MiB");
}

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "property broken: %s\n", what);
    std::abort();
}

}  // namespace conductor::fuzz
