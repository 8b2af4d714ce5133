// The mark of an order that a restart must not forget: a small text file beside the log, whose name says which
// order stands and whose lines say since when, until when and by whom. It stands as soon as its name is there,
// whatever its lines say: an order is never lost to a line that cannot be read.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/storage/file.hpp"

namespace conductor::daemon {

struct OrderMark {
    using Wall = std::chrono::sys_time<std::chrono::milliseconds>;

    std::optional<Wall> since;  ///< empty: cannot be read
    std::optional<Wall> until;  ///< empty: until it is taken back
    std::string by;             ///< who gave it, `host:port`; empty: not known
    friend bool operator==(const OrderMark&, const OrderMark&) = default;
};

[[nodiscard]] std::string to_text(const OrderMark& mark);
[[nodiscard]] OrderMark read_mark(std::string_view text);

/// Durable once this returns, with its whole content; or not there at all.
[[nodiscard]] storage::FileResult<void> write_mark(storage::FileSystem& files, const std::string& directory,
                                                   const std::string& name, const OrderMark& mark);
/// Empty: no such order stands, or there is no such directory.
[[nodiscard]] std::optional<OrderMark> find_mark(storage::FileSystem& files, const std::string& directory,
                                                 const std::string& name);

}  // namespace conductor::daemon
