"""Rooms seen by ceiling cameras, as backgrounds: whole, with the people that stand in them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from data.picture import IGNORE, PERSON, Box, DataError, Picture
from data.pseudo import Detections, key, with_detections

SETS = ("rooms-cctv", "indoor-cctv")
MOTORCYCLES_OUTSIDE = frozenset(f"Banashankari_ATM-INSIDE_sub_{time}_-2_jpg" for time in (
    "20250715143411", "20250717154046", "20250718101900", "20250718172850", "20250719114734",
))
"""Pictures of rooms-cctv, by eye, that do show motorcycles: on the road, through a glass door. Labels of the set name none."""
ASPECTS = ((4, 3), (4, 3), (16, 9), (1, 1), (5, 4), (3, 4))


def room_pictures(pictures: list[Picture], part: str) -> list[Picture]:
    """The backgrounds of ``part``, without motorcycles; training never borrows a room of "choose"."""
    return [picture for picture in pictures
            if picture.set in SETS and picture.part == part and picture.path.stem not in MOTORCYCLES_OUTSIDE]


def with_people(picture: Picture, found: dict[str, Detections]) -> list[Box]:
    """The people of a room: its own boxes, else what the detector is sure of; what it is unsure of as ``IGNORE``."""
    if PERSON in picture.complete:
        return [box for box in picture.boxes if box.kind == PERSON]
    labelled = with_detections(picture, [entry for entry in found[key(picture)] if entry[0] == PERSON])
    return [box for box in labelled.boxes if box.kind in (PERSON, IGNORE)]


@lru_cache(maxsize=160)
def _read(path: Path) -> np.ndarray:
    image = cv2.imread(str(path))
    if image is None:
        raise DataError(f"{path}: not a picture that can be decoded; fetch the set again")
    return image


def view(picture: Picture, people: list[Box], random: np.random.Generator) -> tuple[np.ndarray, list[Box], bool]:
    """A crop of the room, BGR float32 of 416 to 480 pixels' width, its people, and whether it is infra-red (grey)."""
    image = _read(picture.path)
    rows, columns = image.shape[:2]
    across, down = ASPECTS[int(random.integers(len(ASPECTS)))]
    share = random.uniform(0.72, 1.0)
    wide = min(columns, int(rows * across / down)) * share
    tall = min(rows, wide * down / across)
    left, top = random.uniform(0, columns - wide), random.uniform(0, rows - tall)
    width = int(random.integers(416, 481))
    height = max(240, round(width * tall / wide))
    crop = image[int(top):int(top + tall), int(left):int(left + wide)]
    room = cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    kept = []
    for box in people:
        sides = np.array([(box.left * columns - left) / wide, (box.top * rows - top) / tall,
                          (box.right * columns - left) / wide, (box.bottom * rows - top) / tall])
        whole = (sides[2] - sides[0]) * (sides[3] - sides[1])
        sides = np.clip(sides, 0, 1)
        inside = (sides[2] - sides[0]) * (sides[3] - sides[1]) / max(whole, 1e-9)
        if inside > 0.08:
            kept.append(Box(box.kind if inside > 0.25 else IGNORE, *(float(side) for side in sides), inside))
    if random.random() < 0.5:
        room = np.ascontiguousarray(room[:, ::-1])
        kept = [Box(box.kind, 1 - box.right, box.top, 1 - box.left, box.bottom, box.visible) for box in kept]
    sample = room[::6, ::6]
    grey = bool((sample.max(axis=2) - sample.min(axis=2)).mean() < 6)
    if not grey and random.random() < 0.18:
        grey = True
        room = np.repeat((room @ np.array([0.2, 0.5, 0.3], np.float32))[:, :, None], 3, axis=2)
    return room, kept, grey


def record(room: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """What the camera and the recorder do to a picture: exposure, gamma, dark corners, grain, a time stamp; uint8."""
    height, width = room.shape[:2]
    picture = room
    if random.random() < 0.4:
        ys, xs = np.ogrid[-1:1:height * 1j, -1:1:width * 1j]
        falling = 1 - random.uniform(0.05, 0.4) * (xs ** 2 + ys ** 2) / 2
        picture = picture * falling.astype(np.float32)[:, :, None]
    grain = np.empty((height, width), np.float32)
    cv2.setRNGSeed(int(random.integers(2 ** 31 - 1)))
    cv2.randn(grain, 0, random.uniform(0.5, 6))
    exposed = np.clip(np.arange(256) * random.uniform(0.6, 1.2), 0, 255) / 255
    curve = (255 * exposed ** random.uniform(0.8, 1.25)).astype(np.uint8)
    picture = cv2.add(picture.astype(np.float32), cv2.merge([grain] * 3))
    picture = cv2.LUT(np.clip(picture, 0, 255).astype(np.uint8), curve)
    if random.random() < 0.35:
        stamp = (f"20{random.integers(18, 27)}-{random.integers(1, 13):02d}-{random.integers(1, 29):02d} "
                 f"{random.integers(0, 24):02d}:{random.integers(0, 60):02d}:{random.integers(0, 60):02d}")
        corner = (int(random.uniform(0.01, 0.45) * width), 16 if random.random() < 0.6 else height - 8)
        cv2.putText(picture, stamp, corner, cv2.FONT_HERSHEY_SIMPLEX, random.uniform(0.35, 0.55), (245, 245, 245), 1,
                    cv2.LINE_AA)
    return picture
