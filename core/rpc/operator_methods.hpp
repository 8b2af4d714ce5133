// The methods by which operators change something (conductor 3.4): what the control loop does, who is a member,
// who leads. Each waits for its outcome, on a net thread, without holding it.
#pragma once

#include "core/control/ports.hpp"
#include "core/rpc/methods.hpp"

namespace conductor::rpc {

/// Everything given outlives the table. Before `add_server_methods`, as all others.
void add_control_methods(MethodTable& table, control::ControlOperator& control);
void add_group_methods(MethodTable& table, control::GroupOperator& group);

}  // namespace conductor::rpc
