#!/usr/bin/env bash
# demo.sh BINARY: real footage through real rules. Each clip has a configuration of its own, so that one that cannot be
# had keeps no other from being shown.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
binary=$1
export FIREWARDEN_FOOTAGE=${FIREWARDEN_CACHE:?}/footage
out=demo-out

if ! .ci/pull.sh "$binary" model "$("$binary" models list | awk '/\(default\)/ { print $1 }')"; then
    echo "demo: without a model no footage can be analysed" >&2
    exit 1
fi

shown=0
show() { # CONFIGURATION CLIP
    # It says itself, in one line, what cannot be had.
    .ci/pull.sh "$binary" footage "$2" || return 0
    echo "demo: analysing $2 (some seconds)" >&2
    "$binary" analyze --config "samples/demo/$1.toml" --out "$out/$1"
    shown=$((shown + 1))
}
show fire-lane vtest
show control-room one-by-one-person-detection

if [ $shown -eq 0 ]; then
    echo "demo: there is no clip to show" >&2
    exit 1
fi
echo "demo: open $PWD/$out/*/report.html" >&2
