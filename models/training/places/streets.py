"""Roads, car parks and yards, drawn at random: grounds with markings, houses about them, trees, posts, lamps, and where vehicles stand.

A place is about x = y = 0 and x runs along the road or the rows; its houses are at the far edges. Lengths are metres, z is up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np

from lifts import geometry as g
from lifts import materials as m
from lifts.elevator import Lamp
from lifts.materials import Panel, Rng, Surface
from lifts.scene import Placed
from scenes.stage import flat, upright

TEXELS = 16
"""Pixels to a metre of grounds and houses."""
KINDS = {"oblique": ("road", "lot", "yard"), "tiny": ("road", "lot"), "steep": ("road", "lot", "yard"), "touching": ("lot", "road"), "cut": ("road", "lot", "yard"), "empty": ("road", "lot", "yard")}
PAVED = 0.13
"""Height of pavements."""


@dataclass(frozen=True)
class Slot:
    """Where a vehicle of at most `length` and `width` can be; `driving` where it is under way."""

    x: float
    y: float
    yaw: float
    length: float
    width: float = 2.1
    driving: bool = False


@dataclass
class Street:
    """A place out of doors. `walks` are where people walk: x and y from, x and y to, z. `open` is where a camera may hang; `keep` what it keeps off."""

    kind: str
    panels: list[Panel] = field(default_factory=list)
    fixtures: g.Assembly = field(default_factory=g.Assembly)
    lights: g.Assembly = field(default_factory=g.Assembly)
    """Heads of lamps, which glow by night."""
    surfaces: dict[str, Surface] = field(default_factory=dict)
    lamps: list[Lamp] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    walks: list[tuple[float, float, float, float, float]] = field(default_factory=list)
    open: tuple[float, float, float, float] = (0, 0, 0, 0)
    keep: list[tuple[float, float]] = field(default_factory=list)
    things: list[Placed] = field(default_factory=list)


def _ground(rng: Rng, long: float, deep: float, kind: str) -> np.ndarray:
    """An image (h, w, 3) of asphalt, concrete or grass, with stains and cracks."""
    high, wide = int(deep * TEXELS), int(long * TEXELS)
    base = 0.5 * m.clouds(rng, high, wide, 60, 90, 4) + 0.5 * rng.random((high, wide)).astype(np.float32)
    level = float(rng.uniform(0.7, 1.5))
    dark, light = {"asphalt": ((0.05, 0.05, 0.053), (0.13, 0.13, 0.133)), "concrete": ((0.16, 0.155, 0.145), (0.34, 0.335, 0.32)), "grass": ((0.03, 0.06, 0.015), (0.09, 0.15, 0.04))}[kind]
    image = np.ascontiguousarray(m.tinted(base, dark, light) * level, np.float32)
    if kind != "grass":
        shade = np.zeros((high, wide), np.float32)
        for _ in range(int(long * deep / 60)):
            cv2.ellipse(shade, (int(rng.integers(0, wide)), int(rng.integers(0, high))), (int(rng.integers(4, 30)), int(rng.integers(3, 12))), 0, 0, 360, 1.0, -1)
        image *= 1 - 0.3 * cv2.GaussianBlur(shade, (0, 0), 4)[..., None]
    if kind == "concrete":
        m.cut_lines(image, max(2, int(long / 4)), max(2, int(deep / 4)), 0.1, 1)
    return image


def _line(image: np.ndarray, a: tuple[float, float], b: tuple[float, float], origin: tuple[float, float], colour: m.Colour, thick: int = 2) -> None:
    """Paints a line between two places on the ground into an image whose lower left corner is at `origin`."""
    high = image.shape[0]
    ends = [(int((x - origin[0]) * TEXELS), int(high - (y - origin[1]) * TEXELS)) for x, y in (a, b)]
    cv2.line(image, *ends, colour, thick, cv2.LINE_AA)


def _facade(rng: Rng, wide: float, tall: float) -> np.ndarray:
    """A house's wall: rows of windows, a plinth, doors or shop windows below."""
    shape = (int(tall * TEXELS), int(wide * TEXELS))
    image = m.plain_sheet(rng, shape, m.hsv(rng.uniform(0, 0.16), rng.uniform(0, 0.5), rng.uniform(0.15, 0.55)), 0.2).astype(np.float32)
    image[-int(0.8 * TEXELS) :] *= 0.6
    storey, pitch = float(rng.uniform(2.8, 3.4)), float(rng.uniform(2.2, 4.0))
    w, h = int(pitch * rng.uniform(0.35, 0.65) * TEXELS), int(rng.uniform(1.2, 1.9) * TEXELS)
    frame = float(rng.uniform(0.1, 0.6))
    for row in range(int(tall / storey)):
        bottom = shape[0] - int((row * storey + 0.9) * TEXELS)
        for x in np.arange(0.8, wide - pitch * 0.7, pitch):
            left, top = int(x * TEXELS), max(1, bottom - h)
            image[top - 1 : bottom + 1, max(left - 1, 0) : left + w + 1] = frame
            image[top:bottom, left : left + w] = float(rng.uniform(0.01, 0.14)) * np.array([0.85, 0.95, 1.1])
            image[top:bottom, left + w // 2] = frame
            if row == 0 and rng.random() < 0.2:
                image[top:, left : left + w] = m.hsv(rng.random(), 0.4, rng.uniform(0.03, 0.3))
    return image


def _houses(rng: Rng, place: Street, a: tuple[float, float], b: tuple[float, float]) -> None:
    """A row of houses along a line, seen from its right when one goes from a to b."""
    wide, gone = float(np.hypot(b[0] - a[0], b[1] - a[1])), 0.0
    along = (np.array(b) - a) / wide
    while gone < wide - 3:
        each, tall = min(float(rng.uniform(9, 26)), wide - gone), float(rng.uniform(4, 15))
        start = np.array(a) + along * gone
        place.panels.append(Panel(upright(tuple(start), tuple(start + along * each), 0, tall), _facade(rng, each, tall), 0.85))
        gone += each + (float(rng.uniform(1, 5)) if rng.random() < 0.3 else 0.0)


def _tree(rng: Rng, place: Street, x: float, y: float) -> None:
    tall, out = float(rng.uniform(2.2, 4.0)), place.fixtures
    out.add("trunk", g.tube([[x, y, 0], [x + 0.05, y, tall / 2], [x, y + 0.05, tall + 0.4]], [0.13, 0.07], 7))
    for _ in range(18):
        spot = rng.normal(0, 1, 3)
        spot *= rng.uniform(0.4, 1.0) / np.linalg.norm(spot)
        out.add(str(rng.choice(["leaf", "leaf 2"])), g.blob(np.array([x, y, tall + 1.0]) + spot * (1.4, 1.4, 1.1), rng.uniform(0.35, 0.75, 3), 2, sides=8, rows=6))
    place.keep.append((x, y))


def _lamp(rng: Rng, place: Street, x: float, y: float, reach: float) -> None:
    """A lamp post whose head reaches along y."""
    high = float(rng.uniform(5.5, 7.5))
    place.fixtures.add("pole", g.tube([[x, y, 0], [x, y, high - 0.5], [x, y + reach, high]], [0.09, 0.05], 8, 0))
    place.lights.add("lamp", g.box((x, y + reach, high), (0.16, 0.3, 0.04)))
    colour = (1.0, 0.62, 0.25) if place.surfaces["lamp"].colour[2] < 0.5 else (0.95, 1.0, 1.0)
    place.lamps.append(Lamp((x, y + reach, high - 0.08), (0.6, 0.4), float(rng.uniform(350, 800)), colour))
    place.keep.append((x, y))


def _clutter(rng: Rng, place: Street, rects: list[tuple[float, float, float, float, float]]) -> None:
    """Posts, bins, signs, crates, bushes and boxes where people walk."""
    for a, b, c, d, z in rects:
        for _ in range(int(rng.integers(2, 9))):
            x, y, out = float(rng.uniform(a, c)), float(rng.uniform(b, d)), place.fixtures
            kind = str(rng.choice(["post", "bin", "sign", "bush", "crate", "box"]))
            if kind == "post":
                out.add("post", g.tube([[x, y, z], [x, y, z + 0.9]], 0.055, 8, 0))
            elif kind == "bin":
                out.add(str(rng.choice(["post", "green"])), g.loft([(x, y, z, 0.24, 0.24, 4), (x, y, z + 1.0, 0.3, 0.3, 4), (x, y, z + 1.06, 0.28, 0.28, 4)], "z", 16, 2))
            elif kind == "sign":
                out.add("pole", g.tube([[x, y, z], [x, y, z + 2.4]], 0.03, 6, 0))
                out.add(str(rng.choice(["red", "blue"])), g.disc((x, y, z + 2.2), 0.28, 0.015, 20))
            elif kind == "bush":
                for _ in range(7):
                    out.add(str(rng.choice(["leaf", "leaf 2"])), g.blob((x + rng.normal(0, 0.3), y + rng.normal(0, 0.3), z + rng.uniform(0.2, 0.6)), rng.uniform(0.2, 0.45, 3), 2, sides=8, rows=6))
            elif kind == "crate":
                out.add("wood", g.box((x, y, z + 0.4), rng.uniform(0.3, 0.45, 3) * (1, 1, 1), g.rotation("z", float(rng.uniform(0, 90)))))
            else:
                out.add("steel", g.box((x, y, z + 0.6), (0.3, 0.5, 0.6)))


def _road(rng: Rng, place: Street) -> None:
    """A road of two lanes with cars parked along its kerbs."""
    half, long, lane = 5.3, 60.0, float(rng.uniform(1.55, 1.75))
    origin, image = (-long, -half), _ground(rng, 2 * long, 2 * half, "asphalt")
    white = (0.55, 0.55, 0.53)
    for x in np.arange(-long, long, 6.0):
        _line(image, (x, 0), (x + 3, 0), origin, white)
    for y in (-half + 2.15, half - 2.15):
        _line(image, (-long, y), (long, y), origin, white, 1)
    if rng.random() < 0.6:
        start = float(rng.uniform(-12, 8))
        for y in np.arange(-half + 0.4, half, 1.0):
            _line(image, (start, y), (start + 3.5, y), origin, white, 8)
    place.panels.append(Panel(flat(-long, long, -half, half), image, 0.85))
    for near, far in ((half, half + 3.2), (-half - 3.2, -half)):
        paving = m.stone_sheet(rng, (int(3.2 * TEXELS), int(2 * long * TEXELS)), 0.09, float(rng.uniform(0.2, 0.4)), 0.06)
        m.cut_lines(paving, int(2 * long / 0.8), 4, 0.12, 1)
        place.panels.append(Panel(flat(-long, long, near, far, PAVED), paving, 0.85))
        place.walks.append((-long / 2, near + 0.4, long / 2, far - 0.3, PAVED))
    for y in (-half, half):
        place.fixtures.add("kerb", g.box((0, y, PAVED / 2), (long, 0.09, PAVED / 2 + 0.003)))
    grown = _ground(rng, 2 * long, 14, str(rng.choice(["grass", "concrete"])))
    place.panels.append(Panel(flat(-long, long, -half - 17.2, -half - 3.2, PAVED - 0.02), grown, 0.95))
    _houses(rng, place, (-long, half + 3.2), (long, half + 3.2))
    _houses(rng, place, (long, -half - 17.2), (-long, -half - 17.2))
    for x in np.arange(-40, 41, 20):
        _lamp(rng, place, x + rng.normal(0, 2), half + 0.5, -1.4)
        if rng.random() < 0.5:
            _tree(rng, place, x + 9, -half - rng.uniform(4.5, 9))
    shift, long_gap = float(rng.uniform(0, 5)), float(rng.uniform(5.5, 6.0))
    for side in (-1, 1):
        for x in np.arange(-42 + shift, 42, long_gap):
            place.slots.append(Slot(float(x), side * (half - 1.1), 0.0 if side < 0 else np.pi, 5.2))
        for x in np.arange(-45 + rng.uniform(0, 9), 45, 17.0):
            place.slots.append(Slot(float(x), side * lane, 0.0 if side < 0 else np.pi, 12.5, 2.6, True))
    place.open = (-45, -half - 15.0, 45, half + 2.6)


def _lot(rng: Rng, place: Street) -> None:
    """A car park with rows of bays across."""
    long, deep, pitch = 40.0, 21.0, float(rng.uniform(2.45, 2.8))
    origin, image = (-long, -deep), _ground(rng, 2 * long, 2 * deep, str(rng.choice(["asphalt", "asphalt", "concrete"])))
    paint = (0.55, 0.55, 0.53) if rng.random() < 0.7 else (0.55, 0.4, 0.05)
    for row, ahead in ((-15.5, 1), (-2.7, -1), (2.7, 1), (15.5, -1)):
        for k, x in enumerate(np.arange(-34, 34, pitch)):
            _line(image, (x, row - 2.5), (x, row + 2.5), origin, paint)
            place.slots.append(Slot(float(x + pitch / 2), row, ahead * np.pi / 2, 5.1, pitch - 0.3))
    for y in (-9.0, 9.0):
        for x in np.arange(-30 + rng.uniform(0, 12), 30, 19.0):
            place.slots.append(Slot(float(x), y + rng.normal(0, 0.4), float(rng.choice([0.0, np.pi])), 9.0, 2.6, True))
        place.walks.append((-30, y - 2, 30, y + 2, 0.0))
    place.panels.append(Panel(flat(-long, long, -deep, deep), image, 0.9))
    _houses(rng, place, (-long, deep), (long, deep))
    _houses(rng, place, (long, -deep), (-long, -deep))
    for x in (-24, 0, 24):
        _lamp(rng, place, x + 0.1, 0.0, 1.6)
        _lamp(rng, place, x + 9.1, 0.0, -1.6)
        for y in (-19.6, 19.6):
            if rng.random() < 0.6:
                _tree(rng, place, x + rng.normal(0, 3), y)
    place.open = (-38, -deep + 0.5, 38, deep - 0.5)


def _yard(rng: Rng, place: Street) -> None:
    """A yard of a factory, a school or houses, with vehicles that stand as they came."""
    long, deep = float(rng.uniform(22, 32)), float(rng.uniform(16, 24))
    origin, image = (-long, -deep), _ground(rng, 2 * long, 2 * deep, str(rng.choice(["concrete", "concrete", "asphalt"])))
    for y in rng.uniform(-deep, deep, int(rng.integers(0, 4))):
        _line(image, (-long, y), (long, y), origin, (0.55, 0.4, 0.05))
    place.panels.append(Panel(flat(-long, long, -deep, deep), image, 0.9))
    corners = [(-long, deep), (long, deep), (long, -deep), (-long, -deep)]
    for a, b in zip(corners, corners[1:] + corners[:1]):
        _houses(rng, place, a, b)
    bearing = float(rng.uniform(0, np.pi))
    for x in np.arange(-long + 8, long - 7, 13.0):
        for y in np.arange(-deep + 8, deep - 7, 13.0):
            place.slots.append(Slot(x + rng.normal(0, 0.3), y + rng.normal(0, 0.3), bearing + float(rng.choice([0, np.pi / 2, np.pi]) + rng.normal(0, 0.15)), 12.5, 2.7, bool(rng.random() < 0.3)))
    for x in np.arange(-long + 3, long - 8, 3.0):
        place.slots.append(Slot(float(x), deep - 3.4, -np.pi / 2, 5.2, 2.3))
    for x in (-long / 2, long / 2):
        _lamp(rng, place, x, -deep + 0.5, 1.8)
        _lamp(rng, place, x + 3, deep - 0.4, -1.8)
    place.walks += [(-long + 1, -deep + 1, long - 1, -deep + 3, 0.0), (-long + 1, -1, long - 1, 1, 0.0)]
    place.open = (-long + 0.3, -deep + 0.3, long - 0.3, deep - 0.3)


BUILD: dict[str, Callable[[Rng, Street], None]] = {"road": _road, "lot": _lot, "yard": _yard}


def build(rng: Rng, theme: str) -> Street:
    """A place for pictures of a theme."""
    place = Street(str(rng.choice(KINDS[theme])))
    lamp = (1.0, 0.8, 0.4) if rng.random() < 0.5 else (0.95, 1.0, 1.0)
    place.surfaces = {
        "kerb": Surface((0.3, 0.3, 0.29), 0.85, grain=0.3), "trunk": Surface((0.07, 0.05, 0.035), 0.9, grain=0.5), "leaf": Surface((0.035, 0.1, 0.022), 0.6, grain=0.5),
        "leaf 2": Surface((0.055, 0.14, 0.03), 0.6, grain=0.5), "pole": Surface((0.2, 0.21, 0.21), 0.45, 0.6), "lamp": Surface(lamp), "post": Surface((0.03, 0.03, 0.032), 0.5),
        "green": Surface((0.02, 0.12, 0.04), 0.5), "red": Surface((0.5, 0.02, 0.02), 0.4), "blue": Surface((0.02, 0.08, 0.4), 0.4), "wood": Surface((0.25, 0.16, 0.08), 0.7, grain=0.3),
        "steel": Surface((0.35, 0.36, 0.36), 0.5, grain=0.1),
    }
    BUILD[place.kind](rng, place)
    _clutter(rng, place, place.walks[:1] if place.kind == "lot" else place.walks[:2])
    if theme == "empty":
        left, near, right, far = place.open
        _clutter(rng, place, [(max(left, -25), max(near, -12), min(right, 25), min(far, 12), 0.0)] * 6)
    place.panels.append(Panel(flat(-300, 300, -300, 300, -0.03), m.plain_sheet(rng, (64, 64), (0.12, 0.13, 0.1), 0.3), 0.95))
    return place
