#!/bin/sh
# For kernel CI: KTAP on standard output, and kselftest's exit statuses (0 pass, 1 fail, 4 skip).
# KERNEL: a bzImage, or a release that was fetched, to be put beside the model of the design before;
# without it the models alone are compared. RUNS and SEED: how much is tried.
# pfndiff must be installed here: --no keeps npx from fetching what somebody else gave that name.
set -u
results=${RESULTS:-.pfndiff/ci}
set -- --runs "${RUNS:-3000}" --seed "${SEED:-1}" --out "$results"
[ -z "${KERNEL:-}" ] || set -- "$@" --after "kernel:$KERNEL"
npx --no pfndiff fuzz "$@" --exit-style kselftest >&2
status=$?
if [ "$status" -eq 4 ]; then
  printf 'KTAP version 1\n1..0 # SKIP nothing could run here\n'
  exit 4
fi
npx --no pfndiff report "$results" --format ktap || exit 1
exit "$status"
