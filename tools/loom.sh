#!/bin/bash
# Tries every order in which the threads of a client can run, with loom, on the crate without the core.
. "$(dirname "$0")/lib.sh"

# A configuration of its own, so that nothing else is compiled again for it.
RUSTFLAGS="--cfg microsandbox_loom" exec cargo test --manifest-path "$checkout/capi/boundary/Cargo.toml" --locked \
  --release --target-dir "$MICROSANDBOX_BUILD_DIR/loom" --test loom </dev/null
