#!/bin/bash
# Builds msb and the shared library for this machine, and puts the library where ffi/library/locate.ts finds it.
. "$(dirname "$0")/lib.sh"
. "$checkout/tools/runtime.sh"

[ -n "$target" ] || die "there is no runtime for $(uname -m) on this system"
[ -e "$firmware" ] || die "libkrunfw is missing: run tools/setup.sh first"

output=$CARGO_TARGET_DIR/$profile
agent_output=$output
compile() { cargo build "${crates[@]}" "$@" </dev/null >&2; }
compile_agent() { compile "$@"; }

[ -d "$output/deps" ] || say "building 650 crates, about 10 minutes the first time"
# Packed for speed: nobody downloads it.
build_runtime 3
# --tests builds the library and its tests from one set of features, so that nothing is compiled twice.
compile --lib --tests

# A new file under the old name: a program may have the old one loaded, and writing to that would crash it.
mkdir -p "${library%/*}"
put "$output/$built" "$library"
