"""Drawn things for composites that are no two-wheelers: helmets, boxes, suitcases, trolleys, chairs, patches of other rooms.

Every function answers an image [h, w, 4] uint8, blue, green, red, alpha.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

Random = np.random.Generator


def _blank(height: int, width: int) -> np.ndarray:
    return np.zeros((height, width, 4), np.uint8)


def _colour(random: Random, lively: float = 0.5) -> np.ndarray:
    hue, value = random.uniform(0, 180), random.uniform(25, 235)
    saturation = random.uniform(90, 255) if random.random() < lively else random.uniform(0, 60)
    pixel = np.array([[[hue, saturation, value]]], np.uint8)
    return cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0].astype(float)


def _fill(image: np.ndarray, points: np.ndarray | list, colour: np.ndarray, shade: float = 1.0) -> None:
    tone = [int(channel) for channel in np.clip(colour * shade, 0, 255)]
    cv2.fillPoly(image, [np.asarray(points, np.int32)], (*tone, 255), cv2.LINE_AA)


def helmet(random: Random) -> np.ndarray:
    """A motorcycle or hard hat from in front, behind or above: a shaded shell, often with a visor and a stripe."""
    side = 96
    image = _blank(side, side)
    colour = _colour(random, 0.7)
    centre = (side // 2, side // 2)
    axes = (int(random.uniform(34, 44)), int(random.uniform(34, 46)))
    cv2.ellipse(image, centre, axes, 0, 0, 360, (*[int(c) for c in colour], 255), -1, cv2.LINE_AA)
    ys, xs = np.mgrid[0:side, 0:side].astype(np.float32)
    light = np.array([random.uniform(25, 70), random.uniform(15, 45)])
    glow = np.exp(-((xs - light[0]) ** 2 + (ys - light[1]) ** 2) / (2 * random.uniform(10, 24) ** 2))
    shade = 0.55 + 0.45 * (1 - ys / side) + 0.5 * glow
    image[:, :, :3] = np.clip(image[:, :, :3] * shade[:, :, None] + 90 * (glow ** 4)[:, :, None], 0, 255)
    if random.random() < 0.45:
        cv2.ellipse(image, centre, (axes[0], axes[1] // 3), random.uniform(-12, 12), 10, 170,
                    (*[int(c) for c in _colour(random, 0.3)], 255), int(random.uniform(3, 9)), cv2.LINE_AA)
    if random.random() < 0.6:
        tone = int(random.uniform(8, 70))
        middle = (centre[0] + int(random.uniform(-10, 10)), centre[1] + int(random.uniform(4, 16)))
        cv2.ellipse(image, middle, (int(axes[0] * 0.8), int(axes[1] * 0.36)), 0, 0, 360, (tone, tone, tone, 255), -1,
                    cv2.LINE_AA)
        cv2.ellipse(image, middle, (int(axes[0] * 0.6), int(axes[1] * 0.2)), 0, 200, 290, (200, 200, 190, 255), 2,
                    cv2.LINE_AA)
    shell = np.zeros((side, side), np.uint8)
    cv2.ellipse(shell, centre, axes, 0, 0, 360, 255, -1, cv2.LINE_AA)
    image[:, :, 3] = shell
    return image


def carton(random: Random) -> np.ndarray:
    """A stack of one to three boxes seen from above at an angle: three visible faces each."""
    height, width = 200, 160
    image = _blank(height, width)
    base = height - 4
    for _ in range(int(random.integers(1, 4))):
        colour = np.array([90, 130, 170]) * random.uniform(0.6, 1.25) if random.random() < 0.6 else _colour(random)
        tall, wide, deep = random.uniform(28, 62), random.uniform(70, 130), random.uniform(10, 34)
        left = (width - wide) / 2 + random.uniform(-8, 8)
        slant = random.uniform(-14, 14)
        if base - tall - deep < 2:
            break
        front = [(left, base - tall), (left + wide, base - tall), (left + wide, base), (left, base)]
        top = [(left, base - tall), (left + slant + 8, base - tall - deep),
               (left + wide + slant - 8, base - tall - deep), (left + wide, base - tall)]
        _fill(image, front, colour, 0.8)
        _fill(image, top, colour, 1.1)
        if random.random() < 0.6:
            tape = left + wide * random.uniform(0.35, 0.65)
            cv2.line(image, (int(tape), int(base - tall)), (int(tape), int(base)), (120, 170, 200, 255), 5)
        if random.random() < 0.4:
            cv2.rectangle(image, (int(left + 8), int(base - tall * 0.6)), (int(left + wide * 0.4), int(base - 6)),
                          (225, 225, 225, 255), -1)
        base -= tall * 0.98
    return image


def suitcase(random: Random) -> np.ndarray:
    """A suitcase with ribs, small wheels and often its handle drawn out."""
    height, width = 220, 120
    image = _blank(height, width)
    colour = _colour(random, 0.6)
    top = 70
    if random.random() < 0.7:
        for x in (44, 76):
            cv2.line(image, (x, 14), (x, top), (90, 90, 90, 255), 4)
        cv2.line(image, (42, 14), (78, 14), (50, 50, 50, 255), 8)
    for x in (26, 94):
        cv2.circle(image, (x, 208), 9, (25, 25, 25, 255), -1, cv2.LINE_AA)
    cv2.rectangle(image, (14, top), (106, 204), (*[int(c) for c in colour * 0.85], 255), -1)
    for x in range(26, 106, int(random.integers(12, 22))):
        cv2.line(image, (x, top + 6), (x, 198), (*[int(c) for c in colour * 0.6], 255), 3)
    cv2.rectangle(image, (14, top), (106, 204), (*[int(c) for c in colour * 0.5], 255), 3)
    return image


def trolley(random: Random) -> np.ndarray:
    """A wire or flat-bed trolley: bars, a basket or a load, four small wheels."""
    height, width = 200, 220
    image = _blank(height, width)
    metal = (*[int(c) for c in _colour(random, 0.25)], 255)
    thick = int(random.integers(3, 6))
    for x in (46, 168):
        cv2.circle(image, (x, 186), int(random.uniform(8, 14)), (30, 30, 30, 255), -1, cv2.LINE_AA)
    cv2.line(image, (30, 170), (190, 170), metal, thick + 2, cv2.LINE_AA)
    cv2.line(image, (190, 170), (206, 30), metal, thick, cv2.LINE_AA)
    cv2.line(image, (206, 30), (180, 24), metal, thick, cv2.LINE_AA)
    if random.random() < 0.5:
        for offset in range(0, 150, 14):
            cv2.line(image, (34 + offset, 80), (48 + int(offset * 0.9), 164), metal, 2, cv2.LINE_AA)
        for y in range(80, 166, 16):
            cv2.line(image, (34 + (y - 80) // 7, y), (192, y), metal, 2, cv2.LINE_AA)
    else:
        load = carton(random)
        load = cv2.resize(load, (140, 150))
        image[18:168, 36:176] = np.where(load[:, :, 3:] > 0, load, image[18:168, 36:176])
    return image


def chair(random: Random) -> np.ndarray:
    """An office chair: back, seat, column, feet on castors."""
    image = _blank(200, 140)
    tone = np.full(3, random.uniform(15, 70)) if random.random() < 0.6 else _colour(random)
    dark = (*[int(c) for c in tone * 0.6], 255)
    cv2.ellipse(image, (70, 52), (42, 48), 0, 0, 360, (*[int(c) for c in tone], 255), -1, cv2.LINE_AA)
    cv2.ellipse(image, (70, 112), (52, 20), 0, 0, 360, (*[int(c) for c in np.clip(tone * 1.3, 0, 255)], 255), -1, cv2.LINE_AA)
    cv2.line(image, (70, 126), (70, 166), dark, 8)
    for x in (16, 44, 96, 124):
        cv2.line(image, (70, 164), (x, 182), dark, 6, cv2.LINE_AA)
        cv2.circle(image, (x, 188), 7, (20, 20, 20, 255), -1, cv2.LINE_AA)
    return image


def patch(room: np.ndarray, random: Random) -> np.ndarray:
    """An irregular piece of another room's picture: clutter with real texture, now and then a person's."""
    height, width = room.shape[:2]
    tall, wide = int(height * random.uniform(0.15, 0.4)), int(width * random.uniform(0.12, 0.4))
    top, left = int(random.integers(0, height - tall)), int(random.integers(0, width - wide))
    angles = np.sort(random.uniform(0, 2 * np.pi, int(random.integers(6, 14))))
    reach = random.uniform(0.55, 1.0, len(angles))
    points = np.stack([wide / 2 * (1 + reach * np.cos(angles)), tall / 2 * (1 + reach * np.sin(angles))], axis=1)
    alpha = np.zeros((tall, wide), np.uint8)
    cv2.fillPoly(alpha, [points.astype(np.int32)], 255, cv2.LINE_AA)
    return np.dstack([room[top:top + tall, left:left + wide], alpha])


DRAWN: dict[str, Callable[[Random], np.ndarray]] = {
    "carton": carton, "suitcase": suitcase, "trolley": trolley, "chair": chair, "helmet": helmet,
}
