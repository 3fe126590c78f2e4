"""Which held-back pictures each question is put to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from data.cameras import is_infrared
from data.lift_eval import read_lift_eval
from data.picture import BICYCLE, EBIKE, DataError, Picture
from data.sets import COMPOSITES, LIFT_EVAL, RENDERS, holds_ebike, load, load_generated

THIRD = 1 / 3
OCCLUDED = 0.7
"""An e-bike is "occluded" when less than this share of it is visible."""
SMALL = 0.05
"""An e-bike is "small" when its box covers less than this share of the picture."""
LEAST_AREA = 0.01
"""Photographs of e-bikes for image-level recall show one that covers at least this share of the picture."""
CONFUSABLES_WANTED = 300


@dataclass
class Trials:
    """Pictures by question; ``conditions`` are subsets of ``renders``; a picture may be in several."""

    photographs: list[Picture]
    rooms: list[Picture]
    confusables: list[Picture]
    lift_eval: list[Picture] = field(default_factory=list)
    renders: list[Picture] = field(default_factory=list)
    conditions: dict[str, list[Picture]] = field(default_factory=dict)
    ebike_photographs: list[Picture] = field(default_factory=list)
    bicycle_photographs: list[Picture] = field(default_factory=list)
    people_in_rooms: list[Picture] = field(default_factory=list)

    def all(self) -> list[Picture]:
        """Every picture once."""
        everything = [*self.photographs, *self.rooms, *self.confusables, *self.lift_eval, *self.renders]
        return list({picture.path: picture for picture in everything}.values())

    @property
    def negatives(self) -> list[Picture]:
        """Pictures without an e-bike that set the alarm threshold."""
        return [*self.rooms, *self.confusables]


def gather(dataset: Path, work: Path, renders: Path | None, with_lift_eval: bool) -> Trials:
    """All trials: photographs and rooms of the part "measure", held-back renders and composites, lift-eval."""
    photographs = [picture for picture in load(dataset, None, work) if picture.part == "measure"]
    drawn = load_generated(renders / "held", RENDERS, held=True) if renders is not None else []
    folder = work / "composites" / "measure"
    if not folder.is_dir():
        raise DataError(f"{folder}: no held-back composites; make them with 'python -m data.composites --part measure'")
    composites = load_generated(folder, COMPOSITES, held=True)
    rooms = [picture for picture in photographs if picture.set in ("indoor-cctv", "rooms-cctv")]
    trials = Trials(
        photographs=photographs,
        rooms=rooms,
        confusables=[picture for picture in [*composites, *drawn] if not holds_ebike(picture)],
        lift_eval=read_lift_eval(dataset / LIFT_EVAL) if with_lift_eval else [],
        renders=[picture for picture in drawn if _visible(picture) >= THIRD],
        ebike_photographs=[picture for picture in photographs if _largest(picture, EBIKE) >= LEAST_AREA],
        bicycle_photographs=[picture for picture in photographs if _largest(picture, BICYCLE) > 0],
        people_in_rooms=[picture for picture in photographs if picture.set == "indoor-cctv"],
    )
    trials.conditions = _conditions(trials.renders)
    return trials


def complete_for(pictures: list[Picture], kind: int) -> list[Picture]:
    """Pictures of sets in which every object of ``kind`` is boxed and some are there at all."""
    sets = {picture.set for picture in pictures if any(box.kind == kind for box in picture.boxes)}
    return [picture for picture in pictures if kind in picture.complete and picture.set in sets]


def _visible(picture: Picture) -> float:
    return max((box.visible for box in picture.boxes if box.kind == EBIKE), default=0.0)


def _largest(picture: Picture, kind: int) -> float:
    return max((box.area for box in picture.boxes if box.kind == kind), default=0.0)


def _conditions(renders: list[Picture]) -> dict[str, list[Picture]]:
    infrared = {picture.path for picture in renders if is_infrared(picture.path)}
    return {
        "day": [picture for picture in renders if picture.path not in infrared],
        "infra-red": [picture for picture in renders if picture.path in infrared],
        "occluded": [picture for picture in renders if _visible(picture) < OCCLUDED],
        "small": [picture for picture in renders if _largest(picture, EBIKE) < SMALL],
    }
