#!/bin/bash
# Regenerates include/, ffi/protocol/, src/*/*.gen.ts and docs/options.md from the Rust types, and
# docs/permissions.md from src/host/activities.ts.
. "$(dirname "$0")/lib.sh"

"$checkout/tools/setup.sh"
export UPDATE_GENERATED=1
cargo test "${crates[@]}" --lib generated </dev/null
export PATH=$MICROSANDBOX_BUILD_DIR/tools/bin:$PATH
deno run --allow-read --allow-write="$checkout/docs" "$checkout/tools/permissions.ts"
