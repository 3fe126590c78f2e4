"""Pictures made varied: seen by other lenses, cropped, scaled, turned, mirrored, recoloured, and seen by worse cameras.

All randomness comes from the generator that is handed in, so that a picture at a position of the training is the same
whenever it is made again. Pictures are uint8 [h, w, 3], BGR.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np
from numpy.random import Generator

from network.coding import coded
from network.lens import View

PAD = 114
SHAPES = (16 / 9, 4 / 3, 1.0)
"""Aspect ratios that pictures are cropped to, as cameras have them."""
KEPT = 0.30
"""An object of which less than this share is left by the crop is not asked for, but not denied either."""
LOST = 0.05
"""Below this share nothing of it is to be seen any more."""
TURNED, LARGEST_TURN = 0.3, 0.26
"""Share of pictures that are turned, by up to so many radians: cameras hang askew, and lenses turn what is far from the middle."""
ROLLED, LARGEST_ROLL = 0.75, np.pi / 4
"""Share of pictures from above that are turned by quarter turns and then by up to so many radians: a camera over things may hang at any roll."""
RESEEN = 0.35
"""Share of pictures that are seen as by another lens, turned up, down or aside."""
DIMMED = 0.12
"""Share of pictures with far too little light."""
RECOLOURED = 0.2
"""Share of pictures of which colour and fine texture are changed for others, so that shape is what is left to go by."""
SMALLEST = 4.0
"""Pixels: a narrower or lower object is unsure."""


class Roll(Enum):
    """Which way up a picture may be."""

    UPRIGHT = "upright"
    ANY = "any"


@dataclass(frozen=True)
class Varied:
    """An input picture [H, W, 3] uint8 with boxes [G, 4] in its pixels, the visible share [G] left by hiding and crop, and
    ``source`` [G]: which of the boxes handed in each one was."""

    image: np.ndarray
    boxes: np.ndarray
    visible: np.ndarray
    source: np.ndarray


def vary(
    image: np.ndarray, boxes: np.ndarray, visible: np.ndarray, height: int, width: int, random: Generator, roll: Roll = Roll.UPRIGHT,
) -> Varied:
    """A varied input of ``height`` x ``width`` from a picture and its boxes [G, 4], in fractions of it."""
    most = LARGEST_TURN
    if roll is Roll.ANY and random.random() < ROLLED:
        image, boxes = quarter_turned(image, boxes, int(random.integers(4)))
        most = LARGEST_ROLL
    rows, columns = image.shape[:2]
    corners = boxes * np.array([columns, rows, columns, rows], np.float64)
    if random.random() < RESEEN:
        view = View.draw(random)
        image, corners = view.picture(image, (PAD, PAD, PAD)), view.boxes(corners, columns, rows)
    matrix, window = _placing(image, height, width, random, most)
    left, top, right, bottom = window
    placed = cv2.warpAffine(
        image[top:bottom, left:right], _for_pixels(matrix), (width, height), flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT, borderValue=(PAD, PAD, PAD),
    )
    moved = _moved(corners, matrix, window)
    edges = np.clip(_window_edges(matrix, window), 0, [width, height, width, height])
    cut = np.clip(moved, np.tile(edges[:2], 2), np.tile(edges[2:], 2))
    area = np.maximum(_area(moved), 1e-9)
    left_over = _area(cut) / area * visible
    stays = left_over > LOST
    return Varied(worsen(placed, random), cut[stays], left_over[stays], np.flatnonzero(stays))


def quarter_turned(image: np.ndarray, boxes: np.ndarray, turns: int) -> tuple[np.ndarray, np.ndarray]:
    """The picture and its boxes [G, 4], in fractions of it, turned anticlockwise by so many quarters."""
    for _ in range(turns % 4):
        boxes = np.column_stack([boxes[:, 1], 1 - boxes[:, 2], boxes[:, 3], 1 - boxes[:, 0]])
    return np.ascontiguousarray(np.rot90(image, turns)), boxes


def letterbox(image: np.ndarray, height: int, width: int) -> tuple[np.ndarray, float]:
    """The picture scaled into the top left corner of ``height`` x ``width``, the rest 114; and the factor."""
    scale = min(width / image.shape[1], height / image.shape[0])
    columns = min(width, max(1, round(image.shape[1] * scale)))
    rows = min(height, max(1, round(image.shape[0] * scale)))
    out = np.full((height, width, 3), PAD, np.uint8)
    shrinks = cv2.INTER_AREA if scale < 0.6 else cv2.INTER_LINEAR
    out[:rows, :columns] = cv2.resize(image, (columns, rows), interpolation=shrinks)
    return out, scale


def _area(corners: np.ndarray) -> np.ndarray:
    return np.prod(np.maximum(corners[:, 2:] - corners[:, :2], 0), axis=1)


def _placing(image: np.ndarray, height: int, width: int, random: Generator, most: float) -> tuple[np.ndarray, tuple[int, ...]]:
    """The affine matrix [2, 3] from the cropped picture to the input, turned by up to ``most`` radians, and the crop (left, top, right, bottom)."""
    rows, columns = image.shape[:2]
    left, top, right, bottom = 0, 0, columns, rows
    if random.random() < 0.6:
        share = random.uniform(0.45, 1.0) ** 0.5
        aspect = SHAPES[random.integers(len(SHAPES))] * np.exp(random.uniform(-0.15, 0.15))
        across = min(columns * share, rows * share * aspect)
        wide, high = max(16, int(across)), max(16, int(across / aspect))
        wide, high = min(wide, columns), min(high, rows)
        left, top = int(random.integers(columns - wide + 1)), int(random.integers(rows - high + 1))
        right, bottom = left + wide, top + high
    scale = min(width / (right - left), height / (bottom - top))
    x = y = 0.0
    chance = random.random()
    if chance < 0.25:
        scale *= random.uniform(0.5, 1.0)
        x = random.uniform(0, width - scale * (right - left))
        y = random.uniform(0, height - scale * (bottom - top))
    stretch = np.exp(random.uniform(-0.08, 0.08)) if chance > 0.6 else 1.0
    flip = random.random() < 0.5
    a = scale * stretch
    matrix = np.array([[a, 0.0, x], [0.0, scale, y]])
    if flip:
        matrix[0] = [-a, 0.0, x + a * (right - left)]
    if random.random() < (TURNED if most == LARGEST_TURN else ROLLED):
        matrix = _turned(matrix, float(random.uniform(-most, most)), width / 2, height / 2)
    return matrix, (left, top, right, bottom)


def _turned(matrix: np.ndarray, angle: float, x: float, y: float) -> np.ndarray:
    """The affine ``matrix`` [2, 3], and after it a turn by ``angle`` radians around (x, y)."""
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, -sine], [sine, cosine]])
    middle = np.array([x, y])
    return np.column_stack([turn @ matrix[:, :2], turn @ (matrix[:, 2] - middle) + middle])


def _for_pixels(matrix: np.ndarray) -> np.ndarray:
    """The affine ``matrix`` [2, 3] between points as one between the indices of pixels, whose middles lie half a pixel further."""
    moved = matrix.copy()
    moved[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 0.5
    return moved


def _moved(corners: np.ndarray, matrix: np.ndarray, window: tuple[int, ...]) -> np.ndarray:
    """Boxes [G, 4] in the picture's pixels as boxes in the input's.

    Where the matrix turns, each is the box around the ellipse that filled it: things seldom reach into their boxes' corners.
    """
    middles = (corners[:, :2] + corners[:, 2:]) / 2 - window[:2]
    halves = (corners[:, 2:] - corners[:, :2]) / 2
    placed = middles @ matrix[:, :2].T + matrix[:, 2]
    reach = np.sqrt(halves**2 @ (matrix[:, :2] ** 2).T)
    return np.concatenate([placed - reach, placed + reach], axis=1)


def _window_edges(matrix: np.ndarray, window: tuple[int, ...]) -> np.ndarray:
    """Left, top, right, bottom of the cropped picture where the matrix puts it."""
    wide, high = window[2] - window[0], window[3] - window[1]
    placed = np.array([[0, 0], [wide, 0], [0, high], [wide, high]]) @ matrix[:, :2].T + matrix[:, 2]
    return np.concatenate([placed.min(0), placed.max(0)])


def worsen(image: np.ndarray, random: Generator) -> np.ndarray:
    """Light, colour, infra-red, blur, low resolution, noise, and coding as JPEG or video, each now and then."""
    image = _dimmed(image, random) if random.random() < DIMMED else _light(image, random)
    if random.random() < RECOLOURED:
        image = _recoloured(image, random)
    chance = random.random()
    if chance < 0.18:
        image = _infrared(image, random)
    elif chance < 0.55:
        image = _tint(image, random)
    chance = random.random()
    if chance < 0.12:
        image = cv2.GaussianBlur(image, (0, 0), random.uniform(0.5, 1.6))
    elif chance < 0.20:
        image = _smear(image, random)
    elif chance < 0.35:
        factor = random.uniform(0.35, 0.8)
        small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        image = cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    if random.random() < 0.2:
        noise = random.normal(0, random.uniform(3, 14), (*image.shape[:2], 1)).astype(np.float32)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    chance = random.random()
    if chance < 0.15:
        jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(20, 80))])[1]
        image = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    elif chance < 0.50:
        image = coded(image, random)
    return image


def _light(image: np.ndarray, random: Generator) -> np.ndarray:
    gamma = np.exp(random.uniform(-0.45, 0.45))
    contrast, brightness = random.uniform(0.7, 1.25), random.uniform(-25, 25)
    ramp = 255 * (np.arange(256) / 255) ** gamma
    table = np.clip((ramp - 128) * contrast + 128 + brightness, 0, 255).astype(np.uint8)
    return cv2.LUT(image, table)


def _dimmed(image: np.ndarray, random: Generator) -> np.ndarray:
    """In the dark: a fraction of the light, blacks that are grey, and noise as a camera's amplifier makes it."""
    gain, black = float(np.exp(random.uniform(np.log(0.15), np.log(0.6)))), float(random.uniform(0, 35))
    size = (*image.shape[:2], 1 if random.random() < 0.7 else 3)
    noise = random.normal(0, random.uniform(1, 7), size).astype(np.float32)
    return np.clip(image * np.float32(gain) + np.float32(black) + noise, 0, 255).astype(np.uint8)


def _recoloured(image: np.ndarray, random: Generator) -> np.ndarray:
    """Through a random convolution over all channels, mixed with what it was (arXiv:2007.13003), as bright as before."""
    size = int(random.choice([1, 3, 5]))
    kernels = random.normal(0, 1 / np.sqrt(3 * size * size), (3, 3, size, size)).astype(np.float32)
    # Around the mean, so that a kernel changes contrasts and not the light.
    levels = image.mean((0, 1), dtype=np.float32)
    planes = [np.ascontiguousarray(image[..., channel]).astype(np.float32) - levels[channel] for channel in range(3)]
    mixed = np.stack([sum(cv2.filter2D(plane, -1, kernel) for plane, kernel in zip(planes, row)) for row in kernels], axis=2)
    spread = np.maximum(mixed.std((0, 1)), 1e-3)
    mixed = mixed * (image.std((0, 1), dtype=np.float32) / spread) + levels
    share = float(random.uniform(0.1, 0.8))
    return np.clip(share * mixed + (1 - share) * image, 0, 255).astype(np.uint8)


def _tint(image: np.ndarray, random: Generator) -> np.ndarray:
    """Other saturation and white balance."""
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    share = random.uniform(0.3, 1.4)
    image = cv2.addWeighted(image, share, grey, 1 - share, 0)
    tables = np.clip(np.arange(256)[:, None] * random.uniform(0.85, 1.15, 3)[None], 0, 255).astype(np.uint8)
    return cv2.LUT(image, tables[None])


def _infrared(image: np.ndarray, random: Generator) -> np.ndarray:
    """Grey, as cameras see under their own lamp: brightest in the middle."""
    weights = random.dirichlet([2, 2, 2])
    grey = image.astype(np.float32) @ weights.astype(np.float32)
    rows, columns = grey.shape
    if random.random() < 0.5:
        y = np.linspace(-1, 1, rows, dtype=np.float32)[:, None] - random.uniform(-0.4, 0.4)
        x = np.linspace(-1, 1, columns, dtype=np.float32)[None] - random.uniform(-0.4, 0.4)
        grey = grey * (1.15 - random.uniform(0.1, 0.45) * (x * x + y * y)).astype(np.float32)
    grey = np.clip(grey, 0, 255).astype(np.uint8)
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)


def _smear(image: np.ndarray, random: Generator) -> np.ndarray:
    """Motion blur of 3 to 8 pixels."""
    length = int(random.integers(3, 9))
    kernel = np.zeros((length, length), np.float32)
    angle = random.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * (length - 1) / 2
    middle = (length - 1) / 2
    ends = [tuple(np.round(middle + sign * reach).astype(int).tolist()) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum())
