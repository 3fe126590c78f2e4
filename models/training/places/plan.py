"""From a seed to what a picture is meant to show: its theme, its light, its size.

Pictures come in groups of `VIEWS` that share a place; camera, light, people and vehicles are each picture's own. Themes take turns, so that
any run of `VIEWS * len(THEMES)` pictures has all of them. What a picture does show is told by `truth`, not by its theme.

The profiles `train` and `held` draw places, layouts, people, cars and cameras from random numbers that have nothing in common. Pictures of
`held` are for measuring alone: nothing is trained on them and nothing is chosen by them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lifts.materials import Rng

VIEWS = 4
PROFILES = {"train": 1, "held": 2}
INDOOR = ("seated", "overlapping", "small", "cut", "above", "crowd", "empty")
"""Themes of rooms."""
OUTDOOR = ("oblique", "tiny", "steep", "touching", "cut", "empty")
"""Themes of streets and yards."""
THEMES = (
    "room seated", "street tiny", "room overlapping", "room small", "street steep", "room crowd", "room above", "street empty", "room cut", "street oblique",
    "room empty", "room seated", "street tiny", "room small", "street touching", "room overlapping", "room crowd", "street steep", "room above", "street cut",
    "room empty", "street empty",
)
SIZES = (((640, 360), 0.65), ((640, 480), 0.35))
"""Sizes of pictures and their shares."""


@dataclass(frozen=True)
class Plan:
    """What a picture is meant to show. `light` is "day", "dim", "dark", "night" or "infrared"; `size` is width and height in pixels."""

    seed: int
    profile: str
    indoor: bool
    theme: str
    light: str
    size: tuple[int, int]


def generator(profile: str, purpose: int, number: int) -> Rng:
    """The random numbers of one purpose of one picture, or of one place."""
    return np.random.default_rng([7411, PROFILES[profile], purpose, number])


def place_of(seed: int) -> int:
    """The number of the place that a picture shows."""
    return seed // VIEWS


def plan(seed: int, profile: str) -> Plan:
    """The plan of a picture."""
    where, theme = THEMES[place_of(seed) % len(THEMES)].split()
    rng, view = generator(profile, 0, seed), seed % VIEWS
    if where == "room":
        lights = [["day"], ["day", "dim"], ["dark", "dim", "day"], ["infrared", "infrared", "dark"]][view]
    else:
        lights = [["day"], ["day", "dim"], ["night", "day"], ["night", "night", "infrared"]][view]
    size = SIZES[int(rng.choice(len(SIZES), p=[share for _, share in SIZES]))][0]
    return Plan(seed, profile, where == "room", theme, str(rng.choice(lights)), size)
