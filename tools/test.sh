#!/bin/bash
# Builds everything and runs all tests. Needs Rust and npm, and installs what else is missing. Arguments go to
# tests/run.ts: names of suites, or --full.
. "$(dirname "$0")/lib.sh"

"$checkout/tools/setup.sh"
"$checkout/tools/build.sh"
"$checkout/tools/upstream.sh"
packages ps:procps valgrind:valgrind tmux:tmux script:bsdutils unshare:util-linux ssh:openssh-client
export PATH=$MICROSANDBOX_BUILD_DIR/tools/bin:$PATH
export MICROSANDBOX_LIB=$library
exec deno run --allow-all "$checkout/tests/run.ts" "$@"
