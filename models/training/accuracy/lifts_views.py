"""How a picture of a lift is shown again: at another roll, cut off, blurred as by movement, filmed from a monitor.

Everything is drawn from a hash of the picture and of the view's name, so a picture is always shown in the same way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.random import Generator

from data.picture import EBIKE, Box

PAD = 114
KEPT = (0.4, 0.65)
"""Shares of the e-bike's box that are left of one that is cut off."""
LEAST_VISIBLE = 1 / 3

Shown = tuple[np.ndarray, bool]
"""A picture and whether it still shows at least a third of an e-bike, if it ever did."""


def generator(name: str, view: str) -> Generator:
    """The random numbers by which a picture is shown so."""
    return np.random.default_rng(list(hashlib.sha256(f"{view} {name}".encode()).digest()))


def upright(image: np.ndarray, _: Sequence[Box], __: Generator) -> Shown:
    """As it is."""
    return image, True


def turned(image: np.ndarray, boxes: Sequence[Box], random: Generator) -> Shown:
    """At any roll, as a round lens would show it: what no camera would see there is grey. The largest wide part of it that the turned picture fills well."""
    height, width = image.shape[:2]
    angle = float(random.uniform(20, 340))
    cosine, sine = abs(np.cos(np.radians(angle))), abs(np.sin(np.radians(angle)))
    # The whole turned picture, brought back to the old proportions.
    whole = (width * cosine + height * sine, width * sine + height * cosine)
    scale = 1 / max(whole[0] / width, whole[1] / height)
    # Between the whole of it and the part without corners.
    scale *= float(random.uniform(1.1, 1.6))
    matrix = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), angle, scale)
    shown = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(PAD,) * 3)
    return shown, _is_left(boxes, matrix, width, height)


def cut_off(image: np.ndarray, boxes: Sequence[Box], random: Generator) -> Shown:
    """A part of it, by whose edge the largest e-bike, or whatever is largest, is cut; enlarged to the picture's size."""
    height, width = image.shape[:2]
    ebikes = [box for box in boxes if box.kind == EBIKE] or list(boxes)
    share = float(random.uniform(*KEPT))
    side = int(random.integers(4))
    if ebikes:
        box = max(ebikes, key=lambda box: box.area)
        left, top, right, bottom = box.left, box.top, box.right, box.bottom
    else:
        left, top, right, bottom = 0.25, 0.2, 0.75, 0.9
    # The edge goes through the box, so that this share of it lies on the part's side.
    edge = {0: right - share * (right - left), 1: left + share * (right - left), 2: bottom - share * (bottom - top), 3: top + share * (bottom - top)}[side]
    part = {0: (edge, 0.0, 1.0, 1.0), 1: (0.0, 0.0, edge, 1.0), 2: (0.0, edge, 1.0, 1.0), 3: (0.0, 0.0, 1.0, edge)}[side]
    part = _in_proportions(part, (left, top, right, bottom))
    x, y, u, v = (round(value * size) for value, size in zip(part, (width, height, width, height)))
    crop = image[max(0, y) : max(y + 8, v), max(0, x) : max(x + 8, u)]
    rows, columns = crop.shape[:2]
    matrix = np.array([[width / columns, 0, -max(0, x) * width / columns], [0, height / rows, -max(0, y) * height / rows]])
    return cv2.resize(crop, (width, height), interpolation=cv2.INTER_LINEAR), _is_left(boxes, matrix, width, height)


def _in_proportions(part: tuple[float, ...], box: tuple[float, ...]) -> tuple[float, ...]:
    """The part of the picture, narrowed to the picture's proportions, with the middle of the box as near its middle as can be."""
    left, top, right, bottom = part
    share = min(right - left, bottom - top)
    def placed(low: float, high: float, middle: float) -> tuple[float, float]:
        begin = min(max(middle - share / 2, low), high - share)
        return begin, begin + share
    (a, c), (b, d) = placed(left, right, (box[0] + box[2]) / 2), placed(top, bottom, (box[1] + box[3]) / 2)
    return a, b, c, d


def moving(image: np.ndarray, _: Sequence[Box], random: Generator) -> Shown:
    """While it moves: smeared by up to a twentieth of the width, and coded coarsely."""
    length = max(3, round(image.shape[1] * float(random.uniform(0.012, 0.05))))
    kernel = np.zeros((length, length), np.float32)
    angle, middle = random.uniform(0, np.pi), (length - 1) / 2
    reach = np.array([np.cos(angle), np.sin(angle)]) * middle
    cv2.line(kernel, *(tuple(np.round(middle + sign * reach).astype(int).tolist()) for sign in (-1, 1)), 1.0)
    return _coded(cv2.filter2D(image, -1, kernel / kernel.sum()), int(random.integers(25, 55))), True


def monitor(image: np.ndarray, _: Sequence[Box], random: Generator) -> Shown:
    """Filmed from a monitor: within black bars, a little askew and uneven, with the screen's lines and a bright spot."""
    height, width = image.shape[:2]
    out = np.full_like(image, int(random.integers(0, 22)))
    scale = float(random.uniform(0.5, 0.8))
    w, h = width * scale, height * scale
    x, y = random.uniform(0, width - w), random.uniform(0, height - h)
    corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]]) + random.normal(0, 0.012 * width, (4, 2))
    matrix = cv2.getPerspectiveTransform(np.float32([[0, 0], [width, 0], [width, height], [0, height]]), np.float32(corners))
    lines = 1 - 0.18 * (0.5 + 0.5 * np.sin(np.arange(height) * float(random.uniform(0.9, 2.6))))[:, None, None]
    screen = np.clip(image * lines * float(random.uniform(0.8, 1.25)), 0, 255).astype(np.uint8)
    mask = cv2.warpPerspective(np.full((height, width), 255, np.uint8), matrix, (width, height), flags=cv2.INTER_LINEAR)
    filmed = cv2.warpPerspective(screen, matrix, (width, height), flags=cv2.INTER_AREA)
    out[mask > 127] = filmed[mask > 127]
    glare = np.zeros((height, width), np.float32)
    cv2.circle(glare, (int(random.uniform(x, x + w)), int(random.uniform(y, y + h))), max(2, width // 14), 1.0, cv2.FILLED)
    out = np.clip(out + cv2.GaussianBlur(glare, (0, 0), width / 24)[..., None] * float(random.uniform(20, 90)), 0, 255).astype(np.uint8)
    return _coded(out, int(random.integers(40, 75))), True


def _coded(image: np.ndarray, quality: int) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def _is_left(boxes: Sequence[Box], matrix: np.ndarray, width: int, height: int) -> bool:
    """Whether at least a third of an e-bike is in the picture that the affine matrix [2, 3] makes, if there was one: by the ellipse in its box."""
    ebikes = [box for box in boxes if box.kind == EBIKE and box.visible >= LEAST_VISIBLE]
    angles, radii = np.meshgrid(np.linspace(0, 2 * np.pi, 24, endpoint=False), (0.3, 0.6, 0.85, 1.0))
    unit = np.column_stack([(radii * np.cos(angles)).ravel(), (radii * np.sin(angles)).ravel()])
    for box in ebikes:
        middle = np.array([box.left + box.right, box.top + box.bottom]) / 2
        points = (middle + unit * np.array([box.right - box.left, box.bottom - box.top]) / 2) * (width, height)
        placed = points @ matrix[:, :2].T + matrix[:, 2]
        inside = (placed >= 0).all(1) & (placed < (width, height)).all(1)
        if inside.mean() * box.visible >= LEAST_VISIBLE:
            return True
    return not ebikes


VIEWS: dict[str, Callable[[np.ndarray, Sequence[Box], Generator], Shown]] = {
    "upright": upright, "turned": turned, "cut off": cut_off, "moving": moving, "filmed from a monitor": monitor,
}
