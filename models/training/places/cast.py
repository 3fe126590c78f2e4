"""Who is in a picture: people who sit, stand alone or in groups, queue, or walk, from a few looks that a place has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lifts import geometry as g
from lifts import people, skeleton
from lifts.materials import Rng
from lifts.scene import Placed
from scenes.stage import placed

from .furnishing import Seat
from .rooms import Room

PERSON = 0
"""Class number in label files, as in `data.picture`."""
APART = 0.42
"""Least metres between two people who stand."""
LOOKS = {"crowd": 12, "small": 8, "street": 3}
"""How many different people a place's pictures are cast from, where not six."""


@dataclass
class Actor:
    """A thing with a label: what it is made of, and "standing", "walking", "seated", or a vehicle's "parked" or "driving"."""

    thing: Placed
    pose: str


def looks(rng: Rng, theme: str) -> list[people.Look]:
    """The people that pictures of a place are cast from."""
    return [people.draw(rng, child=bool(rng.random() < 0.08)) for _ in range(LOOKS.get(theme, 6))]


def on_seat(rng: Rng, look: people.Look, seat: Seat) -> Actor:
    """Someone on a seat: hands on the desk, on the lap, or one at the ear."""
    hips = np.array([-0.02, 0, seat.height + 0.1])
    feet = {side: np.array([seat.ahead + rng.uniform(-0.08, 0.06), s * rng.uniform(0.08, 0.16), 0.0]) for side, s in skeleton.SIGN.items()}
    hands, lean = {}, float(rng.uniform(-4, 14))
    kind = rng.random()
    for side, s in skeleton.SIGN.items():
        if seat.desk and kind < 0.75:
            hands[side] = np.array([rng.uniform(0.38, 0.48), s * rng.uniform(0.12, 0.34), 0.8])
        else:
            hands[side] = np.array([rng.uniform(0.26, 0.36), s * rng.uniform(0.08, 0.17), seat.height + 0.2])
    if kind > 0.8:
        hands["left" if kind < 0.9 else "right"] = np.array([0.3, 0.08 * (1 if kind < 0.9 else -1), seat.height + 0.5])
    if not seat.desk and rng.random() < 0.25:
        lean = float(rng.uniform(18, 32))
    pose = skeleton.seated(rng, hips, feet, hands, lean)
    return Actor(placed("person", PERSON, look.posed(pose), look.surfaces, g.placement(seat.x, seat.y, seat.yaw + rng.normal(0, 0.06), seat.z)), "seated")


def on_foot(rng: Rng, look: people.Look, x: float, y: float, yaw: float, walking: bool, z: float = 0.0) -> Actor:
    """Someone who stands or walks at a place."""
    stride = float(rng.choice([-1, 1]) * rng.uniform(0.4, 1.0)) if walking else float(rng.normal(0, 0.12))
    lean = float(rng.uniform(25, 50)) if not walking and rng.random() < 0.06 else float(rng.uniform(0, 6))
    body = look.posed(skeleton.standing(rng, lean, stride))
    low = min(float(piece.solid.vertices[:, 2].min()) for piece in body.pieces)  # toes and heels of a step are not where ankles are
    return Actor(placed("person", PERSON, body, look.surfaces, g.placement(x, y, yaw, z - low)), "walking" if walking else "standing")


class Cast:
    """Puts people into one picture of a room; nobody stands in another or in furniture."""

    def __init__(self, rng: Rng, room: Room, known: list[people.Look]) -> None:
        self.rng, self.room, self.actors = rng, room, list[Actor]()
        self.order = [known[k] for k in rng.permutation(len(known))]
        self.stood: list[tuple[float, float]] = []
        self.next = 0

    def look(self) -> people.Look:
        """The next of the people of this place; they come again when all were there."""
        self.next += 1
        return self.order[(self.next - 1) % len(self.order)]

    def seat(self, count: int) -> None:
        """Seats so many people, as long as there are seats."""
        for k in self.rng.permutation(len(self.room.seats))[:count]:
            self.actors.append(on_seat(self.rng, self.look(), self.room.seats[k]))

    def stand(self, x: float, y: float, yaw: float, walking: bool = False, apart: float = APART) -> bool:
        """Stands someone at a place, unless it is taken."""
        if not self.room.is_free(x - 0.2, y - 0.2, x + 0.2, y + 0.2) or any(np.hypot(x - a, y - b) < apart for a, b in self.stood):
            return False
        self.stood.append((x, y))
        self.actors.append(on_foot(self.rng, self.look(), x, y, yaw, walking))
        return True

    def wander(self, count: int) -> None:
        """People here and there, standing or walking."""
        for _ in range(count):
            spot = self.room.spot(self.rng)
            if spot is not None:
                self.stand(*spot, float(self.rng.uniform(0, 2 * np.pi)), bool(self.rng.random() < 0.5), 0.5)

    def queue(self, count: int) -> None:
        """A queue at a counter, or in the free room."""
        spot = self.room.spot(self.rng, 0.5)
        x, y, yaw = self.room.queue[0] if self.room.queue else (*(spot or (self.room.length / 2, self.room.width / 2)), float(self.rng.uniform(0, 6.3)))
        for _ in range(count):
            self.stand(x + self.rng.normal(0, 0.06), y + self.rng.normal(0, 0.06), yaw + self.rng.normal(0, 0.35))
            step = self.rng.uniform(0.48, 0.75)
            yaw += self.rng.normal(0, 0.12)
            x, y = x - step * np.cos(yaw), y - step * np.sin(yaw)

    def group(self, count: int, spread: float) -> None:
        """A group about some place, most of them turned to its middle."""
        middle = max((spot for spot in (self.room.spot(self.rng, 0.5) for _ in range(6)) if spot is not None), default=None,
                     key=lambda spot: min(spot[0], self.room.length - spot[0]) + min(spot[1], self.room.width - spot[1]))
        if middle is None:
            return
        wanted, tries = len(self.actors) + count, 0
        while len(self.actors) < wanted and tries < 40 * count:
            tries += 1
            x, y = np.array(middle) + self.rng.normal(0, spread * (1 + tries / (20 * count)), 2)
            yaw = np.arctan2(middle[1] - y, middle[0] - x) + self.rng.normal(0, 0.9)
            self.stand(float(x), float(y), float(yaw), bool(self.rng.random() < 0.15))


def indoors(rng: Rng, room: Room, theme: str, known: list[people.Look]) -> list[Actor]:
    """The people of a picture of a room."""
    cast = Cast(rng, room, known)
    if theme == "seated":
        cast.seat(int(rng.integers(2, 8)))
        cast.wander(int(rng.choice([0, 0, 1, 2])))
    elif theme == "overlapping":
        if rng.random() < 0.55:
            cast.queue(int(rng.integers(3, 7)))
        else:
            cast.group(int(rng.integers(3, 6)), 0.45)
        cast.seat(int(rng.integers(0, 3)))
    elif theme == "small":
        cast.wander(int(rng.integers(3, 8)))
        cast.seat(int(rng.integers(0, 5)))
    elif theme == "crowd":
        cast.group(int(rng.integers(9, 16)), 0.9)
        cast.seat(int(rng.integers(0, 3)))
    elif theme != "empty":
        cast.wander(int(rng.integers(1, 5)))
        cast.seat(int(rng.integers(0, 4)))
        if rng.random() < 0.3:
            cast.group(2, 0.4)
    return cast.actors
