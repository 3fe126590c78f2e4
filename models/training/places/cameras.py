"""Where the camera of a picture hangs: many are drawn, and the one is taken whose view shows best what the picture is meant to show.

What a camera would show is reckoned from projected vertices, without regard to what hides what; `truth` says later what is seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lifts import camera
from lifts.camera import Camera
from lifts.materials import Rng

from .cast import PERSON, Actor
from .plan import Plan
from .rooms import Room

TRIES = 24
REFERENCE = 416
"""Width of a picture for which sizes in pixels are said."""
MOUNTS = {
    "seated": ("corner", "corner", "wall", "eye"), "overlapping": ("corner", "wall", "wall", "eye"), "small": ("corner", "corner", "wall", "eye"), "cut": ("corner", "wall", "eye", "eye"),
    "above": ("above",), "crowd": ("corner", "corner", "wall"), "empty": ("corner", "corner", "wall", "eye", "above"),
}


@dataclass(frozen=True)
class Sight:
    """What a camera would show of a thing: box in pixels of a picture 416 wide, clipped; the share of it outside; metres away."""

    actor: Actor
    box: tuple[float, float, float, float]
    outside: float
    away: float

    @property
    def height(self) -> float:
        """Pixels from top to bottom."""
        return self.box[3] - self.box[1]


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Intersection over union of two boxes (left, top, right, bottom)."""
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0.0, wide) * max(0.0, high)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / union if union > 0 else 0.0


def pitch(eye: Camera) -> float:
    """Degrees that a camera looks down."""
    return float(np.degrees(np.arcsin(np.clip(-eye.ahead[2], -1, 1))))


def sights(eye: Camera, actors: list[Actor], points: list[np.ndarray]) -> list[Sight]:
    """What a camera would show of things with the vertices `points` (n, 3) each."""
    out = []
    for actor, cloud in zip(actors, points):
        pixels = eye.project(cloud)
        inside = ((pixels >= 0) & (pixels < (eye.width, eye.height))).all(1)
        if not eye.fisheye:
            inside &= (cloud - eye.place) @ eye.ahead > 0.05
        if inside.any():
            scale = REFERENCE / eye.width
            low, high = pixels[inside].min(0) * scale, pixels[inside].max(0) * scale
            away = float(np.linalg.norm(cloud - eye.place, axis=1).min())
            out.append(Sight(actor, (float(low[0]), float(low[1]), float(high[0]), float(high[1])), 1 - float(inside.mean()), away))
    return out


def indoor_score(theme: str, seen: list[Sight]) -> float:
    """How well a view of a room suits a theme."""
    clear = [sight for sight in seen if sight.outside < 0.3 and sight.height >= 10]
    if theme == "seated":
        return float(sum(sight.actor.pose == "seated" and sight.height > 30 for sight in clear))
    if theme == "overlapping":
        return sum(0.2 < overlap(a.box, b.box) < 0.6 for k, a in enumerate(clear) for b in clear[:k]) + 0.1 * len(clear)
    if theme == "small":
        return sum(1.0 if 20 <= sight.height <= 58 else -0.3 for sight in clear)
    if theme == "cut":
        return sum(1.0 if 0.25 <= sight.outside <= 0.75 and sight.height > 40 else 0.1 for sight in seen)
    return float(len(clear))


def _in_room(rng: Rng, room: Room, theme: str, size: tuple[int, int], points: list[np.ndarray]) -> Camera:
    """A random camera in a room; where people are to be cut off, one of those with the vertices `points` is at the picture's edge."""
    mount = str(rng.choice(MOUNTS[theme]))
    length, width, height = room.length, room.width, room.height
    middle = np.array([length / 2, width / 2, 0.9]) + rng.normal(0, 1, 3) * (length / 7, width / 7, 0.2)
    if mount == "above":
        x, y = rng.uniform(min(1.0, length / 3), max(length - 1.0, length * 2 / 3)), rng.uniform(min(1.0, width / 3), max(width - 1.0, width * 2 / 3))
        place = np.array([x, y, min(height, rng.uniform(2.7, 6.0)) - 0.12])
        target = np.array([*(place[:2] + rng.normal(0, 0.14 * place[2], 2)), 0.0])
        fov = float(rng.uniform(78, 125) if place[2] < 4 else rng.uniform(65, 95))
    elif mount == "corner":
        place = np.array([rng.choice([0.12, length - 0.12]), rng.choice([0.12, width - 0.12]), min(height, rng.uniform(2.5, 4.2)) - 0.15])
        target, fov = middle, float(rng.uniform(68, 105))
    elif mount == "wall":
        x, y = rng.uniform(0.25, 0.75) * length, rng.uniform(0.25, 0.75) * width
        spots = [(0.1, y), (x, 0.1), (length - 0.1, y), (x, width - 0.1)]
        place = np.array([*spots[int(rng.integers(0, 4))], rng.uniform(1.85, 2.3)])
        target, fov = middle, float(rng.uniform(60, 95))
    else:
        spot = room.spot(rng, 0.3) if rng.random() < 0.5 else None
        place = np.array([*(spot or (rng.choice([0.15, length - 0.15]), rng.uniform(0.1, 0.9) * width)), rng.uniform(1.3, 1.7)])
        target, fov = middle * (1, 1, 0) + (0, 0, rng.uniform(0.8, 1.4)), float(rng.uniform(52, 80))
    if theme == "cut":
        fov = float(rng.uniform(45, 72))
        if points:
            target = points[int(rng.integers(0, len(points)))].mean(0)
            line = target - place
            aside = np.array([-line[1], line[0], 0]) * np.tan(np.radians(fov) / 2)
            upward = np.array([0, 0, np.linalg.norm(line) * np.tan(np.radians(fov) / 2) * size[1] / size[0]])
            target = target + (aside if rng.random() < 0.5 else upward) * rng.choice([-1, 1]) * rng.uniform(0.75, 1.1)
    if theme == "small":
        fov = max(fov, 62.0)
    if np.linalg.norm(target[:2] - place[:2]) < 0.8 and mount != "above":
        target = target + np.array([length / 2 - place[0], width / 2 - place[1], 0]) * 0.5
    return camera.aim(mount, place, target, float(rng.normal(0, 2.5)), fov, bool(fov > 96 or (fov > 80 and rng.random() < 0.3)), size)


def is_clear(eye: Camera, room: Room, points: list[np.ndarray]) -> bool:
    """Whether the lens is neither in furniture nor close before someone."""
    x, y, z = eye.place
    high = eye.mount == "corner" or (eye.mount == "above" and z > 2.35)
    if not high and not room.is_free(x - 0.06, y - 0.06, x + 0.06, y + 0.06):
        return False
    if not high and (free_ahead(eye, room) < 2.0):
        return False
    return all(np.linalg.norm(cloud - eye.place, axis=1).min() > (0.5 if eye.mount == "above" else 0.8) for cloud in points)


def free_ahead(eye: Camera, room: Room) -> float:
    """Metres before a low lens that are free of furniture, on three lines of sight."""
    angle, nearest = np.arctan2(eye.ahead[1], eye.ahead[0]), 9.0
    for turn in np.radians(eye.fov) * np.array([-0.3, 0.0, 0.3]):
        along = np.array([np.cos(angle + turn), np.sin(angle + turn)])
        for far in np.arange(0.25, 3.0, 0.25):
            x, y = eye.place[:2] + along * far
            if not room.is_free(x - 0.05, y - 0.05, x + 0.05, y + 0.05):
                nearest = min(nearest, float(far))
                break
    return nearest


def indoors(rng: Rng, room: Room, plan: Plan, actors: list[Actor]) -> Camera:
    """The camera of a picture of a room."""
    points = [thinned(actor) for actor in actors]
    best: tuple[float, Camera] | None = None
    for _ in range(TRIES):
        eye = _in_room(rng, room, plan.theme, plan.size, points)
        score = indoor_score(plan.theme, sights(eye, actors, points)) - (0 if is_clear(eye, room, points) else 100)
        if best is None or score > best[0]:
            best = score, eye
    assert best is not None
    return best[1]


def thinned(actor: Actor) -> np.ndarray:
    """Some of a thing's vertices (n, 3), enough to say where it is."""
    points = np.concatenate([piece.solid.vertices for piece in actor.thing.body.pieces])
    return points[:: 23 if actor.thing.number == PERSON else 7]
