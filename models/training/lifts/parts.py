"""Parts that two-wheelers and trolleys share: wheels, handlebars, baskets, boxes, seats for children, blankets, covers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from . import geometry as g
from . import materials as m
from .materials import Rng, Surface

SIDES = {"left": 1, "right": -1}


@dataclass
class Thing:
    """Something that stands in the car: `label` is its class in the label files; grips, pegs and seat are where a person's hands, feet and hips go.

    `rear`, `front` and `side` are its extent behind, ahead and to either side of its origin, metres.
    """

    kind: str
    label: int
    body: g.Assembly
    surfaces: dict[str, Surface]
    grips: dict[str, np.ndarray] = field(default_factory=dict)
    pegs: dict[str, np.ndarray] = field(default_factory=dict)
    seat: np.ndarray | None = None
    rear: float = 0.0
    front: float = 0.0
    side: float = 0.0

    def measure(self) -> Thing:
        """Fills in the extent from the body."""
        points = np.concatenate([piece.solid.vertices for piece in self.body.pieces])
        self.rear, self.front = -float(points[:, 0].min()), float(points[:, 0].max())
        self.side = float(np.abs(points[:, 1]).max())
        return self

    def resize(self, scale: float) -> None:
        """Scales everything about the origin."""
        self.body.move(np.diag([scale, scale, scale, 1.0]))
        self.grips = {side: grip * scale for side, grip in self.grips.items()}
        self.pegs = {side: peg * scale for side, peg in self.pegs.items()}
        self.seat = None if self.seat is None else self.seat * scale

    def steer(self, pivot: float, degrees: float) -> None:
        """Turns the pieces of the group "steered", and the grips, about the upright at x = `pivot`."""
        matrix = g.about((pivot, 0, 0), g.rotation("z", degrees))
        self.body.move(matrix, "steered")
        self.grips = {side: matrix[:3, :3] @ grip + matrix[:3, 3] for side, grip in self.grips.items()}


def wheel(body: g.Assembly, x: float, radius: float, tyre: float, style: str, rng: Rng, group: str = "frame", y: float = 0.0) -> None:
    """A wheel about (x, y): style "spokes" (thin, many), "cast" (a few thick) or "motor" (a big hub)."""
    centre = np.array([x, y, radius])
    body.add("tyre", g.ring(centre, radius - tyre, tyre), group=group)
    inner = radius - 2 * tyre
    if style == "spokes":
        body.add("rim", g.ring(centre, inner, 0.009, 0.011, 4), group=group)
        body.add("metal", g.disc(centre, 0.022, 0.045, 8), group=group)
        count = int(rng.integers(14, 22))
        for k in range(count):
            angle = 2 * np.pi * k / count
            out = np.array([np.cos(angle), 0, np.sin(angle)])
            body.add("rim", g.tube([centre + out * 0.02 + (0, 0.03 * (-1) ** k, 0), centre + out * inner], 0.002, 3, 0), group=group)
        return
    hub = inner * 0.72 if style == "motor" else 0.05
    body.add("rim", g.ring(centre, inner - 0.004, 0.012, 0.03, 6), group=group)
    body.add("motor" if style == "motor" else "rim", g.disc(centre, hub, 0.045, 18), group=group)
    count, first = int(rng.integers(3, 7)), rng.random()
    for k in range(count):
        angle = 2 * np.pi * (k + first) / count
        a, b = [centre + r * np.array([np.cos(t), 0, np.sin(t)]) for r, t in ((hub * 0.7, angle), (inner, angle + 0.2))]
        body.add("rim", g.tube([a, b], [0.02, 0.014], 5, 0), group=group)
    if rng.random() < 0.6 and radius > 0.15:
        body.add("metal", g.disc(centre + (0, 0.06, 0), 0.075, 0.002), group=group)


def handlebar(thing: Thing, x: float, z: float, half: float, rise: float, back: float, mirrors: bool, rng: Rng) -> None:
    """A handlebar with grips, levers and perhaps mirrors, steered; its middle is at (x, 0, z)."""
    body = thing.body
    body.add("bar", g.tube([[x - back, -half, z + rise * 0.7], [x - back * 0.3, -half * 0.6, z + rise], [x, -0.06, z], [x, 0.06, z], [x - back * 0.3, half * 0.6, z + rise],
                            [x - back, half, z + rise * 0.7]], 0.012), group="steered")
    for side, s in SIDES.items():
        a, b = np.array([x - back * 0.55, s * half * 0.74, z + rise * 0.92]), np.array([x - back * 1.04, s * (half + 0.02), z + rise * 0.68])
        body.add("grip", g.tube([a, b], 0.018, 7, 0), group="steered")
        body.add("metal", g.tube([a + (0.01, -s * 0.03, 0), a + (0.05, s * 0.03, -0.01), b + (0.045, 0, -0.01)], 0.006, 4, 2), group="steered")
        thing.grips[side] = (a + b) / 2
        if mirrors:
            high, out = rng.uniform(0.13, 0.22), rng.uniform(0.02, 0.1)
            root = np.array([x - back * 0.3, s * half * 0.62, z + rise])
            top = root + (-0.01, s * out, high)
            body.add("trim", g.tube([root, root + (0.03, s * out * 0.3, high * 0.5), top], 0.005, 4, 3), group="steered")
            body.add("trim", g.blob(top + (0.006, s * 0.02, 0.03), (0.012, rng.uniform(0.05, 0.07), rng.uniform(0.035, 0.055)), 2.4, sides=10, rows=7), group="steered")
            body.add("mirror", g.blob(top + (-0.004, s * 0.02, 0.03), (0.006, 0.048, 0.034), 2.4, sides=10, rows=7), group="steered")


def basket(body: g.Assembly, centre: tuple[float, float, float], half: tuple[float, float, float], rng: Rng, group: str = "steered") -> None:
    """A wire or plastic basket, narrower below, sometimes with something in it."""
    centre_, half_ = np.array(centre), np.array(half)
    surface = str(rng.choice(["wire", "wire", "trim"]))

    def rim(level: float) -> np.ndarray:
        taper = 0.82 + 0.18 * level
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) * half_[:2] * taper
        return np.column_stack([corners, np.full(5, (2 * level - 1) * half_[2])]) + centre_

    for k in range(5):
        body.add(surface, g.tube(rim(k / 4), 0.006 if k == 4 else 0.0032, 4, 0), group=group)
    low, high = rim(0), rim(1)
    for a in range(4):
        for t in np.linspace(0, 1, 7)[:-1]:
            body.add(surface, g.tube([low[a] + t * (low[a + 1] - low[a]), high[a] + t * (high[a + 1] - high[a])], 0.003, 3, 0), group=group)
    for t in np.linspace(0.12, 0.88, 6):
        body.add(surface, g.tube([low[0] + t * (low[3] - low[0]), low[1] + t * (low[2] - low[1])], 0.003, 3, 0), group=group)
    if rng.random() < 0.45:
        for _ in range(int(rng.integers(1, 3))):
            shift = rng.uniform(-0.3, 0.3, 3) * half_ + (0, 0, half_[2] * 0.2)
            body.add(str(rng.choice(["goods", "goods 2"])), g.blob(centre_ + shift, half_ * rng.uniform(0.45, 0.75, 3), rng.uniform(1.9, 3.5)), group=group)


def top_box(body: g.Assembly, centre: tuple[float, float, float], half: tuple[float, float, float]) -> None:
    """A lidded box."""
    x, y, z = centre
    body.add("box", g.blob(centre, half, 5))
    body.add("trim", g.blob((x, y, z + half[2] * 0.2), (half[0] * 1.02, half[1] * 1.02, 0.014), 5))
    body.add("tail", g.blob((x - half[0], y, z), (0.012, half[1] * 0.5, 0.018), 3))


def child_seat(body: g.Assembly, centre: tuple[float, float, float], rng: Rng) -> None:
    """A child's seat with back and arms, facing ahead."""
    x, y, z = centre
    body.add("cushion", g.blob((x, y, z), (0.12, 0.13, 0.03), 4), g.blob((x - 0.13, y, z + 0.15), (0.025, 0.13, 0.16), 3.5))
    for s in SIDES.values():
        body.add("trim", g.tube([[x - 0.12, y + s * 0.14, z + 0.16], [x + 0.05, y + s * 0.15, z + 0.14], [x + 0.12, y + s * 0.13, z]], 0.013, 5))
    if rng.random() < 0.5:
        body.add("trim", g.tube([[x + 0.11, y - 0.14, z + 0.12], [x + 0.15, y, z + 0.12], [x + 0.11, y + 0.14, z + 0.12]], 0.012, 5))


def back_rest(body: g.Assembly, x: float, z: float) -> None:
    """A padded rest for the passenger on two bars."""
    body.add("metal", g.tube([[x + 0.1, 0.1, z], [x - 0.02, 0.11, z + 0.1], [x - 0.05, 0.09, z + 0.3], [x - 0.05, -0.09, z + 0.3], [x - 0.02, -0.11, z + 0.1], [x + 0.1, -0.1, z]], 0.01))
    body.add("seat", g.blob((x - 0.04, 0, z + 0.24), (0.028, 0.13, 0.075), 3.5))


def _print(rng: Rng, grid: np.ndarray) -> np.ndarray:
    """A colour (faces, 3) for each face of a sheet: checks, stripes, flowers or plain."""
    rows, columns = grid.shape[0] - 1, grid.shape[1] - 1
    i, j = np.indices((rows, columns))
    a = np.array(m.hsv(rng.random(), rng.uniform(0.2, 0.9), rng.uniform(0.05, 0.5)))
    b = np.array(m.hsv(rng.random(), rng.uniform(0, 0.8), rng.uniform(0.2, 0.8)))
    kind, size = rng.integers(0, 4), int(rng.integers(2, 5))
    mask = [((i // size) + (j // size)) % 2, (i // size) % 2, (rng.random((rows, columns)) < 0.2) * 1, 0 * i][kind]
    return np.where(mask[..., None] > 0, b, a).reshape(-1, 3) * rng.uniform(0.85, 1.0, (rows * columns, 1))


def blanket(thing: Thing, x: float, z: float, rng: Rng) -> None:
    """A wind-shield blanket: hangs from the handlebar over the leg shield, with muffs over the grips."""
    low = rng.uniform(0.22, 0.5)
    u, t = np.meshgrid(np.linspace(-1, 1, 21), np.linspace(0, 1, 22))
    wide = np.where(t < 0.28, 0.4, 0.30 + 0.03 * np.sin(9 * t))
    bulge = 0.14 * np.cos(1.4 * u) * (1 - 0.35 * t) + 0.05 * np.sin(3 * t) + 0.015 * np.sin(8 * u + 9 * t)
    down = z + 0.09 - t * (z - low) - 0.06 * u**2 * (t < 0.3) + 0.01 * rng.standard_normal(u.shape)
    grid = np.stack([x - 0.03 + bulge, u * wide, down], -1)
    thing.body.add("quilt", g.sheet(grid), group="steered", colours=_print(rng, grid))
    for s in SIDES.values():
        thing.body.add("quilt", g.loft([(x + 0.05, s * 0.27, z + 0.03, 0.08, 0.08, 2), (x - 0.06, s * 0.32, z + 0.05, 0.1, 0.1, 2), (x - 0.19, s * 0.34, z + 0.04, 0.08, 0.08, 2)], "x", 12, 3), group="steered")


def cover(thing: Thing, rng: Rng) -> None:
    """A rain cover or old quilt thrown over the vehicle's upper part: drapes from a ridge over seat and handlebar."""
    points = np.concatenate([piece.solid.vertices for piece in thing.body.pieces])
    first = points[:, 0].min() + (0.05 if rng.random() < 0.6 else 0.5)
    last = points[:, 0].max() - 0.12
    along = np.linspace(first, last, 26)
    ridge, half = [], []
    for x in along:
        near = points[np.abs(points[:, 0] - x) < 0.09]
        near = near[near[:, 2] > 0.45] if (near[:, 2] > 0.45).any() else near
        ridge.append(near[:, 2].max() if len(near) else 0.6)
        half.append(max(0.12, np.abs(near[:, 1]).max()) if len(near) else 0.15)
    ridge, half = (np.convolve(np.pad(v, 2, "edge"), np.ones(5) / 5, "valid") for v in (np.array(ridge), np.array(half)))
    u = np.linspace(-1, 1, 23)[None]
    hem = rng.uniform(0.2, 0.5)
    over = np.minimum(np.abs(u) / 0.45, 1)
    fall = np.maximum(np.abs(u) - 0.45, 0) / 0.55
    z = ridge[:, None] + 0.03 - 0.07 * over**2 - fall * (ridge[:, None] - hem - 0.07)
    y = np.sign(u) * (half[:, None] + 0.03) * over + np.sign(u) * 0.03 * fall
    z, y = z + 0.012 * rng.standard_normal(z.shape), y + 0.012 * np.sin(np.arange(26)[:, None] * 1.3 + 7 * fall) * (fall > 0)
    grid = np.stack([np.broadcast_to(along[:, None], z.shape), y, z], -1)
    if rng.random() < 0.5:
        thing.body.add("sheeting", g.sheet(grid))
    else:
        thing.body.add("quilt", g.sheet(grid), colours=_print(rng, grid))


def pedals(body: g.Assembly, x: float, z: float, crank: float, rng: Rng) -> None:
    """A chainring with two cranks and pedals."""
    body.add("metal", g.disc((x, -0.05, z), 0.07, 0.004))
    turn = rng.uniform(0, 2 * np.pi)
    arm = crank * np.array([np.cos(turn), 0, np.sin(turn)])
    for s in SIDES.values():
        axle = np.array([x, s * 0.07, z])
        body.add("metal", g.tube([axle, axle + s * arm + (0, s * 0.02, 0)], 0.011, 5, 0))
        body.add("trim", g.box(axle + s * arm + (0, s * 0.07, 0), (0.045, 0.04, 0.011)))


def paint(rng: Rng, toy: bool = False) -> dict[str, Surface]:
    """The finishes of a vehicle in one of the usual colours; toys and children's are brighter."""
    hue = rng.choice([0.0, 0.02, 0.1, 0.15, 0.33, 0.48, 0.58, 0.63, 0.93]) + rng.normal(0, 0.015)
    kind = rng.random()
    if toy:
        colour = m.hsv(hue, rng.uniform(0.5, 0.95), rng.uniform(0.4, 0.9))
    elif kind < 0.22:
        colour = m.grey(rng, 0.55, 0.85)
    elif kind < 0.42:
        colour = m.grey(rng, 0.008, 0.05)
    elif kind < 0.54:
        colour = m.grey(rng, 0.1, 0.4)
    elif kind < 0.72:
        colour = m.hsv(hue, rng.uniform(0.15, 0.45), rng.uniform(0.4, 0.8))
    else:
        colour = m.hsv(hue, rng.uniform(0.6, 0.97), rng.uniform(0.12, 0.6))
    dirt = rng.uniform(0, 0.5)
    second = m.grey(rng, 0.01, 0.06) if rng.random() < 0.5 else m.hsv(rng.random(), rng.uniform(0, 0.8), rng.uniform(0.05, 0.8))
    goods = [m.hsv(rng.random(), rng.uniform(0, 0.9), rng.uniform(0.1, 0.8)) for _ in range(2)]
    box = m.grey(rng, 0.01, 0.06) if rng.random() < 0.6 else m.hsv(rng.choice([0.13, 0.58, 0.0, 0.55, 0.36]), 0.9, 0.6)
    gloss = rng.uniform(0.12, 0.4)
    return {
        "paint": Surface(colour, gloss, 0.3 * float(rng.random() < 0.2), rng.uniform(0, 0.8), dirt), "paint 2": Surface(second, gloss, 0, 0.4, dirt),
        "trim": Surface(m.grey(rng, 0.01, 0.05), rng.uniform(0.35, 0.7), grain=dirt), "seat": Surface(m.grey(rng, 0.01, 0.04) if rng.random() < 0.75 else m.hsv(rng.choice([0.05, 0.07, 0.0]), 0.7, 0.25), rng.uniform(0.35, 0.65)),
        "cushion": Surface(m.hsv(rng.random(), rng.uniform(0, 0.9), rng.uniform(0.03, 0.5)), 0.7), "tyre": Surface(m.grey(rng, 0.012, 0.03), 0.85, grain=dirt),
        "rim": Surface(m.grey(rng, 0.02, 0.7), 0.35, 0.7), "motor": Surface(m.grey(rng, 0.05, 0.5), 0.35, 0.8), "metal": Surface(m.grey(rng, 0.2, 0.6), 0.3, 0.9, grain=dirt),
        "bar": Surface(m.grey(rng, 0.02, 0.7), 0.3, 0.8), "grip": Surface(m.grey(rng, 0.01, 0.05), 0.7), "mirror": Surface((0.7, 0.72, 0.72), 0.05, 1.0),
        "lamp": Surface((0.7, 0.72, 0.75), 0.08, 0.2, 1.0, glow=float(rng.choice([0, 0, 0, 5]))), "amber": Surface((0.65, 0.2, 0.02), 0.15, coat=1), "tail": Surface((0.45, 0.01, 0.01), 0.15, coat=1, glow=float(rng.choice([0, 0, 0, 1.5]))),
        "screen": Surface((0.01, 0.015, 0.02), 0.08, coat=1), "wire": Surface(m.grey(rng, 0.03, 0.7), 0.35, 0.7), "box": Surface(box, 0.35, grain=dirt * 0.6),
        "plate": Surface([(0.8, 0.8, 0.8), (0.03, 0.3, 0.1), (0.7, 0.5, 0.03), (0.03, 0.1, 0.4)][int(rng.integers(0, 4))], 0.4), "goods": Surface(goods[0], 0.6, grain=0.4), "goods 2": Surface(goods[1], 0.5, grain=0.2),
        "quilt": Surface(m.hsv(rng.random(), 0.5, 0.3), 0.8, grain=0.2), "sheeting": Surface(m.grey(rng, 0.2, 0.5) if rng.random() < 0.5 else m.hsv(rng.choice([0.6, 0.33, 0.0]), 0.7, 0.3), 0.3, grain=0.3),
    }
