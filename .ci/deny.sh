#!/usr/bin/env bash
# Licences, bans and sources of every dependency; advisories where their database can be reached.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=0.20.2

if ! cargo deny --version >/dev/null 2>&1; then
    echo "deny: building cargo-deny $version (some minutes, once)" >&2
    # A folder of its own: the project's target folder may be kept small, and its flags are not this tool's. Not optimised:
    # it runs for a second, and is built for minutes.
    (cd / && env -u CARGO_TARGET_DIR CARGO_PROFILE_DEV_DEBUG=0 \
        cargo install --quiet --debug --locked cargo-deny --version "$version" </dev/null)
fi
cargo deny --locked check licenses bans sources
if timeout 60 cargo deny --locked fetch db </dev/null >/dev/null 2>&1; then
    cargo deny --locked check --disable-fetch advisories
else
    echo "skipped: advisories (database cannot be reached)"
fi
