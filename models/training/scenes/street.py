"""A road beside a block of flats: a car stands in the marked fire lane all the time, another drives past, someone crosses the road.

x is along the road; the kerb of the fire lane is y = 0, the lane lies before it and the pavement behind it.
"""

from __future__ import annotations

import cv2
import numpy as np

from lifts import camera as cameras
from lifts import geometry as g
from lifts import materials as m
from lifts import people, stories
from lifts.materials import Panel, Rng, Surface
from lifts.scene import Placed

from . import cars
from .stage import Sky, Stage, electronics, flat, on_foot, placed, rounded, stride, upright

SECONDS = 60.0
LEFT, RIGHT = -9.0, 36.0
"""Ends of all that is built, along x."""
LANE, ROAD, NEAR = 2.9, 6.6, 10.0
"""Metres from the kerb to the lane's edge, to the near kerb, and to the end of the near pavement."""
PAVEMENT, WALL = 2.6, 5.0
"""Depth of the far pavement and height of the wall behind it."""
TEXELS = 56
PARKED = (0.7, -1.3, np.pi + 0.015)
PASSES, WALKS = 31.0, 12.0
"""When the other car, and the one on foot, come into the picture."""
SUN = (0.62, -0.36, 0.7)
DRIVE: list[stories.Key] = [(PASSES, 21.0, -4.75, np.pi), (PASSES + 4.6, -11.0, -4.75, np.pi)]
WALK: list[stories.Key] = [(WALKS, -5.7, 0.95, 0.0), (WALKS + 1.6, -3.7, 0.9, -0.3), (WALKS + 2.6, -2.9, -0.1, -1.25), (WALKS + 4.3, -2.75, -2.4, -1.9), (WALKS + 7.8, -5.9, -5.9, -2.3)]
"""Ways of the car that drives past and of the one who crosses the road before the parked car."""
CAR = 3
"""Class number of cars in label files."""


def lane_corners() -> np.ndarray:
    """The fire lane's corners (4, 3) on the ground, all its length."""
    return flat(LEFT, RIGHT, -LANE, 0.0)


def camera(width: int) -> cameras.Camera:
    """The camera, 4.5 m high on the near side."""
    return cameras.aim("mast", np.array([-7.4, -8.4, 4.5]), np.array([0.6, -1.3, 0.6]), 0.0, 58.0, False, (width, round(width * 9 / 32) * 2))


def _asphalt(rng: Rng) -> np.ndarray:
    """The carriageway's image, rows from the kerb to the near side: markings of the lane, a broken line, cracks, stains."""
    wide, high = int((RIGHT - LEFT) * TEXELS), int(ROAD * TEXELS)
    base = 0.6 * m.clouds(rng, high, wide, 90, 200, 4) + 0.4 * rng.random((high, wide)).astype(np.float32)
    image = m.tinted(base, (0.055, 0.056, 0.06), (0.13, 0.13, 0.132)).astype(np.float32)
    for _ in range(14):
        centre = (int(rng.integers(0, wide)), int(rng.integers(0, high)))
        stain = np.zeros((high, wide), np.float32)
        cv2.ellipse(stain, centre, (int(rng.integers(10, 60)), int(rng.integers(6, 24))), 0, 0, 360, 1.0, -1)
        image *= 1 - 0.16 * cv2.GaussianBlur(stain, (0, 0), 12)[..., None]
    for _ in range(5):
        x, y = float(rng.integers(0, wide)), float(rng.integers(0, high))
        points = np.cumsum(np.vstack([[x, y], np.column_stack([rng.uniform(5, 22, 30), rng.normal(0, 7, 30)])]), 0).astype(np.int32)
        cv2.polylines(image, [points], False, (0.035, 0.035, 0.037), 1, cv2.LINE_AA)
    worn = np.clip(0.35 + 1.1 * m.clouds(rng, high, wide, 25, 25, 4), 0, 0.95)[..., None]
    paint = _markings(wide, high)
    return image * (1 - worn * paint[..., 3:]) + worn * paint[..., :3]


def _markings(wide: int, high: int) -> np.ndarray:
    """Colour times cover, and cover (h, w, 4), of the paint on the road."""
    out = np.zeros((high, wide, 4), np.float32)
    yellow, white, lane = (0.62, 0.38, 0.02, 1.0), (0.62, 0.62, 0.6, 1.0), int(LANE * TEXELS)
    for first in range(-lane, wide, int(1.5 * TEXELS)):
        cv2.line(out, (first, lane), (first + lane, 0), yellow, 8, cv2.LINE_AA)
    out[lane:] = 0
    for y in (int(0.18 * TEXELS), lane - int(0.18 * TEXELS)):
        cv2.line(out, (0, y), (wide, y), yellow, 10)
    for start in (-6.3, 4.0, 13.0, 22.0):
        x = int((start - LEFT) * TEXELS)
        out[int(lane * 0.24) : int(lane * 0.76), x : x + int(4.6 * TEXELS)] = 0
        text = np.zeros((int(lane * 0.52), int(4.6 * TEXELS), 4), np.float32)
        cv2.putText(text, "FIRE LANE", (10, int(lane * 0.43)), cv2.FONT_HERSHEY_SIMPLEX, 1.55, yellow, 7, cv2.LINE_AA)
        out[int(lane * 0.24) : int(lane * 0.24) + text.shape[0], x : x + text.shape[1]] = text[:, : max(0, wide - x)]
    for x in range(0, wide, int(4.5 * TEXELS)):
        cv2.line(out, (x, high - 12), (x + 2 * TEXELS, high - 12), white, 7)
    return out


def _facade(rng: Rng) -> np.ndarray:
    """The wall behind the pavement: a plinth, render, windows, doors."""
    wide, high = int((RIGHT - LEFT) * TEXELS), int(WALL * TEXELS)
    image = m.plain_sheet(rng, (high, wide), (0.46, 0.41, 0.34), 0.2).astype(np.float32)
    image *= 0.94 + 0.12 * m.clouds(rng, high, wide, high / 2, 9, 2)[..., None]
    foot = high - int(0.9 * TEXELS)
    image[foot:] = m.stone_sheet(rng, (high - foot, wide), 0.08, 0.24, 0.12)
    m.cut_lines(image[foot:], 60, 2, 0.08, 2)
    image[foot - 5 : foot] = 0.36
    for k, left in enumerate(np.arange(0.7, RIGHT - LEFT - 2, 3.0)):
        x = int(left * TEXELS)
        if k % 4 == 3:
            _door(image, x, foot)
        else:
            _window(rng, image, x, foot)
    return image


def _window(rng: Rng, image: np.ndarray, x: int, foot: int) -> None:
    """A window with frame, sill, and a curtain or dark rooms behind."""
    top, bottom, right = foot - int(2.2 * TEXELS), foot - int(0.5 * TEXELS), x + int(1.7 * TEXELS)
    image[top - 6 : bottom + 6, x - 6 : right + 6] = 0.55
    shade = np.linspace(0.16, 0.035, bottom - top)[:, None, None] * np.array([0.8, 0.95, 1.1])
    image[top:bottom, x:right] = shade
    if rng.random() < 0.6:
        cut = x + int(rng.uniform(0.2, 0.5) * (right - x))
        folds = 0.3 + 0.05 * np.sin(np.arange(cut - x) * 0.6)
        image[top:bottom, x:cut] = folds[None, :, None] * np.array([1, 0.95, 0.85]) * np.linspace(1, 0.7, bottom - top)[:, None, None]
    image[top:bottom, (x + right) // 2 - 3 : (x + right) // 2 + 3] = 0.55
    image[bottom + 6 : bottom + 14, x - 14 : right + 14] = 0.3


def _door(image: np.ndarray, x: int, foot: int) -> None:
    """An entrance: two metal leaves under a lintel."""
    top, right = foot - int(1.5 * TEXELS), x + int(1.6 * TEXELS)
    image[top - 10 : top, x - 10 : right + 10] = 0.2
    image[top:, x:right] = (0.07, 0.085, 0.1)
    image[top + 14 : foot + 6, x + 10 : x + 40] = (0.1, 0.12, 0.13)
    image[top + 14 : foot + 6, right - 40 : right - 10] = (0.1, 0.12, 0.13)
    image[top:, (x + right) // 2 - 2 : (x + right) // 2 + 2] = 0.02


def _sign(rng: Rng) -> np.ndarray:
    """A red and white sign: a fire lane, no parking."""
    image = m.plain_sheet(rng, (80, 130), (0.66, 0.66, 0.64), 0.08).astype(np.float32)
    image[:34] = (0.5, 0.02, 0.02)
    cv2.putText(image, "FIRE LANE", (7, 25), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0.75, 0.75, 0.72), 2, cv2.LINE_AA)
    cv2.putText(image, "NO PARKING", (8, 64), cv2.FONT_HERSHEY_SIMPLEX, 0.62, (0.4, 0.02, 0.02), 2, cv2.LINE_AA)
    return image


def _panels(rng: Rng) -> list[Panel]:
    """Grounds, wall and signs."""
    def slabs(depth: float, seam: float) -> np.ndarray:
        image = m.stone_sheet(rng, (int(depth * TEXELS), int((RIGHT - LEFT) * TEXELS)), 0.09, 0.34, 0.06)
        m.cut_lines(image, int((RIGHT - LEFT) / 0.6), int(depth / 0.6), seam, 1)
        return image

    out = [Panel(flat(LEFT, RIGHT, -ROAD, 0.0), _asphalt(rng), 0.9), Panel(flat(LEFT, RIGHT, 0.15, PAVEMENT, 0.13), slabs(PAVEMENT, 0.14), 0.85),
           Panel(flat(LEFT, RIGHT, -NEAR, -ROAD - 0.15, 0.13), slabs(NEAR - ROAD, 0.14), 0.85), Panel(upright((LEFT, PAVEMENT), (RIGHT, PAVEMENT), 0.13, WALL), _facade(rng), 0.9)]
    for x in (-1.0, 8.0):
        out.append(Panel(upright((x, PAVEMENT - 0.03), (x + 0.95, PAVEMENT - 0.03), 1.55, 2.15), _sign(rng), 0.4))
    return out


def _shrubs(rng: Rng, out: g.Assembly) -> None:
    """Low planters along the wall, and a young tree."""
    for x in (-4.6, 3.3, 6.4, 14.0):
        out.add("planter", g.box((x, PAVEMENT - 0.3, 0.33), (0.75, 0.22, 0.2)))
        for _ in range(16):
            spot = (x + rng.uniform(-0.65, 0.65), PAVEMENT - 0.3 + rng.uniform(-0.15, 0.15), rng.uniform(0.55, 0.85))
            out.add(str(rng.choice(["leaf", "leaf 2"])), g.blob(spot, rng.uniform(0.1, 0.22, 3), 2, sides=9, rows=6))
    out.add("trunk", g.tube([[12.2, 0.9, 0.1], [12.25, 0.92, 1.4], [12.2, 0.95, 2.8]], [0.09, 0.06], 8))
    for _ in range(46):
        spot = rng.normal(0, 1, 3)
        spot *= rng.uniform(0.5, 1.0) / np.linalg.norm(spot)
        out.add(str(rng.choice(["leaf", "leaf 2"])), g.blob(np.array([12.2, 0.95, 3.4]) + spot * (1.1, 1.0, 0.9), rng.uniform(0.18, 0.36, 3), 2, sides=9, rows=6))


def _fixtures(rng: Rng) -> tuple[g.Assembly, dict[str, Surface]]:
    """Kerbs, gutter, posts, a lamp post, plants."""
    out = g.Assembly()
    for k, x in enumerate(np.arange(LEFT, RIGHT, 1.0)):
        out.add("kerb" if k % 2 else "kerb 2", g.box((x + 0.497, 0.075, 0.065), (0.495, 0.075, 0.068)), g.box((x + 0.497, -ROAD - 0.075, 0.065), (0.495, 0.075, 0.068)))
    for x in (-6.6, -3.6, 3.6, 6.6, 9.0):
        out.add("post", g.tube([[x, 0.42, 0.1], [x, 0.42, 0.85]], 0.055, 10, 0))
        out.add("band", g.tube([[x, 0.42, 0.62], [x, 0.42, 0.76]], 0.058, 10, 0))
    out.add("pole", g.tube([[6.9, 0.5, 0.1], [6.9, 0.5, 5.5]], [0.08, 0.05], 10, 0))
    _shrubs(rng, out)
    return out, {
        "kerb": Surface((0.3, 0.3, 0.29), 0.85, grain=0.3), "kerb 2": Surface((0.26, 0.26, 0.25), 0.85, grain=0.3), "post": Surface((0.03, 0.03, 0.032), 0.5),
        "band": Surface((0.6, 0.42, 0.02), 0.5), "pole": Surface((0.2, 0.21, 0.21), 0.45, 0.6), "planter": Surface((0.2, 0.17, 0.14), 0.8, grain=0.3),
        "leaf": Surface((0.035, 0.1, 0.022), 0.6, grain=0.5), "leaf 2": Surface((0.055, 0.14, 0.03), 0.6, grain=0.5), "trunk": Surface((0.07, 0.05, 0.035), 0.9, grain=0.5),
    }


def build(seed: int, width: int) -> Stage:
    """The recording of a seed in pictures `width` pixels wide."""
    rng = np.random.default_rng([seed, 21])
    fixtures, surfaces = _fixtures(rng)
    parked, passing = cars.make(cars.SALOON), cars.make(cars.HATCH)
    white, blue = cars.surfaces((0.62, 0.63, 0.64)), cars.surfaces((0.035, 0.09, 0.26))
    walker = people.draw(np.random.default_rng([seed, 44]))

    def cast(time: float) -> list[Placed]:
        out = [placed("car", CAR, parked, white, g.placement(*PARKED))]
        found = stories.at(DRIVE, time)
        if found is not None:
            out.append(placed("car", CAR, passing, blue, g.placement(*found)))
        person = on_foot(walker, seed + 1, WALK, time)
        if person is not None:
            person.body.move(g.placement(0, 0, 0, float(np.interp(stories.at(WALK, time)[1], [-0.15, 0.2], [0.0, 0.13]))))
            out.append(person)
        return out

    def state(time: float) -> tuple:
        foot = rounded(stories.at(WALK, time))
        return rounded(stories.at(DRIVE, time)), foot, None if foot is None else round(stride(WALK, time), 3)

    return Stage("street", "fire_lane_parking", SECONDS, camera(width), electronics(rng, 0.235), fixtures, surfaces, _panels(rng), cast, state, [(0.0, None)],
                 sky=Sky((0.2, 0.25, 0.33), 5.5, SUN))
