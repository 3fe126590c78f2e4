"""Furniture of many kinds of rooms, each piece in its own frame: it faces +x and stands on z = 0. Lengths are metres.

The console, office chair, monitor and cabinet come from `scenes.furniture`; `palette` has the finishes that all pieces name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np

from lifts import geometry as g
from lifts import materials as m
from lifts.materials import Rng, Surface
from scenes import furniture as f

RISE, RUN = 0.17, 0.3
"""Height and depth of a step."""


@dataclass(frozen=True)
class Seat:
    """Where someone can sit: place on the ground and yaw of the look, height of the seat above what the feet stand on, that one's z.

    `ahead` is how far before the seat's middle the feet are; `desk` says whether hands can lie on a desk.
    """

    x: float
    y: float
    yaw: float
    height: float
    z: float = 0.0
    ahead: float = 0.42
    desk: bool = False

    def moved(self, place: np.ndarray) -> Seat:
        """The seat of a piece that stands at a place (4 x 4)."""
        x, y, z = place[:3, :3] @ (self.x, self.y, self.z) + place[:3, 3]
        return Seat(float(x), float(y), self.yaw + float(np.arctan2(place[1, 0], place[0, 0])), self.height, float(z), self.ahead, self.desk)


@dataclass
class Piece:
    """A piece of furniture, its seats, and its extent on the floor: x and y from, x and y to."""

    body: g.Assembly
    extent: tuple[float, float, float, float]
    seats: list[Seat] = field(default_factory=list)


def _legs(out: g.Assembly, half_x: float, half_y: float, high: float, thick: float = 0.02, surface: str = "metal") -> None:
    for x in (-half_x, half_x):
        for y in (-half_y, half_y):
            out.add(surface, g.box((x, y, high / 2), (thick, thick, high / 2)))


def plain_chair(rng: Rng) -> g.Assembly:
    """A chair with four legs, its seat's middle at the origin."""
    out, seat = g.Assembly(), 0.45
    colour = str(rng.choice(["seat", "seat 2", "wood"]))
    out.add(colour, g.blob((0, 0, seat - 0.02), (0.22, 0.21, 0.022), 5), g.blob((-0.23, 0, seat + 0.3), (0.018, 0.2, 0.14), 4, g.rotation("y", -8)))
    _legs(out, 0.18, 0.18, seat - 0.03, 0.013)
    for y in (-0.18, 0.18):
        out.add("metal", g.tube([[-0.19, y, 0.3], [-0.24, y, seat + 0.35]], 0.012, 6, 0))
    return out


def jacket(rng: Rng) -> g.Assembly:
    """A jacket that hangs over the back of a chair whose seat's middle is the origin."""
    out, cloth = g.Assembly(), str(rng.choice(["cloth", "cloth 2", "cloth 3"]))
    out.add(cloth, g.loft([(-0.25, 0, 0.9, 0.17, 0.05, 2.5), (-0.26, 0, 0.8, 0.24, 0.08, 2.6), (-0.27, 0, 0.5, 0.23, 0.07, 2.8), (-0.27, 0, 0.34, 0.22, 0.05, 3)], "z", 18, 3))
    for side in (-1, 1):
        out.add(cloth, g.tube([[-0.25, side * 0.2, 0.86], [-0.27, side * 0.28, 0.65], [-0.24, side * 0.27, 0.42]], [0.06, 0.045], 8, 3))
    return out


def workplace(rng: Rng) -> Piece:
    """A desk with a monitor and what lies about it, and a chair before it; who works there looks along +x."""
    out, half = g.Assembly(), float(rng.uniform(0.6, 0.85))
    deep = float(rng.uniform(0.3, 0.4))
    middle = 0.3 + deep
    out.add("top", g.box((middle, 0, f.DESK_TOP - 0.018), (deep, half, 0.018)))
    for y in (-half + 0.03, half - 0.03):
        out.add("body", g.box((middle, y, f.DESK_TOP / 2 - 0.02), (deep - 0.05, 0.02, f.DESK_TOP / 2 - 0.02)))
    if rng.random() < 0.6:
        out.add("body", g.box((middle + deep - 0.06, 0, 0.42), (0.012, half - 0.04, 0.28)))
    for y in ([0.0] if rng.random() < 0.7 else [-0.31, 0.31]):
        f.monitor(rng, out, g.placement(middle + deep * 0.4, y, -np.pi / 2 + rng.normal(0, 0.12), f.DESK_TOP), str(rng.choice(["views", "plan", "list"])))
    out.add("dark", g.box((middle - 0.1, 0, f.DESK_TOP + 0.011), (0.07, 0.2, 0.011)))
    for _ in range(int(rng.integers(0, 4))):
        x, y = middle + rng.uniform(-0.5, 0.5) * deep, rng.uniform(-0.8, 0.8) * half
        out.add("paper", g.box((x, y, f.DESK_TOP + 0.004), (0.1, 0.14, 0.004), g.rotation("z", float(rng.uniform(-40, 40)))))
    if rng.random() < 0.5:
        y = float(rng.choice([-1, 1])) * (half - 0.12)
        out.add("mug", g.tube([[middle, y, f.DESK_TOP], [middle, y, f.DESK_TOP + 0.1]], 0.04, 12, 0))
    if rng.random() < 0.3:
        out.add("cloth", g.blob((middle + 0.1, half * 0.6, f.DESK_TOP + 0.13), (0.12, 0.16, 0.13), 2.6))
    out.join(f.chair())
    if rng.random() < 0.3:
        out.join(jacket(rng))
    return Piece(out, (-0.5, -half - 0.03, middle + deep + 0.03, half + 0.03), [Seat(0, 0, 0, f.SEAT, desk=True)])


def dining(rng: Rng) -> Piece:
    """A table with chairs on two sides."""
    out, deep, places = g.Assembly(), float(rng.uniform(0.34, 0.45)), int(rng.integers(1, 4))
    half = 0.32 * places + 0.06
    out.add(str(rng.choice(["top", "white", "wood"])), g.box((0, 0, 0.735), (deep, half, 0.015)))
    _legs(out, deep - 0.06, half - 0.06, 0.72)
    seats = []
    for k in range(places):
        y = (k - (places - 1) / 2) * 0.62
        for side in (-1, 1):
            place = g.placement(side * (deep + 0.27 + rng.uniform(-0.04, 0.12)), y, np.pi if side > 0 else 0.0)
            out.join(plain_chair(rng), place)
            if rng.random() < 0.12:
                out.join(jacket(rng), place)
            seats.append(Seat(0, 0, 0, 0.45, desk=True).moved(place))
        if rng.random() < 0.5:
            out.add("paper", g.box((rng.uniform(-0.2, 0.2), y, 0.755), (0.12, 0.16, 0.006)))
            out.add("mug", g.tube([[0.12, y + 0.2, 0.75], [0.12, y + 0.2, 0.86]], 0.035, 10, 0))
    return Piece(out, (-deep - 0.65, -half - 0.02, deep + 0.65, half + 0.02), seats)


def bench_row(rng: Rng) -> Piece:
    """A row of waiting-room seats on a beam."""
    out, places = g.Assembly(), int(rng.integers(3, 6))
    colour = str(rng.choice(["seat", "seat 2", "steel"]))
    half = 0.28 * places
    out.add("metal", g.box((-0.02, 0, 0.36), (0.03, half - 0.05, 0.03)))
    seats = []
    for k in range(places):
        y = (k - (places - 1) / 2) * 0.56
        out.add(colour, g.blob((0, y, 0.43), (0.23, 0.24, 0.02), 4), g.blob((-0.25, y, 0.7), (0.02, 0.24, 0.2), 4, g.rotation("y", -12)))
        seats.append(Seat(0, y, 0, 0.44))
    for y in (-half + 0.2, half - 0.2):
        out.add("metal", g.box((-0.02, y, 0.18), (0.025, 0.025, 0.18)), g.box((0, y, 0.02), (0.24, 0.03, 0.02)))
    return Piece(out, (-0.36, -half, 0.6, half), seats)


def plank_bench(rng: Rng) -> Piece:
    """A bench without a back."""
    out, places = g.Assembly(), int(rng.integers(2, 4))
    half = 0.3 * places
    for x in (-0.13, 0.0, 0.13):
        out.add("wood", g.box((x, 0, 0.43), (0.055, half, 0.018)))
    for y in (-half + 0.2, half - 0.2):
        out.add("metal", g.box((0, y, 0.2), (0.16, 0.025, 0.21)))
    return Piece(out, (-0.3, -half, 0.6, half), [Seat(0, (k - (places - 1) / 2) * 0.58, 0, 0.45) for k in range(places)])


def sofa(rng: Rng) -> Piece:
    """A sofa or armchair."""
    out, places, cloth = g.Assembly(), int(rng.integers(1, 4)), str(rng.choice(["cloth", "cloth 2", "fabric", "leather"]))
    half = 0.31 * places
    out.add(cloth, g.blob((0, 0, 0.2), (0.4, half + 0.14, 0.18), 6), g.blob((-0.36, 0, 0.5), (0.11, half + 0.12, 0.32), 5))
    for k in range(places):
        out.add(cloth, g.blob((0.06, (k - (places - 1) / 2) * 0.62, 0.37), (0.34, 0.3, 0.08), 5))
    for side in (-1, 1):
        out.add(cloth, g.blob((0, side * (half + 0.1), 0.34), (0.4, 0.1, 0.28), 5))
    return Piece(out, (-0.5, -half - 0.22, 0.7, half + 0.22), [Seat(0.06, (k - (places - 1) / 2) * 0.62, 0, 0.42, ahead=0.5) for k in range(places)])


def steps(rng: Rng) -> Piece:
    """Steps that go up towards -x, with people's seats on them; they end in a wall or landing."""
    out, count, half = g.Assembly(), int(rng.integers(3, 8)), float(rng.uniform(0.8, 2.2))
    for k in range(count):
        high = (k + 1) * RISE
        out.add("stone" if k % 2 else "stone 2", g.box((-(k + 0.5) * RUN, 0, high / 2), (RUN / 2, half, high / 2)))
        out.add("edge", g.box((-k * RUN - 0.02, 0, high + 0.001), (0.02, half, 0.002)))
    top = count * RISE
    out.add("stone", g.box((-count * RUN - 0.5, 0, top / 2), (0.5, half, top / 2)))
    for side in (-1, 1):
        y = side * (half - 0.06)
        out.add("metal", g.tube([[0.1, y, 0.95], [-count * RUN, y, top + 0.95], [-count * RUN - 0.9, y, top + 0.95]], 0.025, 8, 0))
        for k in range(0, count, 2):
            out.add("metal", g.tube([[-(k + 0.5) * RUN, y, (k + 1) * RISE], [-(k + 0.5) * RUN, y, (k + 1) * RISE + 0.9]], 0.014, 6, 0))
    seats = []
    for k in range(1, min(count, 5)):
        for y in np.arange(-half + 0.4, half - 0.35, 0.7):
            if (k + round(y / 0.7)) % 2 == 0:
                seats.append(Seat(-k * RUN - 0.1, float(y), 0, 2 * RISE, (k - 1) * RISE, 0.53))
    return Piece(out, (-count * RUN - 1.0, -half, 0.35, half), seats)


def counter(rng: Rng) -> Piece:
    """A counter at which people queue, on its +x side."""
    out, half = g.Assembly(), float(rng.uniform(0.9, 2.2))
    out.add(str(rng.choice(["body", "wood", "stone"])), g.box((0, 0, 0.5), (0.3, half, 0.5)))
    out.add(str(rng.choice(["top", "stone 2", "white"])), g.box((0.02, 0, 1.02), (0.38, half + 0.05, 0.02)))
    f.monitor(rng, out, g.placement(-0.1, float(rng.uniform(-0.5, 0.5)) * half, np.pi / 2, 1.04), "list")
    out.add("paper", g.box((0.15, 0.3 * half, 1.045), (0.1, 0.14, 0.006)))
    if rng.random() < 0.5:
        out.add("green leaf", g.blob((0.1, -0.7 * half, 1.2), (0.12, 0.12, 0.16), 2, sides=9, rows=6))
    return Piece(out, (-0.9, -half - 0.06, 0.45, half + 0.06))


def shelf(rng: Rng) -> Piece:
    """A shelf or locker against a wall behind it."""
    out, half, high = g.Assembly(), float(rng.uniform(0.4, 0.9)), float(rng.uniform(1.2, 2.2))
    if rng.random() < 0.4:
        out.add(str(rng.choice(["steel", "body"])), g.box((0, 0, high / 2), (0.22, half, high / 2)))
        for y in np.arange(-half + 0.35, half - 0.1, 0.35):
            out.add("seam", g.box((0.221, y, high / 2), (0.002, 0.004, high / 2 - 0.05)))
            out.add("dark", g.box((0.226, y - 0.05, high * 0.55), (0.006, 0.01, 0.05)))
        return Piece(out, (-0.24, -half, 0.24, half))
    for y in (-half, half):
        out.add("steel", g.box((0, y, high / 2), (0.2, 0.02, high / 2)))
    for z in np.linspace(0.1, high - 0.02, int(high / 0.38)):
        out.add("wood", g.box((0, 0, z), (0.2, half, 0.012)))
        y = -half + 0.05
        while y < half - 0.15 and z < high - 0.3:
            wide, tall = float(rng.uniform(0.03, 0.18)), float(rng.uniform(0.14, 0.26))
            if rng.random() < 0.8:
                out.add(str(rng.choice(["card", "cloth 2", "white", "seat", "phone", "dark"])), g.box((0.02, y + wide, z + 0.012 + tall / 2), (0.14, wide * 0.95, tall / 2)))
            y += 2 * wide
    return Piece(out, (-0.22, -half, 0.22, half))


def cabinet(rng: Rng) -> Piece:
    """An alarm cabinet or plain one, from the control room."""
    out, moved = g.Assembly(), g.Assembly()
    f.cabinet(rng, out, 0.0, 0.225, bool(rng.random() < 0.5))
    moved.join(out, g.placement(0, 0, np.pi))
    return Piece(moved, (-0.24, -0.3, 0.24, 0.3))


def coat_stand(rng: Rng) -> Piece:
    """A stand with coats and a hat: nearly as tall and wide as someone who stands there."""
    out = g.Assembly()
    out.add("dark", g.tube([[0, 0, 0.02], [0, 0, 1.75]], 0.02, 8, 0))
    for k in range(4):
        a = np.pi / 2 * k + 0.4
        out.add("dark", g.tube([[0, 0, 0.1], [0.25 * np.cos(a), 0.25 * np.sin(a), 0.015]], 0.015, 6, 0), g.tube([[0, 0, 1.6], [0.13 * np.cos(a), 0.13 * np.sin(a), 1.72]], 0.012, 6, 0))
    for k in range(int(rng.integers(1, 4))):
        a, cloth = float(rng.uniform(0, 2 * np.pi)), str(rng.choice(["cloth", "cloth 2", "cloth 3"]))
        coat, low = g.Assembly(), float(rng.uniform(0.6, 1.0))
        coat.add(cloth, g.loft([(0.1, 0, 1.66, 0.04, 0.04, 2), (0.12, 0, 1.52, 0.16, 0.08, 2.3), (0.13, 0, 1.2, 0.19, 0.1, 2.5), (0.13, 0, low, 0.22, 0.1, 2.6)], "z", 18, 3))
        for side in (-1, 1):
            coat.add(cloth, g.tube([[0.12, side * 0.15, 1.5], [0.14, side * 0.21, 1.2], [0.15, side * 0.2, 0.95]], [0.06, 0.045], 8, 3))
        out.join(coat, g.placement(0, 0, a))
    if rng.random() < 0.5:
        out.add("cloth 3", g.blob((0, 0, 1.79), (0.13, 0.12, 0.06), 2), g.blob((0, 0, 1.755), (0.18, 0.17, 0.012), 2))
    return Piece(out, (-0.32, -0.32, 0.32, 0.32))


def plant(rng: Rng) -> Piece:
    """A pot plant."""
    out, high = g.Assembly(), float(rng.uniform(0.5, 1.4))
    out.add("pot", g.loft([(0, 0, 0.0, 0.12, 0.12, 2), (0, 0, 0.3, 0.17, 0.17, 2)], "z", 16, 2))
    out.add("trunk", g.tube([[0, 0, 0.28], [0.03, 0.02, 0.3 + high * 0.6]], 0.02, 6, 0))
    for _ in range(16):
        spot = np.array([*rng.normal(0, 0.14, 2), 0.35 + high * rng.uniform(0.3, 1.0)])
        shade, size = str(rng.choice(["green leaf", "green leaf 2"])), (rng.uniform(0.06, 0.18), rng.uniform(0.04, 0.1), 0.02)
        out.add(shade, g.blob(spot, size, 2, g.rotation("z", float(rng.uniform(0, 180))) @ g.rotation("y", float(rng.uniform(-50, 50))), 8, 5))
    return Piece(out, (-0.25, -0.25, 0.25, 0.25))


def vending(rng: Rng) -> Piece:
    """A vending machine, or a refrigerator."""
    out, lit = g.Assembly(), rng.random() < 0.6
    out.add(str(rng.choice(["dark", "phone", "white", "cloth 2"])), g.box((0, 0, 0.92), (0.38, 0.45, 0.9)))
    if lit:
        out.add("screen", g.box((0.381, 0.08, 1.1), (0.003, 0.3, 0.55)))
        for z in np.arange(0.65, 1.6, 0.22):
            for y in np.arange(-0.16, 0.33, 0.09):
                out.add(str(rng.choice(["card", "seat", "phone", "white", "green leaf 2"])), g.box((0.39, y, z), (0.006, 0.03, 0.07)))
    return Piece(out, (-0.4, -0.46, 0.42, 0.46))


def column(rng: Rng) -> Piece:
    """A pillar up to any ceiling."""
    out, half = g.Assembly(), float(rng.uniform(0.18, 0.35))
    out.add("white" if rng.random() < 0.6 else "stone", g.box((0, 0, 4.0), (half, half, 4.0)))
    return Piece(out, (-half - 0.05, -half - 0.05, half + 0.05, half + 0.05))


def screen_wall(rng: Rng) -> Piece:
    """A low partition."""
    out, half, high = g.Assembly(), float(rng.uniform(0.6, 1.2)), float(rng.uniform(1.0, 1.6))
    out.add("fabric", g.box((0, 0, high / 2 + 0.04), (0.03, half, high / 2)))
    out.add("metal", g.box((0, 0, high + 0.05), (0.034, half, 0.012)), g.box((0, -half, 0.02), (0.2, 0.03, 0.02)), g.box((0, half, 0.02), (0.2, 0.03, 0.02)))
    return Piece(out, (-0.1, -half - 0.02, 0.1, half + 0.02))


CLUTTER: dict[str, Callable[[Rng], Piece]] = {
    "coat stand": coat_stand, "plant": plant, "vending machine": vending, "shelf": shelf, "cabinet": cabinet, "partition": screen_wall, "column": column,
}
AT_WALLS = ("vending machine", "shelf", "cabinet")
"""What has its back to a wall."""


def poster(rng: Rng, height: float, width: float) -> np.ndarray:
    """A notice or an advert (h, w, 3); some adverts show a head and shoulders, which is nobody who is there."""
    if rng.random() < 0.4:
        return m.notice(rng, height, width)
    image = m.advert(rng, height, width).astype(np.float32)
    if rng.random() < 0.4:
        h, w = image.shape[:2]
        x, r = int(w * rng.uniform(0.35, 0.65)), int(min(h, w) * rng.uniform(0.1, 0.16))
        cv2.ellipse(image, (x, int(h * 0.5) + r), (int(r * 2), int(r * 1.6)), 0, 180, 360, m.hsv(rng.random(), 0.5, rng.uniform(0.05, 0.5)), -1, cv2.LINE_AA)
        cv2.ellipse(image, (x, int(h * 0.28)), (int(r * 0.85), int(r * 1.1)), 0, 0, 360, (0.5, 0.32, 0.24), -1, cv2.LINE_AA)
    return image


def palette(rng: Rng) -> dict[str, Surface]:
    """The finishes of one room's furniture."""
    def dyed(low: float = 0.02, high: float = 0.4) -> Surface:
        return Surface(m.hsv(rng.random(), rng.uniform(0.0, 0.85), rng.uniform(low, high)), 0.85, grain=0.3)

    out = f.surfaces()
    stone, brown = float(rng.uniform(0.15, 0.45)), float(rng.uniform(0.15, 0.5))
    out |= {
        "top": Surface(m.hsv(rng.uniform(0.05, 0.12), rng.uniform(0, 0.5), rng.uniform(0.12, 0.6)), 0.35, grain=0.1), "body": Surface(m.grey(rng, 0.15, 0.5), 0.5),
        "metal": Surface(m.grey(rng, 0.05, 0.6), 0.3, 0.8), "seat": dyed(), "seat 2": dyed(), "wood": Surface(m.hsv(rng.uniform(0.05, 0.1), rng.uniform(0.4, 0.7), brown), 0.5, grain=0.3),
        "white": Surface((0.65, 0.65, 0.63), 0.6), "cloth": dyed(), "cloth 2": dyed(), "cloth 3": Surface(m.hsv(0.62, rng.uniform(0, 0.4), rng.uniform(0.01, 0.05)), 0.85, grain=0.3),
        "leather": Surface(m.hsv(0.05, rng.uniform(0, 0.6), rng.uniform(0.01, 0.12)), 0.35, grain=0.1), "fabric": dyed(0.03, 0.25), "card": Surface((0.42, 0.28, 0.15), 0.8, grain=0.3),
        "stone": Surface((stone, stone * 0.98, stone * 0.93), 0.6, grain=0.3), "stone 2": Surface((stone * 0.9, stone * 0.88, stone * 0.84), 0.6, grain=0.3),
        "pot": dyed(0.1, 0.4), "trunk": Surface((0.08, 0.05, 0.03), 0.9, grain=0.4),
        "green leaf": Surface((0.03, 0.11, 0.02), 0.6, grain=0.4), "green leaf 2": Surface((0.06, 0.16, 0.03), 0.6, grain=0.4),
        "sky": Surface((0.75, 0.85, 1.0), glow=float(rng.uniform(1.0, 3.5))), "night": Surface((0.01, 0.012, 0.02), 0.1, 0, 1.0), "skirting": Surface(m.grey(rng, 0.05, 0.5), 0.6),
    }
    return out
