#!/usr/bin/env bash
# bench.sh BINARY: cameras per core, Firewarden beside the usual pipeline in Python, on the same footage in turn. With the
# default of 600 s of video and five runs this takes one to two hours; BENCH_SECONDS and BENCH_RUNS make it shorter.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
binary=$1
cache=${FIREWARDEN_CACHE:?}
libraries=$cache/bench-python
if [ ! -d "$libraries/cv2" ]; then
    echo "bench: fetching OpenCV and ONNX Runtime for Python, 100 MB (about a minute)" >&2
    python3 -m pip --disable-pip-version-check install --quiet --target "$libraries" \
        numpy opencv-python-headless onnxruntime==1.32.0 </dev/null >&2
fi
.ci/pull.sh "$binary" model yolox-nano
.ci/pull.sh "$binary" footage vtest
PYTHONPATH=$libraries python3 benches/cameras.py "$binary" "$cache/models/yolox-nano.onnx" "$cache/footage/vtest.avi" target/cameras.json \
    --seconds "${BENCH_SECONDS:-600}" --runs "${BENCH_RUNS:-5}"
