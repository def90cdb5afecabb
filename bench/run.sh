#!/bin/bash
# Measures this module against the official packages, and prints one table.
#   run.sh [boundary] [host] [vm]     all of them without a name
. "$(dirname "$0")/../tools/lib.sh"

# The newest npm package, and the newest addon with runtime that npm has, which works with it.
npm_package=0.6.18
npm_addons="0.6.18 0.7.2"

"$checkout/tools/setup.sh"
# What is released is what counts: the library of tools/build.sh is not optimized.
export MICROSANDBOX_LIB=${MICROSANDBOX_LIB:-$checkout/dist/$machine/$file}
[ -e "$MICROSANDBOX_LIB" ] || "$checkout/tools/release.sh"
export PATH=$MICROSANDBOX_BUILD_DIR/tools/bin:$PATH
export MICROSANDBOX_BENCH_DIR=$MICROSANDBOX_BUILD_DIR/bench

# The addon is named too: its package asks for a newer Node, so npm would leave it out.
for addon in $npm_addons; do
  folder=$MICROSANDBOX_BENCH_DIR/npm-$addon
  if [ -e "$folder/installed" ]; then continue; fi
  say "installing the official npm package $npm_package with its addon $addon"
  npm install --prefix "$folder" --ignore-scripts --force --no-fund --no-audit --loglevel=error \
    "microsandbox@$npm_package" "@superradcompany/microsandbox-linux-$(node -p process.arch)-gnu@$addon" </dev/null >&2
  chmod +x "$folder"/node_modules/@superradcompany/*/bin/msb
  touch "$folder/installed"
done
# For the row about open files.
ulimit -n "$(ulimit -Hn)"
cc -O2 -pthread "$checkout/bench/boundary/floor.c" -o "$MICROSANDBOX_BENCH_DIR/floor"

exec deno run --quiet --no-check --allow-all "$checkout/bench/run.ts" "$@"
