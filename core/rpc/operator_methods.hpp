// The methods by which operators change something (conductor 3.4): what the control loop does, who is a member,
// who leads. Each waits for its outcome, on a net thread, without holding it.
#pragma once

#include "core/control/ports.hpp"
#include "core/control/reload.hpp"
#include "core/rpc/methods.hpp"

namespace conductor::rpc {

/// Everything given outlives the table. Before `add_server_methods`, as all others.
void add_control_methods(MethodTable& table, control::ControlOperator& control);
void add_group_methods(MethodTable& table, control::GroupOperator& group);
/// `conductor_reload`: for a daemon with `rpc.enable-admin` only (P-39).
void add_reload_method(MethodTable& table, control::Reloader& reloader);
/// `conductor_effectiveConfig`, likewise: `effective` is JSON, its secrets masked (1.6.5). Audited, for it
/// names every host that this one speaks to.
void add_config_method(MethodTable& table, std::string effective);
/// `conductor_resetUnsafeHead`, likewise.
void add_reset_method(MethodTable& table, control::GroupOperator& group);

}  // namespace conductor::rpc
