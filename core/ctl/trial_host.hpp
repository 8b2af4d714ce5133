// The host of a plugin on trial: it listens to nothing that the plugin says, its clock is the real one, and
// nobody answers its calls until their deadline or their cancellation.
#pragma once

#include "core/plugin/ports.hpp"

namespace conductor::ctl {

[[nodiscard]] plugin::Ports silent_ports();

}  // namespace conductor::ctl
