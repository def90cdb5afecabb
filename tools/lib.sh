# Names that the scripts of this checkout share. Sourced, never run.

set -euo pipefail

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# Everything that is downloaded or built lives here, outside of the checkout, so that a fresh clone finds it again.
export MICROSANDBOX_BUILD_DIR=${MICROSANDBOX_BUILD_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/microsandbox-build}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$MICROSANDBOX_BUILD_DIR/target}

# The machine that is built for and built on.
target=$(uname -m)-unknown-linux-gnu
# The core's two programs and the archive of them that the library carries.
runtime=$MICROSANDBOX_BUILD_DIR/runtime/$target-0.7.11
export MICROSANDBOX_RUNTIME_ARCHIVE=$runtime/archive.tar.zst
# Where build.sh puts the library; ffi/library.ts looks there. Node's names for the machine, because both runtimes
# have those.
case $(uname -m) in
  x86_64) library=$checkout/lib/x64-linux/libmicrosandbox.so ;;
  aarch64) library=$checkout/lib/arm64-linux/libmicrosandbox.so ;;
  *) library= ;;
esac

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
