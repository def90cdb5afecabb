#!/bin/bash
# Installs what building and testing need and this machine lacks: Deno and Bun, the firmware of microVMs, and the
# programs that build; on macOS and Windows what building needs only. Rust and npm have to be there. Does nothing,
# quickly, when nothing is missing.
. "$(dirname "$0")/lib.sh"

deno=2.9.6
bun=1.4.5
typescript=5.9.3

# The newest minimum among the crates in capi/Cargo.lock, which is sqlx's.
rust_minimum=1.94

rust() {
  command -v rustc >/dev/null || die "Rust is missing: install rustc and cargo $rust_minimum or newer"
  local version oldest
  version=$(rustc --version | cut -d' ' -f2)
  oldest=$(printf '%s\n' "$version" "$rust_minimum" | sort -V | head -n 1)
  [ "$oldest" = "$rust_minimum" ] ||
    die "rustc $version is too old, the microsandbox core needs $rust_minimum: update it with 'rustup update stable'"
}

# Both programs come inside their platforms' packages, so no install script has to run.
runtimes() {
  local modules=$MICROSANDBOX_BUILD_DIR/tools/node_modules bin=$MICROSANDBOX_BUILD_DIR/tools/bin
  if [ "$(cat "$bin/versions" 2>/dev/null)" = "deno $deno bun $bun" ]; then return; fi
  command -v npm >/dev/null || die "npm is missing: install Node.js with npm"
  say "installing Deno $deno and Bun $bun"
  npm install --prefix "$MICROSANDBOX_BUILD_DIR/tools" --ignore-scripts --no-fund --no-audit --loglevel=error \
    "deno@$deno" "bun@$bun" </dev/null >&2
  mkdir -p "$bin"
  ln -sf "$modules"/@deno/linux-*-glibc/deno "$bin/deno"
  # The package for processors without AVX2 is there too and is not what newer ones want.
  ln -sf "$(ls -d "$modules"/@oven/bun-linux-* | grep -v -e musl -e android -e baseline | head -n 1)/bin/bun" "$bin/bun"
  chmod +x "$bin/deno" "$bin/bun" "$(readlink -f "$bin/deno")" "$(readlink -f "$bin/bun")"
  echo "deno $deno bun $bun" >"$bin/versions"
}

# The type checker and the types that users of Bun have, for a test of the package's own types.
types() {
  local types=$MICROSANDBOX_BUILD_DIR/types
  if [ "$(cat "$types/versions" 2>/dev/null)" = "typescript $typescript bun $bun" ]; then return; fi
  say "installing TypeScript $typescript"
  npm install --prefix "$types" --ignore-scripts --no-fund --no-audit --loglevel=error \
    "typescript@$typescript" "@types/bun@$bun" </dev/null >&2
  echo "typescript $typescript bun $bun" >"$types/versions"
}

# The official Python package, which the tests use sandboxes with side by side.
official() {
  local venv=$MICROSANDBOX_BUILD_DIR/python
  if [ -e "$venv/installed" ] && cmp -s "$venv/installed" "$checkout/capi/runtime.txt"; then return; fi
  packages python3:python3
  python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
  say "installing the official Python package"
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
    -r "$checkout/capi/runtime.txt" </dev/null >&2
  cp "$checkout/capi/runtime.txt" "$venv/installed"
}

# libkrunfw, out of the core's own Python package: the newest one, whose firmware is that of the core used here. pip
# checks the package against the hashes in the list and asks the mirror that it is set up for.
firmware() {
  if [ -e "$firmware" ]; then return; fi
  local work
  packages python3:python3
  python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
  say "fetching the firmware of microVMs (48 MB)"
  work=$(mktemp -d)
  # shellcheck disable=SC2064 # the folder's name is known now
  trap "rm -rf '$work'" EXIT
  python3 -m venv "$work/venv"
  # Windows has another name for the folder.
  "$(ls -d "$work"/venv/bin/pip "$work"/venv/Scripts/pip 2>/dev/null)" download --quiet --disable-pip-version-check \
    --no-deps --only-binary :all: --require-hashes -r "$checkout/capi/runtime.txt" -d "$work" </dev/null >&2
  python3 -m zipfile -e "$work"/*.whl "$work/wheel"
  # Under another name first: what is cut short must not look finished to the next run.
  rm -rf "$firmware.new"
  mkdir -p "$firmware.new"
  mv "$work"/wheel/microsandbox/_bundled/*/*libkrunfw* "$firmware.new/"
  chmod 755 "$firmware.new"/*
  mv "$firmware.new" "$firmware"
}

rust
mkdir -p "$MICROSANDBOX_BUILD_DIR/firmware"
firmware
# Elsewhere there are no Debian packages, and the library is built but not tested.
case $machine in
  *-linux)
    # The test of the header needs a C++ compiler, whose package also brings the C library's headers: that of C only
    # recommends them.
    packages cc:gcc c++:g++
    runtimes
    types
    official
    ;;
esac
