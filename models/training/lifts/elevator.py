"""The lift car: walls, floor, ceiling with lamps, rails, adverts, button panel, doors, and the lobby behind them.

The door is in the wall x = +depth / 2. A shape is drawn from ranges that depend on the profile: cars of the `held`
profile have wall mixes and proportions that `train` never has.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from . import geometry as g
from . import materials as m
from .materials import Panel, Rng, Surface

WALLS = {
    "train": (["steel", "dark steel", "wood", "painted", "mirror", "glass", "boards", "stone"], [0.36, 0.17, 0.13, 0.10, 0.04, 0.06, 0.11, 0.03]),
    "held": (["gold", "laminate", "etched steel"], [0.35, 0.3, 0.35]),
}
FLOORS = {"train": ["stone", "tiles", "rubber", "carpet", "boards", "chequer plate"], "held": ["stone", "inlay", "carpet"]}


@dataclass
class Lamp:
    """A ceiling lamp: middle, sizes along x and y, watts, linear colour."""

    place: tuple[float, float, float]
    size: tuple[float, float]
    watts: float
    colour: m.Colour


@dataclass
class Shape:
    """What a car is like: metres, the door's width and its middle's y, the style of its walls."""

    depth: float
    width: float
    height: float
    door_width: float
    door_y: float
    door_height: float
    walls: dict[str, str]
    floor: str
    two_leaves: bool

    @property
    def half(self) -> tuple[float, float]:
        """Half the depth and half the width."""
        return self.depth / 2, self.width / 2


@dataclass
class Car:
    """A built car: fixtures with the surfaces that they name, painted panels, lamps."""

    shape: Shape
    fixtures: g.Assembly
    surfaces: dict[str, Surface]
    panels: list[Panel] = field(default_factory=list)
    lamps: list[Lamp] = field(default_factory=list)


def draw_shape(rng: Rng, profile: str) -> Shape:
    """A random car of the profile, of the sizes of cars in blocks of flats (450 to 1,050 kg) and of a few bed lifts."""
    if profile == "train":
        deep = rng.random() < 0.28
        depth = rng.uniform(1.75, 2.15) if deep else rng.uniform(1.3, 1.62)
        width = rng.uniform(1.1, 1.6) if rng.random() < 0.5 else rng.uniform(1.35, 1.68)
    else:
        depth, width = rng.uniform(1.63, 1.74), rng.uniform(1.2, 1.62)
    height = rng.uniform(2.3, 2.65)
    door = min(rng.choice([0.8, 0.9, 1.0, 1.1]), width - 0.15)
    kinds, odds = WALLS[profile]
    base = str(rng.choice(kinds, p=np.array(odds) / sum(odds)))
    walls = {side: base for side in ("back", "left", "right", "front")}
    if rng.random() < 0.4:
        side = str(rng.choice(["back", "back", "left", "right"]))
        walls[side] = str(rng.choice(kinds))
    if walls["front"] in ("glass", "mirror", "boards"):
        walls["front"] = "steel"
    offset = float(rng.choice([0, 0, 0, 1, -1])) * (width - door) / 2 * 0.8
    return Shape(depth, width, height, door, offset, min(2.1, height - 0.12), walls, str(rng.choice(FLOORS[profile])), bool(rng.random() < 0.7))


def _wall_image(rng: Rng, kind: str, height: float, length: float) -> tuple[np.ndarray, float, float, bool]:
    """Image, roughness, metallic and glassiness of a wall of the given metres."""
    shape = (int(height * m.TEXELS), int(length * m.TEXELS))
    columns = int(rng.integers(1, 5))
    seam = 0.02
    glass = False
    if kind in ("steel", "etched steel"):
        image, rough, metal = m.metal_sheet(rng, shape, rng.uniform(0.35, 0.6), rng.uniform(0, 0.25)), rng.uniform(0.2, 0.4), 1.0
        if kind == "etched steel":
            pattern = (np.indices(shape).sum(0) // int(rng.integers(9, 22))) % 2
            image = image * (0.72 + 0.28 * pattern[..., None])
    elif kind == "dark steel":
        image, rough, metal = m.metal_sheet(rng, shape, rng.uniform(0.06, 0.17), rng.uniform(0, 0.4)), rng.uniform(0.2, 0.38), 1.0
    elif kind == "gold":
        image, rough, metal = m.metal_sheet(rng, shape, rng.uniform(0.45, 0.6), rng.uniform(0.7, 1)), rng.uniform(0.2, 0.35), 1.0
    elif kind == "wood":
        image, rough, metal = m.wood_sheet(rng, shape, rng.uniform(0.04, 0.09), rng.uniform(0.12, 0.5), rng.random() < 0.5), rng.uniform(0.25, 0.5), 0.0
    elif kind == "boards":
        image, rough, metal = m.wood_sheet(rng, shape, rng.uniform(0.08, 0.11), rng.uniform(0.4, 0.6), True), 0.75, 0.0
    elif kind == "painted":
        image, rough, metal = m.plain_sheet(rng, shape, m.hsv(rng.choice([0.1, 0.13, 0.3, 0.55]), rng.uniform(0, 0.25), rng.uniform(0.35, 0.7))), 0.4, 0.0
    elif kind == "laminate":
        image, rough, metal = m.stone_sheet(rng, shape, rng.choice([0.35, 0.45, 0.02]), rng.uniform(0.15, 0.5), rng.uniform(0.2, 0.5)), 0.3, 0.0
    elif kind == "stone":
        image, rough, metal = m.stone_sheet(rng, shape, 0.08, rng.uniform(0.25, 0.5), rng.uniform(0.1, 0.35)), 0.15, 0.0
    elif kind == "mirror":
        image, rough, metal = m.plain_sheet(rng, shape, (0.72, 0.74, 0.73), 0.05), 0.02, 1.0
    else:
        image, rough, metal, glass = m.plain_sheet(rng, shape, (0.7, 0.8, 0.78), 0.05), 0.05, 0.0, True
    m.cut_lines(image, columns, int(rng.choice([1, 1, 2, 3])), seam)
    if not glass and kind != "boards" and rng.random() < 0.16:  # boards or card put up against knocks, to the chest or to the top
        top = int(shape[0] * rng.choice([0.0, 0.08, 0.4, 0.5]))
        board = m.wood_sheet(rng, shape, rng.uniform(0.075, 0.105), rng.uniform(0.35, 0.6), True)
        m.cut_lines(board, int(rng.integers(1, 4)), 1, 0.1)
        image[top:] = board[top:]
        rough, metal = (0.7, 0.0) if top < shape[0] * 0.2 else (rough + 0.15, metal * 0.4)
    return image, rough, metal, glass


def _floor_image(rng: Rng, kind: str, depth: float, width: float) -> tuple[np.ndarray, float]:
    """Image and roughness of a floor, rows along y."""
    shape = (int(width * m.TEXELS), int(depth * m.TEXELS))
    value = rng.uniform(0.1, 0.55)
    hue = rng.choice([0.07, 0.09, 0.1, 0.6, 0.0])
    if kind == "stone":
        return m.stone_sheet(rng, shape, hue, value, rng.uniform(0, 0.35)), rng.uniform(0.12, 0.4)
    if kind in ("tiles", "inlay"):
        image = m.stone_sheet(rng, shape, hue, value, rng.uniform(0, 0.4))
        if kind == "inlay":
            image[shape[0] // 6 : -shape[0] // 6, shape[1] // 6 : -shape[1] // 6] *= rng.uniform(0.4, 0.75)
        else:
            m.cut_lines(image, int(rng.integers(2, 5)), int(rng.integers(2, 5)), value * 0.4, 2)
        if rng.random() < 0.5:
            edge = int(rng.uniform(0.06, 0.14) * m.TEXELS)
            dark = image * rng.uniform(0.2, 0.5)
            dark[edge:-edge, edge:-edge] = image[edge:-edge, edge:-edge]
            image = dark
        return image, rng.uniform(0.12, 0.4)
    if kind == "rubber":
        return m.plain_sheet(rng, shape, (value * 0.3, value * 0.3, value * 0.32), 0.5), 0.7
    if kind == "carpet":
        image = m.plain_sheet(rng, shape, m.hsv(rng.random(), rng.uniform(0.3, 0.9), rng.uniform(0.06, 0.35)), 0.3)
        image *= 0.8 + 0.4 * rng.random((*shape, 1))
        inset = int(0.07 * m.TEXELS)
        image[inset : inset + 3, inset:-inset] = image[-inset - 3 : -inset, inset:-inset] = 0.45
        high = int(shape[0] * 0.12)
        middle = shape[0] // 2
        for k in range(3):  # the day of the week, as lifts' mats have it
            x = int(shape[1] * (0.3 + 0.15 * k))
            for _ in range(4):
                a, b = int(rng.integers(0, high)), int(rng.integers(0, high // 2))
                image[middle + b : middle + b + 3, x : x + high] = 0.6
                image[middle : middle + high, x + a : x + a + 3] = 0.6
        return image, 0.95
    if kind == "boards":
        return m.wood_sheet(rng, shape, 0.09, rng.uniform(0.3, 0.55), False), 0.7
    pattern = (np.indices(shape) // 5).sum(0) % 2
    return m.metal_sheet(rng, shape, 0.4, 0.1) * (0.75 + 0.3 * pattern[..., None]), 0.45


def _upright(a: np.ndarray, b: np.ndarray, low: float, high: float) -> np.ndarray:
    """The corners of an upright rectangle from ground point a to b."""
    return np.array([[*a, low], [*b, low], [*b, high], [*a, high]])


def _hang(rng: Rng, car: Car, a: np.ndarray, b: np.ndarray, inward: np.ndarray, wall: str) -> None:
    """Adverts, notices, a mirror, a rail and a skirting on the wall from a to b."""
    height, length = car.shape.height, float(np.linalg.norm(b - a))
    along = (b - a) / length
    if rng.random() < 0.7:
        car.fixtures.add("skirting", _slab(a, along, inward, length, 0.0, rng.uniform(0.06, 0.13), 0.006))
    rail = rng.random() < 0.6
    if rail:
        z = rng.uniform(0.82, 0.95)
        for drop in (0, 0.16) if rng.random() < 0.25 else (0,):
            ends = [np.append(a + along * t * length + inward * 0.055, z - drop) for t in (0.07, 0.93)]
            car.fixtures.add("rail", g.tube(ends, rng.uniform(0.013, 0.02), 8, 0))
            for t in (0.1, 0.9):
                foot = np.append(a + along * t * length, z - drop)
                car.fixtures.add("rail", g.tube([foot, foot + np.append(inward * 0.055, 0)], 0.009, 5, 0))
    if wall != "mirror" and rng.random() < (0.22 if abs(inward[0]) > 0.5 else 0.05):
        low = rng.uniform(0.8, 1.1)
        corners = _upright(a + along * 0.06 + inward * 0.006, b - along * 0.06 + inward * 0.006, low, height - 0.25)
        car.panels.append(Panel(corners, np.full((4, 4, 3), 0.72), 0.02, 1.0))
        return
    taken: list[tuple[float, float]] = []
    for _ in range(int(rng.choice([0, 1, 2, 3, 4], p=[0.2, 0.25, 0.25, 0.2, 0.1]))):
        framed = rng.random() < 0.65
        high = rng.uniform(0.4, 0.85) if framed else rng.uniform(0.15, 0.42)
        wide = high * rng.uniform(0.6, 1.05) if framed else high * rng.uniform(0.6, 1.5)
        if wide > length - 0.1:
            continue
        left = rng.uniform(0.04, length - wide - 0.04)
        if any(left < r and left + wide > l for l, r in taken):
            continue
        taken.append((left - 0.03, left + wide + 0.03))
        low = rng.uniform(1.0, max(1.05, min(1.5, height - high - 0.15)))
        p = a + along * left + inward * (0.02 if framed else 0.006)
        draw = m.advert if framed or rng.random() < 0.3 else m.notice
        car.panels.append(Panel(_upright(p, p + along * wide, low, low + high), draw(rng, high, wide), rng.uniform(0.08, 0.5)))
        if framed:
            edge = rng.uniform(0.015, 0.04)
            for z in (low - edge, low + high):
                car.fixtures.add("frame", _slab(a + along * (left - edge), along, inward, wide + 2 * edge, z, z + edge, 0.028))
            for start in (left - edge, left + wide):
                car.fixtures.add("frame", _slab(a + along * start, along, inward, edge, low, low + high, 0.028))


def _slab(start: np.ndarray, along: np.ndarray, inward: np.ndarray, length: float, low: float, high: float, thick: float) -> g.Solid:
    """A plate on a wall: from ground point `start` along the wall, between two heights."""
    middle = start + along * length / 2 + inward * thick / 2
    half = np.abs(along) * length / 2 + np.abs(inward) * thick / 2
    return g.box((*middle, (low + high) / 2), (*half, (high - low) / 2))


def _buttons(rng: Rng, car: Car) -> None:
    """The panel of buttons beside the door."""
    s, (hx, hy) = car.shape, car.shape.half
    spans = [(-hy, s.door_y - s.door_width / 2), (s.door_y + s.door_width / 2, hy)]
    low, high = max(spans, key=lambda span: span[1] - span[0])
    y, half = (low + high) / 2, min(0.1, (high - low) * 0.38)
    car.fixtures.add("plate", g.box((hx - 0.008, y, 1.2), (0.008, half, rng.uniform(0.35, 0.6))))
    columns, rows = int(rng.integers(1, 4)), int(rng.integers(5, 13))
    for i in range(rows):
        for j in range(columns):
            place = (hx - 0.018, y + (j - (columns - 1) / 2) * half * 0.62, 0.9 + 0.045 * i)
            car.fixtures.add("lit" if rng.random() < 0.12 else "button", g.box(place, (0.004, 0.012, 0.012)))
    car.fixtures.add("display", g.box((hx - 0.018, y, 0.98 + 0.045 * rows), (0.003, half * 0.6, 0.04)))


def _lamps(rng: Rng, shape: Shape) -> list[Lamp]:
    """One of four usual lamp layouts, under 70 W of light in all."""
    colour = m.hsv(rng.choice([0.08, 0.11, 0.56, 0.6]), rng.uniform(0, 0.2), 1)
    watts, z = rng.uniform(22, 40), shape.height - 0.02
    d, w = shape.depth, shape.width
    layout = rng.integers(0, 4)
    if layout == 0:
        return [Lamp((0, 0, z), (d * rng.uniform(0.4, 0.8), w * rng.uniform(0.3, 0.8)), watts, colour)]
    if layout == 1:
        return [Lamp((0, s * w * 0.3, z), (d * 0.7, 0.12), watts / 2, colour) for s in (-1, 1)]
    if layout == 2:
        return [Lamp((x * d, y * w, z), (0.12, 0.12), watts / 4, colour) for x in (-0.28, 0.28) for y in (-0.28, 0.28)]
    return [Lamp((rng.uniform(-0.2, 0.2) * d, rng.uniform(-0.2, 0.2) * w, z), (0.28, 0.28), watts, colour)]


def build(rng: Rng, shape: Shape) -> Car:
    """The car without its doors, and the lobby."""
    (hx, hy), height = shape.half, shape.height
    car = Car(shape, g.Assembly(), _surfaces(rng))
    corner = {"bl": np.array([-hx, hy]), "br": np.array([-hx, -hy]), "fl": np.array([hx, hy]), "fr": np.array([hx, -hy])}
    walls = {"back": ("bl", "br", (1, 0)), "left": ("fl", "bl", (0, -1)), "right": ("br", "fr", (0, 1))}
    looks: dict[str, tuple] = {}
    for side, (a, b, inward) in walls.items():
        length = shape.width if side == "back" else shape.depth
        image, rough, metal, glass = _wall_image(rng, shape.walls[side], height, length)
        looks[side] = (image, rough, metal)
        car.panels.append(Panel(_upright(corner[a], corner[b], 0, height), image, rough, metal, glass))
        _hang(rng, car, corner[a], corner[b], np.array(inward, float), shape.walls[side])
    image, rough = _floor_image(rng, shape.floor, shape.depth, shape.width)
    car.panels.append(Panel(np.array([[-hx, -hy, 0], [hx, -hy, 0], [hx, hy, 0], [-hx, hy, 0]]), image, rough))
    car.fixtures.add("ceiling", g.Solid(np.array([[-hx, -hy, height], [-hx, hy, height], [hx, hy, height], [hx, -hy, height]]), np.array([[0, 1, 2, 3]])))
    _front(rng, car)
    _buttons(rng, car)
    car.lamps = _lamps(rng, shape)
    for lamp in car.lamps:
        car.fixtures.add("lamp", g.box((lamp.place[0], lamp.place[1], height - 0.006), (lamp.size[0] / 2, lamp.size[1] / 2, 0.005)))
    _lobby(rng, car)
    return car


def _front(rng: Rng, car: Car) -> None:
    """The wall with the doorway, and its sill."""
    s, (hx, hy) = car.shape, car.shape.half
    image, rough, metal, _ = _wall_image(rng, s.walls["front"], s.height, s.width)
    left, right = s.door_y + s.door_width / 2, s.door_y - s.door_width / 2

    def cut(y0: float, y1: float, z0: float, z1: float) -> None:
        if y0 - y1 < 0.01:
            return
        h, w = image.shape[:2]
        part = image[int((1 - z1 / s.height) * h) : int((1 - z0 / s.height) * h) + 1, int((hy - y0) / s.width * w) : int((hy - y1) / s.width * w) + 1]
        corners = _upright(np.array([hx, y1]), np.array([hx, y0]), z0, z1)
        car.panels.append(Panel(corners, part[:, ::-1], rough, metal))

    cut(hy, left, 0, s.height)
    cut(right, -hy, 0, s.height)
    cut(left, right, s.door_height, s.height)
    for y in (left, right):
        car.fixtures.add("jamb", g.box((hx + 0.06, y + np.sign(y - s.door_y) * 0.01, s.door_height / 2), (0.06, 0.01, s.door_height / 2)))
    car.fixtures.add("jamb", g.box((hx + 0.06, s.door_y, s.door_height + 0.01), (0.06, s.door_width / 2, 0.01)))
    car.fixtures.add("sill", g.box((hx + 0.08, s.door_y, -0.006), (0.08, s.door_width / 2 + 0.1, 0.006)))


def _lobby(rng: Rng, car: Car) -> None:
    """The landing: floor, three walls, ceiling, a lamp."""
    s = car.shape
    near, deep, side, high = s.depth / 2 + 0.16, rng.uniform(1.6, 3.2), 1.9, 2.6
    far = near + deep
    shape = (int(2 * side * 80), int(deep * 80))
    floor = m.stone_sheet(rng, shape, 0.08, rng.uniform(0.2, 0.55), rng.uniform(0, 0.3))
    m.cut_lines(floor, max(1, int(deep / 0.6)), 6, 0.15)
    car.panels.append(Panel(np.array([[near, -side, -0.002], [far, -side, -0.002], [far, side, -0.002], [near, side, -0.002]]), floor, rng.uniform(0.12, 0.5)))
    wall = m.plain_sheet(rng, (int(high * 60), int(2 * side * 60)), m.hsv(0.1, rng.uniform(0, 0.25), rng.uniform(0.3, 0.7)), 0.2)
    if rng.random() < 0.5:
        m.cut_lines(wall, 6, 4, 0.2)
    corners = {"r": np.array([far, -side]), "l": np.array([far, side]), "nr": np.array([near, -side]), "nl": np.array([near, side])}
    for a, b in (("r", "l"), ("nr", "r"), ("l", "nl")):
        car.panels.append(Panel(_upright(corners[a], corners[b], 0, high), wall, rng.uniform(0.15, 0.6)))
    for y0, y1 in ((-side, s.door_y - s.door_width / 2), (s.door_y + s.door_width / 2, side)):
        car.fixtures.add("landing", g.box((near - 0.02, (y0 + y1) / 2, high / 2), (0.02, (y1 - y0) / 2, high / 2)))
    car.fixtures.add("landing", g.box((near - 0.02, s.door_y, (s.door_height + high) / 2), (0.02, s.door_width / 2, (high - s.door_height) / 2)))
    car.fixtures.add("landing", g.box((near + deep / 2, 0, high), (deep / 2, side, 0.01)))
    car.lamps.append(Lamp((near + deep / 2, rng.uniform(-0.8, 0.8), high - 0.05), (0.5, 0.5), float(rng.choice([6, 20, 45])), m.hsv(0.1, rng.uniform(0, 0.3), 1)))


def doors(shape: Shape, share: float) -> g.Assembly:
    """The door's leaves, `share` 0 (shut) to 1 (open)."""
    out = g.Assembly()
    x, z = shape.depth / 2 + 0.06, shape.door_height / 2
    if shape.two_leaves:
        for s in (-1, 1):
            y = shape.door_y + s * shape.door_width * (0.25 + share / 2)
            out.add("door", g.box((x, y, z), (0.015, shape.door_width / 4, z)))
    else:
        out.add("door", g.box((x, shape.door_y + share * shape.door_width, z), (0.015, shape.door_width / 2, z)))
    return out


def _surfaces(rng: Rng) -> dict[str, Surface]:
    """The finishes of the fixtures."""
    steel = Surface(m.grey(rng, 0.3, 0.6), rng.uniform(0.2, 0.4), 1.0, grain=0.2)
    dark = Surface(m.grey(rng, 0.05, 0.15), 0.3, 1.0, grain=0.2)
    gold = Surface((0.55, 0.4, 0.18), 0.25, 1.0)
    door = (steel, steel, dark, gold)[int(rng.integers(0, 4))]
    lit = m.hsv(rng.choice([0.0, 0.07, 0.6]), 0.8, 1)
    return {
        "skirting": steel if rng.random() < 0.6 else dark, "rail": Surface(m.grey(rng, 0.45, 0.7), 0.2, 1.0), "door": door, "jamb": door,
        "frame": Surface(m.grey(rng, 0.02, 0.6), 0.35, float(rng.random() < 0.5)), "plate": steel if rng.random() < 0.7 else dark,
        "button": Surface(m.grey(rng, 0.3, 0.7), 0.3, 1.0), "lit": Surface(lit, glow=3.0), "lamp": Surface((1, 1, 0.97), glow=5.0),
        "display": Surface(m.hsv(rng.choice([0.0, 0.6, 0.33]), 0.8, 0.6), 0.2, glow=1.2 if rng.random() < 0.6 else 0.0),
        "ceiling": Surface(m.grey(rng, 0.35, 0.75), rng.uniform(0.2, 0.6), float(rng.random() < 0.35)),
        "sill": Surface(m.grey(rng, 0.3, 0.5), 0.4, 1.0, grain=0.5), "landing": Surface(m.grey(rng, 0.3, 0.7), 0.6),
    }
