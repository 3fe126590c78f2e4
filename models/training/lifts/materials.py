"""Surfaces (colour and finish of solids) and painted panels (small images for walls, floors, adverts), drawn by code."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import cv2
import numpy as np

Rng = np.random.Generator
Colour = tuple[float, float, float]
TEXELS = 150
"""Pixels to a metre of a wall's or floor's image."""


@dataclass
class Surface:
    """Linear base colour 0..1, roughness 0..1, metallic 0..1, clear coat 0..1, `grain`: share by which noise darkens it, `glow`: emitted radiance."""

    colour: Colour
    rough: float = 0.5
    metal: float = 0.0
    coat: float = 0.0
    grain: float = 0.0
    glow: float = 0.0


@dataclass
class Panel:
    """A flat picture in the scene: corners (4, 3) from lower left anticlockwise, image (h, w, 3) of linear colour 0..1."""

    corners: np.ndarray
    image: np.ndarray
    rough: float
    metal: float = 0.0
    glass: bool = False


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """Linear-light use of a hue (any real, wraps), saturation and value 0..1."""
    return colorsys.hsv_to_rgb(hue % 1, min(max(saturation, 0), 1), min(max(value, 0), 1))


def grey(rng: Rng, low: float, high: float) -> Colour:
    """A random grey between `low` and `high`."""
    return (float(rng.uniform(low, high)),) * 3


def clouds(rng: Rng, height: int, width: int, cell_y: float, cell_x: float, octaves: int = 3) -> np.ndarray:
    """Smooth noise (height, width) in 0..1 with cells of the given pixels; unequal cells make streaks."""
    out, weight, total = np.zeros((height, width), np.float32), 1.0, 0.0
    for octave in range(octaves):
        rows = max(2, int(height / cell_y * 2**octave) + 1)
        columns = max(2, int(width / cell_x * 2**octave) + 1)
        cells = rng.random((min(rows, height), min(columns, width))).astype(np.float32)
        out += weight * cv2.resize(cells, (width, height), interpolation=cv2.INTER_LINEAR)
        total += weight
        weight *= 0.55
    return out / total


def tinted(field: np.ndarray, dark: Colour, light: Colour) -> np.ndarray:
    """An image (h, w, 3) that goes from `dark` at 0 to `light` at 1."""
    return np.asarray(dark) + field[..., None] * (np.asarray(light) - np.asarray(dark))


def metal_sheet(rng: Rng, shape: tuple[int, int], level: float, warm: float) -> np.ndarray:
    """Hairline steel (h, w, 3): fine vertical streaks about `level`, yellower with `warm`."""
    field = 0.6 * clouds(rng, *shape, shape[0] / 2, 2, 1) + 0.4 * clouds(rng, *shape, 60, 60)
    base = np.array([1, 1 - 0.35 * warm, 1 - 0.8 * warm]) * level
    return tinted(field, base * 0.8, base * 1.15)


def wood_sheet(rng: Rng, shape: tuple[int, int], hue: float, value: float, along: bool) -> np.ndarray:
    """Veneer (h, w, 3): grain along the height, or across it."""
    cells = (shape[0] / 2, 7) if along else (7, shape[1] / 2)
    field = np.clip(0.6 * clouds(rng, *shape, *cells) + 0.4 * clouds(rng, *shape, 50, 50), 0, 1)
    return tinted(field, hsv(hue, 0.75, value * 0.55), hsv(hue + 0.01, 0.62, value * 1.2))


def stone_sheet(rng: Rng, shape: tuple[int, int], hue: float, value: float, saturation: float) -> np.ndarray:
    """Speckled stone or laminate (h, w, 3)."""
    field = 0.5 * clouds(rng, *shape, 40, 40, 4) + 0.5 * clouds(rng, *shape, 4, 4, 2)
    return tinted(field, hsv(hue, saturation, value * 0.6), hsv(hue, saturation * 0.7, value * 1.3))


def plain_sheet(rng: Rng, shape: tuple[int, int], colour: Colour, uneven: float = 0.12) -> np.ndarray:
    """One colour (h, w, 3), unevenly soiled by up to the share `uneven`."""
    field = clouds(rng, *shape, 45, 45)
    return np.asarray(colour) * (1 - uneven * field[..., None])


def cut_lines(image: np.ndarray, columns: int, rows: int, colour: float, thick: int = 1) -> None:
    """Draws seams of a grid of panels into an image."""
    height, width = image.shape[:2]
    for k in range(1, columns):
        image[:, int(width * k / columns) : int(width * k / columns) + thick] = colour
    for k in range(1, rows):
        image[int(height * k / rows) : int(height * k / rows) + thick] = colour


def _lines_of_type(rng: Rng, image: np.ndarray, left: int, top: int, right: int, bottom: int, ink: Colour) -> None:
    """Blocks of small marks that look like print from afar."""
    y = top
    while y < bottom - 3:
        high = int(rng.choice([2, 3, 5, 9], p=[0.35, 0.35, 0.2, 0.1]))
        x = left + int(rng.integers(0, 6))
        end = right - int(rng.integers(0, max(1, (right - left) // 2)))
        while x < end:
            wide = int(rng.integers(1, high + 2))
            if rng.random() < 0.82:
                image[y : min(y + high, bottom), x : min(x + wide, right)] = ink
            x += wide + 1
        y += high + int(rng.integers(2, 7))


def advert(rng: Rng, height: float, width: float) -> np.ndarray:
    """An invented advert (h, w, 3) for a frame of the given metres: a picture part of soft shapes, a band, print."""
    h, w = max(24, int(height * 170)), max(24, int(width * 170))
    hue = rng.random()
    pale = rng.random() < 0.5
    ground = hsv(hue, rng.uniform(0, 0.5), rng.uniform(0.45, 0.85) if pale else rng.uniform(0.05, 0.4))
    image = plain_sheet(rng, (h, w), ground, 0.1)
    split = int(h * rng.uniform(0.35, 0.75))
    soft = cv2.resize(rng.random((5, 4, 3)).astype(np.float32), (w, split), interpolation=cv2.INTER_CUBIC)
    image[:split] = np.clip(0.25 * image[:split] + soft * hsv(hue + rng.normal(0, 0.2), rng.uniform(0.1, 0.7), 0.6), 0, 1)
    for _ in range(int(rng.integers(1, 5))):
        centre = (int(rng.integers(0, w)), int(rng.integers(0, split)))
        axes = (int(rng.integers(4, max(5, w // 3))), int(rng.integers(5, max(6, split // 2))))
        shade = hsv(rng.choice([0.06, hue, rng.random()]), rng.uniform(0.1, 0.8), rng.uniform(0.1, 0.8))
        image = cv2.ellipse(image.astype(np.float32), centre, axes, float(rng.uniform(0, 180)), 0, 360, shade, -1, cv2.LINE_AA)
    ink = (0.02, 0.02, 0.02) if pale else (0.85, 0.85, 0.8)
    if rng.random() < 0.4:
        ink = hsv(rng.choice([0.0, 0.6, 0.13]), 0.9, 0.6)
    _lines_of_type(rng, image, 4, split + 3, w - 4, h - 3, ink)
    return np.clip(image, 0, 1)


def notice(rng: Rng, height: float, width: float) -> np.ndarray:
    """An invented notice (h, w, 3): a white or yellow sheet of print, sometimes with a round sign of prohibition."""
    h, w = max(20, int(height * 170)), max(20, int(width * 170))
    image = plain_sheet(rng, (h, w), (0.75, 0.75, 0.72) if rng.random() < 0.7 else (0.8, 0.6, 0.08), 0.1).astype(np.float32)
    if rng.random() < 0.35:
        r = int(min(h, w) * 0.32)
        centre = (w // 2, int(h * 0.38))
        cv2.circle(image, centre, r, (0.6, 0.02, 0.02), max(2, r // 6), cv2.LINE_AA)
        cv2.line(image, (centre[0] - int(r * 0.7), centre[1] - int(r * 0.7)), (centre[0] + int(r * 0.7), centre[1] + int(r * 0.7)),
                 (0.6, 0.02, 0.02), max(2, r // 7), cv2.LINE_AA)
        _lines_of_type(rng, image, 4, int(h * 0.74), w - 4, h - 3, (0.03, 0.03, 0.03))
    else:
        _lines_of_type(rng, image, 5, 5, w - 5, h - 4, (0.04, 0.04, 0.05))
    return image
