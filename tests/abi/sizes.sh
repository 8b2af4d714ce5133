#!/bin/sh
# The layout that was compiled against the one that is committed. A line that differs is a break of the ABI, or, at the
# end of a struct and under a raised minor, an addition: then the committed list is changed in the same commit.
# usage: sizes.sh PROGRAM LIST
set -eu
"$1" | diff -u "$2" - || { echo "the layout of the border has changed"; exit 1; }
