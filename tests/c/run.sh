#!/bin/bash
# Checks the header: that the library and ffi/ have its functions and no others, that C99 and C++11 take each of its
# names, that its example runs, and that Python gets along with the description beside it. Then runs the C program
# twice: under valgrind, which sees every access of the library too, and with AddressSanitizer and
# UndefinedBehaviorSanitizer, which see overruns of the program's own variables.
#   run.sh LIBRARY
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
library=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The program has an operation panic; where it did is nobody's question.
export RUST_BACKTRACE=0

root=$here/../..
header=$root/include/microsandbox.h

echo "--- the functions"
names() { grep -oE '\bmsb_[a-z_]+' | sort -u; }
functions=$(grep -oE '\bmsb_[a-z_]+\(' "$header" | names)
diff <(echo "$functions") <(nm -D --defined-only "$library" | names)
diff <(echo "$functions") <(cat "$root"/ffi/*.ts | names)

echo "--- every name of the header in C99 and C++11"
# A macro or an enumerator that does not compile fails only where it is used.
{
  echo '#include "microsandbox.h"'
  echo 'const void *used(void); const void *used(void) { static unsigned long sizes[] = {'
  grep -oE '^#define MSB_[A-Z0-9_]+|^  MSB_[A-Z0-9_]+ =' "$header" | grep -oE 'MSB_[A-Z0-9_]+' | sed 's/.*/sizeof(&),/'
  echo 'sizeof(MsbFrameHeader), sizeof(MsbStatus), sizeof(MsbFrameKind)}; return sizes; }'
} >"$work/names.c"
cc -std=c99 -Wall -Wextra -Wpedantic -Wundef -Werror -I "$root/include" -c -o "$work/names.o" "$work/names.c"
c++ -x c++ -std=c++11 -Wall -Wextra -Wpedantic -Wundef -Werror -I "$root/include" -c -o "$work/names.o" "$work/names.c"

echo "--- the example of the header"
cc -std=c99 -g -Wall -Wextra -Werror -I "$root/include" -o "$work/example" "$here/example.c" "$library" \
  "-Wl,-rpath,${library%/*}"
[ "$("$work/example" | head -n 1)" = '{"hello":"world"}' ]

echo "--- Python with the description alone"
python3 "$here/../python/echo.py" "$library"

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
