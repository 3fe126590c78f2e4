"""What happens in the short films: who and what comes in, stands and leaves, and when the door opens.

A story is a row of episodes. Times are seconds from the film's start; tracks are keyframes (time, x, y, yaw).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .elevator import Shape
from .materials import Rng

Key = tuple[float, float, float, float]
EASE = 1.5
"""Seconds that the door takes to open or to shut."""


@dataclass
class Walker:
    """Someone on foot; `helmet` and `child` as in `people.draw`."""

    track: list[Key]
    helmet: bool = False
    child: bool = False


@dataclass
class Ride:
    """A thing that is brought in and taken out; `how` is "push" or "ride", `side` where its handler walks (1 left, -1 right)."""

    kind: str
    track: list[Key]
    how: str
    side: int
    helmet: bool = False


@dataclass
class Story:
    """A film's script: its length, the door's keyframes (time, share), the cast, infra-red or not."""

    name: str
    seconds: float
    door: list[tuple[float, float]]
    walkers: list[Walker] = field(default_factory=list)
    rides: list[Ride] = field(default_factory=list)
    infrared: bool = False


@dataclass
class Episode:
    """One visit: a thing or None, how it comes, people who come with it, seconds of the journey with the door shut."""

    kind: str | None = None
    how: str = "push"
    people: int = 0
    helmets: bool = False
    child: bool = False
    screen: bool = False
    hold: float = 8.0


STORIES: dict[str, list[Episode]] = {
    "sample": [Episode(people=2, hold=4), Episode("pram", hold=4), Episode("bicycle", hold=4), Episode("moped", people=1, hold=10)],
    "push": [Episode(people=1, hold=5), Episode("bicycle", hold=5), Episode("moped", hold=12)],
    "pedal": [Episode("pram", people=1, hold=5), Episode("pedal e-bike", hold=12), Episode(people=2, hold=4)],
    "ride": [Episode(people=1, hold=4), Episode("moped", "ride", people=2, child=True, hold=14), Episode("suitcase", hold=5)],
    "infra-red": [Episode(people=2, hold=5), Episode("child's bicycle", hold=5), Episode("moped", hold=12)],
    "hidden": [Episode("trolley", hold=5), Episode("moped", people=2, screen=True, hold=14), Episode(people=1, hold=4)],
    "folding": [Episode(people=2, helmets=True, hold=5), Episode("folding e-bike", hold=12), Episode("wheelchair", hold=5)],
    "two": [Episode("pedal e-bike", hold=9), Episode(people=2, hold=5), Episode("moped", people=1, hold=10)],
    "people": [Episode(people=3, hold=8), Episode("pram", people=1, hold=6), Episode("bicycle", hold=7), Episode(people=2, helmets=True, hold=6)],
    "goods": [Episode("trolley", hold=6), Episode(people=2, helmets=True, child=True, hold=6), Episode("hand truck", people=1, hold=6), Episode("bicycle", "ride", hold=6)],
}
"""The stories by name; "people" and "goods" have no e-bike."""


def write(name: str, shape: Shape, rng: Rng) -> Story:
    """The script of a story in a car.

    Raises KeyError where there is no such story.
    """
    if name not in STORIES:
        raise KeyError(f"no story {name!r}; there are {', '.join(STORIES)}")
    (hx, hy), door = shape.half, shape.door_y
    story, now = Story(name, 0.0, [(0.0, 0.0)], infrared=name == "infra-red"), 2.0
    for episode in STORIES[name]:
        arrive = now + EASE
        slow = 4.0 if episode.kind else 2.5
        shut = arrive + slow + (2.5 if episode.people or episode.kind else 0) + 0.8
        leave = shut + EASE + episode.hold + EASE
        gone = leave + slow + 1.2
        story.door += [(now, 0.0), (arrive, 1.0), (shut, 1.0), (shut + EASE, 0.0), (leave - EASE, 0.0), (leave, 1.0), (gone, 1.0), (gone + EASE, 0.0)]
        side = int(rng.choice([-1, 1]))
        if episode.kind:
            story.rides.append(_ride(rng, episode, shape, side, arrive, slow, leave))
        for k in range(episode.people):
            first = k == 0
            if episode.kind:
                x = -hx + 0.28 if first else hx - 0.45
                if episode.screen:
                    x = -0.25 if first else 0.3
                spot = (x, -side * (hy - 0.24))
                starts = arrive - 0.4 + 0.5 * k if episode.kind and not episode.screen else arrive + 3.6 + 0.6 * k
            else:
                spot = (-hx + 0.32 + 0.5 * (k == 2), (0.3 - 0.6 * k) if k < 2 else 0.1)
                starts = arrive + 0.9 * k
            starts = max(starts, arrive - 0.4)
            story.walkers.append(Walker(_visit(rng, spot, shape, starts, leave + 0.3 + 0.9 * k), episode.helmets, episode.child and k == episode.people - 1))
        now = gone + EASE + 1.0
    story.seconds = now
    return story


def _visit(rng: Rng, spot: tuple[float, float], shape: Shape, arrive: float, leave: float) -> list[Key]:
    """In through the door, a turn to face it, a wait, and out."""
    hx, door = shape.depth / 2, shape.door_y
    face, out = float(rng.normal(0, 0.35)), float(rng.choice([-1, 1])) * 0.5
    return [(arrive, hx + 1.5, door + out, np.pi), (arrive + 1.1, hx + 0.25, door, np.pi), (arrive + 2.5, *spot, np.pi), (arrive + 3.3, *spot, face),
            (leave, *spot, face), (leave + 1.4, hx + 0.25, door, 0.0), (leave + 2.6, hx + 1.6, door - out, 0.0)]


def _ride(rng: Rng, episode: Episode, shape: Shape, side: int, arrive: float, slow: float, leave: float) -> Ride:
    """Ahead through the door, turned along a wall or a little across the car, and backed out."""
    hx, hy = shape.half
    door = shape.door_y
    assert episode.kind is not None
    big = episode.kind in ("moped", "pedal e-bike", "bicycle")
    rest_x = rng.uniform(-0.06, 0.04) if big else rng.uniform(-0.15, 0.1)
    rest_y, turn = side * (hy - 0.42), side * rng.uniform(0.1, 0.3)
    track = [(arrive, hx + 2.0, door, np.pi), (arrive + slow * 0.6, 0.25 * hx, door + 0.3 * (rest_y - door), np.pi), (arrive + slow, rest_x, rest_y * 0.6, np.pi - turn * 0.5),
             (arrive + slow + 1.6, rest_x, rest_y, np.pi + turn), (leave, rest_x, rest_y, np.pi + turn), (leave + slow * 0.4, 0.35 * hx, door + 0.3 * (rest_y - door), np.pi), (leave + slow, hx + 2.0, door, np.pi)]
    return Ride(episode.kind, track, episode.how, side, bool(rng.random() < 0.5))


def at(track: list[Key], time: float) -> np.ndarray | None:
    """Where something is (x, y, yaw) at a time; None before its track and after it."""
    if not track[0][0] <= time <= track[-1][0]:
        return None
    times = [key[0] for key in track]
    return np.array([np.interp(time, times, [key[k] for key in track]) for k in (1, 2, 3)])


def walked(track: list[Key], time: float) -> float:
    """Metres covered since a track's start."""
    points = np.array([key[1:3] for key in track])
    far = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    return float(np.interp(time, [key[0] for key in track], far))
