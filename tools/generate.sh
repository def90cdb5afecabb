#!/bin/bash
# Regenerates include/, ffi/protocol.gen.ts and docs/options.md from the Rust types, and
# docs/permissions.md from src/activities.ts.
. "$(dirname "$0")/lib.sh"

"$checkout/tools/setup.sh"
export UPDATE_GENERATED=1
cargo test --manifest-path "$checkout/capi/Cargo.toml" --release --locked --lib generated </dev/null
export PATH=$MICROSANDBOX_BUILD_DIR/tools/bin:$PATH
deno run --allow-read --allow-write="$checkout/docs" "$checkout/tools/permissions.ts"
