#!/bin/sh
# Compiles each header of the SDK alone, in every language and with every compiler that it promises and that is here.
# usage: headers.sh SDK_DIRECTORY
set -eu
sdk=$1
strict="-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fsyntax-only -I$sdk/include"
tried=0

alone() { # compiler, language, standard, header, more flags
  compiler=$1 language=$2 standard=$3 header=$4
  shift 4
  # shellcheck disable=SC2086
  echo "#include <${header#"$sdk"/include/}>" | "$compiler" -x "$language" "-std=$standard" $strict "$@" - ||
    { echo "$header does not compile alone as $standard with $compiler"; exit 1; }
  tried=$((tried + 1))
}

for pair in gcc,g++ clang-14,clang++-14 clang-19,clang++-19; do
  cc=${pair%,*} cxx=${pair#*,}
  command -v "$cxx" >/dev/null || { echo "not installed, left out: $cxx"; continue; }
  for header in "$sdk"/include/conductor/*.h "$sdk"/include/conductor/draft/*.h; do
    # -Wpadded: no padding that is not declared.
    alone "$cc" c c11 "$header" -Wpadded
    alone "$cxx" c++ c++17 "$header" -Wpadded
    alone "$cxx" c++ c++20 "$header" -Wpadded
  done
  for header in "$sdk"/include/conductor/cpp/*.hpp; do
    alone "$cxx" c++ c++17 "$header" -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor
    alone "$cxx" c++ c++20 "$header" -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor
  done
  # Of the test kit this one includes all others but the test case, which tests/sdk compiles.
  alone "$cxx" c++ c++17 "$sdk/include/conductor/testing/rules.hpp" -Wsign-conversion -Wold-style-cast
done
[ "$tried" -gt 0 ] || { echo "no compiler found"; exit 1; }
echo "$tried compilations"
