# Names that install.sh, image.sh and run.sh share. Sourced, never run.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
checkout=$(cd "$here/../.." && pwd -P)
build=${MICROSANDBOX_BUILD_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/microsandbox-build}
host=$build/host

# Standard output belongs to the command that run.sh runs, so everything these scripts say goes to standard error.
say() { printf '%s\n' "tests/host: $*" >&2; }
die() { say "$*"; exit 1; }

# Several runs may prepare the same files at once: one does the work and the others wait, then find it done.
# The lock is on the folder itself, so no lock file stays behind, and it ends with the process that holds it.
lock() { mkdir -p "$host"; exec 9<"$host"; flock 9; }
unlock() { exec 9<&-; }

# The folder with msb and libkrunfw; the newest version, should there be several.
runtime_dir() {
  if [ -n "${MICROSANDBOX_RUNTIME_DIR:-}" ]; then echo "$MICROSANDBOX_RUNTIME_DIR"; return; fi
  printf '%s\n' "$build/runtime/$(uname -m)-unknown-linux-gnu-"* | sort -V | tail -n 1
}

# A COMMAND's result in one file, or nothing: what is cut short must not look finished to the next run.
write() { local out=$1; shift; "$@" >"$out.new" && mv "$out.new" "$out"; }
