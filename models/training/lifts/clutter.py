"""Other things in lifts: prams, wheelchairs, trolleys, suitcases, shopping carts, parcels, buckets, helmets put down."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from . import geometry as g
from . import materials as m
from . import parts as p
from .materials import Rng, Surface

OTHER = 3
"""Label class of wheeled things that are no two-wheelers."""
UNLABELLED = -1
"""Things without a label: no wheels."""


def _finishes(rng: Rng) -> dict[str, Surface]:
    """A vehicle's finishes and those of cloth, card and helmets."""
    out = p.paint(rng, toy=bool(rng.random() < 0.5))
    cloth = [m.hsv(rng.random(), rng.uniform(0, 0.8), rng.uniform(0.02, 0.5)) for _ in range(2)]
    out |= {
        "cloth": Surface(cloth[0], 0.85, grain=0.3), "cloth 2": Surface(cloth[1], 0.85, grain=0.3), "skin": Surface((0.6, 0.38, 0.28), 0.5),
        "card": Surface((rng.uniform(0.35, 0.5), 0.28, 0.15), 0.8, grain=0.3), "tape": Surface((0.55, 0.45, 0.25), 0.3),
        "shell": Surface(m.hsv(rng.random(), rng.choice([0, 0, 0.8]), rng.uniform(0.02, 0.7)), 0.15, coat=0.8), "visor": Surface((0.02, 0.02, 0.025), 0.05, coat=1),
    }
    return out


def _thing(kind: str, rng: Rng, label: int = OTHER) -> p.Thing:
    return p.Thing(kind, label, g.Assembly(), _finishes(rng))


def pram(rng: Rng) -> p.Thing:
    """A pram or buggy, about 1 m long, handle at 1 m."""
    thing = _thing("pram", rng)
    body, radius, high = thing.body, rng.uniform(0.075, 0.13), rng.uniform(0.95, 1.05)
    for x, r in ((-0.3, radius), (0.36, radius * 0.8)):
        for y in (-0.25, 0.25):
            p.wheel(body, x, r, r * 0.2, "cast", rng, y=y)
    for s in (-1, 1):
        body.add("bar", g.tube([[0.36, s * 0.25, radius], [0, s * 0.24, 0.5], [-0.33, s * 0.23, high - 0.09], [-0.42, s * 0.22, high]], 0.012, 6))
        body.add("bar", g.tube([[-0.3, s * 0.25, radius], [-0.05, s * 0.24, 0.42], [0.1, s * 0.24, 0.58]], 0.012, 6))
    body.add("grip", g.tube([[-0.42, -0.22, high], [-0.45, 0, high + 0.01], [-0.42, 0.22, high]], 0.017, 7))
    body.add("cloth", g.loft([(0.32, 0, 0.42, 0.16, 0.03, 3), (0.12, 0, 0.46, 0.2, 0.06, 3), (-0.05, 0, 0.52, 0.2, 0.1, 3), (-0.2, 0, 0.72, 0.19, 0.1, 3), (-0.26, 0, 0.9, 0.16, 0.05, 3)], "x", 18, 3))
    t, u = np.meshgrid(np.radians(np.linspace(35, rng.uniform(110, 175), 9)), np.linspace(-1, 1, 13), indexing="ij")
    dome = 0.35 * np.sqrt(1 - 0.35 * u**2)
    body.add("cloth 2", g.sheet(np.stack([-0.14 - np.cos(t) * -dome, u * 0.22, 0.7 + np.sin(t) * dome], -1)))
    body.add("grip", g.tube([[0.2, -0.22, 0.62], [0.32, 0, 0.62], [0.2, 0.22, 0.62]], 0.017, 6))
    body.add("trim", g.blob((0, 0, 0.25), (0.24, 0.2, 0.06), 4))
    if rng.random() < 0.5:
        body.add("goods", g.blob((-0.02, 0, 0.6), (0.13, 0.11, 0.15), 2.2))
        body.add("skin", g.blob((-0.1, 0, 0.79), (0.085, 0.08, 0.095), 2))
    thing.grips = {side: np.array([-0.43, s * 0.17, high]) for side, s in p.SIDES.items()}
    return thing.measure()


def wheelchair(rng: Rng) -> p.Thing:
    """A folding wheelchair."""
    thing = _thing("wheelchair", rng)
    body = thing.body
    for s in (-1, 1):
        p.wheel(body, -0.1, 0.3, 0.016, "spokes", rng, y=s * 0.29)
        body.add("bar", g.ring((-0.1, s * 0.325, 0.3), 0.26, 0.008, sides=4))
        p.wheel(body, 0.38, 0.09, 0.018, "cast", rng, y=s * 0.24)
        body.add("bar", g.tube([[0.38, s * 0.24, 0.09], [0.36, s * 0.23, 0.3], [0.34, s * 0.23, 0.49], [-0.2, s * 0.23, 0.47]], 0.011, 6, 0), g.tube([[-0.2, s * 0.23, 0.3], [-0.22, s * 0.23, 0.9], [-0.34, s * 0.23, 0.93]], 0.011, 6, 0))
        body.add("grip", g.tube([[-0.27, s * 0.23, 0.915], [-0.36, s * 0.23, 0.935]], 0.017, 6, 0))
        body.add("trim", g.blob((0.05, s * 0.25, 0.7), (0.19, 0.025, 0.02), 4), g.blob((0.53, s * 0.13, 0.11), (0.07, 0.07, 0.01), 4))
        body.add("bar", g.tube([[0.2, s * 0.24, 0.49], [0.2, s * 0.25, 0.69]], 0.01, 5, 0), g.tube([[0.36, s * 0.2, 0.45], [0.5, s * 0.18, 0.12]], 0.01, 5, 0))
    body.add("cloth", g.blob((0.07, 0, 0.49), (0.22, 0.21, 0.03), 5), g.blob((-0.21, 0, 0.7), (0.02, 0.21, 0.2), 5))
    thing.grips = {side: np.array([-0.33, s * 0.23, 0.93]) for side, s in p.SIDES.items()}
    thing.seat = np.array([-0.02, 0, 0.53])
    thing.pegs = {side: np.array([0.5, s * 0.12, 0.13]) for side, s in p.SIDES.items()}
    return thing.measure()


def _crate(body: g.Assembly, x: float, y: float, z: float, half: np.ndarray, turn: float) -> None:
    """A taped carton that stands on height z."""
    matrix = g.rotation("z", turn)
    body.add("card", g.box((x, y, z + half[2]), half, matrix))
    body.add("tape", g.box((x, y, z + 2 * half[2] + 0.001), (half[0] * 0.99, 0.025, 0.001), matrix))


def trolley(rng: Rng) -> p.Thing:
    """A platform trolley with cartons."""
    thing = _thing("trolley", rng)
    body, half, wide, high = thing.body, rng.uniform(0.3, 0.44), rng.uniform(0.22, 0.3), rng.uniform(0.85, 1.0)
    for x in (-half + 0.06, half - 0.06):
        for s in (-1, 1):
            p.wheel(body, x, 0.05, 0.013, "cast", rng, y=s * (wide - 0.04))
    body.add("paint" if rng.random() < 0.5 else "metal", g.box((0, 0, 0.13), (half, wide, 0.015)))
    body.add("bar", g.tube([[-half, 0.03 - wide, 0.14], [-half - 0.03, 0.03 - wide, high], [-half - 0.03, wide - 0.03, high], [-half, wide - 0.03, 0.14]], 0.013, 6, 0))
    z = 0.145
    for _ in range(int(rng.integers(0, 4))):
        size = np.array([half * rng.uniform(0.55, 0.95), wide * rng.uniform(0.6, 0.98), rng.uniform(0.08, 0.17)])
        _crate(body, rng.normal(0, 0.02), rng.normal(0, 0.02), z, size, rng.normal(0, 6))
        z += 2 * size[2]
    thing.grips = {side: np.array([-half - 0.03, s * (wide - 0.06), high]) for side, s in p.SIDES.items()}
    return thing.measure()


def hand_truck(rng: Rng) -> p.Thing:
    """A two-wheeled upright hand truck with sacks or cartons."""
    thing = _thing("hand truck", rng)
    body, high = thing.body, rng.uniform(1.0, 1.2)
    for s in (-1, 1):
        p.wheel(body, -0.08, 0.11, 0.03, "cast", rng, y=s * 0.2)
        body.add("paint", g.tube([[0.02, s * 0.16, 0.03], [-0.02, s * 0.16, 0.6], [-0.12, s * 0.15, high]], 0.014, 6, 3))
    for z in (0.15, 0.4, 0.65):
        body.add("paint", g.tube([[0, -0.16, z], [0, 0.16, z]], 0.01, 5, 0))
    body.add("metal", g.box((0.12, 0, 0.02), (0.14, 0.2, 0.006)))
    z = 0.03
    for _ in range(int(rng.integers(1, 4))):
        size = np.array([0.13, rng.uniform(0.15, 0.21), rng.uniform(0.09, 0.17)])
        if rng.random() < 0.6:
            _crate(body, 0.15, 0, z, size, rng.normal(0, 4))
        else:
            body.add("goods", g.blob((0.15, 0, z + size[2]), size, 3))
        z += 2 * size[2]
    thing.grips = {side: np.array([-0.12, s * 0.15, high]) for side, s in p.SIDES.items()}
    return thing.measure()


def suitcase(rng: Rng) -> p.Thing:
    """An upright wheeled suitcase."""
    thing = _thing("suitcase", rng)
    body, half = thing.body, rng.uniform(0.25, 0.36)
    body.add("paint", g.blob((0, 0, 0.07 + half), (0.13, 0.22, half), 6))
    for k in range(6):
        body.add("paint", g.blob((0, -0.16 + k * 0.064, 0.07 + half), (0.135, 0.008, half * 0.93), 6, sides=8, rows=7))
    for x in (-0.09, 0.09):
        for s in (-1, 1):
            p.wheel(body, x, 0.03, 0.009, "cast", rng, y=s * 0.17)
    high = 2 * half + 0.07 + rng.uniform(0.0, 0.4)
    body.add("bar", g.tube([[-0.1, -0.08, 2 * half], [-0.1, -0.08, high], [-0.1, 0.08, high], [-0.1, 0.08, 2 * half]], 0.009, 5, 0))
    thing.grips = {side: np.array([-0.1, s * 0.05, high]) for side, s in p.SIDES.items()}
    return thing.measure()


def shopping_cart(rng: Rng) -> p.Thing:
    """A bag on two wheels, pulled; or a supermarket's wire cart."""
    thing = _thing("shopping cart", rng)
    body = thing.body
    if rng.random() < 0.6:
        for s in (-1, 1):
            p.wheel(body, -0.05, 0.085, 0.02, "cast", rng, y=s * 0.19)
            body.add("bar", g.tube([[-0.05, s * 0.15, 0.08], [-0.12, s * 0.14, 0.6], [-0.25, s * 0.1, 0.98]], 0.01, 5))
        body.add("grip", g.tube([[-0.25, -0.1, 0.98], [-0.25, 0.1, 0.98]], 0.015, 6, 0))
        body.add("cloth", g.loft([(0.08, 0, 0.12, 0.16, 0.12, 4), (0.07, 0, 0.4, 0.17, 0.13, 4), (0.03, 0, 0.66, 0.17, 0.12, 4), (0.02, 0, 0.72, 0.12, 0.08, 3)], "z", 16, 3))
        thing.grips = {side: np.array([-0.25, s * 0.07, 0.98]) for side, s in p.SIDES.items()}
        return thing.measure()
    for x in (-0.3, 0.3):
        for s in (-1, 1):
            p.wheel(body, x, 0.06, 0.015, "cast", rng, y=s * 0.2)
            body.add("bar", g.tube([[x, s * 0.2, 0.07], [x * 0.9, s * 0.22, 0.5]], 0.011, 5, 0))
    p.basket(body, (0, 0, 0.72), (0.4, 0.25, 0.2), rng, "frame")
    body.add("paint", g.tube([[-0.45, -0.24, 0.97], [-0.45, 0.24, 0.97]], 0.016, 7, 0))
    thing.grips = {side: np.array([-0.45, s * 0.17, 0.97]) for side, s in p.SIDES.items()}
    return thing.measure()


def parcels(rng: Rng) -> p.Thing:
    """One to four cartons, bags or sacks on the floor."""
    thing = _thing("parcels", rng, UNLABELLED)
    z = 0.0
    for _ in range(int(rng.integers(1, 5))):
        size = np.array([rng.uniform(0.12, 0.28), rng.uniform(0.12, 0.25), rng.uniform(0.08, 0.22)])
        x, y = rng.normal(0, 0.05, 2)
        if rng.random() < 0.7:
            _crate(thing.body, x, y, z, size, rng.normal(0, 12))
        else:
            thing.body.add("goods", g.blob((x, y, z + size[2]), size, rng.uniform(2.2, 4)))
        z += 2 * size[2]
        if z > 0.8:
            break
    return thing.measure()


def mop_bucket(rng: Rng) -> p.Thing:
    """A bucket with a mop that leans out of it."""
    thing = _thing("mop bucket", rng, UNLABELLED)
    thing.body.add("paint", g.loft([(0, 0, 0.01, 0.11, 0.11, 2), (0, 0, 0.28, 0.15, 0.15, 2)], "z", 16, 2))
    top = np.array([rng.uniform(0.1, 0.3), rng.uniform(-0.2, 0.2), 1.25])
    thing.body.add("bar", g.tube([[0, 0, 0.1], top], 0.012, 6, 0))
    thing.body.add("cloth", g.blob((0, 0, 0.27), (0.11, 0.11, 0.05), 2))
    return thing.measure()


def helmet_solids(centre: np.ndarray, radius: float, full: bool) -> tuple[g.Solid, g.Solid]:
    """Shell and visor of a motorcycle helmet about a head at `centre`, facing +x; half shells end above the ears."""
    u, v = np.meshgrid(np.linspace(-np.pi, np.pi, 27), np.linspace(-0.55 if full else -0.15, np.pi / 2, 14))
    v = np.where(np.abs(u) < 0.95, np.maximum(v, 0.28 if full else 0.05), v)
    out = np.stack([np.cos(v) * np.cos(u) * 1.22, np.cos(v) * np.sin(u), np.sin(v) * 1.1], -1) * radius + centre
    a, b = np.meshgrid(np.linspace(-1.05, 1.05, 11), np.linspace(-0.15 if full else -0.1, 0.42, 6))
    screen = np.stack([np.cos(b) * np.cos(a) * 1.24, np.cos(b) * np.sin(a) * 1.02, np.sin(b) * 1.1], -1) * radius + centre
    return g.sheet(out), g.sheet(screen)


def helmet(rng: Rng) -> p.Thing:
    """A motorcycle helmet put down on the floor."""
    thing = _thing("helmet", rng, UNLABELLED)
    shell, visor = helmet_solids(np.array([0, 0, 0.1]), 0.125, rng.random() < 0.5)
    thing.body.add("shell", shell)
    thing.body.add("visor", visor)
    return thing.measure()


BUILDERS: dict[str, Callable[[Rng], p.Thing]] = {
    "pram": pram, "wheelchair": wheelchair, "trolley": trolley, "hand truck": hand_truck, "suitcase": suitcase, "shopping cart": shopping_cart,
    "parcels": parcels, "mop bucket": mop_bucket, "helmet": helmet,
}
