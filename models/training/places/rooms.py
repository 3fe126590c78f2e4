"""Rooms of many kinds, drawn at random: size, walls, floor, windows, lamps, and furniture that stands where such rooms have it.

A room is 0..`length` along x and 0..`width` along y, its floor is z = 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from lifts import clutter
from lifts import geometry as g
from lifts import materials as m
from lifts.elevator import Lamp
from lifts.materials import Panel, Rng, Surface
from lifts.scene import Placed
from scenes.stage import flat, placed, upright

from . import furnishing as f

TEXELS = 48
"""Pixels to a metre of walls and floors."""
WINDOW_LAMP = 1.4
"""Height of the lamps that stand for daylight from windows, metres."""
KINDS: dict[str, tuple[str, ...]] = {
    "seated": ("office", "waiting", "canteen", "classroom", "guard room", "stairs"), "overlapping": ("lobby", "waiting", "corridor", "office", "canteen"),
    "small": ("hall", "hall", "long corridor"), "cut": ("office", "corridor", "guard room", "waiting", "store"),
    "above": ("office", "lobby", "corridor", "waiting", "canteen", "store"), "crowd": ("lobby", "hall", "canteen", "classroom", "waiting"),
    "empty": ("office", "waiting", "store", "corridor", "lobby", "guard room", "stairs", "hall"),
}
"""Kinds of rooms for each theme."""
SPANS = {
    "office": ((5, 11), (4.5, 9), (2.6, 3.3)), "waiting": ((5, 10), (5, 9), (2.7, 3.8)), "canteen": ((6, 12), (5.5, 10), (2.7, 4)), "classroom": ((6.5, 11), (5.5, 8), (2.8, 3.4)),
    "guard room": ((3.5, 6), (3, 5), (2.5, 3)), "stairs": ((6, 10), (4.5, 7), (3.2, 5)), "lobby": ((7, 13), (6, 10), (3, 4.8)), "corridor": ((7, 14), (2.2, 3.2), (2.5, 3)),
    "long corridor": ((18, 28), (2.6, 4.2), (2.8, 3.4)), "hall": ((16, 25), (10, 16), (4.5, 7)), "store": ((5, 9), (4, 7), (2.7, 4)),
}
"""Spans of length, width and height of each kind, metres."""


@dataclass
class Room:
    """A room. `taken` are the rectangles on the floor that furniture stands in (x and y from, x and y to), `things` what has its own finishes."""

    kind: str
    length: float
    width: float
    height: float
    panels: list[Panel] = field(default_factory=list)
    fixtures: g.Assembly = field(default_factory=g.Assembly)
    lights: g.Assembly = field(default_factory=g.Assembly)
    """Panes and lamps, whose glow is each picture's own."""
    surfaces: dict[str, Surface] = field(default_factory=dict)
    lamps: list[Lamp] = field(default_factory=list)
    windows: list[tuple[tuple[float, float, float], float]] = field(default_factory=list)
    """Place and yaw of the daylight that each window lets in."""
    seats: list[f.Seat] = field(default_factory=list)
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)
    things: list[Placed] = field(default_factory=list)
    queue: list[tuple[float, float, float]] = field(default_factory=list)
    """Heads of queues: x, y, and the yaw in which one queues up there."""

    def is_free(self, left: float, near: float, right: float, far: float, gap: float = 0.0) -> bool:
        """Whether nothing stands in a rectangle that lies in the room, nor within `gap` of it."""
        inside = left >= 0.02 and near >= 0.02 and right <= self.length - 0.02 and far <= self.width - 0.02
        return inside and all(left - gap >= c or right + gap <= a or near - gap >= d or far + gap <= b for a, b, c, d in self.taken)

    def put(self, piece: f.Piece, x: float, y: float, quarter: int, gap: float = 0.05) -> bool:
        """Stands a piece at (x, y), turned by quarters, where there is room for it."""
        a, b, c, d = piece.extent
        corners = np.array([[a, b], [c, b], [c, d], [a, d]]) @ g.rotation("z", 90 * quarter)[:2, :2].T + (x, y)
        (left, near), (right, far) = corners.min(0), corners.max(0)
        if not self.is_free(left, near, right, far, gap):
            return False
        place = g.placement(x, y, np.pi / 2 * quarter)
        self.fixtures.join(piece.body, place)
        self.seats += [seat.moved(place) for seat in piece.seats]
        self.taken.append((float(left), float(near), float(right), float(far)))
        return True

    def against(self, rng: Rng, piece: f.Piece) -> bool:
        """Stands a piece with its back to some wall, where one of several tries finds room."""
        for _ in range(10):
            quarter, back = int(rng.integers(0, 4)), -piece.extent[0] + 0.03
            x, y = rng.uniform(0.3, self.length - 0.3), rng.uniform(0.3, self.width - 0.3)
            spot = [(back, y), (x, back), (self.length - back, y), (x, self.width - back)][quarter]
            if self.put(piece, float(spot[0]), float(spot[1]), quarter):
                return True
        return False

    def spot(self, rng: Rng, radius: float = 0.28) -> tuple[float, float] | None:
        """A free place to stand on; None where all is full."""
        for _ in range(60):
            x, y = rng.uniform(radius, self.length - radius), rng.uniform(radius, self.width - radius)
            if self.is_free(x - radius, y - radius, x + radius, y + radius):
                return float(x), float(y)
        return None


def _floor(rng: Rng, room: Room) -> np.ndarray:
    """The floor's image: tiles, boards, carpet or concrete."""
    shape = (int(room.width * TEXELS), int(room.length * TEXELS))
    kind = str(rng.choice(["tiles", "boards", "carpet", "concrete"]))
    if kind == "tiles":
        image = m.stone_sheet(rng, shape, rng.uniform(0, 0.6), rng.uniform(0.12, 0.6), rng.uniform(0, 0.15))
        size = float(rng.choice([0.3, 0.6, 0.8]))
        m.cut_lines(image, int(room.length / size), int(room.width / size), float(rng.uniform(0.08, 0.3)), 1)
        return image
    if kind == "boards":
        image = m.wood_sheet(rng, shape, rng.uniform(0.05, 0.1), rng.uniform(0.12, 0.5), False)
        m.cut_lines(image, 1, int(room.width / 0.15), 0.08, 1)
        return image
    colour = m.hsv(rng.random(), rng.uniform(0, 0.5), rng.uniform(0.05, 0.3)) if kind == "carpet" else m.grey(rng, 0.15, 0.4)
    image = m.plain_sheet(rng, shape, colour, 0.25)
    return image * rng.uniform(0.85, 1.1, (*shape, 1)) if kind == "carpet" else image


def _wall(rng: Rng, wide: float, room: Room, colour: m.Colour, dado: m.Colour | None, tiled: bool) -> np.ndarray:
    """A wall's image, its first row at the ceiling: one colour, a dado, or tiles; sometimes a door."""
    high = int(room.height * TEXELS)
    image = m.plain_sheet(rng, (high, int(wide * TEXELS)), colour, 0.15).astype(np.float32)
    if dado is not None:
        image[high - int(1.1 * TEXELS) :] *= np.array(dado, np.float32)
    if tiled:
        m.cut_lines(image, int(wide / 0.3), int(room.height / 0.3), 0.3, 1)
    if wide > 2.0 and rng.random() < 0.6:
        x, leaf = int(rng.uniform(0.3, wide - 1.4) * TEXELS), m.hsv(rng.uniform(0.04, 0.6), rng.uniform(0, 0.6), rng.uniform(0.08, 0.5))
        top, right = high - int(2.1 * TEXELS), x + int(0.95 * TEXELS)
        image[top - 4 :, x - 4 : right + 4] = 0.2
        image[top:, x:right] = leaf
        image[high - int(1.05 * TEXELS) : high - int(1.0 * TEXELS), x + 4 : x + 12] = 0.05
        if rng.random() < 0.4:
            image[top + 14 : top + 44, x + 14 : right - 14] = 0.05
    return image


def _shell(rng: Rng, room: Room) -> None:
    """Floor, walls with notices, windows, skirting, ceiling and lamps."""
    length, width, height = room.length, room.width, room.height
    room.panels.append(Panel(flat(0, length, 0, width), _floor(rng, room), float(rng.uniform(0.15, 0.8))))
    pale = m.hsv(rng.random(), rng.uniform(0, 0.25), rng.uniform(0.3, 0.7))
    dado = tuple(float(v) for v in rng.uniform(0.35, 0.9, 3)) if rng.random() < 0.35 else None
    tiled = bool(rng.random() < 0.15)
    ends = [((0, width), (length, width)), ((0, 0), (0, width)), ((length, 0), (0, 0)), ((length, width), (length, 0))]
    glazed = rng.random(4) < 0.4
    by_day = "sky" if rng.random() < 0.75 else "night"
    for k, (a, b) in enumerate(ends):
        wide = float(np.hypot(b[0] - a[0], b[1] - a[1]))
        room.panels.append(Panel(upright(a, b, 0, height), _wall(rng, wide, room, pale, dado, tiled), 0.8))
        along, inward = (np.array(b) - a) / wide, np.array([(0, -1), (1, 0), (0, 1), (-1, 0)][k])
        middle = (np.array(a) + b) / 2
        room.fixtures.add("skirting", g.box((*(middle + inward * 0.008), 0.05), (*(np.abs(along) * wide / 2 + np.abs(inward) * 0.008), 0.05)))
        if glazed[k]:
            _windows(rng, room, np.array(a), along, inward, wide, by_day)
        else:
            for _ in range(int(rng.integers(0, 4))):
                w, h = float(rng.uniform(0.3, 0.9)), float(rng.uniform(0.35, 0.8))
                start, low = np.array(a) + along * rng.uniform(0.2, max(wide - w - 0.2, 0.25)) + inward * 0.012, float(rng.uniform(1.0, 1.5))
                room.panels.append(Panel(upright(tuple(start), tuple(start + along * w), low, low + h), f.poster(rng, h, w), 0.5))
    room.fixtures.add("ceiling", g.box((length / 2, width / 2, height + 0.02), (length / 2, width / 2, 0.02)))
    across, down = max(1, min(3, round(length / 3.5))), 2 if width > 4.5 else 1
    warm, size = float(rng.uniform(0.75, 1.0)), (1.2, 0.3) if rng.random() < 0.6 else (0.6, 0.6)
    for i in range(across):
        for j in range(down):
            x, y = (i + 0.5) * length / across, (j + 0.5) * width / down
            room.lights.add("lamp", g.box((x, y, height - 0.004), (size[0] / 2, size[1] / 2, 0.006)))
            room.lamps.append(Lamp((x, y, height - 0.03), size, 16.0 * length * width / (across * down), (1.0, 0.5 + 0.5 * warm, warm)))


def _windows(rng: Rng, room: Room, start: np.ndarray, along: np.ndarray, inward: np.ndarray, wide: float, glass: str) -> None:
    """A row of windows in a wall, some with blinds."""
    sill, head, each = float(rng.uniform(0.7, 1.1)), float(min(room.height - 0.3, rng.uniform(2.0, 2.5))), float(rng.uniform(1.0, 1.8))
    thick, count = np.abs(inward), max(1, min(4, int(wide / (each + 0.5))))
    for k in range(count):
        at = start + along * ((k + 0.5) * wide / count)

        def pane(surface: str, low: float, high: float, half: float, out: float, shift: float = 0.0) -> None:
            middle = at + inward * out + along * shift
            out_of = room.lights if surface in ("sky", "night") else room.fixtures
            out_of.add(surface, g.box((*middle, (low + high) / 2), (*(np.abs(along) * half + thick * 0.008), (high - low) / 2)))

        pane(glass, sill, head, each / 2, 0.006)
        for low, high in ((sill - 0.04, sill), (head, head + 0.04)):
            pane("white", low, high, each / 2 + 0.04, 0.02)
        for shift in (-each / 2, 0.0, each / 2):
            pane("white", sill, head, 0.025, 0.02, shift)
        if rng.random() < 0.35:
            drop = float(rng.uniform(0.2, 0.9)) * (head - sill)
            pane(str(rng.choice(["white", "cloth"])), head - drop, head, each / 2 + 0.02, 0.04)
        if glass == "sky" and k < 2:
            room.windows.append(((*(at + inward * 0.25), WINDOW_LAMP), float(np.arctan2(inward[1], inward[0]))))


def _office(rng: Rng, room: Room) -> None:
    quarter, gap = int(rng.integers(0, 4)), float(rng.uniform(0.7, 1.2))
    for x in np.arange(1.0, room.length - 0.9, 1.7 + gap):
        for y in np.arange(1.0, room.width - 0.9, 1.75 + gap * 0.3):
            if rng.random() < 0.85:
                room.put(f.workplace(rng), x, y, quarter if rng.random() < 0.85 else (quarter + 2) % 4)


def _classroom(rng: Rng, room: Room) -> None:
    for x in np.arange(0.9, room.length - 2.2, 1.75):
        for y in np.arange(1.0, room.width - 0.8, 1.85):
            room.put(f.workplace(rng), x, y, 0)
    board = m.plain_sheet(rng, (60, 140), (0.62, 0.63, 0.62) if rng.random() < 0.6 else (0.03, 0.09, 0.06), 0.2)
    middle = room.width / 2
    room.panels.append(Panel(upright((room.length - 0.02, middle + 1.3), (room.length - 0.02, middle - 1.3), 0.9, 2.1), board, 0.3))


def _waiting(rng: Rng, room: Room) -> None:
    if rng.random() < 0.6:
        _queue_at_counter(rng, room)
    for _ in range(int(rng.integers(2, 5))):
        room.against(rng, f.bench_row(rng) if rng.random() < 0.7 else f.sofa(rng))
    for _ in range(int(rng.integers(0, 4))):
        room.put(f.bench_row(rng), rng.uniform(1, room.length - 1), rng.uniform(1, room.width - 1), int(rng.integers(0, 4)), 0.5)


def _canteen(rng: Rng, room: Room) -> None:
    quarter = int(rng.integers(0, 2))
    for x in np.arange(1.2, room.length - 1.0, 2.6):
        for y in np.arange(1.2, room.width - 1.0, 2.5):
            room.put(f.dining(rng), x + rng.normal(0, 0.1), y + rng.normal(0, 0.1), quarter, 0.1)
    if rng.random() < 0.5:
        _queue_at_counter(rng, room)


def _guard_room(rng: Rng, room: Room) -> None:
    quarter = int(rng.integers(0, 4))
    for _ in range(int(rng.integers(1, 4))):
        for _ in range(8):
            piece = f.workplace(rng)
            reach = piece.extent[2] + 0.03
            x, y = rng.uniform(0.6, room.length - 0.6), rng.uniform(0.6, room.width - 0.6)
            spot = [(room.length - reach, y), (x, room.width - reach), (reach, y), (x, reach)][quarter]
            if room.put(piece, float(spot[0]), float(spot[1]), quarter):
                break
    if rng.random() < 0.5:
        room.against(rng, f.sofa(rng))


def _stairs(rng: Rng, room: Room) -> None:
    piece = f.steps(rng)
    room.put(piece, -piece.extent[0] + 0.03, room.width / 2 + rng.normal(0, 0.4), 0)
    for _ in range(2):
        room.against(rng, f.plank_bench(rng))


def _queue_at_counter(rng: Rng, room: Room) -> None:
    """A counter near a wall, with the head of a queue before it."""
    for _ in range(6):
        piece, quarter = f.counter(rng), int(rng.integers(0, 4))
        x, y = rng.uniform(1.5, room.length - 1.5), rng.uniform(1.5, room.width - 1.5)
        spot = [(1.0, y), (x, 1.0), (room.length - 1.0, y), (x, room.width - 1.0)][quarter]
        if room.put(piece, float(spot[0]), float(spot[1]), quarter):
            ahead = g.rotation("z", 90 * quarter)[:2, 0]
            room.queue.append((*(np.array(spot) + ahead * 0.85).tolist(), np.pi / 2 * quarter + np.pi))
            return


def _lobby(rng: Rng, room: Room) -> None:
    _queue_at_counter(rng, room)
    for make in rng.permutation([f.sofa, f.bench_row, f.plank_bench])[: int(rng.integers(1, 4))]:
        room.against(rng, make(rng))


def _corridor(rng: Rng, room: Room) -> None:
    for _ in range(int(rng.integers(0, 4))):
        room.against(rng, f.bench_row(rng) if rng.random() < 0.5 else f.plank_bench(rng))


def _hall(rng: Rng, room: Room) -> None:
    for _ in range(int(rng.integers(1, 4))):
        room.put(f.column(rng), rng.uniform(3, room.length - 3), rng.uniform(2, room.width - 2), 0)
    _queue_at_counter(rng, room)
    for make in rng.choice(np.array([f.dining, f.bench_row, f.plank_bench, f.workplace], object), int(rng.integers(4, 14))):
        room.put(make(rng), rng.uniform(1, room.length - 1), rng.uniform(1, room.width - 1), int(rng.integers(0, 4)), 0.3)


def _store(rng: Rng, room: Room) -> None:
    for _ in range(int(rng.integers(3, 8))):
        room.against(rng, f.shelf(rng))
    for _ in range(3):
        room.put(f.shelf(rng), rng.uniform(1, room.length - 1), rng.uniform(1, room.width - 1), int(rng.integers(0, 4)), 0.8)


FURNISH: dict[str, Callable[[Rng, Room], None]] = {
    "office": _office, "waiting": _waiting, "canteen": _canteen, "classroom": _classroom, "guard room": _guard_room, "stairs": _stairs, "lobby": _lobby,
    "corridor": _corridor, "long corridor": _corridor, "hall": _hall, "store": _store,
}


def _clutter(rng: Rng, room: Room, count: int) -> None:
    """Things that stand about: furniture, coats, and what stands in lifts too, but no two-wheelers."""
    for _ in range(count):
        kind = str(rng.choice([*f.CLUTTER, "coat stand", "plant", "thing", "thing"]))
        if kind == "thing":
            spot = room.spot(rng, 0.4)
            name = str(rng.choice(["parcels", "mop bucket", "suitcase", "trolley", "hand truck"]))
            if spot is not None:
                thing = clutter.BUILDERS[name](rng)
                room.things.append(placed(name, -1, thing.body, thing.surfaces, g.placement(*spot, float(rng.uniform(0, 6.3)))))
                room.taken.append((spot[0] - 0.45, spot[1] - 0.45, spot[0] + 0.45, spot[1] + 0.45))
        elif kind in f.AT_WALLS or (kind != "column" and rng.random() < 0.6):
            room.against(rng, f.CLUTTER[kind](rng))
        elif min(room.length, room.width) > 4:
            room.put(f.CLUTTER[kind](rng), rng.uniform(0.8, room.length - 0.8), rng.uniform(0.8, room.width - 0.8), int(rng.integers(0, 4)), 0.3)


def build(rng: Rng, theme: str) -> Room:
    """A room for pictures of a theme."""
    kind = str(rng.choice(KINDS[theme]))
    length, width, height = (float(rng.uniform(*span)) for span in SPANS[kind])
    if theme == "above" and rng.random() < 0.5:
        height = float(rng.uniform(3.2, 6.0))
    room = Room(kind, length, width, height, surfaces=f.palette(rng))
    _shell(rng, room)
    FURNISH[kind](rng, room)
    _clutter(rng, room, int(rng.integers(3, 8)) if theme == "empty" else int(rng.integers(0, 4)))
    return room
