"""A picture as another lens, looking another way, would show it.

Ceiling cameras see with wide lenses and from angles that no photograph and no other camera has. Which lens took a picture is
not known, so one is supposed; what matters is that straight lines bend and things lean and shrink together, as they do
where a real lens and a real angle change.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

WIDEST = 1.35
"""Radians from where a camera looks: what lies farther off is not followed."""
LARGEST_TURNS = (0.25, 0.25)
"""Radians by which the camera is turned at most, across and up or down."""
FIELDS = (0.5, 1.0)
"""Half the supposed field of view across, in radians."""
COARSE = 8
"""Pixels between those whose way is reckoned."""
AROUND = 24
"""Points of a box's outline that are followed."""


@dataclass(frozen=True)
class Lens:
    """A lens with its axis in the middle of the picture: perspective r = f tan t, or equisolid r = 2 f sin(t / 2), as most fisheye lenses.
    ``focal``: f as a share of the picture's width."""

    fisheye: bool
    focal: float

    @staticmethod
    def of_field(fisheye: bool, half: float) -> Lens:
        """The lens that shows ``half`` radians to the left and to the right."""
        return Lens(fisheye, 0.5 / (2 * np.sin(half / 2) if fisheye else np.tan(half)))

    def rays(self, points: np.ndarray) -> np.ndarray:
        """Directions [n, 3] (right, down, ahead) of unit length in which points [n, 2] of the picture lie, in widths from its middle."""
        radius = np.hypot(points[:, 0], points[:, 1])
        angle = self._angle(radius)
        across = np.sin(angle) / np.maximum(radius, 1e-9)
        return np.column_stack([points * across[:, None], np.cos(angle)])

    def _angle(self, radius: np.ndarray) -> np.ndarray:
        if self.fisheye:
            return np.minimum(2 * np.arcsin(np.minimum(radius / (2 * self.focal), 1.0)), WIDEST)
        return np.minimum(np.arctan(radius / self.focal), WIDEST)

    def points(self, rays: np.ndarray) -> np.ndarray:
        """Where directions [n, 3] lie in the picture, [n, 2], in widths from its middle."""
        across = np.hypot(rays[:, 0], rays[:, 1])
        angle = np.minimum(np.arctan2(across, rays[:, 2]), WIDEST)
        radius = self.focal * (2 * np.sin(angle / 2) if self.fisheye else np.tan(angle))
        return rays[:, :2] * (radius / np.maximum(across, 1e-9))[:, None]


@dataclass(frozen=True)
class View:
    """Another way to see a picture: from ``before`` to ``after``, the camera turned by the matrix ``turn`` [3, 3] from the new
    camera's directions to the old one's."""

    before: Lens
    after: Lens
    turn: np.ndarray

    @staticmethod
    def draw(random: Generator) -> View:
        """A random one."""
        half = float(random.uniform(*FIELDS))
        before = Lens.of_field(bool(random.random() < 0.4), half)
        after = Lens.of_field(bool(random.random() < 0.7), min(half * float(random.uniform(0.85, 1.1)), 1.15))
        across, down = (float(random.uniform(-most, most)) for most in LARGEST_TURNS)
        (a, b), (c, d) = ((np.cos(angle), np.sin(angle)) for angle in (across, down))
        turn = np.array([[a, 0, b], [0, 1, 0], [-b, 0, a]]) @ np.array([[1, 0, 0], [0, c, -d], [0, d, c]])
        return View(before, after, turn)

    def picture(self, image: np.ndarray, border: tuple[int, int, int]) -> np.ndarray:
        """The picture uint8 [h, w, 3] seen so, of the same size; ``border`` where the first camera saw nothing."""
        height, width = image.shape[:2]
        # Followed at every so many pixels, and drawn straight between them: it is smooth, and takes a twentieth of the time.
        y, x = np.mgrid[0 : height + COARSE : COARSE, 0 : width + COARSE : COARSE]
        middle = np.array([width, height]) / 2 - 0.5
        rays = self.after.rays((np.column_stack([x.ravel(), y.ravel()]) - middle) / width) @ self.turn.T
        coarse = (self.before.points(rays) * width + middle).astype(np.float32).reshape(*x.shape, 2)
        source = cv2.warpAffine(coarse, np.diag([COARSE, COARSE, 1.0])[:2], (width, height), flags=cv2.INTER_LINEAR)
        return cv2.remap(image, source, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=border)

    def boxes(self, boxes: np.ndarray, width: int, height: int) -> np.ndarray:
        """Boxes [G, 4] in pixels of the first picture as boxes in the second, where they may reach beyond it: each is the box
        around the ellipse that filled it, as things seldom reach into their boxes' corners."""
        if len(boxes) == 0:
            return boxes
        angles = np.arange(AROUND) * (2 * np.pi / AROUND)
        circle = np.column_stack([np.cos(angles), np.sin(angles)])
        middles, halves = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
        outlines = middles[:, None] + halves[:, None] * circle - np.array([width, height]) / 2
        rays = self.before.rays(outlines.reshape(-1, 2) / width) @ self.turn
        seen = self.after.points(rays).reshape(len(boxes), AROUND, 2) * width + np.array([width, height]) / 2
        return np.concatenate([seen.min(1), seen.max(1)], axis=1)
