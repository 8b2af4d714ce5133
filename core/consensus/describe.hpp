// Words for what the protocol did and refused. What clients see equals Go's library octet for octet
// (raft-wire 7.1), because they match on it. Pure.
#pragma once

#include <iosfwd>
#include <string>

#include "core/consensus/raft.hpp"
#include "core/consensus/vote.hpp"

namespace conductor::consensus {

/// What a client is told. `detail` as in Refused.
[[nodiscard]] std::string client_text(Refusal why, const std::string& detail);
[[nodiscard]] inline std::string client_text(const Refused& refused) {
    return client_text(refused.why, refused.detail);
}

/// As Go's %+v prints them inside its errors: `{[{Voter id addr} {Nonvoter id addr}]}`, `{Voter id addr}`.
[[nodiscard]] std::string go_text(const Configuration& configuration);
[[nodiscard]] std::string go_text(const Server& server);

[[nodiscard]] const char* name_of(Role role) noexcept;
[[nodiscard]] const char* name_of(Refusal why) noexcept;
[[nodiscard]] const char* name_of(Verdict verdict) noexcept;
[[nodiscard]] const char* name_of(EntryType type) noexcept;

std::ostream& operator<<(std::ostream& out, Role role);
std::ostream& operator<<(std::ostream& out, Refusal why);
std::ostream& operator<<(std::ostream& out, Verdict verdict);
std::ostream& operator<<(std::ostream& out, EntryType type);
std::ostream& operator<<(std::ostream& out, const Position& position);  ///< term:index
std::ostream& operator<<(std::ostream& out, const Configuration& configuration);
std::ostream& operator<<(std::ostream& out, const Message& message);  ///< one line
std::ostream& operator<<(std::ostream& out, const Output& output);    ///< a line for each thing to do

}  // namespace conductor::consensus
