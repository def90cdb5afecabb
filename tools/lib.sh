# Names that the scripts of this checkout share. Sourced, never run.

set -euo pipefail

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# Everything that is downloaded or built lives here, outside of the checkout, so that a fresh clone finds it again.
export MICROSANDBOX_BUILD_DIR=${MICROSANDBOX_BUILD_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/microsandbox-build}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$MICROSANDBOX_BUILD_DIR/target}

# The machine that is built for and built on, by Rust's name and by Node's, because both runtimes have the latter.
# Windows reports its processor differently in each shell, so there whoever builds says it.
case ${MICROSANDBOX_TARGET:-$(uname -s)-$(uname -m)} in
  x64-linux | Linux-x86_64) target=x86_64-unknown-linux-gnu machine=x64-linux ;;
  arm64-linux | Linux-aarch64) target=aarch64-unknown-linux-gnu machine=arm64-linux ;;
  arm64-darwin | Darwin-arm64) target=aarch64-apple-darwin machine=arm64-darwin ;;
  x64-win32) target=x86_64-pc-windows-msvc machine=x64-win32 ;;
  arm64-win32) target=aarch64-pc-windows-msvc machine=arm64-win32 ;;
  *) target= machine= ;;
esac
# What Cargo calls the library, and what ffi/library/target.ts does.
case $machine in
  *-darwin) built=libmicrosandbox_capi.dylib file=libmicrosandbox.dylib ;;
  *-win32) built=microsandbox_capi.dll file=microsandbox.dll ;;
  *) built=libmicrosandbox_capi.so file=libmicrosandbox.so ;;
esac
# The version of the core, which msb has to have exactly.
core=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$checkout/capi/msb/Cargo.toml")
# What is built in a checkout and what is released are optimized differently.
profile=${profile:-checkout}
# msb and libkrunfw, and the archive of them that the library carries.
runtime=$MICROSANDBOX_BUILD_DIR/runtime/$profile/$target-$core
export MICROSANDBOX_RUNTIME_ARCHIVE=$runtime/archive.tar.zst
# libkrunfw, as the official Python package has it that the list names.
firmware=$MICROSANDBOX_BUILD_DIR/firmware/$target-$(cksum <"$checkout/capi/runtime.txt" | cut -d ' ' -f 1)
# Where the build of msb finds the guest's agent.
export MSB_EMBED_ARTIFACTS_DIR=$runtime/agent
# How crates are built here: all together, so that each dependency is compiled once, with what any of them needs of it,
# and without the user's keyring, which no test has.
crates=(--manifest-path "$checkout/capi/Cargo.toml" --locked --profile "$profile" -p microsandbox-capi
  -p microsandbox-msb -p microsandbox-guest-agent)
[ "$profile" = dist ] || crates+=(--no-default-features -p microsandbox-boundary -p microsandbox-layers)
# Where build.sh puts the library; ffi/library/locate.ts looks there.
library=${machine:+$checkout/lib/$machine/$file}

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# Runs a command as the administrator, who installs packages.
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# Installs Debian packages. A machine that was never updated knows none, so the lists are read first.
install_packages() {
  say "installing $*"
  as_root apt-get update -q </dev/null >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" </dev/null >&2
}

# Installs the packages whose programs are missing.
#   packages PROGRAM:PACKAGE...
packages() {
  local pair missing=()
  for pair in "$@"; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  [ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"
}
