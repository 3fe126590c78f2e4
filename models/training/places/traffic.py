"""What is in a picture of a street: vehicles in some of its slots, people who walk, and the camera that shows what the picture is meant to show."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from lifts import camera
from lifts import geometry as g
from lifts import people
from lifts.camera import Camera
from lifts.materials import Rng
from scenes.stage import placed

from . import cast, vehicles
from .cameras import Sight, overlap, sights, thinned
from .cast import PERSON, Actor
from .plan import Plan
from .streets import Street
from .truth import OBLIQUE
from .vehicles import Vehicle

TRIES = 20
SHARES = {"touching": (0.8, 1.0), "tiny": (0.15, 0.6), "steep": (0.4, 0.95), "oblique": (0.25, 0.9), "cut": (0.4, 0.9), "empty": (0.0, 0.0)}
"""Spans of the share of slots that have a vehicle."""
CLOSEST = {"tiny": 8.0, "cut": 1.2}
"""Metres from the camera to the next vehicle at least, where not two."""


def fleet(rng: Rng) -> list[Vehicle]:
    """The vehicles of a place's pictures."""
    kinds = rng.choice(list(vehicles.BUILDERS), 9, p=[0.5, 0.2, 0.18, 0.12])
    return [vehicles.BUILDERS[str(kind)](rng) for kind in ["car", *kinds]]


def park(rng: Rng, place: Street, known: list[Vehicle], share: float, dark: bool) -> list[Actor]:
    """Vehicles in a share of the slots, a little aside and askew; those under way have their lamps lit in the dark."""
    out = []
    for slot in place.slots:
        fit = [one for one in known if one.length <= slot.length and one.width <= slot.width + 0.15]
        if not fit or rng.random() > share * (0.55 if slot.driving else 1.0):
            continue
        big = [one for one in fit if one.length > 5.3]
        one = big[int(rng.integers(0, len(big)))] if big and rng.random() < 0.6 else fit[int(rng.integers(0, len(fit)))]
        spare = max(0.0, slot.length - one.length) / 2
        ahead, aside = rng.uniform(-1, 1) * min(spare, 0.5), rng.normal(0, 0.06)
        yaw = slot.yaw + (np.pi if not slot.driving and abs(np.sin(slot.yaw)) > 0.9 and rng.random() < 0.3 else 0.0) + rng.normal(0, 0.025)
        c, s = np.cos(slot.yaw), np.sin(slot.yaw)
        finish = vehicles.finishes(rng, one.kind)
        if dark and slot.driving:
            finish = finish | {"lamp": replace(finish["lamp"], colour=(1.0, 0.95, 0.85), glow=12.0), "tail": replace(finish["tail"], colour=(1.0, 0.05, 0.03), glow=3.0)}
        spot = g.placement(slot.x + c * ahead - s * aside, slot.y + s * ahead + c * aside, yaw)
        out.append(Actor(placed(one.kind, one.number, one.body, finish, spot), "driving" if slot.driving else "parked"))
    return out


def walkers(rng: Rng, place: Street, known: list[people.Look], count: int, taken: list[np.ndarray]) -> list[Actor]:
    """People on the pavements and aisles, who keep off the vehicles whose vertices are `taken`."""
    out: list[Actor] = []
    for look in known[:count]:
        a, b, c, d, z = place.walks[int(rng.integers(0, len(place.walks)))]
        for _ in range(6):
            x, y = float(rng.uniform(max(a, -25), min(c, 25))), float(rng.uniform(b, d))
            if all(np.abs(cloud[:, :2] - (x, y)).max(1).min() > 0.6 for cloud in taken):
                out.append(cast.on_foot(rng, look, x, y, float(rng.choice([0, np.pi]) + rng.normal(0, 0.4)), bool(rng.random() < 0.75), z))
                break
    return out


def _eye(rng: Rng, place: Street, plan: Plan, target: np.ndarray) -> Camera:
    """A random camera that looks to about a target (2,)."""
    theme = plan.theme if plan.theme != "empty" else str(rng.choice(["oblique", "tiny", "steep", "touching"]))
    away, high, fov = {
        "oblique": ((7, 18), (2.8, 6.5), (42, 75)), "tiny": ((24, 55), (5, 14), (52, 88)), "steep": ((0.3, 7), (7, 15), (60, 98)),
        "touching": ((8, 22), (2.5, 7), (40, 75)), "cut": ((3.5, 9), (2.3, 5), (40, 68)),
    }[theme]
    around, far = rng.uniform(0, 2 * np.pi), rng.uniform(*away)
    spot = target + far * np.array([np.cos(around), np.sin(around)])
    left, near, right, beyond = place.open
    spot = np.clip(spot, (left, near), (right, beyond))
    aimed = np.array([*(target + rng.normal(0, 0.12, 2) * far), rng.uniform(0.2, 1.2)])
    opening = float(rng.uniform(*fov))
    if theme == "cut":
        aimed[:2] += np.array([np.sin(around), -np.cos(around)]) * far * np.tan(np.radians(opening) / 2) * rng.choice([-1, 1]) * rng.uniform(0.5, 1.0)
    return camera.aim("mast", np.array([*spot, rng.uniform(*high)]), aimed, float(rng.normal(0, 2)), opening, bool(opening > 92), plan.size)


def score(theme: str, seen: list[Sight], angles: list[float]) -> float:
    """How well a view of vehicles suits a theme; `angles` are those between their lengths and the lines of sight, degrees."""
    clear = [sight for sight in seen if sight.outside < 0.3 and sight.height >= 8]
    if theme == "oblique":
        return sum(1.0 if OBLIQUE[0] <= angle <= OBLIQUE[1] and sight.height > 32 and sight.outside < 0.3 else 0.05 for sight, angle in zip(seen, angles))
    if theme == "tiny":
        return sum(1.0 if 10 <= sight.height <= 30 else -0.4 for sight in clear)
    if theme == "touching":
        near = [sight for sight in clear if sight.height > 24]
        return sum(0.05 < overlap(a.box, b.box) < 0.7 for k, a in enumerate(near) for b in near[:k])
    if theme == "cut":
        return sum(1.0 if 0.25 <= sight.outside <= 0.75 and sight.height > 40 else 0.05 for sight in seen)
    return float(len(clear))


def outdoors(rng: Rng, eyes: Rng, place: Street, plan: Plan, known: list[Vehicle], looks: list[people.Look]) -> tuple[list[Actor], Camera]:
    """Vehicles and people that the picture can show, and its camera; `rng` casts, `eyes` looks for the camera."""
    actors = park(rng, place, known, float(rng.uniform(*SHARES[plan.theme])), plan.light in ("night", "infrared"))
    clouds = [thinned(actor) for actor in actors]
    if looks and rng.random() < 0.6:
        more = walkers(rng, place, looks, int(rng.integers(1, len(looks) + 1)), clouds)
        actors, clouds = actors + more, clouds + [thinned(actor) for actor in more]
    middles = [cloud[:, :2].mean(0) for actor, cloud in zip(actors, clouds) if actor.thing.number != PERSON] or [np.array([slot.x, slot.y]) for slot in place.slots]
    central = [spot for spot in middles if abs(spot[0]) < 30] or middles
    standing = np.concatenate([piece.solid.vertices[::9] for piece in place.fixtures.pieces])
    best: tuple[float, Camera, list[Sight]] | None = None
    for _ in range(TRIES):
        eye = _eye(eyes, place, plan, central[int(eyes.integers(0, len(central)))])
        seen = sights(eye, actors, clouds)
        wheeled = [sight for sight in seen if sight.actor.thing.number != PERSON]
        angles = [_angle(eye, sight) for sight in wheeled]
        near = any(_before(eye, cloud, CLOSEST.get(plan.theme, 2.0)) for cloud in clouds)
        hindered = near or any(np.hypot(x - eye.place[0], y - eye.place[1]) < 2.5 for x, y in place.keep)
        mark = (score(plan.theme, wheeled, angles) if actors else _full(eye, standing)) - (100 if hindered else 0)
        if best is None or mark > best[0]:
            best = mark, eye, seen
    assert best is not None
    return [sight.actor for sight in best[2]], best[1]


def _before(eye: Camera, cloud: np.ndarray, closest: float) -> bool:
    """Whether a camera hangs over a thing with these vertices (n, 3), or within `closest` metres beside it, and no metre above it."""
    ground = cv2.convexHull(cloud[:, :2].astype(np.float32))
    beside = cv2.pointPolygonTest(ground, (float(eye.place[0]), float(eye.place[1])), True) > -closest
    return bool(beside and eye.place[2] < cloud[:, 2].max() + max(1.0, min(closest, 3.0)))


def _full(eye: Camera, points: np.ndarray) -> float:
    """Share of what stands about, as vertices (n, 3), that a camera would show near by."""
    pixels, line = eye.project(points), points - eye.place
    inside = ((pixels >= 0) & (pixels < (eye.width, eye.height))).all(1) & (line @ eye.ahead > 0)
    return float((inside & (np.linalg.norm(line, axis=1) < 25)).mean())


def _angle(eye: Camera, sight: Sight) -> float:
    """Degrees between a vehicle's length and the line of sight, on the ground, 0 to 90."""
    points = thinned(sight.actor)[:, :2]
    along = np.linalg.svd(points[::5] - points.mean(0), full_matrices=False)[2][0]
    line = points.mean(0) - eye.place[:2]
    return float(np.degrees(np.arccos(min(1.0, abs(float(along @ line)) / (np.linalg.norm(line) + 1e-9)))))
