"""What goes into each composite: decided beforehand for all of them, so that no cut-out is used too often.

A plan depends on the seed and on the lists of files only; a longer plan begins with the shorter one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from data.clutter import DRAWN

MOST_USES = {"ebike": 12, "bicycle": 5, "wheelchair": 4, "person": 8}
"""A cut-out seen often is learned by heart: above all a pedal bicycle must not set the alarm threshold alone."""
EBIKE_SHARE = {"train": 0.45, "measure": 0.15}
"""Share of composites with an e-bike; the held-back ones are mostly there as negatives."""


@dataclass(frozen=True)
class Thing:
    """One thing to paste: ``kind`` a cut-out kind, a drawn kind or "patch"; ``source`` the cut-out's file."""

    kind: str
    source: Path | None = None
    helmeted: bool = False


@dataclass
class Recipe:
    """One composite: its number, background, things from the back to the front and the seed of its randomness."""

    number: int
    background: int
    seed: int
    things: list[Thing] = field(default_factory=list)


class Stock:
    """Cut-outs of one kind, dealt in shuffled rounds, each at most its number of uses."""

    def __init__(self, files: list[Path], most_uses: int, random: np.random.Generator) -> None:
        self._files = files
        self._rounds = most_uses
        self._random = random
        self._left: list[int] = []

    def draw(self) -> Path | None:
        """The next cut-out, or None when all have been used as often as they may."""
        if not self._left:
            if self._rounds == 0 or not self._files:
                return None
            self._rounds -= 1
            self._left = [int(index) for index in self._random.permutation(len(self._files))]
        return self._files[self._left.pop()]


def make_plan(count: int, part: str, seed: int, cutouts: dict[str, list[Path]], backgrounds: int) -> list[Recipe]:
    """``count`` recipes over ``backgrounds`` room pictures, which take turns in shuffled rounds."""
    random = np.random.default_rng([seed, 0 if part == "train" else 1])
    stock = {kind: Stock(files, MOST_USES[kind], np.random.default_rng([seed, index]))
             for index, (kind, files) in enumerate(sorted(cutouts.items()))}
    rooms: list[int] = []
    plan = []
    for number in range(count):
        if not rooms:
            rooms = [int(index) for index in random.permutation(backgrounds)]
        recipe = Recipe(number, rooms.pop(), int(random.integers(2 ** 62)))
        wanted = _ebike_scene(random) if random.random() < EBIKE_SHARE[part] else _other_scene(random)
        for kind, helmeted in wanted:
            if kind in DRAWN or kind == "patch":
                recipe.things.append(Thing(kind))
                continue
            source = stock[kind].draw() if kind in stock else None
            # When a kind is used up, something drawn takes its place: the scene stays full, nothing is repeated.
            recipe.things.append(Thing(kind, source, helmeted) if source is not None else _drawn(random))
        plan.append(recipe)
    return plan


def _drawn(random: np.random.Generator) -> Thing:
    names = [*DRAWN, "patch"]
    return Thing(names[int(random.integers(len(names)))])


def _ebike_scene(random: np.random.Generator) -> list[tuple[str, bool]]:
    things = _some_clutter(random, 0.35)
    if random.random() < 0.12:
        things.append(("bicycle", False))
    if random.random() < 0.25:
        things.append(("person", random.random() < 0.3))
    things.append(("ebike", False))
    if random.random() < 0.12:
        things.append(("ebike", False))
    if random.random() < 0.45:
        things.append(("person", random.random() < 0.4))
    return things


def _other_scene(random: np.random.Generator) -> list[tuple[str, bool]]:
    things = _some_clutter(random, 0.5)
    kind = random.random()
    if kind < 0.36:
        things += [("bicycle", False)] * (2 if random.random() < 0.12 else 1)
    elif kind < 0.54:
        things.append(("wheelchair", False))
    elif kind < 0.72:
        things += [("person", True)] * int(random.integers(1, 3))
    else:
        things += _some_clutter(random, 0.9)
    if random.random() < 0.5:
        things.append(("person", random.random() < 0.5))
    return things


def _some_clutter(random: np.random.Generator, chance: float) -> list[tuple[str, bool]]:
    things = []
    while random.random() < chance and len(things) < 4:
        things.append((_drawn(random).kind, False))
    return things
