#!/usr/bin/env bash
# The build for the platform's side: it compiles and passes its tests without codecs and models, loads none of their libraries,
# and says of what it does not have which build has it. Leaves the build for boxes in its place.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${CARGO_TARGET_DIR:-target}
features=(--locked --no-default-features --features hub)

fail() {
    echo "hub: $*" >&2
    exit 1
}

cargo test --quiet "${features[@]}" --lib
cargo build --quiet "${features[@]}" --bin firewarden
cp "$target/debug/firewarden" "$target/debug/firewarden-hub"
hub=$target/debug/firewarden-hub
# The next build would make it anew, and whoever runs the program meanwhile would have the wrong one.
cargo build --quiet --locked --bin firewarden

if ldd "$hub" | grep -E 'libav|libsw|opencv|onnxruntime'; then
    fail "the libraries above are loaded"
fi
for command in analyze detect eval models run; do
    code=0
    said=$("$hub" "$command" --whatever 2>&1) || code=$?
    [ "$code" = 2 ] || fail "$command exits with $code: $said"
    grep -q "The build for boxes has it" <<<"$said" || fail "$command does not say which build has it: $said"
done
code=0
said=$("$hub" check --probe --config samples/firewarden.toml 2>&1 >/dev/null) || code=$?
grep -q "The build for boxes has it" <<<"$said" || fail "check --probe exits with $code: $said"
"$hub" check --config samples/firewarden.toml >/dev/null
"$hub" schema alert | grep -q '"firewarden.violation.raised"' || fail "schema alert has no alerts"
code=0
"$hub" report no-such-folder 2>/dev/null || code=$?
[ "$code" = 2 ] || fail "report of nothing exits with $code"
echo "hub: it has report, verify, replay, check and schema, and loads no codec"
