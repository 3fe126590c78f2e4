#!/usr/bin/env bash
# demo.sh BINARY: footage through real rules, a configuration for each clip. The elevator is rendered and lies in samples/;
# where another clip cannot be had, so does a rendered one that stands in for it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
binary=$1
export FIREWARDEN_FOOTAGE=${FIREWARDEN_CACHE:?}/footage
out=demo-out

show() { # CONFIGURATION [CLIP OF THE CATALOGUE]
    local configuration=$1 clip=${2:-samples/$1.mp4}
    # It says itself, in one line, what cannot be had.
    if [ -n "${2:-}" ] && ! .ci/pull.sh "$binary" footage "$2"; then
        configuration=stand-in-$1 clip="samples/$1.mp4, rendered, instead"
    fi
    echo "demo: analysing $clip (some seconds)" >&2
    "$binary" analyze --config "samples/demo/$configuration.toml" --out "$out/$1" --replace
}
show fire-lane vtest
show control-room one-by-one-person-detection
show elevator

echo "demo: open $PWD/$out/*/report.html" >&2
