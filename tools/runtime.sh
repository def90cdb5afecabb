# Builds msb, with the guest's agent in it, and packs it with libkrunfw into the archive that the library carries.
# Sourced, never run. build.sh and release.sh say with the functions `compile` and `compile_agent` how crates are
# compiled, and with $output and $agent_output where Cargo then puts them; upstream.sh uses `put` alone.

# Copies a file unless it is there already: what is made of it would be made again.
put() { # FROM TO
  ! cmp -s "$1" "$2" || return 0
  cp "$1" "$2.new"
  mv "$2.new" "$2"
}

# The agent runs in Linux guests only, so elsewhere it comes from a Linux machine with the same processor.
build_agent() {
  mkdir -p "$MSB_EMBED_ARTIFACTS_DIR"
  if [ -n "${MICROSANDBOX_AGENT:-}" ]; then
    put "$MICROSANDBOX_AGENT" "$MSB_EMBED_ARTIFACTS_DIR/agentd"
    return
  fi
  case $machine in
    *-linux) ;;
    *) die "set MICROSANDBOX_AGENT to the agentd that tools/release.sh built on Linux for this processor" ;;
  esac
  RUSTC_WORKSPACE_WRAPPER=$checkout/tools/link_agent.sh compile_agent --bin agentd
  put "$agent_output/agentd" "$MSB_EMBED_ARTIFACTS_DIR/agentd"
}

# msb, libkrunfw and the archive of both. Without times and owners, so that the same files always give the same archive.
build_runtime() { # LEVEL: zstd's
  local suffix= part
  case $machine in *-win32) suffix=.exe ;; esac
  build_agent
  compile --bin microsandbox-msb
  # macOS lets only programs with this entitlement run virtual machines.
  case $machine in
    *-darwin) codesign --force --sign - --entitlements "$checkout/tools/hypervisor.plist" "$output/microsandbox-msb" >&2 ;;
  esac
  put "$output/microsandbox-msb$suffix" "$runtime/msb$suffix"
  for part in "$firmware"/*; do put "$part" "$runtime/$(basename "$part")"; done
  if [ "$MICROSANDBOX_RUNTIME_ARCHIVE" -nt "$runtime/msb$suffix" ]; then return; fi
  packages tar:tar zstd:zstd
  (cd "$runtime" && tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf archive.tar "msb$suffix" *libkrunfw*)
  zstd --quiet --ultra "-$1" --force --rm "$runtime/archive.tar" -o "$MICROSANDBOX_RUNTIME_ARCHIVE.new"
  mv "$MICROSANDBOX_RUNTIME_ARCHIVE.new" "$MICROSANDBOX_RUNTIME_ARCHIVE"
}
