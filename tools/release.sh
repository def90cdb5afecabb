#!/bin/bash
# Builds the library as it is released, for the machine that it runs on, into dist/<machine>/. Slower to build than
# what tools/build.sh makes, and meant to be smaller. On Linux it needs nothing newer than glibc 2.28, which is checked.
profile=dist
. "$(dirname "$0")/lib.sh"
. "$checkout/tools/runtime.sh"

zigbuild=0.24.1
zig=0.17.1
glibc=2.28

# Zig links against any glibc, whatever the machine has. It and Cargo's command for it are Python packages.
zig_tools() {
  local tools=$MICROSANDBOX_BUILD_DIR/zig
  if [ "$(cat "$tools/versions" 2>/dev/null)" != "cargo-zigbuild $zigbuild ziglang $zig" ]; then
    say "installing zig $zig and cargo-zigbuild $zigbuild"
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
      "cargo-zigbuild==$zigbuild" "ziglang==$zig" </dev/null >&2
    echo "cargo-zigbuild $zigbuild ziglang $zig" >"$tools/versions"
  fi
  export PATH=$tools/bin:$PATH
}

# Fails when a library needs a newer glibc, or a library that not every machine has.
check_needs() { # LIBRARY
  local newest others
  newest=$(objdump -T "$1" | grep -o 'GLIBC_[0-9.]*' | cut -d_ -f2 | sort -uV | tail -n 1)
  say "$1 needs glibc $newest"
  [ "$(printf '%s\n' "$newest" "$glibc" | sort -V | tail -n 1)" = "$glibc" ] ||
    die "$1 needs glibc $newest, and may need $glibc"
  others=$(objdump -p "$1" | sed -n 's/^ *NEEDED *//p' |
    grep -vE '^(libc|libm|libdl|libpthread|librt|libutil|libgcc_s)\.so\.|^ld-linux' || true)
  [ -z "$others" ] || die "$1 needs $others, which not every machine has"
}

[ -n "$target" ] || die "there is no runtime for $(uname -m) on this system"
[ -e "$firmware" ] || die "libkrunfw is missing: run tools/setup.sh first"

# Without the paths of the machine that it was built on, so that another one builds the same bytes.
export RUSTFLAGS="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo --remap-path-prefix=$checkout=/source"
# The C library of Visual C++ is not on every Windows, so it is linked in.
case $machine in *-win32) RUSTFLAGS="$RUSTFLAGS -Ctarget-feature=+crt-static" ;; esac
output=$CARGO_TARGET_DIR/$target/$profile
# The guest's agent brings its own C library, so it is linked by this machine's linker, whatever it has. In a place of its
# own: with another linker Cargo would build again what both need, each time.
agent_target=$CARGO_TARGET_DIR/agent
agent_output=$agent_target/$target/$profile
compile_agent() { cargo build "${crates[@]}" --target "$target" --target-dir "$agent_target" "$@" </dev/null >&2; }
compile() { cargo build "${crates[@]}" --target "$target" "$@" </dev/null >&2; }
case $machine in
  *-linux)
    packages python3:python3 objdump:binutils
    python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
    zig_tools
    compile() { cargo zigbuild "${crates[@]}" --target "$target.$glibc" "$@" </dev/null >&2; }
    ;;
esac

build_runtime 22
compile --lib
case $machine in
  *-linux) for part in "$built" microsandbox-msb; do check_needs "$output/$part"; done ;;
esac

mkdir -p "$checkout/dist/$machine"
put "$output/$built" "$checkout/dist/$machine/$file"
# Builds for other systems take the agent from here.
case $machine in *-linux) put "$MSB_EMBED_ARTIFACTS_DIR/agentd" "$checkout/dist/$machine/agentd" ;; esac
say "built dist/$machine/$file, $(wc -c <"$checkout/dist/$machine/$file") bytes"
