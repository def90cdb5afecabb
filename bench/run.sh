#!/bin/bash
# Measures this module against the official packages, and prints one table.
#   run.sh [boundary] [host] [vm]     all of them without a name
. "$(dirname "$0")/../tools/lib.sh"

npm_version=0.6.18

"$checkout/tools/setup.sh"
# What is released is what counts: the library of tools/build.sh is not optimized.
export MICROSANDBOX_LIB=${MICROSANDBOX_LIB:-$checkout/dist/$machine/$file}
[ -e "$MICROSANDBOX_LIB" ] || "$checkout/tools/release.sh"
export PATH=$MICROSANDBOX_BUILD_DIR/tools/bin:$PATH
export MICROSANDBOX_BENCH_DIR=$MICROSANDBOX_BUILD_DIR/bench

# The addon is named too: its package asks for a newer Node, so npm would leave it out.
if [ "$(cat "$MICROSANDBOX_BENCH_DIR/version" 2>/dev/null)" != $npm_version ]; then
  say "installing the official npm package"
  npm install --prefix "$MICROSANDBOX_BENCH_DIR" --ignore-scripts --no-fund --no-audit --loglevel=error \
    "microsandbox@$npm_version" "@superradcompany/microsandbox-linux-$(node -p process.arch)-gnu@$npm_version" </dev/null >&2
  chmod +x "$MICROSANDBOX_BENCH_DIR"/node_modules/@superradcompany/*/bin/msb
  echo $npm_version >"$MICROSANDBOX_BENCH_DIR/version"
fi
# For the row about open files.
ulimit -n "$(ulimit -Hn)"
cc -O2 -pthread "$checkout/bench/boundary/floor.c" -o "$MICROSANDBOX_BENCH_DIR/floor"

exec deno run --quiet --no-check --allow-all "$checkout/bench/run.ts" "$@"
