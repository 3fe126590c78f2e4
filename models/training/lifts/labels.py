"""Labels: what share of a thing is seen, the box about it, and the label file.

A line is `class cx cy w h visible`: box centre and size as fractions of the picture; `visible` is the share of the
thing's whole silhouette, picture or not, that is inside the picture and not hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .camera import Camera
from .geometry import Merged

LEAST_VISIBLE = 0.06
LEAST_PIXELS = 60
"""Pixels of a picture of 416 x 234 that a thing must show; larger pictures need more in proportion."""


@dataclass
class Label:
    """A seen thing: class number, box left, top, right, bottom in pixels, visible share."""

    number: int
    box: tuple[int, int, int, int]
    visible: float

    def line(self, width: int, height: int) -> str:
        """The line of the label file."""
        left, top, right, bottom = self.box
        return (f"{self.number} {(left + right) / 2 / width:.5f} {(top + bottom) / 2 / height:.5f} "
                f"{(right - left) / width:.5f} {(bottom - top) / height:.5f} {self.visible:.2f}")


def silhouette(camera: Camera, mesh: Merged, margin: int | None = None) -> int:
    """Pixels that a mesh would cover if nothing hid it and the picture had a margin of so many pixels: its width, unless told."""
    margin = camera.width if margin is None else margin
    pixels = camera.project(mesh.vertices)
    depth = (mesh.vertices - camera.place) @ camera.ahead
    drawn = np.zeros((camera.height + 2 * margin, camera.width + 2 * margin), np.uint8)
    fixed = np.round(np.clip(pixels + margin, -2000, 4000) * 8).astype(np.int32)
    seen = np.ones(len(depth), bool) if camera.fisheye else depth > 0.1
    for faces in (mesh.quads, mesh.tris):
        faces = faces[seen[faces].all(1)]
        for polygon in fixed[faces]:
            cv2.fillConvexPoly(drawn, polygon, 1, cv2.LINE_8, 3)
    return int(np.count_nonzero(drawn))


def label(number: int, mask: np.ndarray, whole: int) -> Label | None:
    """The label of a thing that shows the pixels `mask` (h, w) of a silhouette of `whole` pixels; None where too little shows."""
    count = int(np.count_nonzero(mask))
    visible = min(1.0, count / max(whole, 1))
    if count < LEAST_PIXELS * mask.size / (416 * 234) or visible < LEAST_VISIBLE:
        return None
    return Label(number, bounds(mask), visible)


def bounds(mask: np.ndarray) -> tuple[int, int, int, int]:
    """The box, left, top, right, bottom, about the pixels of a mask (h, w) that has some, but for lone ones."""
    pair = np.ones((2, 2), np.uint8)  # drops lone pixels; the second anchor undoes the first one's shift
    solid = cv2.dilate(cv2.erode(mask.astype(np.uint8), pair, anchor=(1, 1)), pair, anchor=(0, 0))
    if np.count_nonzero(solid) < np.count_nonzero(mask) / 3:
        solid = mask.astype(np.uint8)
    rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def text(labels: list[Label], width: int, height: int) -> str:
    """The label file of a picture."""
    return "".join(f"{entry.line(width, height)}\n" for entry in labels)
