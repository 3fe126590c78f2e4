"""Two-wheelers with a visible frame: pedal-type and folding e-bikes; and what is no e-bike: bicycles, children's bicycles, kick scooters."""

from __future__ import annotations

import numpy as np

from . import geometry as g
from . import parts as p
from .materials import Rng

PEDAL_WHEELS = {"train": ((0.2, 0.232), (0.25, 0.29)), "held": ((0.234, 0.248),)}
"""Wheel radii of pedal-type e-bikes, metres: 14 to 22 inch tyres; those of the held-back profile lie between."""


def _saddle(body: g.Assembly, x: float, z: float, half: float) -> None:
    """A saddle whose nose is ahead of x."""
    body.add("seat", g.loft([(x + 0.15, 0, z - 0.01, 0.025, 0.02, 2.2), (x + 0.02, 0, z, half * 0.65, 0.03, 2.4), (x - 0.09, 0, z + 0.01, half, 0.035, 2.5), (x - 0.13, 0, z + 0.005, half * 0.7, 0.025, 2.3)], "x", 14, 3))


def _fork(body: g.Assembly, axle: float, radius: float, head: float, z: float, bar: float = 0.012) -> None:
    """Fork blades from the axle to the crown, and the steerer to the handlebar at height z."""
    for s in (-1, 1):
        body.add("metal", g.tube([[axle, s * 0.055, radius], [axle - 0.07, s * 0.05, 2 * radius + 0.03], [head + 0.05, s * 0.02, 2 * radius + 0.08]], bar, 6, 3), group="steered")
    body.add("paint", g.tube([[head + 0.06, 0, 2 * radius + 0.06], [head, 0, z]], 0.019, 8, 0), group="steered")


def _rack(body: g.Assembly, seat: float, rear: float, radius: float, z: float) -> None:
    """A luggage rack over the rear wheel."""
    for s in (-1, 1):
        body.add("metal", g.tube([[seat - 0.12, s * 0.07, z], [rear - 0.22, s * 0.075, z + 0.01]], 0.007, 5, 0), g.tube([[rear, s * 0.07, radius], [rear - 0.08, s * 0.075, z]], 0.007, 5, 0))
    for x in np.linspace(rear - 0.2, seat - 0.14, 5):
        body.add("metal", g.tube([[x, -0.07, z], [x, 0.07, z]], 0.006, 4, 0))


def pedal_ebike(rng: Rng, profile: str) -> p.Thing:
    """The pedal-type Chinese e-bike: step-through frame, basket, battery box, cushion behind; 1.4 to 1.65 m long."""
    thing = p.Thing("pedal e-bike", 2, g.Assembly(), p.paint(rng))
    body = thing.body
    spans = PEDAL_WHEELS[profile]
    radius = float(rng.uniform(*spans[int(rng.integers(0, len(spans)))]))
    tyre, base = rng.uniform(0.023, 0.036), 0.62 + 1.9 * radius * rng.uniform(0.95, 1.1)
    front, rear = 0.54 * base, -0.46 * base
    head, seat, floor = front - 0.16, rear + rng.uniform(0.28, 0.34), radius + 0.06
    bar_z, saddle_z = rng.uniform(0.97, 1.06), rng.uniform(0.74, 0.83)
    spokes = rng.random() < 0.45
    p.wheel(body, front, radius, tyre, "spokes" if spokes else "cast", rng, "steered")
    p.wheel(body, rear, radius, tyre, "motor" if rng.random() < 0.75 else "cast", rng)
    for axle, group in ((front, "steered"), (rear, "frame")):
        body.add("paint" if rng.random() < 0.5 else "trim", g.mudguard((axle, 0, radius), radius + 0.012, 0.042, 20, 175, 0.018), group=group)
    _fork(body, front, radius, head, bar_z, 0.014)
    body.add("paint", g.tube([[head + 0.04, 0, 2 * radius + 0.14], [head - 0.04, 0, floor + 0.14], [head - 0.17, 0, floor], [seat + 0.04, 0, floor - 0.02], [seat - 0.01, 0, floor + 0.06]], rng.uniform(0.024, 0.034), 8))
    body.add("paint", g.tube([[seat, 0, floor], [seat - 0.07, 0, 0.7]], 0.023, 7, 0))
    body.add("bar", g.tube([[seat - 0.06, 0, 0.62], [seat - 0.08, 0, saddle_z]], 0.015, 6, 0))
    for s in (-1, 1):
        body.add("paint", g.tube([[seat, s * 0.05, floor - 0.02], [rear, s * 0.07, radius]], 0.013, 6, 0), g.tube([[seat - 0.05, s * 0.04, 0.6], [rear, s * 0.08, radius + 0.02]], 0.011, 6, 0))
    p.pedals(body, seat + 0.05, floor - 0.03, 0.14, rng)
    _battery(body, head, seat, floor, radius, rng)
    if rng.random() < 0.55:
        body.add("paint", g.loft([(head, 0, floor + 0.1, 0.09, 0.03, 2.6), (head + 0.03, 0, 0.6, 0.13, 0.04, 2.4), (head + 0.02, 0, 0.82, 0.09, 0.035, 2.5)], "z", 16, 3))
    _saddle(body, seat - 0.06, saddle_z, rng.uniform(0.11, 0.14))
    _rack(body, seat, rear, radius, max(0.62, 2 * radius + 0.08))
    rack_z = max(0.62, 2 * radius + 0.08)
    extra = rng.choice(["cushion", "back rest", "child seat", "box", "basket", ""], p=[0.36, 0.2, 0.14, 0.12, 0.08, 0.1])
    if extra in ("cushion", "back rest"):
        body.add("seat", g.blob((rear - 0.02, 0, rack_z + 0.04), (0.17, 0.1, 0.033), 4))
    if extra == "back rest":
        p.back_rest(body, rear - 0.18, rack_z + 0.04)
    elif extra == "child seat":
        p.child_seat(body, (rear - 0.02, 0, rack_z + 0.07), rng)
    elif extra == "box":
        p.top_box(body, (rear - 0.06, 0, rack_z + 0.16), (0.18, 0.19, 0.14))
    elif extra == "basket":
        p.basket(body, (rear - 0.08, 0, rack_z + 0.12), (0.16, 0.14, 0.1), rng, "frame")
    p.handlebar(thing, head - 0.02, bar_z, rng.uniform(0.28, 0.33), rng.uniform(0.05, 0.1), rng.uniform(0.12, 0.18), rng.random() < 0.45, rng)
    body.add("trim", g.blob((head + 0.04, 0, bar_z - 0.06), (0.06, 0.07, 0.06), 2.6), g.blob((head - 0.03, 0, bar_z + 0.03), (0.04, 0.055, 0.024), 3), group="steered")
    body.add("lamp", g.blob((head + 0.1, 0, bar_z - 0.07), (0.028, 0.05, 0.042), 2.3), group="steered")
    if rng.random() < 0.78:
        p.basket(body, (head + 0.25, 0, bar_z - 0.15), (rng.uniform(0.11, 0.14), rng.uniform(0.15, 0.18), rng.uniform(0.1, 0.13)), rng)
    body.add("tail", g.blob((rear - radius - 0.03, 0, radius + 0.22), (0.018, 0.05, 0.028), 2.5))
    if rng.random() < 0.6:
        body.add("plate", g.box((rear - radius - 0.035, 0, radius + 0.12), (0.003, 0.085, 0.05), g.rotation("y", 12)))
    body.add("metal", g.tube([[seat - 0.1, 0.07, radius], [seat - 0.2, 0.17, 0.012]], 0.008, 5, 0))
    thing.seat = np.array([seat - 0.09, 0, saddle_z + 0.03])
    thing.pegs = {side: np.array([(head + seat) / 2, s * 0.11, floor + 0.04]) for side, s in p.SIDES.items()}
    if rng.random() < 0.16:
        p.blanket(thing, head + 0.04, bar_z, rng)
    thing.steer(head, float(rng.normal(0, 16)))
    if rng.random() < 0.05:
        p.cover(thing, rng)
    thing.resize(rng.uniform(0.93, 1.0))
    return thing.measure()


def _battery(body: g.Assembly, head: float, seat: float, floor: float, radius: float, rng: Rng) -> None:
    """The battery: behind the seat tube, on the floor board, or as a long fairing."""
    kind = rng.integers(0, 3)
    if kind == 0:
        body.add("trim", g.blob((seat - 0.15, 0, radius + 0.25), (0.075, 0.08, 0.17), 5))
    elif kind == 1:
        body.add(str(rng.choice(["paint", "trim"])), g.blob(((head + seat) / 2 - 0.02, 0, floor + 0.09), (0.2, 0.1, 0.085), 5))
    else:
        body.add("paint", g.loft([(head - 0.1, 0, floor + 0.04, 0.08, 0.07, 4), (seat + 0.08, 0, floor + 0.05, 0.1, 0.09, 4), (seat - 0.1, 0, floor + 0.16, 0.1, 0.14, 4)], "x", 16, 3))
    if rng.random() < 0.65:
        body.add("trim", g.blob(((head + seat) / 2, 0, floor + 0.02), ((head - seat) / 2, 0.12, 0.022), 5))


def folding_ebike(rng: Rng, profile: str) -> p.Thing:
    """A small folding e-bike, 1.15 to 1.3 m long."""
    thing = p.Thing("folding e-bike", 2, g.Assembly(), p.paint(rng))
    body = thing.body
    radius, tyre, base = rng.uniform(0.155, 0.2), rng.uniform(0.022, 0.03), rng.uniform(0.82, 0.94)
    front, rear = base / 2, -base / 2
    head, seat, bar_z, saddle_z = front - 0.11, rear + 0.25, rng.uniform(0.95, 1.05), rng.uniform(0.78, 0.87)
    p.wheel(body, front, radius, tyre, str(rng.choice(["cast", "spokes"])), rng, "steered")
    p.wheel(body, rear, radius, tyre, "motor", rng)
    for axle, group in ((front, "steered"), (rear, "frame")):
        body.add("trim", g.mudguard((axle, 0, radius), radius + 0.01, 0.034, 30, 170, 0.013), group=group)
    _fork(body, front, radius, head, bar_z)
    body.add("paint", g.loft([(head + 0.03, 0, 2 * radius + 0.07, 0.04, 0.035, 3), (0.02, 0, radius + 0.2, 0.055, 0.05, 3.5), (seat - 0.02, 0, radius + 0.15, 0.05, 0.04, 3)], "x", 14, 4))
    body.add("bar", g.tube([[seat, 0, radius + 0.05], [seat - 0.08, 0, saddle_z]], 0.018, 7, 0))
    for s in (-1, 1):
        body.add("paint", g.tube([[rear, s * 0.06, radius], [seat, s * 0.035, radius + 0.12]], 0.014, 6, 0))
    _saddle(body, seat - 0.08, saddle_z, rng.uniform(0.09, 0.12))
    p.pedals(body, seat + 0.08, radius + 0.05, 0.12, rng)
    if rng.random() < 0.6:
        body.add("trim", g.blob((seat - 0.11, 0, radius + 0.3), (0.05, 0.06, 0.14), 5))
    if rng.random() < 0.45:
        body.add("seat", g.blob((rear - 0.02, 0, 2 * radius + 0.2), (0.15, 0.09, 0.03), 4))
        _rack(body, seat, rear, radius, 2 * radius + 0.15)
    if rng.random() < 0.25:
        p.child_seat(body, (0.08, 0, 0.56), rng)
    p.handlebar(thing, head - 0.03, bar_z, rng.uniform(0.25, 0.29), 0.02, 0.04, False, rng)
    body.add("lamp", g.blob((head + 0.04, 0, bar_z - 0.1), (0.04, 0.035, 0.035), 2.3), group="steered")
    if rng.random() < 0.4:
        p.basket(body, (head + 0.19, 0, bar_z - 0.2), (0.1, 0.14, 0.1), rng)
    thing.seat = np.array([seat - 0.1, 0, saddle_z + 0.03])
    thing.pegs = {side: np.array([0.02, s * 0.12, 0.26]) for side, s in p.SIDES.items()}
    thing.steer(head, float(rng.normal(0, 16)))
    return thing.measure()


def bicycle(rng: Rng, profile: str, scale: float = 1.0) -> p.Thing:
    """A pedal bicycle, 1.65 to 1.8 m long at scale 1; below 0.8 it is a child's, bright, often with stabilisers."""
    child = scale < 0.8
    thing = p.Thing("child's bicycle" if child else "bicycle", 1, g.Assembly(), p.paint(rng, toy=child))
    body = thing.body
    radius, tyre = rng.uniform(0.3, 0.345), rng.uniform(0.014, 0.026)
    front, rear = 0.55, -0.5
    head, crank_x, bar_z, saddle_z = front - 0.16, rear + 0.43, rng.uniform(0.95, 1.08), rng.uniform(0.86, 0.98)
    p.wheel(body, front, radius, tyre, "spokes", rng, "steered")
    p.wheel(body, rear, radius, tyre, "spokes", rng)
    _fork(body, front, radius, head, bar_z, 0.01)
    crank = np.array([crank_x, 0, 0.29])
    bar = rng.uniform(0.014, 0.022)
    top = np.array([crank_x - 0.19, 0, 0.78])
    body.add("paint", g.tube([crank, top + (-0.02, 0, 0.08)], bar, 7, 0))
    if rng.random() < 0.55 or child:
        body.add("paint", g.tube([[head + 0.03, 0, 0.76], [head - 0.12, 0, 0.48], crank], bar, 7), g.tube([[head + 0.02, 0, 0.83], [head - 0.14, 0, 0.6], [crank_x - 0.05, 0, 0.42]], bar, 7))
    else:
        body.add("paint", g.tube([[head + 0.03, 0, 0.76], crank], bar * 1.1, 7, 0), g.tube([[head + 0.01, 0, 0.87], top], bar, 7, 0))
    for s in (-1, 1):
        body.add("paint", g.tube([crank, [rear, s * 0.06, radius]], 0.01, 5, 0), g.tube([top, [rear, s * 0.06, radius]], 0.009, 5, 0))
    body.add("bar", g.tube([top, [crank_x - 0.22, 0, saddle_z]], 0.012, 6, 0))
    _saddle(body, crank_x - 0.22, saddle_z, rng.uniform(0.07, 0.1))
    p.pedals(body, crank_x, 0.29, 0.17, rng)
    for z in (-0.04, 0.04):
        body.add("trim", g.tube([[crank_x, -0.05, 0.29 + z], [rear, -0.05, radius + z * 0.8]], 0.005, 4, 0))
    if rng.random() < 0.55:
        for axle, group in ((front, "steered"), (rear, "frame")):
            body.add("paint" if rng.random() < 0.5 else "metal", g.mudguard((axle, 0, radius), radius + 0.012, 0.028, 40, 175, 0.01), group=group)
    if rng.random() < 0.45:
        _rack(body, crank_x - 0.13, rear, radius, 2 * radius + 0.07)
        if rng.random() < 0.2:
            p.child_seat(body, (rear - 0.02, 0, 2 * radius + 0.14), rng)
    flat = rng.random() < 0.5
    p.handlebar(thing, head - 0.02, bar_z, rng.uniform(0.26, 0.33), 0.02 if flat else 0.07, 0.03 if flat else 0.17, False, rng)
    if rng.random() < 0.45:
        p.basket(body, (head + 0.23, 0, bar_z - 0.15), (0.12, 0.16, 0.12), rng)
    body.add("metal", g.tube([[crank_x - 0.1, 0.06, 0.25], [crank_x - 0.2, 0.17, 0.01]], 0.007, 5, 0))
    thing.seat = np.array([crank_x - 0.24, 0, saddle_z + 0.03])
    thing.pegs = {side: np.array([crank_x, s * 0.12, 0.3 + s * 0.08]) for side, s in p.SIDES.items()}
    thing.steer(head, float(rng.normal(0, 16)))
    if scale != 1:
        thing.resize(scale)
        if child and rng.random() < 0.6:
            for s in (-1, 1):
                p.wheel(body, rear * scale, 0.075, 0.016, "cast", rng, y=s * 0.17)
                body.add("metal", g.tube([[rear * scale, 0, 0.15], [rear * scale, s * 0.15, 0.14], [rear * scale, s * 0.17, 0.075]], 0.007, 5, 2))
    return thing.measure()


def childs_bicycle(rng: Rng, profile: str) -> p.Thing:
    """A child's bicycle, 12 to 20 inch."""
    return bicycle(rng, profile, rng.uniform(0.48, 0.7))


def kick_scooter(rng: Rng, profile: str) -> p.Thing:
    """A kick scooter, with two or three small wheels."""
    thing = p.Thing("kick scooter", 3, g.Assembly(), p.paint(rng, toy=True))
    body = thing.body
    radius, half, bar_z = rng.uniform(0.055, 0.1), rng.uniform(0.27, 0.4), rng.uniform(0.7, 0.98)
    p.wheel(body, -half, radius, radius * 0.24, "cast", rng)
    for y in (-0.1, 0.1) if rng.random() < 0.4 else (0.0,):
        p.wheel(body, half, radius, radius * 0.24, "cast", rng, "steered", y)
    body.add("trim", g.blob((-0.03, 0, radius + 0.03), (half - 0.05, 0.065, 0.018), 5))
    body.add("paint", g.tube([[half - 0.1, 0, radius + 0.03], [half - 0.03, 0, radius + 0.14]], 0.02, 7, 0))
    body.add("paint", g.tube([[half, 0, radius], [half - 0.1, 0, bar_z]], 0.017, 8, 0), group="steered")
    body.add("bar", g.tube([[half - 0.1, -0.2, bar_z], [half - 0.1, 0.2, bar_z]], 0.012, 6, 0), group="steered")
    for side, s in p.SIDES.items():
        body.add("cushion", g.tube([[half - 0.1, s * 0.11, bar_z], [half - 0.1, s * 0.21, bar_z]], 0.017, 7, 0), group="steered")
        thing.grips[side] = np.array([half - 0.1, s * 0.16, bar_z])
    thing.steer(half, float(rng.normal(0, 12)))
    return thing.measure()
