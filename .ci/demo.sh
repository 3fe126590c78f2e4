#!/usr/bin/env bash
# demo.sh BINARY: footage through real rules. Each clip has a configuration of its own, so that one that cannot be had
# keeps no other from being shown. The elevator is rendered, and lies in samples/: that one is always here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
binary=$1
export FIREWARDEN_FOOTAGE=${FIREWARDEN_CACHE:?}/footage
out=demo-out

show() { # CONFIGURATION [CLIP OF THE CATALOGUE]
    # It says itself, in one line, what cannot be had.
    [ -z "${2:-}" ] || .ci/pull.sh "$binary" footage "$2" || return 0
    echo "demo: analysing ${2:-samples/$1.mp4} (some seconds)" >&2
    "$binary" analyze --config "samples/demo/$1.toml" --out "$out/$1"
}
show fire-lane vtest
show control-room one-by-one-person-detection
show elevator

echo "demo: open $PWD/$out/*/report.html" >&2
