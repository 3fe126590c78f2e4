"""Mesh primitives: solids of quadrilaterals and triangles, and assemblies of them.

Lengths are metres. A vehicle or person faces +x, its left is +y and it stands on z = 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

Points = np.ndarray
AXES = {"x": 0, "y": 1, "z": 2}


@dataclass
class Solid:
    """A surface: vertices (n, 3), quads (q, 4) and tris (t, 3) of vertex numbers, outward or not."""

    vertices: Points
    quads: np.ndarray = field(default_factory=lambda: np.zeros((0, 4), int))
    tris: np.ndarray = field(default_factory=lambda: np.zeros((0, 3), int))

    def moved(self, matrix: np.ndarray) -> Solid:
        """The solid under a 4 x 4 affine matrix."""
        return Solid(self.vertices @ matrix[:3, :3].T + matrix[:3, 3], self.quads, self.tris)


@dataclass
class Piece:
    """A solid with the name of its surface and of the group it moves with; colours (faces, 3) override the surface's."""

    surface: str
    solid: Solid
    group: str = "frame"
    colours: np.ndarray | None = None


@dataclass
class Merged:
    """All pieces of an assembly in one: per face, quads first, the number of its surface in `names` and an own colour or NaN."""

    vertices: Points
    quads: np.ndarray
    tris: np.ndarray
    names: list[str]
    surface: np.ndarray
    colours: np.ndarray


class Assembly:
    """An ordered list of pieces."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []

    def add(self, surface: str, *solids: Solid, group: str = "frame", colours: np.ndarray | None = None) -> None:
        """Appends solids of one surface; `group` names what they turn with."""
        self.pieces += [Piece(surface, solid, group, colours) for solid in solids]

    def join(self, other: Assembly, matrix: np.ndarray | None = None, group: str | None = None) -> None:
        """Appends the pieces of another assembly, moved by a 4 x 4 matrix, in its own groups or all in one."""
        matrix = np.eye(4) if matrix is None else matrix
        self.pieces += [Piece(p.surface, p.solid.moved(matrix), group or p.group, p.colours) for p in other.pieces]

    def move(self, matrix: np.ndarray, group: str | None = None) -> None:
        """Moves all pieces, or those of one group, by a 4 x 4 matrix."""
        for piece in self.pieces:
            if group is None or piece.group == group:
                piece.solid = piece.solid.moved(matrix)

    def merged(self) -> Merged:
        """One mesh of all pieces."""
        names = sorted({piece.surface for piece in self.pieces})
        vertices, start = [], 0
        quads, tris, quad_of, tri_of, quad_rgb, tri_rgb = [], [], [], [], [], []
        for piece in self.pieces:
            solid = piece.solid
            number, nq, nt = names.index(piece.surface), len(solid.quads), len(solid.tris)
            colours = np.full((nq + nt, 3), np.nan) if piece.colours is None else piece.colours
            vertices.append(solid.vertices)
            quads.append(solid.quads + start)
            tris.append(solid.tris + start)
            quad_of.append(np.full(nq, number))
            tri_of.append(np.full(nt, number))
            quad_rgb.append(colours[:nq])
            tri_rgb.append(colours[nq:])
            start += len(solid.vertices)
        return Merged(
            np.concatenate(vertices), np.concatenate(quads).astype(int), np.concatenate(tris).astype(int), names,
            np.concatenate(quad_of + tri_of).astype(int), np.concatenate(quad_rgb + tri_rgb),
        )


def rotation(axis: str, degrees: float) -> np.ndarray:
    """The 3 x 3 matrix of a right-handed turn about a coordinate axis."""
    angle, out = np.radians(degrees), np.eye(3)
    i, j = (AXES[axis] + 1) % 3, (AXES[axis] + 2) % 3
    out[i, i] = out[j, j] = np.cos(angle)
    out[i, j], out[j, i] = -np.sin(angle), np.sin(angle)
    return out


def placement(x: float, y: float, yaw: float, z: float = 0.0, lean: float = 0.0) -> np.ndarray:
    """The 4 x 4 matrix that stands something at (x, y, z), turned by `yaw` radians, leaning `lean` degrees to its right."""
    out = np.eye(4)
    out[:3, :3] = rotation("z", np.degrees(yaw)) @ rotation("x", lean)
    out[:3, 3] = x, y, z
    return out


def about(point: Sequence[float], turn: np.ndarray) -> np.ndarray:
    """The 4 x 4 matrix of a 3 x 3 turn about a point."""
    out = np.eye(4)
    out[:3, :3] = turn
    out[:3, 3] = np.asarray(point) - turn @ np.asarray(point)
    return out


def curve(knots: Sequence[Sequence[float]], steps: int = 5) -> np.ndarray:
    """Points on the Catmull-Rom spline through `knots` (k, d), `steps` to a span."""
    knots = np.asarray(knots, float)
    if len(knots) < 3:
        return knots
    padded = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    basis = 0.5 * np.hstack([-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3])
    spans = [basis @ padded[k : k + 4] for k in range(len(knots) - 1)]
    return np.vstack([*spans, knots[-1:]])


def lattice(rows: int, columns: int, closed: bool = False, closed_rows: bool = False) -> np.ndarray:
    """Quads (q, 4) over a grid of rows x columns vertices; columns, or rows, may close into a ring."""
    i, j = np.meshgrid(np.arange(rows - (not closed_rows)), np.arange(columns - (not closed)), indexing="ij")
    below, right = (i + 1) % rows, (j + 1) % columns
    corner = [i * columns + j, i * columns + right, below * columns + right, below * columns + j]
    return np.stack(corner, -1).reshape(-1, 4)


def _capped(vertices: Points, rows: int, columns: int) -> Solid:
    """A closed-column grid with both ends filled by fans."""
    last, k = (rows - 1) * columns, np.arange(1, columns - 1)
    ends = [np.stack([np.zeros_like(k), k + 1, k], 1), np.stack([last + 0 * k, last + k, last + k + 1], 1)]
    return Solid(vertices, lattice(rows, columns, closed=True), np.vstack(ends))


def box(centre: Sequence[float], half: Sequence[float], turn: np.ndarray | None = None) -> Solid:
    """A box of half-sizes `half`, turned by a 3 x 3 matrix about its centre."""
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float) * half
    if turn is not None:
        corners = corners @ turn.T
    sides = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    return Solid(corners + np.asarray(centre, float), np.array(sides))


def tube(knots: Sequence[Sequence[float]], radius: float | Sequence[float], sides: int = 6, steps: int = 4) -> Solid:
    """A round bar along the spline through `knots`; one radius, or several spread along it. steps = 0: straight spans."""
    path = curve(knots, steps) if steps else np.asarray(knots, float)
    radii = np.atleast_1d(np.asarray(radius, float))
    radii = np.interp(np.linspace(0, 1, len(path)), np.linspace(0, 1, len(radii)), radii)
    tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-12
    side = np.array([0, 1.0, 0]) if abs(tangent[0, 1]) < 0.9 else np.array([1.0, 0, 0])
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)[:, None]
    rings = []
    for point, along, r in zip(path, tangent, radii):
        side = side - along * (side @ along)
        side /= np.linalg.norm(side) + 1e-12
        rings.append(point + r * (np.cos(angle) * side + np.sin(angle) * np.cross(along, side)))
    return _capped(np.vstack(rings), len(path), sides)


def loft(rings: Sequence[tuple[float, float, float, float, float, float]], along: str, sides: int = 18, steps: int = 4) -> Solid:
    """A skin over superellipses, smooth along the way.

    A ring is (x, y, z, half-width, half-height, exponent): across `along` "x" the width is y and the height z; across
    "z" the width is y and the height x. Exponent 2 is an ellipse, 5 nearly a rectangle.
    """
    rings = curve(rings, steps) if steps else np.asarray(rings, float)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    out = []
    for x, y, z, wide, high, power in rings:
        power = max(power, 1.3)
        a = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** (2 / power) * max(wide, 0.003)
        b = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** (2 / power) * max(high, 0.003)
        zero = np.zeros(sides)
        out.append(np.stack([zero, a, b] if along == "x" else [b, a, zero], 1) + (x, y, z))
    return _capped(np.vstack(out), len(rings), sides)


def blob(centre: Sequence[float], radii: Sequence[float], power: float = 2.4, turn: np.ndarray | None = None,
         sides: int = 16, rows: int = 9) -> Solid:
    """A superellipsoid: power 2 is an ellipsoid, 5 nearly a box with round edges."""
    u = np.linspace(-np.pi, np.pi, sides, endpoint=False)
    v = np.linspace(-np.pi / 2, np.pi / 2, rows)
    v, u = np.meshgrid(v, u, indexing="ij")

    def bend(x: np.ndarray) -> np.ndarray:
        return np.sign(x) * np.abs(x) ** (2 / power)

    points = np.stack([bend(np.cos(v)) * bend(np.cos(u)), bend(np.cos(v)) * bend(np.sin(u)), bend(np.sin(v))], -1)
    points = points.reshape(-1, 3) * radii
    if turn is not None:
        points = points @ turn.T
    return Solid(points + np.asarray(centre, float), lattice(rows, sides, closed=True))


def ring(centre: Sequence[float], radius: float, thick: float, wide: float | None = None, sides: int = 6, steps: int = 28) -> Solid:
    """A torus that rolls about y: `radius` to the middle of the section, `thick` the section's radius, `wide` its half-width."""
    wide = thick if wide is None else wide
    t, u = np.meshgrid(np.linspace(0, 2 * np.pi, steps, endpoint=False), np.linspace(0, 2 * np.pi, sides, endpoint=False), indexing="ij")
    out = radius + thick * np.cos(u)
    points = np.stack([out * np.cos(t), wide * np.sin(u), out * np.sin(t)], -1).reshape(-1, 3)
    return Solid(points + np.asarray(centre, float), lattice(steps, sides, closed=True, closed_rows=True))


def disc(centre: Sequence[float], radius: float, half: float, sides: int = 16) -> Solid:
    """A short cylinder about the y axis, 2 * `half` wide."""
    centre = np.asarray(centre, float)
    return tube([centre - (0, half, 0), centre + (0, half, 0)], radius, sides, 0)


def sheet(points: np.ndarray) -> Solid:
    """A surface over a grid of points (rows, columns, 3)."""
    rows, columns = points.shape[:2]
    return Solid(points.reshape(-1, 3), lattice(rows, columns))


def mudguard(axle: Sequence[float], radius: float, half: float, first: float, last: float, arch: float) -> Solid:
    """A bent plate over a wheel from angle `first` to `last` (degrees, 0 ahead, 90 above), `arch` higher in the middle."""
    angle = np.radians(np.linspace(first, last, 11))[:, None]
    across = np.linspace(-1, 1, 7)[None]
    out = radius + arch * (1 - 1.4 * np.abs(across) ** 3) + 0 * angle
    points = np.stack([out * np.cos(angle), half * across + 0 * angle, out * np.sin(angle)], -1)
    return sheet(points + np.asarray(axle, float))
