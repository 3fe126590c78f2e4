"""Which photographs are near-copies of one another.

Normalised correlation of grey thumbnails under the eight flips and quarter turns, since exports are augmented so.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from data.files import keep_groups, kept_groups
from data.picture import DataError

COPY_CORRELATION = 0.965
COPY_DETAIL = 0.90
"""A near-copy agrees in its thumbnail and, finer, in its 32 x 32 thumbnail's high frequencies."""


class Signature:
    """Thumbnails of a list of pictures: ``small`` [n, 16, 16] and ``fine`` [n, 32, 32], float32."""

    def __init__(self, small: np.ndarray, fine: np.ndarray) -> None:
        self.small = small
        self.fine = fine


def copies(paths: list[Path], cache: Path | None = None) -> list[int]:
    """A group number for each picture, the index of its first near-copy.

    ``cache`` is a .npz file of the last answer, which is reused while names and sizes agree.
    """
    keys = np.array([f"{path}:{_size(path)}" for path in paths])
    if (kept := kept_groups(cache, keys)) is not None:
        return kept
    groups = groups_of_copies(signatures(paths))
    keep_groups(cache, keys, groups)
    return groups


def signatures(paths: list[Path]) -> Signature:
    """Thumbnails of the pictures at ``paths``."""
    small, fine = [], []
    for path in paths:
        grey = cv2.imread(str(path), cv2.IMREAD_REDUCED_GRAYSCALE_2)
        if grey is None:
            raise DataError(f"{path}: not a picture that can be decoded; fetch the set again")
        small.append(cv2.resize(grey, (16, 16), interpolation=cv2.INTER_AREA))
        fine.append(cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA))
    return Signature(np.array(small, np.float32), np.array(fine, np.float32))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise DataError(f"{path}: picture is missing; fetch the set again") from error


def groups_of_copies(found: Signature) -> list[int]:
    """A group number for each picture; near-copies, mirrored and turned ones too, share it."""
    count = len(found.small)
    plain = _normalised(found.small)
    detail = _normalised(_high_frequencies(found.fine))
    joined = Joined(count)
    for turn in range(4):
        for mirrored in (False, True):
            other = _normalised(_moved(found.small, turn, mirrored))
            other_detail = _normalised(_high_frequencies(_moved(found.fine, turn, mirrored)))
            for start in range(0, count, 512):
                rows = slice(start, start + 512)
                alike = (plain[rows] @ other.T > COPY_CORRELATION) & (detail[rows] @ other_detail.T > COPY_DETAIL)
                for a, b in zip(*np.nonzero(alike)):
                    joined.join(start + int(a), int(b))
    return joined.numbers()


class Joined:
    """Disjoint sets of the numbers 0..count-1."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def root(self, item: int) -> int:
        """Smallest member of the set that ``item`` is in."""
        while self._parent[item] != item:
            self._parent[item] = self._parent[self._parent[item]]
            item = self._parent[item]
        return item

    def join(self, a: int, b: int) -> None:
        """Makes one set of the two that hold ``a`` and ``b``."""
        a, b = self.root(a), self.root(b)
        self._parent[max(a, b)] = min(a, b)

    def numbers(self) -> list[int]:
        """The root of each item."""
        return [self.root(item) for item in range(len(self._parent))]


def _normalised(thumbnails: np.ndarray) -> np.ndarray:
    flat = thumbnails.reshape(len(thumbnails), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)


def _high_frequencies(thumbnails: np.ndarray) -> np.ndarray:
    return np.stack([one - cv2.GaussianBlur(one, (0, 0), 2.0) for one in thumbnails]) if len(thumbnails) else thumbnails


def _moved(thumbnails: np.ndarray, turn: int, mirrored: bool) -> np.ndarray:
    turned = np.rot90(thumbnails, turn, axes=(1, 2))
    return np.ascontiguousarray(turned[:, :, ::-1] if mirrored else turned)
