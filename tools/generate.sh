#!/bin/bash
# Regenerates include/microsandbox.h and ffi/protocol.gen.ts from the Rust types.
. "$(dirname "$0")/lib.sh"

"$checkout/tools/setup.sh"
export UPDATE_GENERATED=1
cargo test --manifest-path "$checkout/capi/Cargo.toml" --release --locked --lib generated </dev/null
