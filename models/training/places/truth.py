"""What is true of a picture: of each person and vehicle the box of what is seen, the visible share, and whether it counts; the kinds of scene.

A label file has lines `class cx cy w h visible` in fractions of the picture, as renders of lifts have; classes are those of `data.picture`, and
`UNSURE` is what no detector is asked for: of which too little is seen, or which is too small or does not stand out of the dark. The visible
share is that of the whole silhouette, in the picture or not, as renders of lifts have it; or the share of the surface that is inside the
picture, times that of the silhouette there that nothing hides, where that is more: of what is near the lens and cut off by the edge, the
silhouette beyond the edge is many times what one sees.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from lifts import labels
from lifts.camera import Camera
from lifts.geometry import Merged

from .cameras import REFERENCE, overlap, pitch
from .cast import PERSON, Actor

UNSURE = 6
"""Class number of what is to be ignored: one more than the last class of `data.picture`."""
CLASSES = {0: "person", 3: "car", 4: "bus", 5: "truck"}
LEAST_VISIBLE = 0.2
LEAST_HEIGHT = 8.0
"""Pixels of a picture 416 wide that a thing must be high."""
LEAST_CONTRAST = 0.02
"""Least difference of display value 0..1, to what is about it or within, by which a thing can be seen at all."""
CRUMB = 6
"""So few pixels of a thing are nothing that a label should speak of."""
STEEP, OBLIQUE = 50.0, (20.0, 70.0)
"""Degrees that a steep camera looks down at least; between a vehicle's length and the line of sight where it is seen obliquely."""


@dataclass
class Seen:
    """What is seen of a thing. `box` is left, top, right, bottom in pixels; `tags` are the kinds that it is an example of."""

    label: labels.Label
    outside: float
    contrast: float
    pose: str
    tags: list[str] = field(default_factory=list)

    @property
    def counts(self) -> bool:
        """Whether a detector is asked for it."""
        return self.label.number != UNSURE


def contrast(light: np.ndarray, mask: np.ndarray) -> float:
    """How far a mask (h, w) stands out of display values (h, w): difference to a ring about it, or its own deviation, whichever is more."""
    ring = cv2.dilate(mask.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool) & ~mask
    within = light[mask]
    return float(max(abs(within.mean() - light[ring].mean()) if ring.any() else 0.0, within.std()))


def beyond(eye: Camera, mesh: Merged) -> float:
    """The share of a mesh's surface that lies outside the picture or behind the lens."""
    corners = [mesh.vertices[faces[::3]] for faces in (mesh.quads, mesh.tris)]
    areas = np.concatenate([np.linalg.norm(np.cross(c[:, 2] - c[:, 0], c[:, -1] - c[:, 1]), axis=1) for c in corners])
    middles = np.concatenate([c.mean(1) for c in corners])
    pixels = eye.project(middles)
    inside = ((pixels >= 0) & (pixels < (eye.width, eye.height))).all(1)
    if not eye.fisheye:
        inside &= (middles - eye.place) @ eye.ahead > 0.02
    return 1 - float(areas[inside].sum() / max(areas.sum(), 1e-9))


def see(actor: Actor, eye: Camera, mesh: Merged, mask: np.ndarray, light: np.ndarray) -> Seen | None:
    """What is seen of a thing that shows the pixels `mask` (h, w) of a picture of display values `light` (h, w); None where nothing is."""
    count = int(np.count_nonzero(mask))
    if count < CRUMB:
        return None
    outside, box, scale = beyond(eye, mesh), labels.bounds(mask), REFERENCE / eye.width
    unhidden = min(1.0, count / max(labels.silhouette(eye, mesh, 0), 1)) * (1 - outside)
    visible = max(unhidden, min(1.0, count / max(labels.silhouette(eye, mesh), 1)) if outside > 0 else 0.0)
    stands_out = contrast(light, mask)
    high = (box[3] - box[1]) * scale
    number = actor.thing.number if visible >= LEAST_VISIBLE and high >= LEAST_HEIGHT and stands_out >= LEAST_CONTRAST else UNSURE
    found = Seen(labels.Label(number, box, visible), outside, stands_out, actor.pose)
    if found.counts:
        found.tags = _tags(actor, eye, found, mesh.vertices, high)
    return found


def _tags(actor: Actor, eye: Camera, seen: Seen, points: np.ndarray, high: float) -> list[str]:
    """The kinds that a thing is an example of by itself; `high` is its height in a picture 416 wide."""
    edges = seen.label.box[0] <= 1, seen.label.box[1] <= 1, seen.label.box[2] >= eye.width - 1, seen.label.box[3] >= eye.height - 1
    out = ["cut"] if seen.outside > 0.2 and any(edges) else []
    line = points.mean(0) - eye.place
    down = float(np.degrees(np.arcsin(-line[2] / np.linalg.norm(line))))
    if actor.thing.number == PERSON:
        out += ["seated"] if actor.pose == "seated" else []
        out += ["small"] if 20 <= high <= 60 else []
        return out + (["above"] if down > STEEP else [])
    out += ["tiny"] if 10 <= high <= 30 else []
    out += ["steep"] if down > STEEP - 5 else []
    flat = points[:, :2] - points[:, :2].mean(0)
    length = np.linalg.svd(flat[::7], full_matrices=False)[2][0]
    across = float(np.degrees(np.arccos(min(1.0, abs(float(length @ line[:2])) / (np.linalg.norm(line[:2]) + 1e-9)))))
    return out + (["oblique"] if OBLIQUE[0] <= across <= OBLIQUE[1] and down <= 45 and high > 30 else [])


def kinds(seen: list[Seen], eye: Camera, indoor: bool, light: str) -> list[str]:
    """The kinds of scene that a picture is an example of; tags of pairs are added to the things."""
    counted = [entry for entry in seen if entry.counts]
    people = [entry for entry in counted if entry.label.number == PERSON]
    vehicles = [entry for entry in counted if entry.label.number != PERSON]
    for group, least, most, name in ((people, 0.2, 0.6, "overlapping"), (vehicles, 0.03, 1.0, "touching")):
        for k, a in enumerate(group):
            for b in group[:k]:
                if least <= overlap(a.label.box, b.label.box) <= most:
                    for entry in (a, b):
                        entry.tags += [] if name in entry.tags else [name]
    out = ["room" if indoor else "street", light, *(["night"] if not indoor and light == "infrared" else [])]
    if len(people) >= 8:
        out.append("crowd")
        for entry in people:
            entry.tags.append("crowd")
    out += ["empty"] if not seen else []
    out += ["steep view"] if pitch(eye) > STEEP else []
    out += [f"person {tag}" for tag in dict.fromkeys(tag for entry in people for tag in entry.tags)]
    out += [f"vehicle {tag}" for tag in dict.fromkeys(tag for entry in vehicles for tag in entry.tags)]
    return out + [CLASSES[number] for number in sorted({entry.label.number for entry in counted})]


def record(entry: Seen) -> dict:
    """A thing's entry in the record of a picture."""
    return {"class": CLASSES.get(entry.label.number, "unsure"), "box": list(entry.label.box), "visible": round(entry.label.visible, 3),
            "outside": round(entry.outside, 3), "contrast": round(entry.contrast, 3), "pose": entry.pose, "tags": entry.tags}
