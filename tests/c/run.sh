#!/bin/bash
# Compiles the C program against the header and runs it twice: under valgrind, which sees every access of the library
# too, and with AddressSanitizer and UndefinedBehaviorSanitizer, which see overruns of the program's own variables.
#   run.sh LIBRARY
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
library=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The program has an operation panic; where it did is nobody's question.
export RUST_BACKTRACE=0

compile() { # PROGRAM FLAG...
  cc -std=c11 -D_POSIX_C_SOURCE=200809L -g -Wall -Wextra -Werror "${@:2}" -I "$here/../../include" -o "$1" \
    "$here/boundary.c" "$library" "-Wl,-rpath,${library%/*}"
}

echo "--- under valgrind"
compile "$work/boundary"
# Only what is definitely lost counts: the library's threads are still there at the end, with what they hold.
valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite \
  --errors-for-leak-kinds=definite "$work/boundary"

echo "--- with AddressSanitizer and UndefinedBehaviorSanitizer"
compile "$work/sanitized" -fsanitize=address,undefined -fno-sanitize-recover=all
# The library is not instrumented, but allocates and copies through functions that the sanitizer has replaced.
ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1 "$work/sanitized"
