#!/usr/bin/env bash
# bench.sh BINARY cameras|check|guard|live [ARGUMENT…]: fetches what the benchmark or the guard needs, then runs it: the file of that
# name in benches/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
binary=$1 script=$2
shift 2
cache=${FIREWARDEN_CACHE:?}
libraries=$cache/bench-python
wanted="numpy==2.4.6 opencv-python-headless==5.0.0.93 onnxruntime==1.32.0"
# What is compared with is pinned, and whole: the last thing written says what it is. Guard and live compare with no other pipeline.
if [ "$script" != guard ] && [ "$script" != live ] && [ "$wanted" != "$(cat "$libraries/installed.txt" 2>/dev/null)" ]; then
    rm -rf "$libraries"
    echo "bench: fetching OpenCV and ONNX Runtime for Python, 100 MB (about a minute)" >&2
    # shellcheck disable=SC2086
    PIP_ROOT_USER_ACTION=ignore python3 -m pip --disable-pip-version-check install --quiet --target "$libraries" \
        $wanted </dev/null >&2
    echo "$wanted" >"$libraries/installed.txt"
fi
.ci/pull.sh "$binary" model yolox-nano
case $script in
guard) .ci/pull.sh "$binary" footage || echo "guard: without what cannot be had" >&2 ;;
*) .ci/pull.sh "$binary" footage vtest one-by-one-person-detection ;;
esac
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$libraries python3 "benches/$script.py" \
    "$binary" "$cache/models/yolox-nano.onnx" "$cache/footage" "$@"
