"""From a seed to a plan, and from a plan to what stands where: the things and people of one picture.

Pictures come in groups of `VIEWS` that share the car; camera, door, light, things and people are each picture's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from . import clutter, elevator, people, skeleton, two_wheelers
from . import camera as cameras
from . import geometry as g
from .materials import Rng, Surface
from .parts import Thing

VIEWS = 3
PROFILES = {"train": 1, "held": 2}
KINDS = {
    "moped": 0.24, "pedal e-bike": 0.155, "folding e-bike": 0.055, "bicycle": 0.09, "child's bicycle": 0.04, "kick scooter": 0.025,
    "pram": 0.045, "wheelchair": 0.035, "trolley": 0.03, "hand truck": 0.02, "suitcase": 0.025, "shopping cart": 0.025, "nothing": 0.215,
}
"""Shares of pictures by their main thing; 45 % have an e-bike."""


@dataclass
class Plan:
    """What a picture will show; all else is drawn from generators that its seed sets."""

    seed: int
    profile: str
    kind: str
    more: list[str]
    door: float
    entering: bool
    condition: str
    handler: str
    others: int
    helmets: float
    light: float
    hanging: str = "usual"


@dataclass
class Placed:
    """An assembly in the car: its label class, or -1 for none, with a name for the record."""

    name: str
    number: int
    body: g.Assembly
    surfaces: dict[str, Surface]


@dataclass
class Stage:
    """Everything that stands in one picture."""

    placed: list[Placed] = field(default_factory=list)
    taken: list[np.ndarray] = field(default_factory=list)
    """Footprints: convex outlines (k, 2) float32 on the floor."""


def generator(profile: str, seed: int, purpose: int) -> Rng:
    """The random numbers of one purpose of one picture."""
    return np.random.default_rng([PROFILES[profile], purpose, seed])


def plan(seed: int, profile: str, only: Sequence[str] = (), hanging: str = "usual") -> Plan:
    """The plan of a picture, with a main thing of the kinds ``only`` (of ``KINDS``; none: all), by their shares, and a camera that is ``hanging`` so (of
    ``camera.HANGING``)."""
    rng = generator(profile, seed, 0)
    kinds = [kind for kind in KINDS if not only or kind in only]
    odds = np.array([KINDS[kind] for kind in kinds])
    kind = str(rng.choice(kinds, p=odds / odds.sum()))
    door = float(rng.choice([0.0, 0.5, 1.0], p=[0.45, 0.12, 0.43]))
    if door == 0.5:
        door = float(rng.uniform(0.2, 0.8))
    more = [str(name) for name in rng.choice(["parcels", "mop bucket", "helmet", "suitcase"], size=int(rng.choice([0, 1, 2], p=[0.84, 0.13, 0.03])), replace=False)]
    two_wheeled = kind in two_wheelers.BUILDERS
    if kind == "nothing":
        handler, others = "none", int(rng.choice([0, 1, 2, 3, 4], p=[0.12, 0.3, 0.28, 0.18, 0.12]))
    else:
        handler = str(rng.choice(["push", "ride", "none"], p=[0.55, 0.15, 0.3] if two_wheeled and kind != "kick scooter" else [0.7, 0.0, 0.3]))
        others = int(rng.choice([0, 1, 2, 3], p=[0.5, 0.28, 0.15, 0.07]))
    condition = str(rng.choice(["day", "dim", "infra-red"], p=[0.76, 0.12, 0.12]))
    helmets = float(rng.choice([0.0, 0.35, 0.9], p=[0.6, 0.28, 0.12]))
    return Plan(seed, profile, kind, more, door, bool(door == 1 and rng.random() < 0.3), condition, handler, others, helmets, float(rng.uniform(0.7, 1.3)), hanging)


def car_of(seed: int, profile: str) -> elevator.Car:
    """The car of the seed's group."""
    rng = generator(profile, seed // VIEWS, 1)
    return elevator.build(rng, elevator.draw_shape(rng, profile))


def camera_of(picture: Plan, shape: elevator.Shape, width: int) -> cameras.Camera:
    """The picture's camera."""
    if picture.hanging == "overhead":
        return cameras.draw_overhead(generator(picture.profile, picture.seed, 5), shape, picture.profile, width)
    return cameras.draw(generator(picture.profile, picture.seed, 2), shape, picture.profile, width)


def furnish(picture: Plan, shape: elevator.Shape) -> Stage:
    """Places the picture's things and people."""
    rng = generator(picture.profile, picture.seed, 3)
    stage = Stage()
    if picture.kind != "nothing":
        main = make(picture.kind, rng, picture.profile)
        place = settle(rng, main, shape, stage, picture.entering, picture.door)
        stage_thing(stage, main, place)
        _handle(rng, picture, main, place, shape, stage)
    for name in picture.more:
        thing = make(name, rng, picture.profile)
        stage_thing(stage, thing, settle(rng, thing, shape, stage, False, picture.door))
    for _ in range(picture.others):
        child = rng.random() < 0.15
        spot = free_spot(rng, shape, stage, picture.door)
        if spot is not None:
            look = people.draw(rng, rng.random() < picture.helmets and not child, child)
            yaw = float(rng.choice([0, 0, np.pi, np.pi / 2, -np.pi / 2]) + rng.normal(0, 0.5))
            stand(stage, look, skeleton.standing(rng, rng.uniform(0, 6), rng.normal(0, 0.2)), g.placement(*spot, yaw))
            if rng.random() < 0.1:
                _carry(rng, stage, spot, yaw)
    return stage


def make(kind: str, rng: Rng, profile: str) -> Thing:
    """A random thing of a kind."""
    return two_wheelers.BUILDERS[kind](rng, profile) if kind in two_wheelers.BUILDERS else clutter.BUILDERS[kind](rng)


def outline(thing: Thing) -> np.ndarray:
    """The convex hull (k, 2) of a thing on the floor, in its own frame."""
    points = np.concatenate([piece.solid.vertices[:, :2] for piece in thing.body.pieces])
    return cv2.convexHull(points.astype(np.float32))[:, 0]


def _overrun(hull: np.ndarray, shape: elevator.Shape, door: float) -> float:
    """How far, in metres, an outline reaches through walls; the open doorway is no wall."""
    hx, hy = shape.half
    through = door >= 0.99
    out = np.maximum(-hx + 0.02 - hull[:, 0], 0).max()
    inside = hull[:, 0] < hx
    out = max(out, np.maximum(np.abs(hull[inside, 1]) - hy + 0.02, 0).max(initial=0))
    ahead = hull[~inside]
    if len(ahead):
        aside = np.maximum(np.abs(ahead[:, 1] - shape.door_y) - shape.door_width / 2, 0).max()
        out = max(out, aside if through else (ahead[:, 0] - hx).max())
    return float(out)


def settle(rng: Rng, thing: Thing, shape: elevator.Shape, stage: Stage, entering: bool, door: float) -> np.ndarray:
    """A place (4 x 4) for a thing: along a wall, across a corner, or in the doorway; the least bad of many tries."""
    hull, (hx, hy) = outline(thing), shape.half
    best: tuple[float, np.ndarray] | None = None
    diagonal = rng.random() < 0.35
    for attempt in range(160):
        ahead = 0.0 if rng.random() < 0.35 else np.pi
        yaw = ahead + rng.normal(0, 0.55 if diagonal or attempt > 80 else 0.1)
        if not entering and rng.random() < 0.12:
            yaw = rng.choice([-1, 1]) * np.pi / 2 + rng.normal(0, 0.15)
        if entering:
            x, y = hx + rng.uniform(-0.45, 0.55), shape.door_y + rng.normal(0, 0.1)
        else:
            x, y = rng.uniform(-hx, hx), rng.uniform(-hy, hy)
        place = g.placement(x, y, yaw, lean=float(rng.normal(0, 2) + (4 if rng.random() < 0.4 else 0)) if thing.kind in STANDS else 0.0)
        moved = hull @ place[:2, :2].T + (x, y)
        cost = _overrun(moved, shape, door) + sum(_overlap(moved, other) for other in stage.taken)
        if best is None or cost < best[0]:
            best = cost, place
        if cost < 0.01:
            break
    assert best is not None
    return best[1]


STANDS = ("bicycle", "child's bicycle", "pedal e-bike", "folding e-bike", "kick scooter")
"""Kinds that lean on their stands; mopeds lean less and are left upright."""


def _overlap(a: np.ndarray, b: np.ndarray) -> float:
    """The square root of the area, so metres, that two convex outlines share."""
    area, _ = cv2.intersectConvexConvex(a.astype(np.float32), b.astype(np.float32))
    return float(np.sqrt(max(area, 0)))


def stage_thing(stage: Stage, thing: Thing, place: np.ndarray) -> None:
    """Puts a thing at its place."""
    stage.taken.append((outline(thing) @ place[:2, :2].T + place[:2, 3]).astype(np.float32))
    body = g.Assembly()
    body.join(thing.body, place)
    stage.placed.append(Placed(thing.kind, thing.label, body, thing.surfaces))


def stand(stage: Stage, look: people.Look, pose: skeleton.Pose, place: np.ndarray) -> None:
    """Puts a person at a place."""
    body = g.Assembly()
    body.join(look.posed(pose), place)
    name = ("child" if look.age == "child" else "person") + (" with helmet" if look.helmet else "")
    stage.placed.append(Placed(name, 0, body, look.surfaces))
    stage.taken.append(_circle(place[:2, 3], 0.19))


def _circle(middle: np.ndarray, radius: float) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, 9)[:-1]
    return (middle + radius * np.stack([np.cos(angle), np.sin(angle)], 1)).astype(np.float32)


def free_spot(rng: Rng, shape: elevator.Shape, stage: Stage, door: float) -> tuple[float, float] | None:
    """A place on the floor, or before the open door, where someone can stand; None where all is full."""
    hx, hy = shape.half
    for _ in range(60):
        spot = rng.uniform(-hx + 0.2, hx - 0.2), rng.uniform(-hy + 0.2, hy - 0.2)
        if door >= 0.99 and rng.random() < 0.2:
            spot = hx + rng.uniform(0.25, 1.2), shape.door_y + rng.uniform(-0.4, 0.4)
        if all(cv2.pointPolygonTest(hull.reshape(-1, 1, 2), (float(spot[0]), float(spot[1])), True) < -0.17 for hull in stage.taken):
            return float(spot[0]), float(spot[1])
    return None


def grasp(thing: Thing, place: np.ndarray, person: np.ndarray) -> dict[str, np.ndarray]:
    """Where a person's wrists must be, in the person's frame, to hold the thing's grips."""
    back = np.linalg.inv(person) @ place
    return {side: back[:3, :3] @ grip + back[:3, 3] + (-0.07, 0, 0.035) for side, grip in thing.grips.items()}


def beside(rng: Rng, thing: Thing, place: np.ndarray, shape: elevator.Shape) -> tuple[np.ndarray, float]:
    """The place (4 x 4) of someone who pushes a thing, and the side (1 left, -1 right) of it."""
    middle = sum(thing.grips.values()) / len(thing.grips)
    middle = place[:3, :3] @ middle + place[:3, 3]
    ahead, left = place[:2, 0] / np.linalg.norm(place[:2, 0]), np.array([-place[1, 0], place[0, 0]])
    yaw = float(np.arctan2(place[1, 0], place[0, 0]))
    if thing.kind in ("pram", "wheelchair", "trolley", "hand truck", "shopping cart", "suitcase"):
        spot, side = middle[:2] - ahead * rng.uniform(0.32, 0.5), 0.0
    else:
        sides = rng.permutation([-1.0, 1.0])
        spots = [middle[:2] - ahead * rng.uniform(0.1, 0.35) + left * s * rng.uniform(0.36, 0.5) for s in sides]
        reach = [max(abs(spot[1]) - shape.width / 2 + 0.17, 0) if spot[0] < shape.depth / 2 else 0 for spot in spots]
        best = int(np.argmin(reach))
        spot, side = spots[best], float(sides[best])
    if spot[0] < shape.depth / 2:
        spot = np.clip(spot, [-shape.depth / 2 + 0.16, -shape.width / 2 + 0.16], [np.inf, shape.width / 2 - 0.16])
    return g.placement(float(spot[0]), float(spot[1]), yaw - side * rng.uniform(0, 0.4)), side


def rider(rng: Rng, thing: Thing, place: np.ndarray, hold: bool = True) -> tuple[np.ndarray, skeleton.Pose]:
    """Place and pose of someone who sits on a thing."""
    assert thing.seat is not None
    yaw = float(np.arctan2(place[1, 0], place[0, 0]))
    seat = place[:3, :3] @ thing.seat + place[:3, 3]
    person = g.placement(float(seat[0]), float(seat[1]), yaw)
    back = np.linalg.inv(person) @ place
    feet = {side: back[:3, :3] @ peg + back[:3, 3] for side, peg in thing.pegs.items()}
    hands = grasp(thing, place, person) if hold else {}
    return person, skeleton.seated(rng, np.array([-0.02, 0, seat[2] + 0.09]), feet, hands, 15 if hold else 2)


def _handle(rng: Rng, picture: Plan, thing: Thing, place: np.ndarray, shape: elevator.Shape, stage: Stage) -> None:
    """Someone who pushes or rides the main thing; someone who sits in the wheelchair."""
    helmet = rng.random() < max(picture.helmets, 0.12 if thing.label == 2 else 0)
    if picture.handler == "ride" and thing.seat is not None:
        person, pose = rider(rng, thing, place)
        stand(stage, people.draw(rng, helmet, thing.kind == "child's bicycle"), pose, person)
    elif picture.handler == "push" and thing.grips:
        person, _ = beside(rng, thing, place, shape)
        hands = grasp(thing, place, person)
        if rng.random() < 0.3:
            hands.pop(str(rng.choice(list(hands))))
        stand(stage, people.draw(rng, helmet), skeleton.standing(rng, rng.uniform(5, 24), rng.normal(0, 0.5), hands), person)
    if thing.kind == "wheelchair" and rng.random() < 0.6:
        person, pose = rider(rng, thing, place, hold=False)
        stand(stage, people.draw(rng), pose, person)


def _carry(rng: Rng, stage: Stage, spot: tuple[float, float], yaw: float) -> None:
    """A helmet or a bag that hangs from someone's hand."""
    side = float(rng.choice([-1, 1]))
    place = g.placement(*spot, yaw) @ g.placement(0.12, side * 0.32, 0, 0.5)
    thing = clutter.BUILDERS["helmet" if rng.random() < 0.6 else "parcels"](rng)
    scale = np.diag([0.8, 0.8, 0.8, 1.0])
    body = g.Assembly()
    body.join(thing.body, place @ scale)
    stage.placed.append(Placed(f"carried {thing.kind}", -1, body, thing.surfaces))
