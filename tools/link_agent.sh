#!/bin/sh
# Stands before the compiler for the crates of the workspace and links the guest's agent statically: it runs in images
# that have no C library, or another one. A flag for one crate alone, so that what the agent shares with the library is
# compiled once. tools/runtime.sh sets it as RUSTC_WORKSPACE_WRAPPER.
#   link_agent.sh RUSTC ARGUMENT...
case " $* " in
  *" --crate-name agentd "*) exec "$@" -C target-feature=+crt-static ;;
  *) exec "$@" ;;
esac
