"""People: a MakeHuman body with a wardrobe of our own, made by offsetting and painting regions of its meshes."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from . import clutter
from . import geometry as g
from . import makehuman as mh
from . import materials as m
from .materials import Rng, Surface
from .skeleton import FINGERS, Pose, Skeleton, skinned


@dataclass
class Look:
    """A person whose shape and clothes are drawn, and who can be posed again and again."""

    age: str
    skeleton: Skeleton
    parts: list[tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray]]
    """Surface, vertices (n, 3) at rest, weights (n, bones), faces (f, 4), colours (f, 3) or NaN."""
    surfaces: dict[str, Surface]
    scale: float
    helmet: bool

    def posed(self, pose: Pose) -> g.Assembly:
        """The person's mesh in a pose, facing +x, standing on z = 0 at the origin."""
        if self.scale != 1:
            pose = Pose(pose.turns, {k: v / self.scale for k, v in pose.hands.items()}, {k: v / self.scale for k, v in pose.feet.items()},
                        None if pose.hips is None else pose.hips / self.scale)
        transforms = self.skeleton.transforms(pose)
        out = g.Assembly()
        for surface, points, weights, faces, colours in self.parts:
            corner = faces[:, 2] == faces[:, 3]
            solid = g.Solid(skinned(points, weights, transforms) * self.scale, faces[~corner], faces[corner][:, :3])
            out.add(surface, solid, colours=np.concatenate([colours[~corner], colours[corner]]))
        return out


@functools.cache
def _regions() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Vertex numbers and faces (renumbered) of: head, hands, feet, tights, long hair, skirt."""
    body = mh.body()
    names = np.array(body.bones)

    def weight(*starts: str) -> np.ndarray:
        return body.weights[:, [name.startswith(starts) for name in names]].sum(1)

    skin = body.faces["body"]
    head = weight("head", "neck")[skin].mean(1) > 0.4
    hands = weight("hand", "thumb", *FINGERS)[skin].mean(1) > 0.4
    feet = weight("foot", "ball")[skin].mean(1) > 0.5
    faces = {"head": skin[head], "hands": skin[hands], "feet": skin[feet], "tights": body.faces["helper-tights"], "hair": body.faces["helper-hair"], "skirt": body.faces["helper-skirt"]}
    out = {}
    for name, region in faces.items():
        used, inverse = np.unique(region, return_inverse=True)
        out[name] = used, inverse.reshape(region.shape)
    return out


def _normals(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Vertex normals (n, 3)."""
    across = np.cross(points[faces[:, 2]] - points[faces[:, 0]], points[faces[:, 3]] - points[faces[:, 1]])
    out = np.stack([np.bincount(faces.ravel(), np.repeat(across[:, k], 4), len(points)) for k in range(3)], 1)
    return out / (np.linalg.norm(out, axis=1, keepdims=True) + 1e-9)


def _pattern(rng: Rng, centres: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Face colours (f, 3) of a garment: mostly plain, else stripes, checks or a print."""
    kind = rng.random()
    other = np.array(m.hsv(rng.random(), rng.uniform(0, 0.9), rng.uniform(0.03, 0.8)))
    size = rng.uniform(0.03, 0.09)
    if kind < 0.72:
        mask = np.zeros(len(centres), bool)
    elif kind < 0.82:
        mask = np.floor(centres[:, 2] / size) % 2 == 0
    elif kind < 0.9:
        mask = (np.floor(centres[:, 2] / size) + np.floor(centres[:, 1] / size) + np.floor(centres[:, 0] / size)) % 2 == 0
    else:
        mask = rng.random(len(centres)) < 0.18
    return np.where(mask[:, None], other, colour) * rng.uniform(0.9, 1, (len(centres), 1))


def _cloth_colour(rng: Rng, dark: float) -> np.ndarray:
    """A garment's colour; `dark` is the share of black and navy ones."""
    kind = rng.random()
    if kind < dark:
        return np.array(m.hsv(rng.uniform(0.55, 0.7), rng.uniform(0, 0.5), rng.uniform(0.008, 0.06)))
    if kind < dark + 0.18:
        return np.array(m.grey(rng, 0.35, 0.8))
    if kind < dark + 0.32:
        return np.array(m.hsv(rng.uniform(0.09, 0.16), rng.uniform(0.1, 0.4), rng.uniform(0.05, 0.4)))
    return np.array(m.hsv(rng.random(), rng.uniform(0.3, 0.9), rng.uniform(0.05, 0.55)))


def draw(rng: Rng, helmet: bool = False, child: bool = False) -> Look:
    """A random person."""
    body, regions = mh.body(), _regions()
    sex = str(rng.choice(["male", "female"]))
    age = "child" if child else ("old" if rng.random() < 0.2 else "young")
    points = mh.shaped(rng, sex, age)
    skeleton = Skeleton(body, points)
    tone = rng.uniform(0.6, 1.1)
    skin = np.array([0.56, 0.36, 0.26]) * tone
    parts: list[tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []

    def take(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        used, faces = regions[name]
        return points[used], body.weights[used], faces, points[used][faces].mean(1)

    def put(surface: str, vertices: np.ndarray, weights: np.ndarray, faces: np.ndarray, colours: np.ndarray) -> None:
        if len(faces):
            parts.append((surface, vertices, weights, faces, colours))

    hips = skeleton.joint("pelvis")[2]
    top, bottom = _cloth_colour(rng, 0.42), _cloth_colour(rng, 0.68)
    winter = rng.random() < 0.45
    puff = rng.uniform(0.015, 0.04) if winter else rng.uniform(0.004, 0.012)
    short = not winter and rng.random() < 0.55
    hem = hips + rng.uniform(-0.1, 0.06) if not winter or rng.random() < 0.6 else hips - rng.uniform(0.15, 0.45)
    _clothe(rng, take, put, body, points, skin, (top, bottom), (puff, short, hem), sex)
    vertices, weights, faces, _ = take("hands")
    put("skin", vertices, weights, faces, np.tile(skin, (len(faces), 1)))
    vertices, weights, faces, _ = take("feet")
    vertices = vertices + _normals(vertices, faces) * 0.01
    put("shoe", vertices, weights, faces, np.tile(m.grey(rng, 0.01, 0.06) if rng.random() < 0.6 else m.grey(rng, 0.3, 0.8), (len(faces), 1)))
    _head(rng, take, put, skeleton, body, skin, top, sex, helmet)
    if rng.random() < 0.14:
        _bag(rng, put, skeleton, body)
    surfaces = {
        "skin": Surface(tuple(skin), 0.5), "top": Surface(tuple(top), 0.35 if winter and rng.random() < 0.5 else 0.85, grain=0.3), "bottom": Surface(tuple(bottom), 0.85, grain=0.3),
        "shoe": Surface((0.05, 0.05, 0.05), 0.5), "hair": Surface((0.012, 0.01, 0.009), 0.42, grain=0.4), "shell": Surface(m.hsv(rng.random(), rng.choice([0, 0, 0.85]), rng.uniform(0.02, 0.75)), 0.15, coat=0.9),
        "visor": Surface((0.02, 0.02, 0.025), 0.05, coat=1), "bag": Surface(m.hsv(rng.random(), rng.uniform(0, 0.7), rng.uniform(0.02, 0.4)), 0.7, grain=0.3),
    }
    return Look(age, skeleton, parts, surfaces, rng.uniform(0.72, 1.0) if child else 1.0, helmet)


def _clothe(rng: Rng, take, put, body: mh.Body, points: np.ndarray, skin: np.ndarray, colours: tuple[np.ndarray, np.ndarray], cut: tuple[float, bool, float], sex: str) -> None:
    """Top and trousers from the tights; the skirt of a dress or long coat."""
    (top, bottom), (puff, short, hem) = colours, cut
    vertices, weights, faces, centres = take("tights")
    names = np.array(body.bones)
    arm = weights[:, [name.startswith(("lowerarm", "hand")) for name in names]].sum(1)
    limb = weights[:, [name.startswith(("upperarm", "lowerarm", "hand")) for name in names]].sum(1)
    wrinkle = 1 + 0.16 * np.sin(vertices[:, 2] * rng.uniform(55, 95)) + 0.2 * np.sin(vertices[:, 1] * 23 + vertices[:, 2] * 17)
    thick = np.where((vertices[:, 2] > hem) | (limb > 0.5), puff * wrinkle, 0.01 * wrinkle)
    if short:
        thick = thick * (1 - arm) + 0.001
    vertices = vertices + _normals(vertices, faces) * thick[:, None]
    upper = (centres[:, 2] > hem) | (limb[faces].mean(1) > 0.4)
    painted = np.where(upper[:, None], _pattern(rng, centres, top), _pattern(rng, centres, bottom) if rng.random() < 0.2 else bottom)
    if short:
        painted = np.where(arm[faces].mean(1)[:, None] > 0.35, skin, painted)
        if rng.random() < 0.3:
            knee = weights[:, [name.startswith(("calf", "foot", "ball")) for name in names]].sum(1)
            painted = np.where(knee[faces].mean(1)[:, None] > 0.5, skin, painted)
    for surface, mask in (("top", upper), ("bottom", ~upper)):
        put(surface, vertices, weights, faces[mask], painted[mask])
    pelvis = float(points[body.joints[body.bones.index("pelvis")]].mean(0)[2])
    if hem < pelvis - 0.14 or (sex == "female" and rng.random() < 0.2):
        vertices, weights, faces, centres = take("skirt")
        vertices = vertices + _normals(vertices, faces) * puff
        end = hem if hem < pelvis - 0.14 else pelvis - rng.uniform(0.35, 0.65)
        keep = centres[:, 2] > end
        put("top", vertices, weights, faces[keep], np.tile(top if hem < pelvis - 0.14 else bottom, (int(keep.sum()), 1)))


def _head(rng: Rng, take, put, skeleton: Skeleton, body: mh.Body, skin: np.ndarray, top: np.ndarray, sex: str, helmet: bool) -> None:
    """Face, hair, and what is worn on the head."""
    vertices, weights, faces, centres = take("head")
    high, low = vertices[:, 2].max(), skeleton.joint("head")[2] - 0.02
    skull = vertices[vertices[:, 2] > low]
    middle = np.array([(skull[:, 0].max() + skull[:, 0].min()) / 2 - 0.01, 0, (high + low) / 2])
    half = np.array([(skull[:, 0].max() - skull[:, 0].min()) / 2, np.abs(skull[:, 1]).max(), (high - low) / 2])
    u, w = (centres[:, 0] - middle[0]) / half[0], (centres[:, 2] - middle[2]) / half[2]
    colours = np.tile(skin, (len(faces), 1))
    if rng.random() < 0.12:  # a face mask
        colours[(u > 0.15) & (w < -0.05) & (w > -0.8)] = m.hsv(0.58, rng.uniform(0, 0.4), 0.7)
    put("skin", vertices, weights, faces, colours)
    radius = float(half.mean()) * 1.08
    only_head = np.zeros((1, len(body.bones)), np.float32)
    only_head[0, body.bones.index("head")] = 1

    def wear(surface: str, solid: g.Solid) -> None:
        quads = np.vstack([solid.quads, np.column_stack([solid.tris, solid.tris[:, -1:]])]) if len(solid.tris) else solid.quads
        put(surface, solid.vertices, np.repeat(only_head, len(solid.vertices), 0), quads, np.full((len(quads), 3), np.nan))

    if helmet:
        shell, visor = clutter.helmet_solids(middle + (0.005, 0, 0.01), radius * 1.16, bool(rng.random() < 0.5))
        wear("shell", shell)
        if rng.random() < 0.75:
            wear("visor", visor)
        return
    style = rng.choice(["hair", "hood", "cap", "bald"], p=[0.78, 0.1, 0.09, 0.03])
    if style in ("hair", "cap"):
        shade = m.grey(rng, 0.006, 0.02) if rng.random() < 0.8 else (m.hsv(0.06, 0.6, 0.08) if rng.random() < 0.6 else m.grey(rng, 0.2, 0.5))
        line = np.where(u > 0, 0.25 + 0.55 * u, 0.25 + rng.uniform(0.6, 1.0) * u)
        scalp = w > line
        lift = rng.uniform(0.01, 0.028)
        grown = vertices + _normals(vertices, faces) * (lift * (1 + 0.25 * rng.standard_normal(len(vertices))))[:, None]
        put("hair", grown, weights, faces[scalp], np.tile(shade, (int(scalp.sum()), 1)))
        if sex == "female" and rng.random() < 0.6:
            hair, hair_weights, hair_faces, hair_centres = take("hair")
            keep = (hair_centres[:, 2] > middle[2] - rng.uniform(0.1, 0.45)) & ~((hair_centres[:, 0] > middle[0] + 0.02) & (hair_centres[:, 2] < middle[2] + 0.05))
            put("hair", hair, hair_weights, hair_faces[keep], np.tile(shade, (int(keep.sum()), 1)))
    if style == "hood":
        t, v = np.meshgrid(np.linspace(0.75, 2 * np.pi - 0.75, 21), np.linspace(-0.9, np.pi / 2, 12))
        grid = np.stack([np.cos(v) * np.cos(t) * 1.3, np.cos(v) * np.sin(t) * 1.15, np.sin(v) * 1.25], -1) * radius + middle
        solid = g.sheet(grid)
        put("top", solid.vertices, np.repeat(only_head, len(solid.vertices), 0), solid.quads, np.tile(top, (len(solid.quads), 1)))
    if style == "cap":
        u2, v2 = np.meshgrid(np.linspace(-np.pi, np.pi, 21), np.linspace(0.2, np.pi / 2, 7))
        wear("bag", g.sheet(np.stack([np.cos(v2) * np.cos(u2) * 1.15, np.cos(v2) * np.sin(u2), np.sin(v2) * 1.18], -1) * radius + middle + (0, 0, 0.01)))
        wear("bag", g.blob(middle + (radius * 1.25, 0, radius * 0.3), (radius * 0.6, radius * 0.62, 0.008), 2))


def _bag(rng: Rng, put, skeleton: Skeleton, body: mh.Body) -> None:
    """A rucksack."""
    spine = skeleton.joint("spine_03")
    solid = g.blob((spine[0] - 0.2, 0, spine[2] + 0.03), (0.09, rng.uniform(0.12, 0.16), 0.2), 2.8)
    weights = np.zeros((len(solid.vertices), len(body.bones)), np.float32)
    weights[:, body.bones.index("spine_03")] = 1
    put("bag", solid.vertices, weights, solid.quads, np.full((len(solid.quads), 3), np.nan))
