"""Vehicles of many builds: cars after `scenes.cars` with sizes of their own, vans and minibuses, trucks and buses.

A vehicle faces +x, its left is +y, it stands on z = 0 and its origin is on the ground in its middle. Lengths are metres.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from lifts import geometry as g
from lifts import materials as m
from lifts.materials import Rng, Surface
from scenes import cars
from scenes.cars import Build

CAR, BUS, TRUCK = 3, 4, 5
"""Class numbers, as in `data.picture`; vans and minibuses are cars."""
ESTATE = replace(cars.SALOON, cabin=(1.12, -2.12), roof=(0.28, -1.95), boot=1.02)
OFF_ROAD = replace(cars.HATCH, length=4.6, width=1.88, height=1.74, belt=1.12, bonnet=1.09, boot=1.14, wheel=0.38, cabin=(1.2, -2.14), roof=(0.5, -1.9), axles=(1.42, -1.36))
CITY = Build(3.62, 1.63, 1.52, 0.96, 0.93, 0.98, (1.12, -1.5), (0.5, -1.35), 0.3, (1.16, -1.12))
MINIVAN = Build(4.75, 1.86, 1.84, 1.1, 1.03, 1.12, (1.7, -2.2), (0.7, -2.05), 0.34, (1.5, -1.42))
MODELS = (cars.SALOON, cars.SALOON, cars.HATCH, ESTATE, OFF_ROAD, OFF_ROAD, CITY, MINIVAN)


@dataclass
class Vehicle:
    """A vehicle: kind, class number in label files, body, finishes, length and width."""

    kind: str
    number: int
    body: g.Assembly
    surfaces: dict[str, Surface]
    length: float
    width: float


def paint(rng: Rng, kind: str) -> m.Colour:
    """A colour as vehicles of a kind have them: cars mostly white, black, grey and silver, vans mostly white, buses bright."""
    if kind in ("van", "minibus") and rng.random() < 0.5:
        return m.grey(rng, 0.5, 0.8)
    if kind == "bus":
        return m.grey(rng, 0.4, 0.8) if rng.random() < 0.4 else m.hsv(rng.random(), rng.uniform(0.2, 0.9), rng.uniform(0.25, 0.6))
    share = rng.random()
    if share < 0.3:
        return m.grey(rng, 0.5, 0.8)
    if share < 0.5:
        return m.grey(rng, 0.006, 0.03)
    if share < 0.72:
        return m.grey(rng, 0.08, 0.4)
    return m.hsv(float(rng.choice([0.0, 0.58, 0.62, 0.1, 0.35, rng.random()])), rng.uniform(0.4, 0.95), rng.uniform(0.04, 0.5))


def finishes(rng: Rng, kind: str) -> dict[str, Surface]:
    """The finishes that all vehicles name, in the colours of a kind."""
    cargo = m.grey(rng, 0.3, 0.75) if rng.random() < 0.6 else m.hsv(rng.random(), rng.uniform(0.3, 0.9), rng.uniform(0.05, 0.5))
    band = m.hsv(rng.random(), rng.uniform(0.5, 0.95), rng.uniform(0.1, 0.6))
    return cars.surfaces(paint(rng, kind)) | {
        "cargo": Surface(cargo, 0.5, grain=0.1), "band": Surface(band, 0.4), "planks": Surface((0.12, 0.08, 0.05), 0.8, grain=0.3), "display": Surface((0.3, 0.16, 0.01), 0.4, glow=0.6),
    }


def _sized(build: Build, along: float, high: float) -> Build:
    """A model made longer and higher by these factors."""
    ends = {name: tuple(along * v for v in getattr(build, name)) for name in ("cabin", "roof", "axles")}
    return replace(build, length=build.length * along, height=build.height * high, belt=build.belt * (1 + (high - 1) / 2), **ends)


def car(rng: Rng) -> Vehicle:
    """A passenger car."""
    build = _sized(MODELS[int(rng.integers(0, len(MODELS)))], float(rng.uniform(0.96, 1.05)), float(rng.uniform(0.97, 1.04)))
    return Vehicle("car", CAR, cars.make(build), finishes(rng, "car"), build.length, build.width)


def _pane(body: g.Assembly, left: float, right: float, low: float, high: float, half: float, surface: str = "glass") -> None:
    """A pane on both sides of a vehicle, from x `left` to `right`."""
    for side in (-1, 1):
        body.add(surface, g.box(((left + right) / 2, side * half, (low + high) / 2), ((right - left) / 2, 0.012, (high - low) / 2)))


def _end(body: g.Assembly, x: float, half: float, low: float, surface: str) -> None:
    """Lamps at one end of a vehicle, its bumper and plate."""
    out = np.sign(x)
    for side in (-1, 1):
        body.add(surface, g.box((x, side * half * 0.78, low + 0.25), (0.03, half * 0.14, 0.09)))
    body.add("trim", g.box((x, 0, low), (0.06, half * 0.94, 0.12)))
    body.add("plate", g.box((x + out * 0.065, 0, low), (0.006, 0.24, 0.07)))


def van(rng: Rng) -> Vehicle:
    """A delivery van or a minibus."""
    half, high, long = float(rng.uniform(0.88, 1.0)), float(rng.uniform(1.9, 2.6)), float(rng.uniform(4.6, 5.9))
    a, top, minibus = long / 2, high - 0.02, rng.random() < 0.5
    body, sill = g.Assembly(), 0.24
    rows = [(a, 0.8, 0.84), (a - 0.05, 0.93, 0.91), (a - 0.16, 1.04, 0.96), (a - 0.6, 1.2, 0.99), (a - 0.75, 1.3, 1.0), (a - 1.35, top - 0.06, 1.0), (a - 1.7, top, 1.0),
            (0.0, top, 1.0), (-a + 0.1, top, 0.99), (-a, top - 0.05, 0.96)]
    body.add("paint", g.loft([(x, 0, (sill + up) / 2, half * wide, (up - sill) / 2, 8) for x, up, wide in rows], "x", 32, 0))
    slope = float(np.degrees(np.arctan2(top - 1.36, 0.6)))
    body.add("glass", g.box((a - 1.0, 0, (1.3 + top - 0.06) / 2), (0.4 / np.cos(np.radians(slope)) * 0.8, half * 0.84, 0.03), g.rotation("y", slope)))
    _pane(body, a - 1.85, a - 1.1, 1.2, min(1.75, top - 0.25), half + 0.002)
    if minibus:
        for x in np.arange(a - 2.1, -a + 0.8, -0.95):
            _pane(body, x - 0.85, x, 1.2, min(1.8, top - 0.22), half + 0.002)
    elif rng.random() < 0.5:
        _pane(body, -a + 0.4, a - 2.2, 0.9, top - 0.35, half + 0.002, "band")
    body.add("glass", g.box((-a - 0.002, 0, 1.55), (0.012, half * 0.8, 0.24)))
    _pane(body, a - 1.98, a - 1.95, 0.35, top - 0.15, half + 0.001, "arch")
    for x, surface in ((a - 0.02, "lamp"), (-a, "tail")):
        _end(body, x, half, 0.42, surface)
    for x in (a - 0.85, -a + 1.0):
        for side in (-1, 1):
            cars.wheel(body, replace(cars.SALOON, width=2 * half, wheel=0.34), x, side)
    for side in (-1, 1):
        body.add("trim", g.box((a - 1.1, side * (half + 0.14), 1.3), (0.05, 0.1, 0.14)))
    kind = "minibus" if minibus else "van"
    return Vehicle(kind, CAR, body, finishes(rng, kind), long, 2 * half)


def truck(rng: Rng) -> Vehicle:
    """A truck with a cab over the engine: box body, tarpaulin or open bed."""
    size, long = float(rng.uniform(0.72, 1.0)), float(rng.uniform(5.6, 9.5))
    half, a, floor = 1.22 * size, long / 2, 1.05 * size
    body, top, back = g.Assembly(), 2.75 * size, a - 1.95 * size
    rows = [(a, 0.0, 0.94), (a - 0.08, 0.04, 0.985), (a - 0.2, 0.06, 1.0), (back + 0.1, 0.1, 1.0), (back, 0.08, 0.98)]
    body.add("paint", g.loft([(x, 0, (0.5 * size + top + up) / 2, half * 0.97 * wide, (top + up - 0.5 * size) / 2, 9) for x, up, wide in rows], "x", 32, 0))
    body.add("glass", g.box((a + 0.005, 0, 2.05 * size), (0.02, half * 0.82, 0.36 * size)))
    _pane(body, back + 0.5 * size, a - 0.35, 1.7 * size, 2.4 * size, half * 0.97 + 0.004)
    body.add("trim", g.box((a + 0.01, 0, 1.25 * size), (0.02, half * 0.7, 0.22 * size)))
    body.add("arch", g.box(((back - a) / 2, 0, floor - 0.18), ((back + a) / 2, 0.42, 0.12)))
    kind = str(rng.choice(["box", "tarpaulin", "bed"]))
    middle, reach = (back - 0.12 - a) / 2, (back - 0.12 + a) / 2
    body.add("trim", g.box((middle, 0, floor), (reach, half, 0.07)))
    if kind == "bed":
        for side in (-1, 1):
            body.add("cargo", g.box((middle, side * (half - 0.03), floor + 0.28), (reach, 0.03, 0.25)))
        for x in (-a + 0.03, back - 0.15):
            body.add("cargo", g.box((x, 0, floor + 0.28), (0.03, half, 0.25)))
        for _ in range(int(rng.integers(0, 5))):
            load = rng.uniform(0.25, 0.5, 3)
            body.add("planks", g.box((middle + rng.uniform(-0.6, 0.6) * reach, rng.uniform(-0.4, 0.4), floor + 0.07 + load[2]), load, g.rotation("z", float(rng.uniform(-10, 10)))))
    else:
        high = float(rng.uniform(1.9, 2.5)) * size
        body.add("cargo", g.box((middle, 0, floor + 0.07 + high / 2), (reach, half, high / 2)))
        for x in np.arange(-a + 0.4, back - 0.3, 0.9) if kind == "tarpaulin" else [-a + 0.02, back - 0.14]:
            _pane(body, x - 0.03, x + 0.03, floor + 0.1, floor + high, half + 0.002, "trim" if kind == "box" else "planks")
        if rng.random() < 0.5:
            _pane(body, middle - 0.6 * reach, middle + 0.6 * reach, floor + 0.35 * high, floor + 0.75 * high, half + 0.004, "band")
    for x, surface in ((a, "lamp"), (-a, "tail")):
        _end(body, x, half, 0.62 * size, surface)
    radius = 0.48 * size
    for x in (a - 1.2 * size, -a + 1.3, *([-a + 1.3 + 2.3 * radius] if long > 7.5 else [])):
        for side in (-1, 1):
            cars.wheel(body, replace(cars.SALOON, width=2 * half, wheel=radius), x, side)
    for side in (-1, 1):
        body.add("trim", g.box((a - 0.05, side * (half + 0.15), 2.0 * size), (0.05, 0.1, 0.24 * size)))
    return Vehicle("truck", TRUCK, body, finishes(rng, "truck"), long, 2 * half)


def bus(rng: Rng) -> Vehicle:
    """A city bus or a coach."""
    long, half, top = float(rng.uniform(8.5, 12.0)), 1.25, float(rng.uniform(2.9, 3.4))
    a, body, sill = long / 2, g.Assembly(), 0.32
    rows = [(a, 0.1, 0.95), (a - 0.06, 0.03, 0.985), (a - 0.16, 0.0, 1.0), (-a + 0.1, 0.0, 1.0), (-a, 0.06, 0.97)]
    body.add("paint", g.loft([(x, 0, (sill + top - down) / 2, half * wide, (top - down - sill) / 2, 12) for x, down, wide in rows], "x", 40, 0))
    body.add("glass", g.box((a + 0.005, 0, 1.85), (0.02, half * 0.88, 0.78)), g.box((-a - 0.005, 0, 2.2), (0.02, half * 0.75, 0.4)))
    low, high = 1.35, top - 0.5
    for x in np.arange(a - 0.4, -a + 1.2, -1.42):
        _pane(body, x - 1.34, x, low, high, half + 0.003)
    _pane(body, -a + 0.2, a - 0.2, 0.95, 1.2, half + 0.002, "band")
    for x in (a - 0.7, 0.2):
        body.add("glass", g.box((x - 0.2, -half - 0.006, 1.4), (0.55, 0.012, 0.95)))
        body.add("arch", g.box((x - 0.2, -half - 0.012, 1.4), (0.02, 0.012, 0.95)))
    for x, surface in ((a, "lamp"), (-a, "tail")):
        _end(body, x, half, 0.52, surface)
    body.add("display", g.box((a + 0.006, 0, top - 0.3), (0.02, half * 0.6, 0.12)))
    body.add("paint", g.blob((0.1 * long, 0, top), (long * 0.12, 0.8, 0.16), 6))
    for x in (a - 2.5, -a + 2.6):
        for side in (-1, 1):
            cars.wheel(body, replace(cars.SALOON, width=2 * half, wheel=0.48), x, side)
    for side in (-1, 1):
        body.add("trim", g.tube([[a - 0.1, side * half, top - 0.3], [a + 0.25, side * (half + 0.12), top - 0.5], [a + 0.25, side * (half + 0.12), top - 0.9]], 0.05, 6, 0))
    return Vehicle("bus", BUS, body, finishes(rng, "bus"), long, 2 * half)


BUILDERS: dict[str, Callable[[Rng], Vehicle]] = {"car": car, "van": van, "truck": truck, "bus": bus}
