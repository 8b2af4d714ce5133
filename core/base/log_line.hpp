// What a log line is made of, for modules that have something to say but no logger: they return lines, a shell
// writes them (runtime/logging). Values only. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace conductor::logging {

enum class Level : std::uint8_t { trace, debug, info, warn, error, crit };
/// `text` is `terminal` with colour and `logfmt` without; `…ms` differ in the resolution of the time.
enum class Format : std::uint8_t { text, terminal, logfmt, logfmtms, json, jsonms };

/// A line that waits for its logger.
struct HeldLine {
    Level level{Level::info};
    std::string message;
    std::vector<std::pair<std::string, std::string>> fields;
    friend bool operator==(const HeldLine&, const HeldLine&) = default;
};

}  // namespace conductor::logging
