"""Electric mopeds: step-through with a floor board, in five bodies. "sport" belongs to the held-back profile alone."""

from __future__ import annotations

import numpy as np

from . import geometry as g
from . import parts as p
from .materials import Rng

STYLES = {"train": ("sweep", "retro", "boxy", "slim"), "held": ("sport",)}


def build(rng: Rng, profile: str) -> p.Thing:
    """A random moped, 1.4 to 1.75 m long, 0.62 to 0.72 m over the handlebar."""
    style = str(rng.choice(STYLES[profile]))
    thing = p.Thing(f"moped {style}", 2, g.Assembly(), p.paint(rng))
    scale = rng.uniform(0.84, 1.0)
    radius = rng.uniform(0.19, 0.225)
    tyre = rng.uniform(0.036, 0.052)
    base = 1.2 * scale
    front, rear = base / 2 + 0.06, -base / 2 + 0.06
    head, seat_z, bar_z = front - 0.19, rng.uniform(0.68, 0.76), rng.uniform(0.95, 1.05)
    wide = {"slim": 0.78, "boxy": 1.0, "retro": 1.08, "sweep": 1.0, "sport": 0.95}[style] * rng.uniform(0.92, 1.08)
    body = thing.body
    p.wheel(body, rear, radius, tyre, "motor", rng)
    p.wheel(body, front, radius, tyre, "cast", rng, "steered")
    body.add("paint" if rng.random() < 0.7 else "trim", g.mudguard((front, 0, radius), radius + 0.015, 0.07 * wide, 5, 165, 0.04), group="steered")
    body.add("trim", g.mudguard((rear, 0, radius), radius + 0.015, 0.065, 30, 170, 0.03))
    for s in (-1, 1):
        body.add("metal", g.tube([[front, s * 0.07, radius], [front - 0.05, s * 0.065, radius + 0.24], [front - 0.12, s * 0.045, 0.55]], 0.016, 6, 3), group="steered")
        body.add("metal" if rng.random() < 0.7 else "tail", g.tube([[rear, s * 0.1, radius], [rear + 0.02, s * 0.11, 0.5]], 0.02, 6, 0))
    seat_x = rear + 0.4 * scale
    _shield(thing, style, head, bar_z, wide, rng)
    _floor(body, head, seat_x, wide, rng)
    tail_z = _tail(body, style, seat_x, rear, wide, rng)
    _saddle(body, style, seat_x, rear, seat_z, rng)
    _cockpit(thing, style, head, bar_z, wide, rng)
    _behind(thing, rear, seat_z, tail_z, seat_x, head, rng)
    thing.seat = np.array([seat_x - 0.16, 0, seat_z + 0.04])
    thing.pegs = {side: np.array([(head + seat_x) / 2 + 0.04, s * 0.1, 0.3]) for side, s in p.SIDES.items()}
    if rng.random() < 0.2:
        p.basket(body, (head + 0.24, 0, 0.8), (0.12, 0.16, 0.11), rng)
    if rng.random() < 0.18:
        p.blanket(thing, head + 0.05, bar_z, rng)
    thing.steer(head, float(rng.normal(0, 16)))
    if rng.random() < 0.06:
        p.cover(thing, rng)
    thing.resize(rng.uniform(0.9, 0.98))
    return thing.measure()


def _shield(thing: p.Thing, style: str, head: float, bar_z: float, wide: float, rng: Rng) -> None:
    """The front apron with its lights, and the trim behind it."""
    body = thing.body
    nose = rng.uniform(0.06, 0.11)
    power = {"boxy": 3.6, "retro": 2.0, "sport": 2.0, "sweep": 2.3, "slim": 2.4}[style]
    if style == "sport":
        rings = [(head + 0.03, 0, 0.28, 0.1, 0.05, 2), (head + 0.12, 0, 0.42, 0.13, 0.1, 1.8), (head + 0.2, 0, 0.6, 0.17, 0.13, 1.7), (head + 0.13, 0, 0.76, 0.18, 0.1, 1.8), (head + 0.02, 0, 0.93, 0.1, 0.05, 2)]
    elif style == "slim":
        rings = [(head + 0.03, 0, 0.3, 0.09, 0.03, power), (head + 0.06, 0, 0.5, 0.14, 0.04, power), (head + 0.04, 0, 0.72, 0.15, 0.04, power), (head + 0.01, 0, 0.88, 0.08, 0.035, power)]
    else:
        rings = [(head + 0.02, 0, 0.27, 0.12, 0.05, power), (head + 0.07, 0, 0.4, 0.165, 0.065, power), (head + 0.09, 0, 0.55, 0.185, nose, power), (head + 0.07, 0, 0.7, 0.19, nose, power), (head + 0.03, 0, 0.84, 0.15, 0.065, power), (head, 0, bar_z - 0.08, 0.09, 0.045, power)]
    body.add("paint", g.loft([(x, y, z, w * wide, d, e) for x, y, z, w, d, e in rings], "z", 22, 4))
    body.add("trim", g.loft([(head - 0.04, 0, 0.3, 0.13 * wide, 0.025, 3), (head - 0.055, 0, 0.55, 0.16 * wide, 0.03, 3), (head - 0.03, 0, 0.86, 0.1 * wide, 0.03, 3)], "z", 14, 3))
    if style == "boxy":
        body.add("paint 2", g.box((head + 0.09 + nose, 0, 0.62), (0.012, 0.12 * wide, 0.14)))
    elif style == "retro":
        body.add("metal", g.tube([[head + 0.12 + nose * 0.7, 0, 0.38], [head + 0.1 + nose, 0, 0.56], [head + 0.05 + nose, 0, 0.76]], 0.012, 5, 3))
    else:
        body.add("paint 2", g.blob((head + 0.08 + nose, 0, 0.52), (0.03, 0.06 * wide, 0.12), 2.6))
    for s in (-1, 1):
        body.add("amber", g.blob((head + 0.08 + nose * 0.4, s * 0.13 * wide, 0.7), (0.032, 0.035, 0.02), 2, sides=10, rows=6))
    if style in ("sport", "sweep") and rng.random() < 0.7:
        body.add("lamp", g.blob((head + 0.1 + nose * 0.7, 0, 0.69), (0.045, 0.1 * wide, 0.04), 2.4))
    if rng.random() < 0.5:
        body.add("plate", g.box((head + 0.115 + nose, 0, 0.44), (0.003, 0.085, 0.05)))


def _floor(body: g.Assembly, head: float, seat_x: float, wide: float, rng: Rng) -> None:
    """The floor board and its sills; sometimes a bag or a box stands on it."""
    middle, half = (head + seat_x) / 2, (head - seat_x) / 2
    body.add("trim", g.blob((middle, 0, 0.27), (half + 0.1, 0.15 * wide, 0.035), 6))
    body.add("paint 2" if rng.random() < 0.5 else "trim", g.blob((middle, 0, 0.2), (half + 0.08, 0.11 * wide, 0.06), 5))
    for s in (-1, 1):
        body.add("paint", g.loft([(seat_x - 0.06, s * 0.15 * wide, 0.28, 0.018, 0.05, 2), (middle, s * 0.155 * wide, 0.262, 0.013, 0.035, 2), (head + 0.01, s * 0.13 * wide, 0.3, 0.018, 0.05, 2)], "x", 8, 3))
    if rng.random() < 0.15:
        if rng.random() < 0.5:
            body.add("goods", g.blob((middle, 0, 0.45), (0.12, 0.15, 0.17), rng.uniform(2, 4)))
        else:
            body.add("box", g.box((middle, 0, 0.43), (0.13, 0.17, 0.14)))


def _tail(body: g.Assembly, style: str, seat_x: float, rear: float, wide: float, rng: Rng) -> float:
    """The body under the saddle and its tail lights; returns the tail's height."""
    up = rng.uniform(0.0, 0.07) + (0.08 if style == "sport" else 0)
    power = {"boxy": 4.5, "retro": 2.3, "sport": 2.2, "sweep": 2.6, "slim": 3.0}[style]
    end = rear - (0.3 if style != "boxy" else 0.24)
    swell = 0.19 if style == "retro" else 0.165
    if style == "slim":
        body.add("paint", g.loft([(seat_x + 0.02, 0, 0.4, 0.11 * wide, 0.15, 4), (seat_x - 0.12, 0, 0.46, 0.13 * wide, 0.19, 4), (seat_x - 0.24, 0, 0.55, 0.12 * wide, 0.1, 4)], "x", 18, 3))
        for s in (-1, 1):
            body.add("metal", g.tube([[seat_x - 0.1, s * 0.09, 0.56], [rear - 0.2, s * 0.1, 0.6], [rear - 0.27, s * 0.08, 0.62]], 0.013, 6, 3))
    else:
        rings = [(seat_x + 0.03, 0, 0.4, 0.12, 0.15, power), (seat_x - 0.09, 0, 0.46, 0.15, 0.195, power), (seat_x - 0.24, 0, 0.53, swell, 0.155, power), (rear, 0, 0.57, swell * 0.95, 0.12, power),
                 (rear - 0.17, 0, 0.62 + up, 0.13, 0.08, power), (end, 0, 0.65 + up, 0.075 if style != "boxy" else 0.13, 0.05, power)]
        body.add("paint", g.loft([(x, y, z, w * wide, h, e) for x, y, z, w, h, e in rings], "x", 22, 4))
    if style == "retro":
        for s in (-1, 1):
            body.add("paint", g.blob((rear + 0.05, s * 0.14 * wide, 0.46), (0.26, 0.06, 0.15), 2.2))
            body.add("metal", g.blob((rear + 0.05, s * 0.195 * wide, 0.48), (0.15, 0.008, 0.012), 3))
    elif style != "slim":
        for s in (-1, 1):
            body.add("paint 2", g.loft([(seat_x - 0.02, s * 0.13 * wide, 0.48, 0.018, 0.05, 2), (seat_x - 0.2, s * 0.165 * wide, 0.54, 0.02, 0.05, 2), (rear - 0.14, s * 0.125 * wide, 0.61 + up, 0.016, 0.03, 2)], "x", 8, 3))
    tail_z = 0.65 + up
    body.add("tail", g.blob((end - 0.005, 0, tail_z), (0.025, 0.08 * wide, 0.03), 3))
    for s in (-1, 1):
        body.add("amber", g.blob((end + 0.03, s * 0.11, tail_z - 0.03), (0.025, 0.022, 0.018), 2, sides=8, rows=6))
    body.add("trim", g.box((rear - 0.27, 0, 0.45), (0.01, 0.07, 0.12), g.rotation("y", 16)))
    body.add("plate", g.box((rear - 0.29, 0, 0.47), (0.003, 0.09, 0.055), g.rotation("y", 16)))
    return tail_z


def _saddle(body: g.Assembly, style: str, seat_x: float, rear: float, z: float, rng: Rng) -> None:
    """The saddle: one long cushion, or two."""
    step = 0.05 if rng.random() < 0.5 else 0.0
    half = 0.14 if style != "slim" else 0.12
    if style == "slim" or (style == "sport"):
        body.add("seat", g.loft([(seat_x + 0.06, 0, z - 0.02, 0.07, 0.02, 2.4), (seat_x - 0.06, 0, z, half * 0.9, 0.045, 2.6), (seat_x - 0.24, 0, z + 0.005, half, 0.045, 2.8), (seat_x - 0.3, 0, z, half * 0.8, 0.03, 2.5)], "x", 16, 3))
        body.add("seat", g.blob((rear - 0.08, 0, z + 0.03), (0.17, 0.1, 0.035), 3.5))
        return
    body.add("seat", g.loft([(seat_x + 0.06, 0, z - 0.01, 0.08, 0.025, 2.5), (seat_x - 0.07, 0, z + 0.01, half * 0.92, 0.045, 2.8), (seat_x - 0.24, 0, z, half * 1.08, 0.05, 2.8), (seat_x - 0.34, 0, z + step, half, 0.05, 2.6),
                             (rear - 0.08, 0, z + step + 0.01, half * 0.92, 0.045, 2.5), (rear - 0.18, 0, z + step, 0.07, 0.025, 2.2)], "x", 18, 4))


def _cockpit(thing: p.Thing, style: str, head: float, z: float, wide: float, rng: Rng) -> None:
    """Cowl, dashboard, lamp and handlebar."""
    body = thing.body
    body.add("trim", g.tube([[head + 0.02, 0, z - 0.2], [head, 0, z]], 0.03, 8, 0), group="steered")
    if style == "slim":
        body.add("lamp", g.blob((head + 0.08, 0, z - 0.06), (0.045, 0.06, 0.055), 2.2), group="steered")
        body.add("trim", g.blob((head - 0.02, 0, z + 0.02), (0.04, 0.06, 0.03), 3), group="steered")
    elif style == "retro":
        body.add("paint", g.blob((head + 0.03, 0, z), (0.11, 0.13, 0.075), 2.1), group="steered")
        body.add("metal", g.ring((0, 0, 0), 0.06, 0.01).moved(_facing(head + 0.125, z + 0.005)), group="steered")
        body.add("lamp", g.blob((head + 0.12, 0, z + 0.005), (0.03, 0.058, 0.058), 2), group="steered")
    else:
        body.add("paint", g.blob((head + 0.02, 0, z), (0.1, 0.15 * wide, 0.06), 4 if style == "boxy" else 2.4), group="steered")
        if style == "boxy" or rng.random() < 0.5:
            body.add("lamp", g.blob((head + 0.11, 0, z - 0.005), (0.02, 0.09 * wide, 0.032), 4), group="steered")
    if style == "sport":
        shield = np.stack(np.meshgrid(np.linspace(-1, 1, 7), np.linspace(0, 1, 5)), -1)
        grid = np.stack([head + 0.14 - 0.12 * shield[..., 1] - 0.05 * shield[..., 0] ** 2, shield[..., 0] * 0.13 * (1 - 0.3 * shield[..., 1]), z + 0.02 + 0.16 * shield[..., 1]], -1)
        body.add("screen", g.sheet(grid), group="steered")
    body.add("trim", g.blob((head - 0.05, 0, z + 0.025), (0.06, 0.1, 0.045), 2.6), group="steered")
    body.add("screen", g.blob((head - 0.055, 0, z + 0.06), (0.04, 0.055, 0.012), 3), group="steered")
    p.handlebar(thing, head - 0.01, z + 0.01, rng.uniform(0.3, 0.35), rng.uniform(0.04, 0.08), rng.uniform(0.09, 0.14), rng.random() < 0.75, rng)


def _facing(x: float, z: float) -> np.ndarray:
    """The matrix that makes a ring about y face ahead at (x, 0, z)."""
    out = np.eye(4)
    out[:3, :3] = g.rotation("z", 90)
    out[:3, 3] = x, 0, z
    return out


def _behind(thing: p.Thing, rear: float, seat_z: float, tail_z: float, seat_x: float, head: float, rng: Rng) -> None:
    """Grab rail, then a top box, back rest, child's seat or delivery box; stand."""
    body = thing.body
    top = max(seat_z + 0.06, tail_z + 0.05)
    body.add("metal" if rng.random() < 0.5 else "trim", g.tube([[rear - 0.02, 0.11, top - 0.04], [rear - 0.24, 0.115, top], [rear - 0.32, 0, top + 0.01], [rear - 0.24, -0.115, top], [rear - 0.02, -0.11, top - 0.04]], 0.011, 6, 3))
    extra = rng.choice(["", "top box", "back rest", "child seat", "delivery box"], p=[0.42, 0.27, 0.14, 0.1, 0.07])
    if extra == "top box":
        p.top_box(body, (rear - 0.24, 0, top + 0.14), (rng.uniform(0.15, 0.2), rng.uniform(0.17, 0.22), rng.uniform(0.12, 0.16)))
    elif extra == "back rest":
        p.back_rest(body, rear - 0.22, top)
    elif extra == "child seat":
        p.child_seat(body, (rear - 0.05, 0, top + 0.04) if rng.random() < 0.5 else ((head + seat_x) / 2 + 0.02, 0, 0.55), rng)
    elif extra == "delivery box":
        p.top_box(body, (rear - 0.14, 0, top + 0.23), (0.23, 0.23, 0.22))
    body.add("trim", g.tube([[seat_x - 0.1, 0.11, 0.2], [seat_x - 0.2, 0.2, 0.015]], 0.01, 5, 0))
    for s in (-1, 1):
        body.add("trim", g.tube([[rear + 0.2, s * 0.12, 0.3], [rear + 0.18, s * 0.21, 0.3]], 0.012, 5, 0))
