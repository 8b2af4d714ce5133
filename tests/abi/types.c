/* Every type of the border as something that a tool which reads debug information can reach. */
#include <conductor/services.h>

const conductor_entry* abi_entry;
const conductor_descriptor* abi_descriptor;
const conductor_plugin* abi_plugin;
const conductor_host* abi_host;
const conductor_call* abi_call;
const conductor_health_check* abi_health_check;
const conductor_sequencer_driver* abi_sequencer_driver;
const conductor_leader_transfer* abi_leader_transfer;
const conductor_network_profile* abi_network_profile;
const conductor_log* abi_log;
const conductor_clock* abi_clock;
const conductor_config* abi_config;
const conductor_metrics* abi_metrics;
const conductor_rpc* abi_rpc;
