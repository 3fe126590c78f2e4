"""How well networks find people and vehicles elsewhere: places, cameras and pictures that no training sees.

    python -m accuracy.world --dataset D --work W --models NAME=FILE:HEAD[:padded][@TIMES] ... [--footage F] [--json OUT] [--without-renders]
    python -m accuracy.world --dataset D --work W --freeze

The pictures are frozen: ``world.csv`` beside this file has SHA-256, row and truth of each, the command refuses where one differs or is
missing, and training leaves them out by the same list (``data.held``), with their near-copies and all files of their cameras. **No choice
is made on it twice**: a network that was chosen by this table, and one that is trained because of what it says of another, are measured by it
no more than once each, and what is said of them here is what is published. Choosing is done on the part "choose" of the sets.

Pictures are those of D, of the recordings under F (default D/../footage) and of W/places/held (``python -m places.render --profile held``).
``--freeze`` adds the rows of which no picture is listed; what is listed is never changed by it.

HEAD is yolox or nanodet. A YOLOX file, and one of NanoDet's with our six classes or free axes, is given each picture's proportions, as the
program does it, unless it is :padded; other files take their own input size. @TIMES gives an input of so many times the pixels.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
import time
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from accuracy.opened import opened
from accuracy.world_recordings import frames
from accuracy.world_rows import BY_NAME, ROWS, Row, Shot, Sources
from accuracy.world_table import columns_of, markdown
from data.detector import Detector, Found
from data.files import written
from data.held import COLUMNS, FROZEN, frozen, sha256
from data.picture import DataError
from data.sets import load

LEAST = 0.02
"""Fainter detections are not looked at."""


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="accuracy.world", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--footage", type=Path)
    parser.add_argument("--models", nargs="+", metavar="NAME=FILE:HEAD", default=[])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--without-renders", action="store_true", help="leave out the rows of renders")
    parser.add_argument("--freeze", action="store_true", help="list the pictures of rows that have none")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    sources = Sources(options.dataset, options.footage or options.dataset.parent / "footage", options.work)
    try:
        if options.freeze:
            print(freeze(sources, options.dataset, options.work))
            return
        detectors = {name: detector for name, _, detector in map(opened, options.models)}
        if not detectors:
            raise DataError("--models: name at least one network, such as nano=models/nano.onnx:yolox")
        shots = frozen_shots(sources, not options.without_renders)
        columns = {name: columns_of(shots, found) for name, found in look(detectors, shots).items()}
        print(markdown(shots, columns))
        if options.json:
            with written(options.json) as unfinished:
                unfinished.write_text(json.dumps({name: column.as_json() for name, column in columns.items()}, indent=1), encoding="utf-8")
    except DataError as error:
        sys.exit(f"error: {error}")


def frozen_shots(sources: Sources, renders: bool, table: Path = FROZEN) -> dict[Row, list[Shot]]:
    """The pictures of every row, as they were when they were listed. Raises ``DataError`` naming the file that is another now, or missing."""
    shots: dict[Row, list[Shot]] = {row: [] for row in ROWS if renders or not row.tag}
    for line in frozen(table):
        row = BY_NAME.get(line["row"])
        if row is None:
            raise DataError(f"{table}: names the row {line['row']!r}, which there is not; restore it from the repository")
        if row not in shots:
            continue
        shot = sources.shot(row, line["picture"], line["group"])
        if hash_of(shot.path) != line["sha256"]:
            raise DataError(f"{shot.path}: is not the file that is measured on; fetch or render it again as it was")
        if truth_of(shot) != line["truth"]:
            raise DataError(f"{shot.path}: its boxes for {row.name!r} are not those that are measured by; fetch or render its labels again as they were")
        shots[row].append(shot)
    for row, members in shots.items():
        if not members:
            hint = ", or measure --without-renders" if row.tag else ""
            raise DataError(f"{table}: lists no picture of {row.name!r}; restore it from the repository{hint}")
    return shots


def freeze(sources: Sources, dataset: Path, work: Path, table: Path = FROZEN) -> str:
    """Lists the pictures of rows that have none, and says of how many rows it did."""
    lines = list(frozen(table))
    listed = {line["row"] for line in lines}
    missing = [row for row in ROWS if row.name not in listed]
    # What is listed already must not decide what else is.
    pictures = load(dataset, None, work, frozen=frozenset()) if any(row.of for row in missing) else []
    added = 0
    for row in missing:
        names = sources.chosen(row, pictures)
        added += bool(names)
        for name, group in names:
            shot = sources.shot(row, name, group)
            lines.append(dict(zip(COLUMNS, (hash_of(shot.path), row.name, name, group, truth_of(shot)))))
    with written(table) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    frozen.cache_clear()
    return f"{table}: {added} of {len(missing)} rows that had no picture have some, {len(lines)} lines"


@lru_cache(maxsize=None)
def hash_of(path: Path) -> str:
    """SHA-256 of a file, worked out once."""
    return sha256(path)


def truth_of(shot: Shot) -> str:
    """A short hash of what a picture of a row is said to show."""
    truth = shot.truth
    boxes = [[(box.kind, *(f"{side:.4f}" for side in (box.left, box.top, box.right, box.bottom))) for box in part]
             for part in (truth.wanted, truth.others, truth.ignored)]
    return hashlib.sha256(repr((boxes, truth.heads)).encode()).hexdigest()[:16]


def look(detectors: dict[str, Detector], shots: dict[Row, list[Shot]]) -> dict[str, dict[str, Found]]:
    """What each network sees in every picture once, by the picture's name."""
    every = {shot.name: shot for members in shots.values() for shot in members}
    recorded: dict[Path, list[int]] = {}
    for shot in every.values():
        if shot.frame is not None:
            recorded.setdefault(shot.path, []).append(shot.frame)
    images = {path: frames(path, numbers) for path, numbers in recorded.items()}
    seen: dict[str, dict[str, Found]] = {name: {} for name in detectors}
    told = time.monotonic()
    for number, shot in enumerate(every.values(), 1):
        image = _read(shot.path) if shot.frame is None else images[shot.path][shot.frame]
        for name, detector in detectors.items():
            seen[name][shot.name] = detector.detect(image, LEAST)
        if time.monotonic() - told > 10 or number == len(every):
            told = time.monotonic()
            print(f"{number} of {len(every)} pictures", file=sys.stderr, flush=True)
    return seen


def _read(path: Path) -> np.ndarray:
    image = cv2.imread(str(path))
    if image is None:
        raise DataError(f"{path}: not a picture that can be decoded; fetch or render it again")
    return image


if __name__ == "__main__":
    main()
