#!/bin/bash
# Runs a command where microVMs boot: on this machine when it can, else in an emulated one. See README.md.
#   run.sh COMMAND [ARG...]     the command's output and exit code come through
#   run.sh --choose             prints which it would be, as MICROSANDBOX_TEST_HOST takes it
#   run.sh --shell              a shell in the emulated host, for looking around
. "$(dirname "$0")/lib.sh"

[ $# -gt 0 ] || die "usage: run.sh COMMAND [ARG...] | run.sh --choose | run.sh --shell"
limit=${MICROSANDBOX_TEST_HOST_TIMEOUT:-3600}
choice=${MICROSANDBOX_TEST_HOST:-}
[ "$1" != --shell ] || choice=emulated
[ -e "$library" ] || die "no library at $library: run tools/build.sh first, or set MICROSANDBOX_LIB"
export MICROSANDBOX_TEST_IMAGE=localhost/busybox:test
export MICROSANDBOX_TEST_PYTHON=$build/python/bin/python
export MICROSANDBOX_TEST_MSB=$build/upstream/msb
umask 022

# Sockets live below, and the path of a socket may have 107 bytes: so in a short place, wherever the home directory is.
runs=/tmp/msb-$(id -u)
# The folder is this user's alone, for what is written there is run.
mkdir -p -m 700 "$runs"
[ -O "$runs" ] || die "$runs belongs to somebody else"
# A run that was killed outright could not tidy up; its folder says whose it was.
for old in "$runs"/*/owner; do
  kill -0 "$(cat "$old" 2>/dev/null || echo $$)" 2>/dev/null || rm -rf "${old%/owner}"
done
run=$(mktemp -d "$runs/XXXXXX")
export MSB_HOME=$run/h
# Whole at once: to another run an empty file would be one whose run has ended.
echo $$ >"$run/owner.new"
mv "$run/owner.new" "$run/owner"
child=

# Whatever this run started knows the run's folder: by its environment, also when it left our process tree.
stragglers() {
  grep -lzs "^MSB_HOME=$run/h$" /proc/[0-9]*/environ | cut -d/ -f3
}
cleanup() {
  trap '' INT TERM HUP
  if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null || true; wait "$child" 2>/dev/null || true; fi
  local pids name
  pids=$(stragglers) || true
  # shellcheck disable=SC2086 # a list of numbers
  [ -z "$pids" ] || kill -KILL $pids 2>/dev/null || true
  # msb leaves one small file of shared memory a home; ours are the new ones that no process has mapped.
  for name in $(find /dev/shm -maxdepth 1 -name 'msb-met-*' -newer "$run/owner" 2>/dev/null); do
    grep -qs "$name" /proc/[0-9]*/maps || rm -f "$name"
  done
  rm -rf "$run"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# A program of this folder, with the library that is tested.
with_library() { # PROGRAM ARGUMENT...
  local program=$1
  shift
  await env "MICROSANDBOX_LIB=$library" deno run --quiet --no-prompt --no-check "--allow-ffi=$library" --allow-env \
    --allow-read "$here/$program" "$@"
}

# An MSB_HOME with the runtime and the image in it, which need no microVM. It is done for every run, in a moment, because
# the core keeps absolute paths in its cache: a copy in another place would read the first one's files.
prepare() {
  "$here/image.sh" "$run/image.tar"
  with_library prepare.ts "$run/image.tar"
  rm "$run/image.tar"
}

# The command as a child that a signal can interrupt: bash runs its traps only when nothing is in the foreground, and
# starts what is in the background deaf to two signals.
await() { # COMMAND...
  env --default-signal=INT,QUIT "$@" &
  child=$!
  local status=0
  wait "$child" || status=$?
  child=
  return $status
}

# Boots one microVM here. A device that is there may still not run the firmware's kernel, so only trying tells.
boots() {
  with_library boots.ts "$MICROSANDBOX_TEST_IMAGE" >"$run/probe" 2>&1 && return
  why=$(tail -n 1 "$run/probe")
  return 1
}

direct() {
  local status=0
  await timeout --foreground -k 10 "$limit" "$@" </dev/null || status=$?
  return $status
}
. "$here/emulated.sh"

prepare
case $choice in
  direct) echo "VM tests: this machine (MICROSANDBOX_TEST_HOST=direct)" >&2 ;;
  emulated) echo "VM tests: emulated host (asked for)" >&2 ;;
  "")
    if boots; then
      choice=direct
      echo "VM tests: this machine (a microVM booted on it)" >&2
    else
      choice=emulated
      echo "VM tests: emulated host (a microVM did not boot on this machine: $why)" >&2
    fi
    ;;
  *) die "MICROSANDBOX_TEST_HOST is '$choice'; it can be direct, emulated or empty" ;;
esac
if [ "$1" = --choose ]; then echo "$choice"; exit; fi
status=0
SECONDS=0
"$choice" "$@" || status=$?
if [ $status = 124 ] && [ $SECONDS -ge "$limit" ]; then
  say "stopped: the command was not done after $limit s (MICROSANDBOX_TEST_HOST_TIMEOUT)"
fi
exit $status
