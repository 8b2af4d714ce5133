// Watches what one input costs: memory by counting what operator new gives out, time by this thread's processor
// clock. Only for fuzz targets, which must stand still between two inputs.
#pragma once

#include <chrono>
#include <cstdint>

namespace conductor::fuzz {

/// Aborts at its end when the input took 4 times its size and 1 MiB of memory at once, or longer than 50 ms a
/// MiB (never less than 50 ms; sanitizers get ten times that).
class Bounds {
public:
    explicit Bounds(std::size_t input_octets);
    ~Bounds();
    Bounds(const Bounds&) = delete;
    Bounds& operator=(const Bounds&) = delete;

private:
    std::size_t input_octets_;
    std::chrono::nanoseconds began_;
};

/// Aborts with `what` unless `holds`.
void require(bool holds, const char* what);

}  // namespace conductor::fuzz
