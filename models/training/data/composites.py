"""Composites: photographed two-wheelers, people and clutter pasted into the rooms of ceiling cameras.

More than half show no e-bike: people with helmets, pedal bicycles, wheelchairs, boxes, clutter. Training composites take
cut-outs and rooms of the part "train", held-back ones those of the part "measure".

    python -m data.composites --dataset D --work W --count N --part train|measure --seed S

Writes ``WORK/composites/PART/images`` and ``labels`` (``class cx cy w h visible``: 0 person, 1 bicycle, 2 ebike, 3 other
wheeled thing, 4 unsure). What is there already is kept, so that a broken or a longer run goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from data import clutter, pasting, rooms
from data.cutouts import default_detector, make_cutouts
from data.files import written
from data.picture import IGNORE, PERSON, Box, DataError, Picture
from data.plan import MOST_USES, Recipe, Thing, make_plan
from data.pseudo import detections
from data.sets import OTHER_WHEELED, UNSURE, load

NUMBERS = {"person": 0, "bicycle": 1, "ebike": 2, "wheelchair": OTHER_WHEELED, "trolley": OTHER_WHEELED,
           "suitcase": OTHER_WHEELED, "patch": UNSURE}
"""A patch may show a person of the other room."""

def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--detector", type=Path, help="NanoDet-Plus file (default: beside the data set, under models)")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--part", choices=("train", "measure"), required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        pictures = load(arguments.dataset, None, arguments.work)
        model = arguments.detector or default_detector(arguments.dataset)
        make_composites(pictures, model, arguments.work, arguments.count, arguments.part, arguments.seed)
    except DataError as error:
        sys.exit(f"error: {error}")


def make_composites(pictures: list[Picture], model: Path, work: Path, count: int, part: str, seed: int) -> Path:
    """Makes composites 0..count-1 of ``part`` and answers their folder."""
    made = make_cutouts(pictures, model, work, part)
    for kind in ("ebike", "bicycle", "person"):
        if made[kind] == 0:
            raise DataError(f"{work / 'cutouts' / part / kind}: no cut-out of a {kind} was kept; check the sets and "
                            f"the detector {model}")
    cutouts = {kind: sorted((work / "cutouts" / part / kind).glob("*.png")) for kind in MOST_USES}
    backgrounds = rooms.room_pictures(pictures, part)
    found = detections([room for room in backgrounds if PERSON not in room.complete], model, work)
    folder = work / "composites" / part
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    _check_origin(folder, seed, cutouts, backgrounds)
    plan = make_plan(count, part, seed, cutouts, len(backgrounds))
    started, fresh = time.monotonic(), 0
    for recipe in plan:
        image, labels = folder / "images" / f"c{recipe.number:06d}.jpg", folder / "labels" / f"c{recipe.number:06d}.txt"
        if labels.is_file() and image.is_file():
            continue
        random = np.random.default_rng(recipe.seed)
        background = backgrounds[recipe.background]
        other = backgrounds[int(random.integers(len(backgrounds)))]
        picture, lines = compose(background, rooms.with_people(background, found), other, recipe, random)
        jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(42, 93))])[1]
        # The picture last: where it is, its labels are whole.
        with written(labels) as unfinished:
            unfinished.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        with written(image) as unfinished:
            unfinished.write_bytes(jpeg.tobytes())
        fresh += 1
        if fresh % 200 == 0:
            rate = fresh / (time.monotonic() - started)
            print(f"composites of {part}: {recipe.number + 1} of {count}, {rate:.1f} a second", file=sys.stderr,
                  flush=True)
    print(f"composites of {part}: {count} in {folder}, {fresh} of them new", file=sys.stderr)
    return folder


def compose(background: Picture, people: list[Box], other: Picture, recipe: Recipe,
            random: np.random.Generator) -> tuple[np.ndarray, list[str]]:
    """One composite, uint8 BGR, and its label lines. ``other`` is the room that patches are taken from."""
    room, standing, grey = rooms.view(background, people, random)
    height, width = room.shape[:2]
    placed: list[tuple[str, np.ndarray, int]] = []  # kind, what is visible of it so far, pixels of all of it
    covered = np.zeros((height, width), bool)
    for thing in recipe.things:
        layer = pasting.place(_image(thing, other, random), thing.kind, width, height, random)
        pasting.match(layer, room, grey, random)
        if thing.kind not in ("helmet", "patch"):
            pasting.shadow(room, layer, random)
        pasting.paste(room, layer)
        solid = pasting.solid_pixels(layer, height, width)
        covered |= solid
        placed = [(kind, mask & ~solid, whole) for kind, mask, whole in placed]
        if thing.kind in NUMBERS:
            placed.append((thing.kind, solid, int((layer.alpha > 0.5).sum())))
    lines = [line for box in standing if (line := _standing_line(box, covered))]
    lines += [line for kind, mask, whole in placed if (line := _placed_line(kind, mask, whole))]
    return rooms.record(room, random), lines


def _image(thing: Thing, other: Picture, random: np.random.Generator) -> np.ndarray:
    if thing.source is None:
        if thing.kind == "patch":
            room, _, _ = rooms.view(other, [], random)
            return clutter.patch(room.astype(np.uint8), random)
        return clutter.DRAWN[thing.kind](random)
    image = cv2.imread(str(thing.source), cv2.IMREAD_UNCHANGED)
    if image is None or image.ndim != 3 or image.shape[2] != 4:
        raise DataError(f"{thing.source}: not a cut-out with an alpha channel; remove the cutouts folder to remake it")
    if thing.kind == "bicycle" or (thing.kind in ("ebike", "wheelchair") and random.random() < 0.3):
        image = _recoloured(image, random)
    return _with_helmet(image, random) if thing.helmeted else image


def _recoloured(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    hsv = cv2.cvtColor(image[:, :, :3], cv2.COLOR_BGR2HSV).astype(np.int32)
    hsv[:, :, 0] = (hsv[:, :, 0] + int(random.integers(180))) % 180
    if hsv[:, :, 1].mean() < 12:  # cut from a grey picture: paint it a little
        hsv[:, :, 0] = int(random.integers(180))
        hsv[:, :, 1] += int(random.uniform(0, 90))
    hsv[:, :, 1] = np.clip(hsv[:, :, 1] * random.uniform(0.5, 1.4), 0, 255)
    return np.dstack([cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2BGR), image[:, :, 3]])


def _with_helmet(person: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The person with a helmet over the top of the figure, which is taken for the head."""
    rows, columns = person.shape[:2]
    band = person[: max(4, rows // 10), :, 3] > 128
    across = np.nonzero(band.any(axis=0))[0]
    if len(across) < 3:
        return person
    side = int(np.clip((across.max() - across.min()) * 1.15, 0.12 * rows, 0.3 * rows))
    shell = cv2.resize(clutter.helmet(random), (side, side), interpolation=cv2.INTER_AREA)
    pad = side // 3
    out = cv2.copyMakeBorder(person, pad, 0, side // 2, side // 2, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
    left = int(across.mean()) + side // 2 - side // 2
    area = out[:side, left:left + side]
    shell = shell[: area.shape[0], : area.shape[1]]
    share = shell[:, :, 3:].astype(np.float32) / 255
    area[:, :, :3] = (area[:, :, :3] * (1 - share) + shell[:, :, :3] * share).astype(np.uint8)
    area[:, :, 3] = np.maximum(area[:, :, 3], shell[:, :, 3])
    return out


def _standing_line(box: Box, covered: np.ndarray) -> str | None:
    """Label of a person of the room, less what was pasted over it."""
    height, width = covered.shape
    area = covered[int(box.top * height):int(np.ceil(box.bottom * height)),
                   int(box.left * width):int(np.ceil(box.right * width))]
    visible = box.visible * (1 - float(area.mean())) if area.size else 0.0
    if visible < 0.05:
        return None
    number = UNSURE if box.kind == IGNORE or visible < 0.25 else NUMBERS["person"]
    return _line(number, box.left, box.top, box.right, box.bottom, visible)


def _placed_line(kind: str, mask: np.ndarray, whole: int) -> str | None:
    """Label of a pasted thing: the box of what can be seen of it."""
    count = int(mask.sum())
    if count < 30 or whole == 0:
        return None
    height, width = mask.shape
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    visible = count / whole
    return _line(NUMBERS[kind], columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height,
                 min(1.0, visible))


def _line(number: int, left: float, top: float, right: float, bottom: float, visible: float) -> str:
    return (f"{number} {(left + right) / 2:.5f} {(top + bottom) / 2:.5f} {right - left:.5f} {bottom - top:.5f} "
            f"{visible:.3f}")


def _check_origin(folder: Path, seed: int, cutouts: dict[str, list[Path]], backgrounds: list[Picture]) -> None:
    """A folder holds composites of one plan only: the seed, the cut-outs and the rooms must be those it began with."""
    names = [path.name for files in cutouts.values() for path in files] + [room.path.name for room in backgrounds]
    origin = {"seed": seed, "ingredients": hashlib.sha256("\n".join(names).encode()).hexdigest()}
    record = folder / "origin.json"
    if record.is_file() and json.loads(record.read_text(encoding="utf-8")) != origin:
        raise DataError(f"{record}: these composites came from another seed, other cut-outs or rooms; remove {folder} "
                        "to make them again")
    with written(record) as unfinished:
        unfinished.write_text(json.dumps(origin), encoding="utf-8")


if __name__ == "__main__":
    main()
