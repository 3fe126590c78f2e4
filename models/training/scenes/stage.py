"""What every rendered recording has: its set, its light, its camera, who stands where at a time, and what is true of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from lifts import camera as cameras
from lifts import geometry as g
from lifts import people, scene, skeleton, stories
from lifts.elevator import Lamp
from lifts.materials import Panel, Rng, Surface

STEP = 0.68
"""Metres that someone who walks covers with one step."""


@dataclass(frozen=True)
class Sky:
    """Daylight: linear colour of the sky, the sun's watts per square metre, the direction (3,) from which it shines."""

    colour: tuple[float, float, float]
    sun: float
    towards: tuple[float, float, float]


@dataclass
class Stage:
    """A recording's script. `cast` gives what moves at a time, `state` what its picture depends on, `spells` the truth."""

    camera_name: str
    kind: str
    seconds: float
    camera: cameras.Camera
    electronics: cameras.Electronics
    fixtures: g.Assembly
    surfaces: dict[str, Surface]
    panels: list[Panel]
    cast: Callable[[float], list[scene.Placed]]
    state: Callable[[float], tuple]
    spells: list[tuple[float, float | None]]
    lamps: list[Lamp] = field(default_factory=list)
    sky: Sky | None = None

    def truth(self) -> str:
        """The truth file: a line to each spell; an end that is empty is the recording's end."""
        lines = [f"{self.camera_name},{self.kind},{start:.2f},{'' if end is None else f'{end:.2f}'}" for start, end in self.spells]
        return "\n".join(["camera,kind,start_s,end_s", *lines]) + "\n"


def upright(a: tuple[float, float], b: tuple[float, float], low: float, high: float) -> np.ndarray:
    """The corners (4, 3) of an upright rectangle over the ground line from a to b, as a panel wants them."""
    return np.array([[*a, low], [*b, low], [*b, high], [*a, high]])


def flat(left: float, right: float, near: float, far: float, z: float = 0.0) -> np.ndarray:
    """The corners (4, 3) of a level rectangle; the image's lower edge is at y = `near`."""
    return np.array([[left, near, z], [right, near, z], [right, far, z], [left, far, z]])


def electronics(rng: Rng, exposure: float = 0.21) -> cameras.Electronics:
    """A sound camera by day: little noise, a clock at the top."""
    drawn = cameras.draw_electronics(rng, False)
    return replace(drawn, exposure=exposure, shoulder=True, white=(1.0, 1.0), contrast=1.04, lift=0.0, saturation=0.95, vignette=0.08, blur=0.35, sharpen=0.35,
                   noise=0.006, infrared=False, clock=True, clock_at=(0.02, 0.06), clock_size=0.34, label="", label_at=(0.75, 0.96))


def stride(track: list[stories.Key], time: float) -> float:
    """The swing of the legs, -1..1; none where one stands."""
    speed = stories.walked(track, time + 0.1) - stories.walked(track, time - 0.1)
    return float(np.sin(np.pi * stories.walked(track, time) / STEP) * min(1.0, speed / 0.15) * 0.85)


def on_foot(look: people.Look, seed: int, track: list[stories.Key], time: float) -> scene.Placed | None:
    """Someone who walks a track, or None where the track does not reach the time; `seed` sets the bearing, kept throughout."""
    found = stories.at(track, time)
    if found is None:
        return None
    pose = skeleton.standing(np.random.default_rng(seed), 3, stride(track, time))
    pose.turns["head"] = g.rotation("y", 4)
    return placed("person", 0, look.posed(pose), look.surfaces, g.placement(*found))


def placed(name: str, number: int, body: g.Assembly, surfaces: dict[str, Surface], place: np.ndarray) -> scene.Placed:
    """A thing moved to its place (4 x 4)."""
    moved = g.Assembly()
    moved.join(body, place)
    return scene.Placed(name, number, moved, surfaces)


def rounded(found: np.ndarray | None) -> tuple[float, ...] | None:
    """A place of a track, as a key of equal pictures."""
    return None if found is None else tuple(np.round(found, 3))


def heading(a: tuple[float, float], b: tuple[float, float]) -> float:
    """The yaw of the way from a to b."""
    return math.atan2(b[1] - a[1], b[0] - a[0])
