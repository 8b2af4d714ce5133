#!/bin/sh
# Every bundled plugin exports one symbol and no other, and carries the note that is read before it is mapped.
# usage: symbols.sh DIRECTORY
set -eu
found=0
for library in "$1"/*.so; do
  symbols=$(nm -D --defined-only "$library" | awk '{print $3}' | cut -d@ -f1)
  [ "$symbols" = conductor_plugin_v1 ] || { echo "$library exports: $symbols"; exit 1; }
  readelf -W -S "$library" | grep -q ' \.note\.conductord  *NOTE ' || { echo "$library has no note"; exit 1; }
  found=$((found + 1))
done
[ "$found" -gt 0 ] || { echo "no plugin in $1"; exit 1; }
