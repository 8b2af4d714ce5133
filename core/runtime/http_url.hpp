// The parts of a URL that a client needs to dial and to ask. `http` only. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace conductor::http {

struct Url {
    std::string host;  ///< name or literal, without brackets
    std::uint16_t port{80};
    std::string target{"/"};  ///< path and query as they stand; begins with '/'
    /// The `Authorization` that user and password of the URL stand for, as Go's client sends it; mostly empty.
    /// Never shown.
    std::string authorization;

    /// `host:port` as Go writes it, brackets around IPv6.
    [[nodiscard]] std::string place() const;
    friend bool operator==(const Url&, const Url&) = default;
};

/// A fragment is dropped; user and password may hold %-escapes.
///   errors  a sentence that names the URL without its secrets and what is wrong with it
[[nodiscard]] Result<Url, Complaint> read_url(std::string_view text);

}  // namespace conductor::http
