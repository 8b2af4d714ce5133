// Checks that stay on in release: a server that has lost its reasoning falls, and its peers elect another.
// For our own mistakes only; what another program or a disk did is a Result. Pure; any thread.
#pragma once

namespace conductor {

/// Writes `file:line: check failed: condition` to standard error and aborts. Allocates nothing.
[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace conductor

/// One condition each, so that the message says which one failed.
#define CONDUCTOR_CHECK(condition) \
    (static_cast<bool>(condition) ? void() : ::conductor::check_failed(#condition, __FILE__, __LINE__))
