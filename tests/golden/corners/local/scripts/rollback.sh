#!/bin/sh
# Back to what ran before the last scripts/deploy.sh, the same way: no request lost. Run twice, it goes forward again.
#   sh scripts/rollback.sh
# Code goes back, data stays: no migration is run, so that the old code must know the schema as it is.
set -eu
cd "$(dirname "$0")/.."

[ -s slots/previous ] || { echo "rollback: nothing was released by scripts/deploy.sh here" >&2; exit 1; }
# NAME=IMAGE=VERSION, a line a service; no spaces in any.
# shellcheck disable=SC2046
exec sh scripts/deploy.sh --back $(cat slots/previous)
