#!/usr/bin/env bash
# training.sh model|accuracy [ARGUMENT…]: makes the two Python environments that training needs, once, and runs the pipeline or the
# measuring in them. The picture sets are not fetched: FIREWARDEN_DATASET says where they lie.
# training.sh test: the tests of what has an environment; where there is none, those of the data alone, for which a small one is made.
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

if [ "$what" = test ]; then
    run() { # PYTHON TEST…
        local interpreter=$1
        shift
        (cd "$training" && OMP_NUM_THREADS=2 "$interpreter" -m unittest --buffer "$@")
    }
    if [ -f "$cache/training-python/installed.txt" ]; then
        run "$cache/training-python/bin/python" tests.test_data tests.test_held tests.test_lift_views tests.test_network tests.test_pipeline tests.test_plus tests.test_world
    else
        for candidate in "$python" python3 /usr/bin/python3; do
            if "$candidate" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
                python=$candidate
                break
            fi
        done
        wanted=$(grep -E '^(numpy|opencv-python-headless|onnx|onnxruntime)==' "$training/requirements.txt")
        packages=$cache/test-python
        if [ "$wanted" != "$(cat "$packages/installed.txt" 2>/dev/null)" ]; then
            echo "test: fetching Python packages, 100 MB (under a minute)" >&2
            rm -rf "$packages"
            # shellcheck disable=SC2086
            "$python" -m pip install --quiet --target "$packages" $wanted </dev/null >&2
            echo "$wanted" >"$packages/installed.txt"
        fi
        PYTHONPATH=$packages run "$python" tests.test_data tests.test_held
    fi
    [ ! -f "$cache/blender-python/installed.txt" ] || run "$cache/blender-python/bin/python" tests.test_lifts tests.test_places tests.test_scenes
    exit
fi

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
            "firewarden-nano=$models/firewarden-nano.onnx:nanodet" "firewarden-lift=$models/firewarden-lift.onnx:yolox:again" \
            "firewarden-lift, one look=$models/firewarden-lift.onnx:yolox" \
            "yolox-nano=$published/yolox_nano_416.onnx:yolox" "nanodet-plus=$published/nanodet-plus-m_416.onnx:nanodet" "$@")
    }
    made=(--dataset "$dataset" --weights "$published" --work "$work" --budget gpu)
    pipeline "${made[@]}" --only check held
    measure --json "$work/accuracy.json" "$@"
    elsewhere() {
        (cd "$training" && "$cache/training-python/bin/python" -m accuracy.world --dataset "$dataset" --work "$work" --models \
            "firewarden-nano=$models/firewarden-nano.onnx:nanodet" \
            "yolox-nano=$published/yolox_nano_416.onnx:yolox" "nanodet-plus=$published/nanodet-plus-m_416.onnx:nanodet" "$@")
    }
    echo "accuracy: next people and vehicles elsewhere: rendered places that are not there are made, some 20 minutes for all" >&2
    (cd "$training" && "$cache/blender-python/bin/python" -m places.render --first 0 --count 264 --profile held --out "$work/places/held")
    # Another processor renders some pixels otherwise, and what is frozen is frozen by its bytes.
    elsewhere || elsewhere --without-renders
    echo "accuracy: the pictures' table is above; next ten films through the program: what is not there is rendered, six minutes each" >&2
    pipeline "${made[@]}" --only films
    measure --program "$program" --only-films "$@"
    ;;
*)
    echo "training: model, accuracy or test, not $what" >&2
    exit 2
    ;;
esac
