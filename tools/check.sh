#!/bin/bash
# Checks types, style, the documentation of every exported symbol, licences, and what would be published.
. "$(dirname "$0")/lib.sh"

cd "$checkout"
deno check mod.ts types.ts cli.ts tests examples tools bench
deno fmt --check --quiet
deno lint --quiet
deno doc --lint --quiet mod.ts types.ts cli.ts
deno run --allow-read tools/permissions.ts --check
tools/deny.sh
# A checkout that is worked in has changes; that a release has none is for the release to check.
listing=$(NO_COLOR=1 deno publish --dry-run --allow-dirty 2>&1) || die "$listing"
# JSR shows and keeps every file for ever: the limit is far below its own.
size=$(printf '%s\n' "$listing" | sed -n 's|^ *file://\(/.*\) (.*)$|\1|p' | tr '\n' '\0' | du -cb --files0-from=- | tail -n 1 | cut -f1)
say "the package has $size bytes"
[ "$size" -lt 1000000 ] || die "the package has to stay below 1 MB"
