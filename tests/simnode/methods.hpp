// The methods of the three surfaces, by the names and with the texts of op-node and op-geth (recorded in
// vectors/engine) and the simulation's own `sim_*`. Whoever is referred to outlives the surface.
#pragma once

#include "tests/simnode/node.hpp"
#include "tests/simnode/surface.hpp"

namespace conductor::simnode {

void add_consensus_methods(Surface& surface, Node& node);
void add_p2p_methods(Surface& surface, Node& node);  ///< of the consensus node
void add_execution_methods(Surface& surface, Node& node);

struct Controlled {
    Node& node;
    Surface& consensus;
    Surface& execution;
};
void add_control_methods(Surface& surface, Controlled& controlled);

}  // namespace conductor::simnode
