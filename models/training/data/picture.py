"""What every part of the training knows of one labelled picture.

Coordinates are fractions of the picture's width and height, origin top left. Classes are indices into ``CLASSES``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CLASSES = ("person", "bicycle", "ebike", "car", "bus", "truck")
PERSON, BICYCLE, EBIKE, CAR, BUS, TRUCK = range(len(CLASSES))
IGNORE = -1
"""Kind of a box whose content is unsure: no loss inside it, no false alarm counted in it."""

PARTS = ("train", "choose", "measure")
UNUSED = "unused"
"""Part of a picture that may not be trained on and is not measured: a near-copy of a fixed measuring picture."""


class DataError(Exception):
    """The data on disk is not what it has to be; the message names file, line and the way out."""


@dataclass(frozen=True)
class Box:
    """An object's upright box. ``visible`` in [0, 1] is the share of it that nothing hides."""

    kind: int
    left: float
    top: float
    right: float
    bottom: float
    visible: float = 1.0

    @property
    def area(self) -> float:
        """Share of the picture that the box covers, in [0, 1]."""
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)


@dataclass(frozen=True)
class Picture:
    """One picture with its boxes.

    ``complete``: class indices whose every instance is boxed; objects of the other classes may be there without a box.
    ``group``: identity of the photograph or camera, the unit of splitting. ``part``: "train", "choose", "measure" or
    "unused". ``outlines``: polygons of the things in it, as (x, y) fractions, where the set has them. ``added``: classes that are
    complete because a detector's boxes were added.
    """

    path: Path
    set: str
    boxes: tuple[Box, ...]
    complete: frozenset[int]
    group: str
    part: str
    outlines: tuple[tuple[tuple[float, float], ...], ...] = ()
    added: frozenset[int] = frozenset()


def shared_area(a: Box, b: Box) -> float:
    """Area of the intersection of two boxes, as a share of the picture."""
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    return max(0.0, width) * max(0.0, height)


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, in [0, 1]."""
    shared = shared_area(a, b)
    union = a.area + b.area - shared
    return shared / union if union > 0 else 0.0
