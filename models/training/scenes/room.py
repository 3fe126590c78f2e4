"""A fire control room under a corner camera: the one on duty gets up, goes out by the door, is away, comes back and sits down.

The room is 0..DEPTH along x and 0..WIDTH along y; the console is at the wall y = WIDTH, the door in the wall x = DEPTH.
"""

from __future__ import annotations

import numpy as np

from lifts import camera as cameras
from lifts import geometry as g
from lifts import materials as m
from lifts import people, skeleton, stories
from lifts.elevator import Lamp
from lifts.materials import Panel, Rng
from lifts.scene import Placed

from . import furniture as f
from .stage import Stage, electronics, flat, heading, on_foot, placed, rounded, stride, upright

SECONDS = 60.0
DEPTH, WIDTH, HEIGHT = 5.0, 4.0, 2.8
DOOR, DOOR_HIGH = (0.75, 1.65), 2.05
"""Ends of the doorway along y, and its height."""
BEHIND = 1.5
"""Depth of the passage behind the door."""
RISES, SITS = 13.0, 39.4
"""When the chair is first pushed back; when the person is before the chair again."""
SLIDE, RISE = 0.8, 1.2
"""Seconds that the chair's way takes, and standing up or sitting down."""
YAW = np.radians(146)
"""Where someone who sits at the console looks."""
AT_DESK, PUSHED_BACK = (3.12, 2.98), (3.36, 2.76)
"""Places of the chair."""
REACH = 0.34
"""How far before the seat's middle a person's feet are."""
ROUTE = ((2.76, 2.58), (3.2, 2.1), (4.1, 1.6), (DEPTH + 0.05, 1.2), (DEPTH + 0.5, 0.95), (DEPTH + 0.65, -0.6))
"""From the seat: round the chair, to the door, through it, out of its sight, and away."""
PACE, TURN = 1.2, 0.7
"""Metres a second, and seconds to turn on the spot before the seat."""
POSTURES = ((0.0, 0.3, 10.0), (3.4, 0.34, 24.0), (7.0, 0.28, -8.0), (10.2, 0.32, 14.0), (42.4, 0.3, 16.0), (46.2, 0.34, 26.0), (50.4, 0.28, -6.0), (55.2, 0.32, 12.0))
"""Postures of the person who sits: from when, how far apart the hands are, degrees that the head is turned."""


def before_seat() -> tuple[float, float]:
    """Where the person's feet are when the chair is pushed back."""
    return PUSHED_BACK[0] + REACH * float(np.cos(YAW)), PUSHED_BACK[1] + REACH * float(np.sin(YAW))


def ways() -> list[list[stories.Key]]:
    """The way from the seat, round the chair and out of the door, and the way back."""
    points = np.array([before_seat(), *ROUTE])
    far = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]) / PACE
    out, back = RISES + SLIDE + RISE, SITS - TURN - float(far[-1])
    there = [(out, *points[0], float(YAW)), *_keys(points, out + TURN + far, float(YAW))]
    home = _keys(points[::-1], back + far[-1] - far[::-1], np.pi / 2)
    return [there, [*home, (SITS, *points[0], float(np.unwrap([home[-1][3], YAW])[1]))]]


def _keys(points: np.ndarray, times: np.ndarray, first: float) -> list[stories.Key]:
    """A walk through points (n, 2): at each the yaw between the ways before and after it, reached from yaw `first` by the shorter turn."""
    yaws = np.unwrap([first, *(heading(a, b) for a, b in zip(points, points[1:]))])[1:]
    yaws = np.concatenate([yaws[:1], (yaws[1:] + yaws[:-1]) / 2, yaws[-1:]])
    return [(float(time), float(x), float(y), float(yaw)) for time, (x, y), yaw in zip(times, points, yaws)]


def door_keys() -> list[tuple[float, float]]:
    """When the door is how far open (0 shut, 1 open): times and shares."""
    (out, back) = ways()
    left, comes = out[-3][0], back[2][0]
    return [(left - 1.1, 0.0), (left - 0.3, 1.0), (left + 0.9, 1.0), (left + 1.9, 0.0), (comes - 1.1, 0.0), (comes - 0.3, 1.0), (comes + 0.8, 1.0), (comes + 1.9, 0.0)]


def spell() -> tuple[float, float]:
    """From when to when nobody is in the room: the person has gone through the doorway and out of its sight."""
    out, back = ways()
    return out[-2][0], back[1][0]


def camera(width: int) -> cameras.Camera:
    """The camera in the corner under the ceiling."""
    return cameras.aim("corner", np.array([0.12, 0.12, HEIGHT - 0.14]), np.array([3.06, 2.2, 0.85]), 0.0, 78.0, True, (width, round(width * 9 / 32) * 2))


def _panels(rng: Rng) -> list[Panel]:
    """Floor, walls with the doorway, the passage, notices."""
    def sheet(high: float, wide: float, colour: m.Colour) -> np.ndarray:
        image = m.plain_sheet(rng, (int(high * m.TEXELS), int(wide * m.TEXELS)), colour, 0.06)
        image[int((1 - 1.1 / HEIGHT) * len(image)) :] *= np.array([0.3, 0.42, 0.4]) if high > 2.5 else 1.0
        return image

    floor = m.stone_sheet(rng, (int(WIDTH * m.TEXELS), int(DEPTH * m.TEXELS)), 0.09, 0.3, 0.12)
    m.cut_lines(floor, 8, 7, 0.12, 2)
    pale = (0.62, 0.62, 0.58)
    out = [Panel(flat(0, DEPTH, 0, WIDTH), floor, 0.3), Panel(upright((0, WIDTH), (DEPTH, WIDTH), 0, HEIGHT), sheet(HEIGHT, DEPTH, pale), 0.8),
           Panel(upright((0, 0), (0, WIDTH), 0, HEIGHT), sheet(HEIGHT, WIDTH, pale), 0.8), Panel(upright((DEPTH, 0), (0, 0), 0, HEIGHT), sheet(HEIGHT, DEPTH, pale), 0.8)]
    for right, left, low in ((DOOR[1], WIDTH, 0.0), (0.0, DOOR[0], 0.0), (DOOR[0], DOOR[1], DOOR_HIGH)):
        image = sheet(HEIGHT, left - right, pale)
        image = image[: int((HEIGHT - low) / HEIGHT * len(image))]
        out.append(Panel(upright((DEPTH, left), (DEPTH, right), low, HEIGHT), image, 0.8))
    far = DEPTH + BEHIND
    out += [Panel(flat(DEPTH, far, -3, WIDTH), floor * 0.9, 0.4), Panel(upright((far, WIDTH), (far, -3), 0, HEIGHT), sheet(2.4, 7, (0.5, 0.51, 0.5)), 0.8)]
    out.append(Panel(upright((1.1, WIDTH - 0.01), (1.75, WIDTH - 0.01), 1.25, 2.05), m.notice(rng, 0.8, 0.65), 0.5))
    out.append(Panel(upright((3.85, WIDTH - 0.01), (4.35, WIDTH - 0.01), 1.5, 2.1), m.notice(rng, 0.6, 0.5), 0.5))
    out.append(Panel(upright((DEPTH - 0.01, 0.52), (DEPTH - 0.01, 0.14), 1.35, 1.85), m.notice(rng, 0.5, 0.38), 0.5))
    return out


def fixtures_of(rng: Rng) -> g.Assembly:
    """All that never moves."""
    out = g.Assembly()
    f.desk(out, 1.95, 4.1, WIDTH - 0.75, WIDTH)
    for x, yaw, kind in ((2.22, -0.15, "views"), (2.82, 0.0, "plan"), (3.86, 0.45, "list")):
        f.monitor(rng, out, g.placement(x, WIDTH - 0.36, -yaw, f.DESK_TOP), kind)
    f.small_things(out, 2.86, WIDTH - 0.58)
    for k, y in enumerate((2.05, 2.66, 3.27)):
        f.cabinet(rng, out, y, DEPTH, k != 0)
    f.extinguisher(out, 4.8, 0.35)
    for a, b in (((0, WIDTH - 0.006), (DEPTH, WIDTH - 0.006)), ((DEPTH - 0.006, DOOR[1] + 0.06), (DEPTH - 0.006, WIDTH)), ((DEPTH - 0.006, 0), (DEPTH - 0.006, DOOR[0] - 0.06))):
        out.add("skirting", g.box(((a[0] + b[0]) / 2, (a[1] + b[1]) / 2, 0.05), (abs(b[0] - a[0]) / 2 + 0.006, abs(b[1] - a[1]) / 2 + 0.006, 0.05)))
    for y in DOOR:
        out.add("frame", g.box((DEPTH, y, DOOR_HIGH / 2), (0.07, 0.04, DOOR_HIGH / 2)))
    out.add("frame", g.box((DEPTH, sum(DOOR) / 2, DOOR_HIGH), (0.07, (DOOR[1] - DOOR[0]) / 2 + 0.04, 0.04)))
    out.add("ceiling", g.box((DEPTH / 2, WIDTH / 2, HEIGHT + 0.02), (DEPTH / 2, WIDTH / 2, 0.02)), g.box((DEPTH + BEHIND / 2, 0.5, HEIGHT - 0.2), (BEHIND / 2, 3.5, 0.02)))
    out.add("conduit", g.tube([[DEPTH - 0.05, 1.8, HEIGHT - 0.25], [DEPTH - 0.05, WIDTH - 0.05, HEIGHT - 0.25], [0, WIDTH - 0.05, HEIGHT - 0.25]], 0.025, 6, 0))
    return out


def _leaf(share: float) -> g.Assembly:
    """The door's leaf, hinged at the doorway's far end and opening into the passage."""
    out, wide = g.Assembly(), DOOR[1] - DOOR[0] - 0.08
    out.add("leaf", g.box((0, -wide / 2, DOOR_HIGH / 2), (0.02, wide / 2, DOOR_HIGH / 2 - 0.02)))
    for x in (-0.05, 0.05):
        out.add("handle", g.tube([[0, -wide + 0.07, 1.02], [x, -wide + 0.07, 1.02], [x, -wide + 0.19, 1.02]], 0.011, 6, 0))
    moved = g.Assembly()
    moved.join(out, g.placement(DEPTH + 0.02, DOOR[1] - 0.04, np.radians(80) * share))
    return moved


def posture(time: float) -> tuple[float, float]:
    """How far apart the hands of the person who sits are, and how far the head is turned."""
    return [entry[1:] for entry in POSTURES if entry[0] <= time][-1]


class Script:
    """Where chair, person and door are at a time."""

    def __init__(self, look: people.Look, seed: int) -> None:
        self.look, self.seed = look, seed
        self.tracks, self.door, self.chair = ways(), door_keys(), f.chair()

    def share(self, time: float) -> float:
        """How far the door is open, 0..1."""
        return float(np.interp(time, [key[0] for key in self.door], [key[1] for key in self.door]))

    def chair_at(self, time: float) -> np.ndarray:
        """The chair's x, y."""
        times = [RISES, RISES + SLIDE, SITS + RISE, SITS + RISE + SLIDE]
        return np.array([np.interp(time, times, [AT_DESK[k], PUSHED_BACK[k], PUSHED_BACK[k], AT_DESK[k]]) for k in (0, 1)])

    def risen(self, time: float) -> float | None:
        """0 seated .. 1 standing before the chair; None on the way or away."""
        if time <= RISES + SLIDE + RISE:
            return float(np.clip((time - RISES - SLIDE) / RISE, 0, 1))
        return None if time < SITS else float(np.clip(1 - (time - SITS) / RISE, 0, 1))

    def _at_chair(self, time: float, risen: float) -> Placed:
        """The person on the chair, or getting up."""
        rng = np.random.default_rng(self.seed)
        apart, turned = posture(time)
        calm = risen == 0 and np.allclose(self.chair_at(time), AT_DESK, atol=1e-3)
        tall = self.look.skeleton.joint("pelvis")[2] - self.look.skeleton.floor
        ease = risen * risen * (3 - 2 * risen)
        hips = np.array([-0.02 + (REACH + 0.02) * ease, 0, f.SEAT + 0.1 + (tall - f.SEAT - 0.1) * ease])
        hands = {side: np.array([0.44, s * apart, 0.8]) for side, s in skeleton.SIGN.items()} if calm else {}
        feet = {side: np.array([REACH + 0.08, s * 0.11, 0.0]) for side, s in skeleton.SIGN.items()}
        pose = skeleton.seated(rng, hips, feet, hands, 8 + 40 * float(np.sin(np.pi * risen)))
        pose.turns["head"] = g.rotation("z", turned if risen == 0 else 0.0) @ g.rotation("y", 6)
        return placed("person", 0, self.look.posed(pose), self.look.surfaces, g.placement(*self.chair_at(time), float(YAW)))

    def cast(self, time: float) -> list[Placed]:
        """What moves, where it is."""
        finish = f.surfaces()
        out = [placed("chair", -1, self.chair, finish, g.placement(*self.chair_at(time), float(YAW))), Placed("door", -1, _leaf(self.share(time)), finish)]
        risen = self.risen(time)
        if risen is not None:
            return [*out, self._at_chair(time, risen)]
        walking = (on_foot(self.look, self.seed, track, time) for track in self.tracks)
        return out + [person for person in walking if person is not None]

    def state(self, time: float) -> tuple:
        """What a picture depends on."""
        spots = [stories.at(track, time) for track in self.tracks]
        swings = [None if spot is None else round(stride(track, time), 3) for spot, track in zip(spots, self.tracks)]
        return round(self.share(time), 3), rounded(self.chair_at(time)), self.risen(time), posture(time), *map(rounded, spots), *swings


def build(seed: int, width: int) -> Stage:
    """The recording of a seed in pictures `width` pixels wide."""
    rng = np.random.default_rng([seed, 31])
    fixtures, finish = fixtures_of(rng), f.surfaces()
    lamps = [Lamp((x, WIDTH / 2 - 0.2, HEIGHT - 0.03), (1.1, 0.5), 60.0, (1.0, 0.98, 0.94)) for x in (1.4, 3.5)]
    for lamp in lamps:
        fixtures.add("lamp", g.box((lamp.place[0], lamp.place[1], HEIGHT - 0.004), (lamp.size[0] / 2, lamp.size[1] / 2, 0.006)))
    lamps.append(Lamp((DEPTH + BEHIND / 2, 1.0, HEIGHT - 0.3), (0.5, 1.2), 25.0, (1.0, 0.97, 0.9)))
    script = Script(people.draw(np.random.default_rng([seed, 94])), seed + 1)
    return Stage("control-room", "control_room_unattended", SECONDS, camera(width), electronics(rng, 0.29), fixtures, finish, _panels(rng), script.cast, script.state, [spell()], lamps)
