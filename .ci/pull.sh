#!/usr/bin/env bash
# pull.sh BINARY model|footage [NAME…]: fetches from the catalogue (without a NAME everything of that kind), in the tone of
# a set-up step: silent where it is here, a line before what takes long, one line for what cannot be had. Exits with
# 1 where something is missing.
set -euo pipefail
binary=$1 kind=$2
shift 2
flags=()
[ "$kind" = model ] || flags=(--footage)
[ $# -gt 0 ] || mapfile -t all < <("$binary" models list | awk -v kind="$kind" 'NR > 1 && $0 ~ " " kind " " { print $1 }')
logs=${FIREWARDEN_CACHE:?}/log
mkdir -p "$logs"

status=0
for name in "$@" "${all[@]+"${all[@]}"}"; do
    log=$logs/pull-$name.log
    "$binary" models pull "${flags[@]+"${flags[@]}"}" "$name" </dev/null 2>&1 >/dev/null | tee "$log" |
        { grep --line-buffered -E ': (fetching|downloading) ' || true; } >&2 || {
        printf '%s\n' "$kind $name cannot be had; why is in $log" >&2
        status=1
    }
done
exit $status
