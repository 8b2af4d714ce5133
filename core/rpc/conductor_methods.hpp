// The read methods of the conductor, and the two that every go-ethereum server has (conductor 3.1.10, 3.3).
#pragma once

#include <string>

#include "core/control/ports.hpp"
#include "core/rpc/commit_handler.hpp"
#include "core/rpc/methods.hpp"

namespace conductor::rpc {

/// Everything given outlives the table. Whoever adds methods adds them before `add_server_methods`, which
/// freezes the list that `rpc_modules` shows.
void add_read_methods(MethodTable& table, const control::GroupView& group, const control::ControlView& control);
void add_commit_method(MethodTable& table, CommitHandler& commits);
void add_server_methods(MethodTable& table, std::string version);

}  // namespace conductor::rpc
