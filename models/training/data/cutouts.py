"""Things cut out of photographs with an alpha channel, to be pasted into rooms.

Outlines come from GrabCut (Rother et al. 2004) started at the labelled box, or from the set's polygons. A two-wheeler or
person is kept only where a general detector still knows it on grey. One PNG (blue, green, red, alpha) a cut-out under
``WORK/cutouts/PART/KIND``; ``WORK/cutouts/PART.json`` remembers what was tried, so that a broken run is resumed.

    python -m data.cutouts --dataset D --work W --part train|measure
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np

from data.detector import Detector
from data.picture import BICYCLE, EBIKE, PERSON, Box, DataError, Picture, overlap
from data.split import hashed

WHEELCHAIR = "wheelchair"
KINDS = {"ebike": EBIKE, "bicycle": BICYCLE, "person": PERSON}
SOURCES = {
    "ebike": ("scooters", "scooter-portraits", "scooter-riders", "transport-v1"),
    "bicycle": ("bicycles", "coco-cc-by"),
    "person": ("indoor-cctv", "coco-cc-by", "scooter-riders"),
}
LEAST_SIDE = {"ebike": 90, "bicycle": 90, "person": 90}
"""Pixels of the box's longer side: a smaller one has no detail to paste."""
MOST = {"ebike": 600, "bicycle": 400, "person": 350, WHEELCHAIR: 160}
MOST_OF_A_PICTURE = {"ebike": 2, "bicycle": 2, "person": 3}
"""Frames of one camera repeat their people: a few of each are variety enough."""
KNOWN = {"ebike": 0.35, "bicycle": 0.35, "person": 0.40}
"""Least confidence of the detector on grey."""
WORKING_SIDE = 160
KEPT_SIDE = 320
MARGIN = 0.12
"""Background that GrabCut sees on every side of the box, as a share of the box."""
LEAST_FILLED, MOST_FILLED = 0.15, 0.93
"""Share of the box that a believable outline fills."""
GREY = 114
SAVED_EVERY = 50


def main() -> None:
    """Command line."""
    from data.sets import load

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--detector", type=Path, help="NanoDet-Plus file (default: beside the data set, under models)")
    parser.add_argument("--part", choices=("train", "measure"), required=True)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        pictures = load(arguments.dataset, None, arguments.work)
        counts = make_cutouts(pictures, arguments.detector or default_detector(arguments.dataset), arguments.work,
                              arguments.part)
    except DataError as error:
        sys.exit(f"error: {error}")
    print(", ".join(f"{count} {kind}" for kind, count in counts.items()))


def default_detector(dataset: Path) -> Path:
    """Where the general detector lies beside a data set."""
    return dataset.parent / "models" / "nanodet-plus-m_416.onnx"


def make_cutouts(pictures: list[Picture], model: Path, work: Path, part: str) -> dict[str, int]:
    """Cuts out everything of ``part``; answers how many there are of each kind."""
    folder = work / "cutouts" / part
    record = work / "cutouts" / f"{part}.json"
    tried: dict[str, str] = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    todo = _candidates([picture for picture in pictures if picture.part == part])
    made = {kind: len(list((folder / kind).glob("*.png"))) for kind in MOST}
    detector: Detector | None = None
    fresh = 0
    for number, (kind, picture, index) in enumerate(todo, start=1):
        name = f"{picture.set}-{picture.path.stem}-{index}"
        if name in tried or made[kind] >= MOST[kind]:
            continue
        detector = detector or Detector(model, "nanodet")
        cut = _cut(kind, picture, index, detector)
        tried[name] = "kept" if cut is not None else "dropped"
        if cut is not None:
            (folder / kind).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / kind / f"{name}.png"), cut)
            made[kind] += 1
        fresh += 1
        if fresh % SAVED_EVERY == 0:
            _save(record, tried)
            print(f"cut-outs of {part}: {number} of {len(todo)} looked at, {made}", file=sys.stderr, flush=True)
    _save(record, tried)
    return made


def _save(record: Path, tried: dict[str, str]) -> None:
    record.parent.mkdir(parents=True, exist_ok=True)
    part = record.with_suffix(".part")
    part.write_text(json.dumps(tried), encoding="utf-8")
    part.replace(record)


def _candidates(pictures: list[Picture]) -> list[tuple[str, Picture, int]]:
    """(kind, picture, index of box or outline), the largest boxes of a picture, in a fixed shuffled order.

    Shuffled, so that the most there may be of a kind is drawn from all of its sets.
    """
    found: list[tuple[str, Picture, int]] = []
    for kind, sets in SOURCES.items():
        for picture in pictures:
            if picture.set not in sets:
                continue
            boxes = [index for index, box in enumerate(picture.boxes) if box.kind == KINDS[kind]]
            boxes = [index for index in boxes if _stands_free(picture, index)]
            boxes.sort(key=lambda index: -picture.boxes[index].area)
            found += [(kind, picture, index) for index in boxes[:MOST_OF_A_PICTURE[kind]]]
    for picture in pictures:
        found += [(WHEELCHAIR, picture, index) for index in range(len(picture.outlines))]
    return sorted(found, key=lambda entry: hashed(f"{entry[1].set}/{entry[1].path.stem}/{entry[2]}"))


def _stands_free(picture: Picture, index: int) -> bool:
    """Whether no other thing of its kind reaches far into the box."""
    box = picture.boxes[index]
    return all(number == index or other.kind != box.kind or overlap(box, other) < 0.15
               for number, other in enumerate(picture.boxes))


def _cut(kind: str, picture: Picture, index: int, detector: Detector) -> np.ndarray | None:
    """The cut-out, BGRA of at most ``KEPT_SIDE`` pixels, or None where it is no good."""
    image = cv2.imread(str(picture.path))
    if image is None:
        raise DataError(f"{picture.path}: not a picture that can be decoded; fetch the set again")
    if kind == WHEELCHAIR:
        return _cut_outline(image, picture.outlines[index])
    box = picture.boxes[index]
    height, width = image.shape[:2]
    if max((box.right - box.left) * width, (box.bottom - box.top) * height) < LEAST_SIDE[kind]:
        return None
    cut = _grab(image, box)
    if cut is None:
        return None
    return cut if still_known(cut, KINDS[kind], KNOWN[kind], detector) else None


def _grab(image: np.ndarray, box: Box) -> np.ndarray | None:
    # Boxes often reach the picture's edge; GrabCut must see background on all sides, so the edge is repeated outwards.
    height, width = image.shape[:2]
    pad_x, pad_y = (int(MARGIN * side) + 2 for side in ((box.right - box.left) * width, (box.bottom - box.top) * height))
    left, top = int(box.left * width), int(box.top * height)
    right, bottom = int(np.ceil(box.right * width)), int(np.ceil(box.bottom * height))
    outer = cv2.copyMakeBorder(image, pad_y, pad_y, pad_x, pad_x, cv2.BORDER_REPLICATE)
    crop = outer[top:bottom + 2 * pad_y, left:right + 2 * pad_x]
    scale = WORKING_SIDE / max(crop.shape[:2])
    small = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    start = [max(1, int(pad_x * scale)), max(1, int(pad_y * scale)), int((right - left) * scale), int((bottom - top) * scale)]
    start[2] = min(start[2], small.shape[1] - start[0] - 1)
    start[3] = min(start[3], small.shape[0] - start[1] - 1)
    if min(start[2:]) < 12:
        return None
    mask = np.zeros(small.shape[:2], np.uint8)
    cv2.setRNGSeed(0)
    cv2.grabCut(small, mask, start, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_RECT)
    solid = _largest(((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)).astype(np.uint8))
    filled = solid.sum() / (start[2] * start[3])
    if filled <= LEAST_FILLED and box.kind == BICYCLE:
        solid = _busy(small, start)
        filled = solid.sum() / (start[2] * start[3])
    if not LEAST_FILLED < filled < MOST_FILLED:
        return None
    alpha = cv2.GaussianBlur(solid.astype(np.float32) * 255, (0, 0), 0.9)
    alpha = cv2.resize(alpha, (crop.shape[1], crop.shape[0]), interpolation=cv2.INTER_LINEAR)
    inside = slice(pad_y, crop.shape[0] - pad_y), slice(pad_x, crop.shape[1] - pad_x)
    return _finish(crop[inside], alpha[inside])


def _busy(small: np.ndarray, start: list[int]) -> np.ndarray:
    """Where edges lie close together inside the box: spokes and tubes, on which GrabCut finds nothing to hold on to."""
    edges = cv2.Canny(cv2.GaussianBlur(small, (0, 0), 1.0), 40, 120)
    inside = np.zeros_like(edges)
    x, y, wide, tall = start
    inside[y:y + tall, x:x + wide] = edges[y:y + tall, x:x + wide]
    reach = max(3, WORKING_SIDE // 16) | 1
    round_kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    closed = cv2.morphologyEx(inside, cv2.MORPH_CLOSE, round_kernel)
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return _largest((opened > 0).astype(np.uint8))


def _largest(solid: np.ndarray) -> np.ndarray:
    """The mask without specks: parts of at least 6 % of its largest part."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid)
    if count <= 1:
        return solid
    sizes = stats[1:, cv2.CC_STAT_AREA]
    kept = 1 + np.nonzero(sizes >= 0.06 * sizes.max())[0]
    return np.isin(labels, kept).astype(np.uint8)


def _cut_outline(image: np.ndarray, outline: tuple[tuple[float, float], ...]) -> np.ndarray | None:
    height, width = image.shape[:2]
    points = np.array([[x * width, y * height] for x, y in outline], np.int32)
    alpha = np.zeros((height, width), np.uint8)
    cv2.fillPoly(alpha, [points], 255)
    if (alpha > 0).sum() < 60 * 60:
        return None
    return _finish(image, cv2.GaussianBlur(alpha.astype(np.float32), (0, 0), 1.2))


def _finish(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """BGRA, cropped to what is not transparent, at most ``KEPT_SIDE`` pixels."""
    rows, columns = np.nonzero(alpha > 40)
    area = slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
    cut = np.dstack([image[area], np.clip(alpha[area], 0, 255).astype(np.uint8)])
    scale = KEPT_SIDE / max(cut.shape[:2])
    return cut if scale >= 1 else cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def still_known(cut: np.ndarray, kind: int, least: float, detector: Detector) -> bool:
    """Whether the detector finds ``kind`` where the cut-out lies on a grey picture."""
    side = 480
    scale = 0.6 * side / max(cut.shape[:2])
    small = cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    canvas = np.full((side, side, 3), GREY, np.float32)
    top, left = (side - small.shape[0]) // 2, (side - small.shape[1]) // 2
    area = canvas[top:top + small.shape[0], left:left + small.shape[1]]
    share = small[:, :, 3:].astype(np.float32) / 255
    area[:] = area * (1 - share) + small[:, :, :3] * share
    found = detector.detect(canvas.astype(np.uint8), least)
    confidence, best = found.best(kind)
    rival = {EBIKE: BICYCLE, BICYCLE: EBIKE}.get(kind)
    if rival is not None and found.best(rival)[0] > confidence:
        return False
    place = Box(kind, left / side, top / side, (left + small.shape[1]) / side, (top + small.shape[0]) / side)
    return confidence >= least and overlap(place, Box(kind, *(float(value) for value in best))) > 0.5


if __name__ == "__main__":
    main()
