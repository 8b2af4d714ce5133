#!/bin/sh
# What a list of sizes cannot see: a parameter or a member that became another type of the same size. The types of today
# against the description that each frozen ABI left (sdk/abi/<version>/types.abi, made by `tripwire.sh SDK TYPES_C freeze`).
# usage: tripwire.sh SDK_DIRECTORY TYPES_C [freeze]
set -eu
sdk=$1 program=$2
command -v abidw >/dev/null || { echo "not installed, left out: abigail-tools"; exit 0; }
number() { sed -n "s/^#define CONDUCTOR_ABI_$1 *\([0-9]*\).*/\1/p" "$sdk/include/conductor/plugin.h"; }
today=$(number MAJOR).$(number MINOR)
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
gcc -std=c11 -g -shared -fPIC "-I$sdk/include" "$program" -o "$work/types.so"
if [ "${3:-}" = freeze ]; then
  abidw --no-corpus-path --no-comp-dir-path --no-show-locs "$work/types.so" > "$sdk/abi/$today/types.abi"
  exit 0
fi
for frozen in "$sdk"/abi/[0-9]*.[0-9]*; do
  version=${frozen##*/} difference=0
  abidiff "$frozen/types.abi" "$work/types.so" > "$work/difference" || difference=$?
  # 4: something differs, perhaps only at the end of a table; 8: nobody built before can live with it.
  if [ "$version" = "$today" ] && [ $difference -ne 0 ] || [ $((difference & ~4)) -ne 0 ]; then
    cat "$work/difference"
    echo "the border is not what ABI $version promised"
    exit 1
  fi
done
