"""Passenger cars: a skin over cross-sections, a glazed cabin with pillars, wheels, lamps, plates, mirrors and seams.

A car faces +x, its left is +y, it stands on z = 0 and its origin is on the ground in its middle. Lengths are metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lifts import geometry as g
from lifts.materials import Colour, Surface
from lifts.parts import SIDES

SECTION = np.array([(0.0, 0.0), (0.84, 0.0), (0.96, 0.1), (1.0, 0.4), (0.99, 0.64), (0.965, 0.76), (0.93, 0.86), (0.84, 0.96), (0.5, 1.0), (0.0, 1.02)])
"""Half of a cross-section from below to above: share of the half-width, share of the height."""
PANES = ((0.05, 0.44), (0.475, 0.79), (0.825, 0.94))
"""Side windows from front to rear, as shares of the cabin's length; between them are pillars."""
PANE_ROWS = (0.1, 0.9)
"""Lower and upper edge of all windows, as shares of the cabin's height."""


@dataclass(frozen=True)
class Build:
    """A model of car. `cabin` and `roof` are the front and rear ends of the cabin at its foot and of the roof, as x."""

    length: float
    width: float
    height: float
    belt: float
    bonnet: float
    boot: float
    cabin: tuple[float, float]
    roof: tuple[float, float]
    wheel: float
    axles: tuple[float, float]


SALOON = Build(4.66, 1.80, 1.46, 0.94, 0.90, 0.99, (1.12, -1.78), (0.28, -1.02), 0.33, (1.42, -1.30))
HATCH = Build(4.28, 1.78, 1.60, 0.99, 0.96, 1.0, (1.16, -2.02), (0.42, -1.66), 0.34, (1.32, -1.28))
"""A family saloon and a tall hatchback, of the sizes of the usual ones."""


def stations(build: Build) -> np.ndarray:
    """The body's cross-sections (n, 4) from nose to tail: x, lowest and highest z, half-width."""
    a, b, half = build.length / 2, -build.length / 2, build.width / 2
    nose, deck = build.bonnet, build.boot
    return np.array([
        (a, 0.28, nose - 0.25, half * 0.74), (a - 0.04, 0.22, nose - 0.18, half * 0.84), (a - 0.14, 0.19, nose - 0.13, half * 0.92),
        (a - 0.4, 0.18, nose - 0.08, half * 0.97), (a - 0.8, 0.18, nose - 0.03, half * 0.985), (build.cabin[0], 0.18, nose + 0.02, half * 0.995),
        (0.2, 0.17, build.belt, half), (-0.8, 0.17, build.belt + 0.01, half), (build.cabin[1] + 0.1, 0.19, deck - 0.01, half * 0.98),
        (b + 0.28, 0.21, deck, half * 0.95), (b + 0.1, 0.24, deck - 0.04, half * 0.9), (b + 0.03, 0.28, deck - 0.12, half * 0.82), (b, 0.34, deck - 0.24, half * 0.74),
    ])


def _section(station: np.ndarray) -> np.ndarray:
    """The closed outline (18, 3) of one cross-section."""
    x, low, high, half = station
    side = np.stack([np.full(len(SECTION), x), SECTION[:, 0] * half, low + SECTION[:, 1] * (high - low)], 1)
    return np.vstack([side, side[-2:0:-1] * (1, -1, 1)])


def _closed(rings: np.ndarray) -> g.Solid:
    """A closed solid over rings (rows, columns, 3), its ends filled by fans."""
    rows, columns = rings.shape[:2]
    last, k = (rows - 1) * columns, np.arange(1, columns - 1)
    ends = [np.stack([0 * k, k + 1, k], 1), np.stack([last + 0 * k, last + k, last + k + 1], 1)]
    return g.Solid(rings.reshape(-1, 3), g.lattice(rows, columns, closed=True), np.vstack(ends))


def hull(build: Build) -> g.Solid:
    """The body below the windows, closed."""
    return _closed(np.stack([_section(station) for station in g.curve(stations(build), 3)]))


def _cabin_ring(build: Build, share: float, inset: float = 0.0) -> np.ndarray:
    """The cabin's outline (columns, 3) at a share of its height; counter-clockwise from the left front corner to the rear."""
    bent = share**0.85
    front = np.interp(bent, [0, 1], [build.cabin[0], build.roof[0]]) - inset * 1.6
    rear = np.interp(bent, [0, 1], [build.cabin[1], build.roof[1]]) + inset * 1.6
    half = build.width / 2 * np.interp(share, [0, 0.5, 1], [0.93, 0.86, 0.7]) - inset
    z = build.belt - 0.05 + share * (build.height - 0.03 - build.belt + 0.05) + 0.28 * inset
    along = np.array([0.0, *np.ravel(PANES), 1.0])
    across = np.array([0.92, 0.5, 0.0, -0.5, -0.92])
    x = front + along * (rear - front)
    bulge = 0.1 * (1 - across**2)
    left = np.stack([x, half * np.ones_like(x), z + 0 * x], 1)
    back = np.stack([rear - bulge, half * across, z + 0 * across], 1)
    ahead = np.stack([front + bulge, -half * across, z + 0 * across], 1)
    return np.vstack([left, back, left[::-1] * (1, -1, 1), ahead])


def cabin(build: Build) -> tuple[g.Solid, g.Solid]:
    """Painted part and glass of the cabin; together they are closed."""
    levels = [(0.0, 0.0), (PANE_ROWS[0], 0.0), (0.5, 0.0), (PANE_ROWS[1], 0.0), (1.0, 0.0), (1.0, 0.05), (1.0, 0.13)]
    whole = _closed(np.stack([_cabin_ring(build, *level) for level in levels]))
    columns = len(_cabin_ring(build, 0.0))
    side = [k in (1, 3, 5) for k in range(7)]
    ends = [False, True, True, True, True, False]
    pane = np.array([*side, *ends, *side[::-1], *ends])
    row, column = np.divmod(np.arange(len(whole.quads)), columns)
    glass = pane[column] & (row >= 1) & (row <= 2)
    return g.Solid(whole.vertices, whole.quads[~glass], whole.tris), g.Solid(whole.vertices, whole.quads[glass])


def wheel(body: g.Assembly, build: Build, x: float, side: int) -> None:
    """A wheel in its dark arch."""
    half, r = build.width / 2, build.wheel
    body.add("arch", g.disc((x, side * (half - 0.105), r + 0.06), r + 0.05, 0.11, 28))
    middle = np.array([x, side * (half - 0.09), r])
    body.add("tyre", g.ring(middle, r - 0.06, 0.06, 0.105, 8, 30))
    body.add("well", g.disc(middle, r - 0.1, 0.085, 24))
    body.add("rim", g.ring(middle + (0, side * 0.075, 0), r - 0.105, 0.016, 0.03, 6, 28), g.disc(middle + (0, side * 0.085, 0), 0.055, 0.02))
    for k in range(5):
        angle = 2 * np.pi * k / 5 + 0.3
        out = np.array([np.cos(angle), 0, np.sin(angle)])
        start = middle + (0, side * 0.09, 0)
        body.add("rim", g.tube([start + out * 0.04, start + out * (r - 0.11)], [0.034, 0.024], 6, 0))


def _at(build: Build, x: float) -> np.ndarray:
    """The cross-section (18, 3) at x."""
    table = stations(build)[::-1]
    return _section(np.array([x, *(np.interp(x, table[:, 0], table[:, k]) for k in (1, 2, 3))]))


def _seams(body: g.Assembly, build: Build) -> None:
    """Gaps of the doors and their handles, on both sides."""
    front, rear = build.cabin[0] - 0.15, build.axles[1] + 0.38
    middle = (front + rear) / 2 - 0.02
    for side in SIDES.values():
        for x in (front, middle, rear):
            edge = _at(build, x)[2:7] * (1, side, 1) + (0, side * 0.001, 0)
            body.add("arch", g.tube(edge, 0.007, 4, 0))
        for x in (middle + 0.18, rear + 0.18):
            edge = _at(build, x)[4] * (1, side, 1)
            body.add("handle", g.blob(edge + (0, side * 0.012, 0.03), (0.1, 0.014, 0.016), 3, sides=10, rows=6))


def _ends(body: g.Assembly, build: Build) -> None:
    """Lamps, grille, bumpers, plates, mirrors and wipers."""
    a, b, half = build.length / 2, -build.length / 2, build.width / 2
    nose, deck = build.bonnet, build.boot
    body.add("arch", g.box((a - 0.015, 0, nose - 0.39), (0.03, half * 0.42, 0.045)), g.box((a - 0.03, 0, 0.34), (0.035, half * 0.6, 0.05)), g.box((b + 0.04, 0, 0.34), (0.05, half * 0.62, 0.06)))
    body.add("rim", g.box((a + 0.012, 0, nose - 0.39), (0.006, half * 0.38, 0.008)), g.blob((a + 0.015, 0, nose - 0.375), (0.012, 0.06, 0.045), 2))
    body.add("plate", g.box((a + 0.012, 0, 0.44), (0.008, 0.22, 0.07)), g.box((b - 0.006, 0, deck - 0.4), (0.008, 0.22, 0.07)))
    for side in SIDES.values():
        body.add("lamp", g.blob((a - 0.15, side * half * 0.75, nose - 0.265), (0.15, 0.19, 0.06), 3.5, g.rotation("z", -side * 24)))
        body.add("tail", g.blob((b + 0.1, side * half * 0.74, deck - 0.19), (0.11, 0.16, 0.085), 3.5, g.rotation("z", side * 20)))
        root = np.array([build.cabin[0] - 0.32, side * (half * 0.95), build.belt + 0.03])
        body.add("trim", g.tube([root, root + (0.02, side * 0.08, 0.03)], 0.02, 6, 0))
        body.add("paint", g.blob(root + (0.03, side * 0.15, 0.06), (0.06, 0.1, 0.065), 3))
        wiper = np.array([build.cabin[0] + 0.03, side * 0.3 + 0.1, build.belt + 0.03])
        body.add("trim", g.tube([wiper, wiper + (-0.02, -0.5, 0.05)], 0.009, 4, 0))


def make(build: Build) -> g.Assembly:
    """A whole car; `surfaces` has the finishes that it names."""
    body = g.Assembly()
    painted, glass = cabin(build)
    body.add("paint", hull(build), painted)
    body.add("glass", glass)
    for x in build.axles:
        for side in SIDES.values():
            wheel(body, build, x, side)
    _seams(body, build)
    _ends(body, build)
    return body


def surfaces(paint: Colour) -> dict[str, Surface]:
    """The finishes of a car of the linear colour `paint`."""
    return {
        "paint": Surface(paint, 0.28, 0.15, 0.9, 0.06), "glass": Surface((0.012, 0.016, 0.019), 0.04, 0.0, 1.0), "arch": Surface((0.008, 0.008, 0.009), 0.75),
        "trim": Surface((0.015, 0.015, 0.016), 0.5), "tyre": Surface((0.016, 0.016, 0.017), 0.85, grain=0.3), "well": Surface((0.012, 0.012, 0.012), 0.8),
        "rim": Surface((0.55, 0.56, 0.58), 0.28, 0.8), "handle": Surface(tuple(0.85 * c for c in paint), 0.25, 0.3, 0.8), "lamp": Surface((0.5, 0.52, 0.54), 0.06, 0.5, 1.0),
        "tail": Surface((0.35, 0.008, 0.008), 0.12, 0.0, 1.0), "plate": Surface((0.03, 0.12, 0.5), 0.4),
    }
