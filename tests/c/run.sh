#!/bin/bash
# Compiles the C program against the header and runs it under valgrind.
#   run.sh LIBRARY
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cc -std=c11 -D_POSIX_C_SOURCE=200809L -g -Wall -Wextra -Werror -I "$here/../../include" -o "$work/boundary" \
  "$here/boundary.c" "$1" "-Wl,-rpath,${1%/*}"
# Only what is definitely lost counts: the library's threads are still there at the end, with what they hold.
RUST_BACKTRACE=0 valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite \
  --errors-for-leak-kinds=definite "$work/boundary"
