"""How high people and vehicles must be in a network's input to be found: each is shown at several heights, all else alike.

    python -m accuracy.heights --dataset D --models NAME=PATH:HEAD ... [--footage F]

Pictures are those of ``coco-cc-by``, and the frames of recordings that were boxed by eye: no training sees them. Of each, the things are taken
that are at least 60 pixels high and do not touch its edge. The picture is shrunk until such a thing is so many rows high, and put into
the middle of an input of 416 x 256 that is else grey; where the picture is larger than that, the part around the thing is. Found is a
thing whose box has a confidence of 0.35 and overlaps by half; car, bus and truck are one.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from accuracy.people import overlap
from accuracy.opened import opened
from accuracy.world_recordings import frames, read_truth
from data.detector import PADDING
from data.picture import BUS, CAR, PERSON, TRUCK
from data.sets import read_set

HEIGHTS = (10, 15, 20, 24, 30, 40, 50, 60)
SIZE = (416, 256)
LEAST, EDGE = 60, 0.005
CONFIDENCE, SAME = 0.35, 0.5
KINDS = {"people": frozenset({PERSON}), "vehicles": frozenset({CAR, BUS, TRUCK})}


def things(dataset: Path, footage: Path) -> list[tuple[np.ndarray, str, tuple[float, ...]]]:
    """Pictures, what is taken of them, and its box as fractions."""
    boxed = []
    for picture in read_set(dataset, "coco-cc-by"):
        boxed.append((cv2.imread(str(picture.path)), picture.boxes))
    truth = read_truth()
    for recording in sorted({recording for recording, _ in truth}):
        wanted = [frame for name, frame in truth if name == recording]
        read = frames(footage / recording, wanted)
        boxed += [(read[frame], truth[recording, frame]) for frame in wanted]
    found = []
    for image, boxes in boxed:
        for box in boxes:
            sides = (box.left, box.top, box.right, box.bottom)
            kind = next((name for name, kinds in KINDS.items() if box.kind in kinds), None)
            if kind and (box.bottom - box.top) * image.shape[0] >= LEAST and min(sides) > EDGE and max(sides) < 1 - EDGE:
                found.append((image, kind, sides))
    return found


def shown(image: np.ndarray, box: tuple[float, ...], rows: int) -> tuple[np.ndarray, list[float]] | None:
    """An input in which the thing is ``rows`` high, and its box there; None where it would be shown larger than it was taken."""
    height, width = image.shape[:2]
    scale = rows / ((box[3] - box[1]) * height)
    if scale > 1:
        return None
    small = cv2.resize(image, (max(round(width * scale), 1), max(round(height * scale), 1)), interpolation=cv2.INTER_AREA)
    canvas = np.full((SIZE[1], SIZE[0], 3), PADDING, np.uint8)
    place, spans = [0.0] * 4, []
    for axis, (side, length) in enumerate(((small.shape[1], SIZE[0]), (small.shape[0], SIZE[1]))):
        low, high = box[axis] * side, box[axis + 2] * side
        if high - low > length:
            return None
        # The part of the picture that is shown, and where in the input it begins.
        start = round(min(max((low + high - length) / 2, 0), max(side - length, 0)))
        shift = max((length - side) // 2, 0)
        spans.append((start, min(start + length, side), shift))
        place[axis], place[axis + 2] = (low - start + shift) / length, (high - start + shift) / length
    (x, x_end, left), (y, y_end, top) = spans
    canvas[top : top + y_end - y, left : left + x_end - x] = small[y:y_end, x:x_end]
    return canvas, place


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--footage", type=Path, help="default D/../footage")
    parser.add_argument("--models", nargs="+", required=True, metavar="NAME=PATH:HEAD")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    all_things = things(asked.dataset, asked.footage or asked.dataset.parent / "footage")
    print(f"| | of | {' | '.join(map(str, HEIGHTS))} |\n|---|---|{'---|' * len(HEIGHTS)}")
    for entry in asked.models:
        name, _, detector = opened(entry)
        for kind, kinds in KINDS.items():
            shares, most = [], 0
            for rows in HEIGHTS:
                hits = count = 0
                for image, what, box in all_things:
                    if what != kind or (view := shown(image, box, rows)) is None:
                        continue
                    canvas, place = view
                    found = detector.detect(canvas, CONFIDENCE)
                    boxes = [list(b) for k, c, b in zip(found.kind, found.confidence, found.box, strict=True) if k in kinds and c >= CONFIDENCE]
                    hits += any(overlap(place, b) >= SAME for b in boxes)
                    count += 1
                shares.append(f"{hits / count:.2f}" if count else "–")
                most = max(most, count)
            print(f"| {name}: {kind} | {most} | {' | '.join(shares)} |", flush=True)


if __name__ == "__main__":
    main()
