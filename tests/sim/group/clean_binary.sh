#!/bin/sh
# clean_binary.sh SIM PROGRAM: PROGRAM exists and holds none of the faults that are planted in SIM. The simulator
# must hold each, or the question would prove nothing.
set -eu
names=$("$1" --names)
test -n "$names"
test -s "$2"
status=0
for name in $names; do
  grep -q -- "$name" "$1" || { echo "$name: not even in the simulator"; status=1; }
  if grep -q -- "$name" "$2"; then echo "$name: in $2"; status=1; fi
done
exit $status
