#!/bin/bash
# Runs the tests of the crates, as tools/build.sh has compiled them. Arguments go to the tests.
. "$(dirname "$0")/lib.sh"

exec cargo test "${crates[@]}" -- "$@" </dev/null
