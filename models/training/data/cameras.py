"""Which frames come from the same camera, told from the walls: what stands still matches, people do not.

Local features (SIFT, Lowe 2004; compared as square roots, Arandjelovic and Zisserman 2012) of two frames are matched and a
similarity transform is fitted with RANSAC, because the exports turn frames by some degrees. Printed time stamps match
between cameras of one maker, therefore the matches must also be spread over the picture. Frames are then joined by
single linkage, and by the camera's name where the file name has one.
"""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np

from data.files import keep_groups, kept_groups
from data.picture import DataError
from data.similar import Joined

SIDE = 320
FEATURES = 300
RATIO = 0.85
MATCHES = 14
"""Matches that must agree on one transform."""
SPREAD = 0.13
"""Least standard deviation of their positions across and down, as a share of the picture: text fills a strip only."""
TURN = 35.0
SCALE = 1.5
"""Frames of one camera differ by augmentation only: at most so many degrees and so much zoom."""
SMALL = 3
WEAK_MATCHES = 8
"""Frames left in groups of at most SMALL are dark, glaring or turned: they join the frame they match best if at least
WEAK_MATCHES agree. A wrong join only makes the split coarser; a missed one would put a camera on both sides."""

GREY = 6.0
"""Mean difference of the colour channels, of 255, below which a picture is infra-red."""


def camera_groups(paths: list[Path], cache: Path | None = None) -> list[int]:
    """A camera number for each frame (the index of its first frame); ``cache`` is a .npz file of the last result."""
    keys = np.array([f"{path.name}:{path.stat().st_size}" for path in paths])
    if (kept := kept_groups(cache, keys)) is not None:
        return kept
    joined = Joined(len(paths))
    first_of_name: dict[str, int] = {}
    for index, path in enumerate(paths):
        name = camera_name(path.stem)
        if name:
            joined.join(first_of_name.setdefault(name, index), index)
    features = [_features(path) for path in paths]
    for a in range(len(paths)):
        for b in range(a):
            if joined.root(a) != joined.root(b) and _agreeing(features[a], features[b], MATCHES, SPREAD) >= MATCHES:
                joined.join(a, b)
    _join_leftovers(features, joined)
    groups = joined.numbers()
    keep_groups(cache, keys, groups)
    return groups


def camera_name(stem: str) -> str:
    """The recorder's name for the camera at the head of a file name, "" where there is none.

    Names look like ``Place_ATM-INSIDE-2_sub_20250704183124``, ``Place_IPC_Place_20250701191150``,
    ``avenue-1120_png``; what precedes the time or the frame number is the camera.
    """
    found = re.match(r"(?P<name>.*[A-Za-z].*?)_20\d{12}", stem) or re.match(r"(?P<name>[a-z_]{6,})-\d+_", stem)
    name = found["name"].strip("_-") if found else ""
    return "" if name.lower() in ("", "sub", "screenshot", "helmet") else name


def is_infrared(path: Path) -> bool:
    """Whether a picture has no colour, as an infra-red camera's has none."""
    image = cv2.imread(str(path), cv2.IMREAD_REDUCED_COLOR_4)
    if image is None:
        raise DataError(f"{path}: not a picture that can be decoded; make or fetch it again")
    return float((image.max(axis=2).astype(float) - image.min(axis=2)).mean()) < GREY


def _features(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Positions [n, 2] as shares of the picture and unit descriptors [n, 128]."""
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise DataError(f"{path}: not a picture that can be decoded; fetch the set again")
    grey = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    grey = cv2.createCLAHE(2.0, (8, 8)).apply(grey)
    # Corners that augmentation left black, and their rim, belong to no camera.
    inside = cv2.erode((cv2.blur(grey, (3, 3)) > 8).astype(np.uint8), np.ones((9, 9), np.uint8))
    points, descriptors = cv2.SIFT_create(nfeatures=FEATURES).detectAndCompute(grey, inside)
    if descriptors is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
    roots = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))
    return np.array([point.pt for point in points], np.float32) / SIDE, roots.astype(np.float32)


def _join_leftovers(features: list[tuple[np.ndarray, np.ndarray]], joined: Joined) -> None:
    roots = joined.numbers()
    size = {root: roots.count(root) for root in set(roots)}
    for a, root in enumerate(roots):
        if size[root] > SMALL:
            continue
        counts = [0 if roots[b] == root else _agreeing(features[a], features[b], WEAK_MATCHES, SPREAD / 2)
                  for b in range(len(features))]
        best = int(np.argmax(counts))
        if counts[best] >= WEAK_MATCHES:
            joined.join(a, best)


def _agreeing(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray], least: int, spread: float) -> int:
    """Matches that agree on one plausible similarity transform; 0 if fewer than ``least`` or too close together."""
    if len(a[0]) < least or len(b[0]) < least:
        return 0
    likeness = a[1] @ b[1].T
    best = likeness.argmax(axis=1)
    rows = np.arange(len(best))
    top = likeness[rows, best]
    likeness[rows, best] = -1.0
    second = likeness.max(axis=1)
    # Unit vectors: squared distance is 2 - 2 x likeness, so the ratio test needs its square.
    chosen = (1 - top) < RATIO ** 2 * (1 - second)
    if chosen.sum() < least:
        return 0
    here, there = a[0][chosen], b[0][best[chosen]]
    cv2.setRNGSeed(0)
    transform, inliers = cv2.estimateAffinePartial2D(here, there, method=cv2.RANSAC, ransacReprojThreshold=0.02,
                                                     maxIters=300)
    if transform is None:
        return 0
    kept = inliers.ravel().astype(bool)
    if kept.sum() < least or min(here[kept].std(axis=0).min(), there[kept].std(axis=0).min()) < spread:
        return 0
    scale = float(np.hypot(transform[0, 0], transform[1, 0]))
    turn = float(np.degrees(np.arctan2(transform[1, 0], transform[0, 0])))
    return int(kept.sum()) if 1 / SCALE < scale < SCALE and abs(turn) < TURN else 0
