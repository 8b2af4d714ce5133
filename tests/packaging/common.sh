# What the tests of the packages share: a bare root, a node that is simulated outside of it, the runbook's variables.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
simnode=$work/simnode
bare=$work/root
pids=()

die() { printf 'FAILED: %s\n' "$*" >&2; [ ! -f "$work/daemon.log" ] || tail -40 "$work/daemon.log" >&2; exit 1; }
say() { printf '   %s\n' "$*"; }

finish() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  mountpoint -q "$bare/proc" && umount "$bare/proc"
  rm -rf "$work"
}
trap finish EXIT

[ "$(id -u)" = 0 ] || die "a root directory is made and entered here: run it as root"

# Ports that nobody else on this machine is likely to use, below those that connections are given; one after another they are the test's.
base=$((20000 + $$ % 2000 * 6))
cl=$base el=$((base + 1)) control=$((base + 2)) rpc=$((base + 3)) raft=$((base + 4)) metrics=$((base + 5))

ask() {  # method [params [port]]
  curl -sf -m 5 -H 'content-type: application/json' \
    -d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$1\",\"params\":${2:-[]}}" "http://127.0.0.1:${3:-$rpc}"
}

eventually() {  # seconds words…: whether the words succeed in that time
  local until=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $until ] || return 1; sleep 0.2; done
}

# A copy, made at the beginning: a build that goes on beside this test may be writing it just now.
take_simnode() {
  cp "$root/build/release/bin/simnode" "$simnode" && { "$simnode" --no-such-option 2>&1 || true; } | grep -q '^simnode \['
}
eventually 300 take_simnode || die "no simnode that runs in build/release/bin: ./dev build release simnode"

answers() { ask "$1" '[]' | grep -q "\"result\":$2"; }
serves() { curl -sf -m 2 "http://127.0.0.1:$rpc/readyz"; }

start_node() {
  "$simnode" --cl-port $cl --el-port $el --control-port $control --conductor "http://127.0.0.1:$rpc" \
    --genesis-time "$(date +%s)" > "$work/simnode.log" 2>&1 &
  pids+=($!)
  eventually 30 ask sim_peerCount '[1]' $control || die "the simulated node does not answer: $(cat "$work/simnode.log")"
}

# The variables of op-conductor's runbook, no more and no less.
runbook() {
  cat <<TEXT
RAFT_SERVER_ID_PREFIX=sequencer-1
OP_CONDUCTOR_RAFT_STORAGE_DIR=/var/lib/conductord
OP_CONDUCTOR_RAFT_BOOTSTRAP=true
OP_CONDUCTOR_PAUSED=true
OP_CONDUCTOR_RPC_ADDR=127.0.0.1
OP_CONDUCTOR_RPC_PORT=$rpc
OP_CONDUCTOR_CONSENSUS_PORT=$raft
OP_CONDUCTOR_NETWORK=op-mainnet
OP_CONDUCTOR_NODE_RPC=http://127.0.0.1:$cl
OP_CONDUCTOR_EXECUTION_RPC=http://127.0.0.1:$el
OP_CONDUCTOR_METRICS_ENABLED=true
OP_CONDUCTOR_METRICS_ADDR=127.0.0.1
OP_CONDUCTOR_METRICS_PORT=$metrics
OP_CONDUCTOR_HEALTHCHECK_INTERVAL=1
OP_CONDUCTOR_HEALTHCHECK_UNSAFE_INTERVAL=5
OP_CONDUCTOR_HEALTHCHECK_MIN_PEER_COUNT=1
TEXT
}

start_daemon() {  # user-and-group or empty, program
  local as=()
  [ -z "$1" ] || as=(--userspec="$1")
  # shellcheck disable=SC2046
  env -i $(runbook) "$(command -v chroot)" "${as[@]}" "$bare" "$2" >> "$work/daemon.log" 2>&1 &
  daemon=$!
  pids+=("$daemon")
  eventually 40 serves || die "the daemon does not get ready"
}

stop_daemon() {
  kill -TERM "$daemon"
  wait "$daemon" || die "the daemon ends with code $?"
}
