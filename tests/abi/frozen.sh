#!/bin/sh
# Headers of earlier ABIs as they were: they still compile to the layout that was promised, and as long as the number in
# plugin.h is theirs the layout of today is no other. usage: frozen.sh SDK_DIRECTORY SIZES_C
set -eu
sdk=$1 program=$2
number() { sed -n "s/^#define CONDUCTOR_ABI_$1 *\([0-9]*\).*/\1/p" "$sdk/include/conductor/plugin.h"; }
today=$(number MAJOR).$(number MINOR)
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
found=0
for frozen in "$sdk"/abi/[0-9]*.[0-9]*; do
  version=${frozen##*/}
  gcc -std=c11 "-I$frozen" "$program" -o "$work/sizes"
  "$work/sizes" | diff -u "$frozen/sizes.txt" - || { echo "the frozen headers of $version are not what they were"; exit 1; }
  if [ "$version" = "$today" ]; then
    diff -u "$frozen/sizes.txt" "$sdk/abi/sizes.txt" || { echo "the layout has changed: raise the minor above $today"; exit 1; }
    found=1
  fi
done
[ $found = 1 ] || { echo "ABI $today has no frozen headers in sdk/abi/$today"; exit 1; }
grep -q "^$today  " "$sdk/abi/CHANGES" || { echo "ABI $today has no line in sdk/abi/CHANGES"; exit 1; }
