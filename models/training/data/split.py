"""Which part a picture belongs to: decided by a hash of its photograph or camera, never by the picture alone.

80 % train, 8 % choose, 12 % measure. The sets of fixed cameras are split by camera: rooms-cctv gives whole cameras to
"measure" until at least 200 files are there, road-cctv until 12 % are; a set of one camera is trained on whole.
Of indoor-cctv, whose other files of the same rooms were trained on once, whole cameras are measured on besides the files that
its description names; coco-cc-by is measured on whole. Whatever ``data.held`` lists is measured on, wherever it lies.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict

CHOOSE_SHARE = 0.08
MEASURE_SHARE = 0.12
LARGEST_SHARE = 0.30
"""A camera with more of a set's files than this goes to training: as the measure it would be nearly all of it."""
ROOMS_MEASURED = 200
CAMERA_SETS = ("rooms-cctv", "road-cctv", "scooter-riders")
HELD_CAMERA_SETS = ("indoor-cctv",)
"""Sets of which some whole cameras are measured on, and files of the others are split by photograph."""
HELD_SETS = ("coco-cc-by",)
"""Sets that are measured on whole: photographs of everywhere are too few to train on and the only ones of their kind."""
HELD_CAMERAS_SHARE = 1 / 3
HELD_FILES = 60


def part_of(group: str) -> str:
    """The part of a photograph group: a fixed function of its name."""
    place = hashed(group)
    if place < 1 - CHOOSE_SHARE - MEASURE_SHARE:
        return "train"
    return "choose" if place < 1 - MEASURE_SHARE else "measure"


def trained_part_of(group: str) -> str:
    """As ``part_of`` for sets with a measuring part of their own: 92 % train, 8 % choose."""
    return "choose" if hashed(group) < CHOOSE_SHARE else "train"


def parts_by_camera(cameras: list[str], measured: int | None = None) -> dict[str, str]:
    """Part of each camera, given the camera of each file. ``measured``: least number of files to measure on.

    Cameras are taken in the order of their hashes, whole, until enough files are there.
    """
    sizes: dict[str, int] = defaultdict(int)
    for camera in cameras:
        sizes[camera] += 1
    if len(sizes) == 1:
        return {camera: "train" for camera in sizes}
    wanted = {"measure": measured if measured is not None else MEASURE_SHARE * len(cameras),
              "choose": CHOOSE_SHARE * len(cameras) if measured is None else CHOOSE_SHARE * (len(cameras) - measured)}
    parts: dict[str, str] = {}
    left = sorted(sizes, key=hashed)
    for part, least in wanted.items():
        got = 0
        for camera in list(left):
            if got >= least:
                break
            if sizes[camera] > LARGEST_SHARE * len(cameras) or (part == "choose" and sizes[camera] > 2 * least):
                continue
            parts[camera] = part
            got += sizes[camera]
            left.remove(camera)
    parts.update({camera: "train" for camera in left})
    return parts


def held_cameras(cameras: list[str], infrared: list[bool]) -> set[str]:
    """The cameras that training never sees, given the camera of each file and whether it is infra-red.

    Cameras that see in colour and in infra-red come first, so that one room tells of both; then the order is that of their
    hashes. They are taken whole, until a third of the cameras and ``HELD_FILES`` files are there, but never all.
    """
    seen: dict[str, list[bool]] = defaultdict(list)
    for camera, grey in zip(cameras, infrared, strict=True):
        seen[camera].append(grey)
    held: set[str] = set()
    files = 0
    for camera in sorted(seen, key=lambda name: (len(set(seen[name])) < 2, hashed(name)))[:-1]:
        if files >= HELD_FILES and len(held) >= HELD_CAMERAS_SHARE * len(seen):
            break
        held.add(camera)
        files += len(seen[camera])
    return held


def hashed(text: str) -> float:
    """A number in [0, 1) that depends on the text alone."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return int.from_bytes(digest[:8], "big") / 2 ** 64
