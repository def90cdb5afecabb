#!/bin/bash
# Builds the shared library for this machine and puts it where ffi/library/library.ts finds it.
. "$(dirname "$0")/lib.sh"

[ -n "$library" ] || die "there is no runtime for $(uname -m) on this system"
[ -e "$MICROSANDBOX_RUNTIME_ARCHIVE" ] || die "the runtime is missing: run tools/setup.sh first"
[ -d "$CARGO_TARGET_DIR/release/deps" ] || say "building 570 crates, about 10 to 20 minutes the first time"

# --tests builds the library and its tests from one set of features, so that nothing is compiled twice.
cargo build --manifest-path "$checkout/capi/Cargo.toml" --release --locked --lib --tests </dev/null >&2

# A new file under the old name: a program may have the old one loaded, and writing to that would crash it.
mkdir -p "${library%/*}"
cp --reflink=auto "$CARGO_TARGET_DIR/release/$built" "$library.new"
mv "$library.new" "$library"
