#!/bin/bash
# Looks for undefined behaviour and for orders of threads that nobody thought of in the Rust code: Clippy looks at each
# unsafe block for its justification, loom tries every order in which the threads of a client can run, a fuzzer makes any
# calls of a client, and Miri interprets the tests that need no C library and no file. docs/sanitizers.md says what that
# covers. The first run compiles every crate for Miri, about 10 minutes of processor time; later ones take 2 minutes.
. "$(dirname "$0")/lib.sh"

[ -e "$MICROSANDBOX_RUNTIME_ARCHIVE" ] || die "the runtime is missing: run tools/build.sh first"
manifest=(--manifest-path "$checkout/capi/Cargo.toml" --locked)

# As a wrapper of the compiler for the crates of the workspace, in the profile of tools/build.sh, so that no other crate
# is compiled again for it.
if clippy=$(rustup which clippy-driver 2>/dev/null); then
  say "looking at unsafe blocks with Clippy"
  RUSTC_WORKSPACE_WRAPPER=$clippy cargo build "${crates[@]}" --lib --tests </dev/null
else
  say "not run: Clippy, which is not installed (rustup component add clippy)"
fi

say "trying the orders of threads with loom"
"$checkout/tools/loom.sh"

boundary=(--manifest-path "$checkout/capi/boundary/Cargo.toml")
if cargo +nightly fuzz --version >/dev/null 2>&1; then
  say "fuzzing the calls of a client"
  (cd "$checkout/capi/boundary" && CARGO_TARGET_DIR=$MICROSANDBOX_BUILD_DIR/fuzz \
    cargo +nightly fuzz run calls -- -max_total_time="${MICROSANDBOX_FUZZ_SECONDS:-60}" -max_len=4096 </dev/null)
else
  say "not run: cargo fuzz, which is not installed (cargo install cargo-fuzz, with a nightly toolchain)"
fi

if cargo +nightly miri --version >/dev/null 2>&1; then
  say "running tests in Miri"
  export CARGO_TARGET_DIR=$MICROSANDBOX_BUILD_DIR/miri
  # The runtime and its threads stay until the process ends. Miri has a clock of its own, so that no timeout depends on
  # how fast it interprets; a backtrace of the panic that a test asks for would take it half a minute.
  export MIRIFLAGS=-Zmiri-ignore-leaks RUST_BACKTRACE=0
  cargo +nightly miri test "${boundary[@]}" --locked --lib </dev/null
  cargo +nightly miri test "${manifest[@]}" --lib -- failure:: files::tests tests::boundary::a_stream \
    tests::boundary::calls_from tests::boundary::closing </dev/null
else
  say "not run: Miri, which is not installed (rustup toolchain install nightly --component miri,rust-src)"
fi
