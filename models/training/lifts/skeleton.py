"""Posing: turns of joints, two-bone reaching for hands and feet, linear blend skinning (Lewis et al., 2000)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .geometry import rotation
from .makehuman import Body

FINGERS = ("index", "middle", "ring", "pinky")
SIGN = {"left": 1, "right": -1}


@dataclass
class Pose:
    """Local turns (3 x 3) of bones; places (3,) that hands and feet reach for; where the hips are lifted to, or None to stand."""

    turns: dict[str, np.ndarray] = field(default_factory=dict)
    hands: dict[str, np.ndarray] = field(default_factory=dict)
    feet: dict[str, np.ndarray] = field(default_factory=dict)
    hips: np.ndarray | None = None


def _between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The smallest turn (3 x 3) that brings direction a to direction b (Rodrigues)."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    axis, cosine = np.cross(a, b), float(a @ b)
    if cosine < -0.9999:
        return np.diag([-1.0, -1.0, 1.0])
    k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + k + k @ k / (1 + cosine)


def _bend(root: np.ndarray, goal: np.ndarray, upper: float, lower: float, pole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Elbow and wrist of a two-bone limb from `root` towards `goal`, bent to the side of `pole`."""
    reach = goal - root
    length = float(np.clip(np.linalg.norm(reach), abs(upper - lower) + 0.03, (upper + lower) * 0.995))
    along = reach / (np.linalg.norm(reach) + 1e-9)
    cosine = np.clip((upper**2 + length**2 - lower**2) / (2 * upper * length), -1, 1)
    side = pole - along * (pole @ along)
    side /= np.linalg.norm(side) + 1e-9
    return root + upper * (along * cosine + side * np.sqrt(1 - cosine**2)), root + along * length


class Skeleton:
    """A shaped body's joints, and what a pose does to them."""

    def __init__(self, body: Body, points: np.ndarray) -> None:
        self.body = body
        self.floor = float(points[np.unique(body.faces["body"]), 2].min())
        self.rest = np.array([points[j].mean(0) if len(j) else (0, 0, self.floor) for j in body.joints])
        self.index = {bone: k for k, bone in enumerate(body.bones)}

    def joint(self, bone: str) -> np.ndarray:
        """A joint's place (3,) at rest."""
        return self.rest[self.index[bone]]

    def transforms(self, pose: Pose) -> np.ndarray:
        """Per bone the affine (12,) that skins its vertices, rows of 3 x 4; the person stands on z = 0."""
        count = len(self.rest)
        turn, place = np.tile(np.eye(3), (count, 1, 1)), self.rest.copy()
        lift = np.zeros(3)
        for attempt in range(2):
            for k, bone in enumerate(self.body.bones):
                parent, local = self.body.parents[k], pose.turns.get(bone)
                if parent < 0:
                    continue
                turn[k] = turn[parent] if local is None else turn[parent] @ local
                place[k] = place[parent] + turn[parent] @ (self.rest[k] - self.rest[parent])
                if bone == "pelvis":
                    place[k] = place[k] + lift
            if attempt == 0:
                if pose.hips is not None:
                    lift = pose.hips + (0, 0, self.floor) - self.joint("pelvis")
                else:
                    feet = [self.index[f"foot_{s}"] for s in "lr"]
                    lift = np.array([0, 0, -(place[feet, 2] - self.rest[feet, 2]).min()])
        floor = np.array([0, 0, self.floor])
        for side, goal in pose.feet.items():
            self._reach(turn, place, f"thigh_{side[0]}", f"calf_{side[0]}", f"foot_{side[0]}", goal + floor, np.array([1, SIGN[side] * 0.25, 0.1]))
            turn[self.index[f"foot_{side[0]}"]] = np.eye(3)
            self._follow(turn, place, f"foot_{side[0]}")
        for side, goal in pose.hands.items():
            if np.linalg.norm(goal + floor - place[self.index[f"upperarm_{side[0]}"]]) > self._arm() * 1.2:
                continue  # out of reach: the arm hangs as it does without a goal
            self._reach(turn, place, f"upperarm_{side[0]}", f"lowerarm_{side[0]}", f"hand_{side[0]}", goal + floor, np.array([-0.5, SIGN[side] * 0.8, -0.8]))
            self._follow(turn, place, f"hand_{side[0]}")
        offset = place - np.einsum("kij,kj->ki", turn, self.rest) - floor
        return np.concatenate([turn, offset[:, :, None]], 2).reshape(count, 12)

    def _arm(self) -> float:
        """Length of an arm from shoulder to wrist."""
        a, b, c = (self.joint(f"{bone}_l") for bone in ("upperarm", "lowerarm", "hand"))
        return float(np.linalg.norm(b - a) + np.linalg.norm(c - b))

    def _reach(self, turn: np.ndarray, place: np.ndarray, upper: str, lower: str, end: str, goal: np.ndarray, pole: np.ndarray) -> None:
        a, b, c = (self.index[bone] for bone in (upper, lower, end))
        first, second = self.rest[b] - self.rest[a], self.rest[c] - self.rest[b]
        elbow, wrist = _bend(place[a], goal, float(np.linalg.norm(first)), float(np.linalg.norm(second)), pole)
        turn[a] = _between(turn[a] @ first, elbow - place[a]) @ turn[a]
        turn[b] = _between(turn[a] @ second, wrist - elbow) @ turn[a]
        place[b], place[c], turn[c] = elbow, wrist, turn[b]

    def _follow(self, turn: np.ndarray, place: np.ndarray, bone: str) -> None:
        """Takes the bones below one along; gripping fingers close."""
        below = {self.index[bone]}
        for k, parent in enumerate(self.body.parents):
            if parent in below:
                below.add(k)
                name = self.body.bones[k]
                local = np.eye(3)
                if name.startswith(FINGERS):
                    axis = self.rest[self.index[f"pinky_01_{name[-1]}"]] - self.rest[self.index[f"index_01_{name[-1]}"]]
                    local = _about(axis, 55)
                turn[k] = turn[parent] @ local
                place[k] = place[parent] + turn[parent] @ (self.rest[k] - self.rest[parent])


def _about(axis: np.ndarray, degrees: float) -> np.ndarray:
    """A turn about any axis (Rodrigues)."""
    x, y, z = axis / np.linalg.norm(axis)
    k, t = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]), np.radians(degrees)
    return np.eye(3) + np.sin(t) * k + (1 - np.cos(t)) * k @ k


def skinned(points: np.ndarray, weights: np.ndarray, transforms: np.ndarray) -> np.ndarray:
    """Vertices (n, 3) moved by blended bone transforms (bones, 12)."""
    blend = (weights @ transforms.astype(np.float32)).reshape(-1, 3, 4)
    return np.einsum("nij,nj->ni", blend[:, :, :3], points) + blend[:, :, 3]


def standing(rng: np.random.Generator, lean: float = 0.0, stride: float = 0.0, hands: dict[str, np.ndarray] | None = None) -> Pose:
    """Someone who stands, or is in mid-step: `lean` degrees forward, `stride` -1..1. `hands` are places in the person's frame."""
    pose = Pose(hands=dict(hands or {}))
    pose.turns["spine_01"] = rotation("y", lean / 2 + rng.normal(0, 2))
    pose.turns["spine_02"] = rotation("z", rng.normal(0, 5))
    pose.turns["spine_03"] = rotation("y", lean / 2 + rng.normal(0, 2))
    pose.turns["neck_01"] = rotation("y", rng.uniform(-5, 20))
    pose.turns["head"] = rotation("z", rng.uniform(-40, 40)) @ rotation("y", rng.uniform(-8, 25))
    phone = str(rng.choice(["left", "right"])) if rng.random() < 0.3 else ""
    for side, s in SIGN.items():
        pose.turns[f"thigh_{side[0]}"] = rotation("y", -s * stride * 26 + rng.normal(0, 2))
        pose.turns[f"calf_{side[0]}"] = rotation("y", max(0.0, -s * stride * 22) + abs(rng.normal(0, 3)))
        pose.turns[f"upperarm_{side[0]}"] = rotation("x", -s * rng.uniform(34, 44)) @ rotation("y", rng.normal(0, 8) + s * stride * 20)
        pose.turns[f"lowerarm_{side[0]}"] = rotation("y", -rng.uniform(70, 110) if side == phone else -rng.uniform(5, 25))
    return pose


def seated(rng: np.random.Generator, hips: np.ndarray, feet: dict[str, np.ndarray], hands: dict[str, np.ndarray], lean: float) -> Pose:
    """Someone whose hip joint is at `hips`, with feet on pegs and hands on grips where given; all in the person's frame."""
    pose = standing(rng, lean, 0.0, hands)
    pose.hips = hips
    pose.feet = {side: foot + (-0.08, 0, 0.08) for side, foot in feet.items()}
    return pose
