"""Pasting one thing into a room: view from the ceiling, light, colour, sharpness and grain of the room, soft edges.

Images are BGR float32 in 0..255; a layer's alpha is float32 in 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

Random = np.random.Generator

WIDTHS = {
    "ebike": (0.22, 0.46), "bicycle": (0.22, 0.46), "wheelchair": (0.18, 0.34), "person": (0.13, 0.30),
    "carton": (0.12, 0.28), "suitcase": (0.08, 0.17), "trolley": (0.18, 0.34), "chair": (0.12, 0.24),
    "helmet": (0.05, 0.10), "patch": (0.12, 0.36),
}
"""Longer horizontal extent as a share of the picture's width, far and near: a lift car is 1.1 to 1.6 m wide, a moped
1.6 m long, yet the camera's corners see past the floor; a real frame gives an e-bike about 9 % of its area."""


@dataclass
class Layer:
    """A thing in place: ``colour`` [h, w, 3], ``alpha`` [h, w], its top left corner in the picture (may lie outside)."""

    colour: np.ndarray
    alpha: np.ndarray
    left: int
    top: int


def place(thing: np.ndarray, kind: str, width: int, height: int, random: Random) -> Layer:
    """Warps a cut-out [h, w, 4] to a plausible size, tilt and view and chooses where it stands in a width x height room."""
    near = random.beta(1.6, 1.2)
    low, high = WIDTHS[kind]
    wanted = width * (low + (high - low) * near) * random.uniform(0.85, 1.15)
    aspect = thing.shape[0] / thing.shape[1]
    if kind == "person":
        wanted *= min(1.0, 1.9 / max(aspect, 0.5))
    elif aspect > 1:
        wanted /= aspect ** 0.6  # seen from its end: narrower, not taller
    tall = wanted * aspect * random.uniform(0.62, 1.0)  # from above things are squashed
    largest = 0.85 * height
    if tall > largest:
        wanted, tall = wanted * largest / tall, largest
    layer = _warp(thing, max(8, int(wanted)), max(8, int(tall)), random)
    rows, columns = layer.shape[:2]
    foot = height * (0.42 + 0.62 * near + random.normal(0, 0.05))
    if kind == "helmet":
        foot = height * random.uniform(0.2, 0.95)
    centre = width * np.clip(random.normal(0.5, 0.24), 0.04, 0.96)
    left = int(np.clip(centre - columns / 2, -0.35 * columns, width - 0.65 * columns))
    top = int(np.clip(foot - rows, -0.15 * rows, height - 0.6 * rows))
    return Layer(layer[:, :, :3].astype(np.float32), layer[:, :, 3].astype(np.float32) / 255, left, top)


def _warp(thing: np.ndarray, wide: int, tall: int, random: Random) -> np.ndarray:
    """Mirror, perspective (what is up is nearer to the ceiling, so wider) and tilt."""
    if random.random() < 0.5:
        thing = thing[:, ::-1]
    shrink = min(1.0, 1.4 * max(wide / thing.shape[1], tall / thing.shape[0]))
    if shrink < 0.75:
        thing = cv2.resize(thing, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    flare = random.uniform(-0.02, 0.16) * wide
    lean = random.normal(0, 0.06) * wide
    corners = np.array([[-flare + lean, 0], [wide + flare + lean, 0], [wide, tall], [0, tall]], np.float32)
    angle = np.radians(random.normal(0, 9))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = (corners @ turn.T).astype(np.float32)
    corners -= corners.min(axis=0) - 2
    size = np.ceil(corners.max(axis=0)).astype(int) + 3
    rows, columns = thing.shape[:2]
    source = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    premultiplied = thing.astype(np.float32)
    premultiplied[:, :, :3] *= premultiplied[:, :, 3:] / 255
    warped = cv2.warpPerspective(premultiplied, cv2.getPerspectiveTransform(source, corners),
                                 (int(size[0]), int(size[1])), flags=cv2.INTER_LINEAR)
    warped[:, :, :3] /= np.maximum(warped[:, :, 3:] / 255, 1e-3)
    return np.clip(warped, 0, 255).astype(np.uint8)


def match(layer: Layer, room: np.ndarray, grey: bool, random: Random) -> None:
    """Gives the layer the light of the place it stands in, the room's cast, sharpness and, in infra-red, no colour."""
    area, _ = _areas(layer, room)
    if area is None:
        return
    around = np.array(cv2.mean(np.ascontiguousarray(room[area]))[:3], np.float32)
    solid = (layer.alpha > 0.5).astype(np.uint8)
    if not solid.any():
        return
    own = np.array(cv2.mean(layer.colour, solid)[:3], np.float32)
    light = float(np.clip((around.mean() / max(own.mean(), 12)) ** random.uniform(0.35, 0.85), 0.35, 1.7))
    cast = np.clip((around / max(around.mean(), 1)) / (own / max(own.mean(), 1)), 0.75, 1.3) ** random.uniform(0.1, 0.45)
    contrast = random.uniform(0.75, 1.1)
    gain = (light * cast).astype(np.float32)
    colour = layer.colour * (contrast * gain) + own * (1 - contrast) * gain
    if grey:
        tone = colour @ np.array([0.2, 0.5, 0.3], np.float32)
        colour = np.repeat(tone[:, :, None], 3, axis=2)
    shade = np.linspace(random.uniform(0.95, 1.15), random.uniform(0.65, 1.0), layer.colour.shape[0], dtype=np.float32)
    colour *= shade[:, None, None]
    softness = random.uniform(0.0, 1.1)
    if softness > 0.3:
        colour = cv2.GaussianBlur(colour.astype(np.float32), (0, 0), softness)
    layer.colour = np.clip(colour, 0, 255, dtype=np.float32)
    layer.alpha = cv2.GaussianBlur(layer.alpha, (0, 0), random.uniform(0.5, 1.2))


def shadow(room: np.ndarray, layer: Layer, random: Random) -> None:
    """Darkens the floor where the layer stands: a soft ellipse around its lower edge."""
    height, width = room.shape[:2]
    rows, columns = layer.alpha.shape
    centre = (layer.left + columns / 2 + random.normal(0, 0.04) * columns, layer.top + rows * 0.93)
    reach = np.array([columns * random.uniform(0.45, 0.62), max(4.0, rows * random.uniform(0.08, 0.2))])
    left, right = int(max(0, centre[0] - 2 * reach[0])), int(min(width, centre[0] + 2 * reach[0]))
    top, bottom = int(max(0, centre[1] - 2 * reach[1])), int(min(height, centre[1] + 2 * reach[1]))
    if right <= left or bottom <= top:
        return
    ys, xs = np.ogrid[top:bottom, left:right]
    distance = ((xs - centre[0]) / reach[0]) ** 2 + ((ys - centre[1]) / reach[1]) ** 2
    dark = 1 - random.uniform(0.15, 0.6) * np.exp(-1.6 * distance.astype(np.float32))
    room[top:bottom, left:right] *= dark[:, :, None]


def paste(room: np.ndarray, layer: Layer) -> None:
    """Blends the layer over the room, in place."""
    area, inside = _areas(layer, room)
    if area is None:
        return
    share = layer.alpha[inside][:, :, None]
    room[area] = room[area] * (1 - share) + layer.colour[inside] * share


def solid_pixels(layer: Layer, height: int, width: int) -> np.ndarray:
    """Mask [height, width] of what the layer covers."""
    mask = np.zeros((height, width), bool)
    area, inside = _areas(layer, mask)
    if area is not None:
        mask[area] = layer.alpha[inside] > 0.5
    return mask


def _areas(layer: Layer, room: np.ndarray) -> tuple[tuple[slice, slice] | None, tuple[slice, slice]]:
    """Where the layer lies in the room, and that part of the layer; None where it lies outside."""
    height, width = room.shape[:2]
    rows, columns = layer.alpha.shape
    top, left = max(0, layer.top), max(0, layer.left)
    bottom, right = min(height, layer.top + rows), min(width, layer.left + columns)
    if bottom <= top or right <= left:
        return None, (slice(0), slice(0))
    return ((slice(top, bottom), slice(left, right)),
            (slice(top - layer.top, bottom - layer.top), slice(left - layer.left, right - layer.left)))
