#!/bin/bash
# Builds the library and boots a first sandbox with it, on Deno. Needs Rust and npm, and installs what else is missing.
. "$(dirname "$0")/lib.sh"

"$checkout/tools/setup.sh"
"$checkout/tools/build.sh"
export PATH=$MICROSANDBOX_BUILD_DIR/tools/bin:$PATH
"$checkout/tests/host/run.sh" deno run --no-prompt "--allow-ffi=$library" --allow-env=MICROSANDBOX_TEST_IMAGE \
  "$checkout/examples/hello.ts"
