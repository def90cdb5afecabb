# Names that install.sh, image.sh and run.sh share. Sourced, never run.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
checkout=$(cd "$here/../.." && pwd -P)
build=${MICROSANDBOX_BUILD_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/microsandbox-build}
host=$build/host
case $(uname -m) in aarch64) machine=arm64-linux ;; *) machine=x64-linux ;; esac
# As the tests load it; tools/build.sh puts it into the checkout.
library=${MICROSANDBOX_LIB:-$checkout/lib/$machine/libmicrosandbox.so}
export PATH=$build/tools/bin:$PATH

# Standard output belongs to the command that run.sh runs, so everything these scripts say goes to standard error.
say() { printf '%s\n' "tests/host: $*" >&2; }
die() { say "$*"; exit 1; }

# Several runs may prepare the same files at once: one does the work and the others wait, then find it done.
# The lock is on the folder itself, so no lock file stays behind, and it ends with the process that holds it.
lock() { mkdir -p "$host"; exec 9<"$host"; flock 9; }
unlock() { exec 9<&-; }

# A COMMAND's result in one file, or nothing: what is cut short must not look finished to the next run.
write() { local out=$1; shift; "$@" >"$out.new" && mv "$out.new" "$out"; }
