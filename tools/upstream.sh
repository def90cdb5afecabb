#!/bin/bash
# Builds upstream's own msb, of the same version and from the crates that are compiled already, for tests that use
# sandboxes with both side by side.
. "$(dirname "$0")/lib.sh"
. "$checkout/tools/runtime.sh"

cargo build "${crates[@]}" -p "microsandbox-cli@$core" --bin msb </dev/null >&2
mkdir -p "$MICROSANDBOX_BUILD_DIR/upstream"
put "$CARGO_TARGET_DIR/$profile/msb" "$MICROSANDBOX_BUILD_DIR/upstream/msb"
for part in "$firmware"/*; do put "$part" "$MICROSANDBOX_BUILD_DIR/upstream/$(basename "$part")"; done
