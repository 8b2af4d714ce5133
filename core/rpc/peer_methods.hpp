// The methods by which a conductor says how it is: to its peers, what it knows of them, and what its health
// checks found, and which plugins are at work (conductor.md 3.4.9).
#pragma once

#include "core/control/portrait.hpp"
#include "core/rpc/methods.hpp"

namespace conductor::rpc {

/// `portrait` outlives the table. Before `add_server_methods`, as all others.
void add_peer_methods(MethodTable& table, control::Portrait& portrait);

/// As `conductor_healthReport` shows it. Pure.
[[nodiscard]] std::string report_json(const control::HealthReport& report);

}  // namespace conductor::rpc
