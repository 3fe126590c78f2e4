"""Labels for what a set does not box: a general detector's sure boxes count, its unsure ones are masked.

A person without a box is not background. The detector looks at each picture in several sizes: together
these know more than one look of the size that the program takes, most of all of small people and of those who hide one another.
Above ``SURE`` what they agree on is a label, from ``UNSURE`` on an ``IGNORE`` box. Bicycles and
e-bikes are never labelled so, for that is what the detector is bad at; where a set has some without a box, what the detector
sees of them beside the set's own boxes is masked.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from data import second_look
from data.detector import Detector, Found
from data.picture import BICYCLE, BUS, CAR, EBIKE, IGNORE, PERSON, TRUCK, Box, DataError, Picture, overlap, shared_area

SURE = 0.45
UNSURE = 0.15
SIDES = (416, 640)
"""Inputs have as many pixels as a square of these."""
VOTES = 2
"""Of the looks at a picture, so many surest answers are averaged."""
LEAST = 0.05
"""What a single look is less sure of is left out."""
SAME_BOX = 0.55
"""Intersection over union above which boxes of several looks are one."""
LABELLED = (PERSON, CAR, BUS, TRUCK)
ALIKE = ({PERSON}, {CAR, BUS, TRUCK}, {BICYCLE, EBIKE})
"""Classes within which a detection that meets the set's own box is that thing already, whatever it is called."""
SAME = 0.4
SAVED_EVERY = 200
VERSION = 2

Detections = list[tuple[int, float, float, float, float, float]]


def add_pseudo_labels(pictures: list[Picture], model: Path, work: Path) -> list[Picture]:
    """The pictures with boxes added for incompletely boxed classes, in the parts "train" and "choose".

    ``model``: a NanoDet-Plus file. Detections are kept in ``work/pseudo.json``. In the answer ``complete`` holds every class
    whose instances are now boxed or masked, which is every class; measuring pictures come back as they are.
    """
    wanted = [picture for picture in pictures if needs_labels(picture)]
    found = detections(wanted, model, work)
    return [with_detections(picture, found[key(picture)]) if needs_labels(picture) else picture for picture in pictures]


def needs_labels(picture: Picture) -> bool:
    """Whether the picture is trained on and may show things without a box."""
    return picture.part in ("train", "choose") and len(picture.complete) < 6


def detections(pictures: list[Picture], model: Path, work: Path) -> dict[str, Detections]:
    """(class, confidence, left, top, right, bottom) of everything above ``UNSURE``, by ``key``; resumes its JSON file."""
    cache = work / "pseudo.json"
    found = _read(cache)
    missing = [picture for picture in pictures if key(picture) not in found]
    looks = Looks(model, cache.parent) if missing else None
    for done, picture in enumerate(missing, start=1):
        image = cv2.imread(str(picture.path))
        if image is None:
            raise DataError(f"{picture.path}: not a picture that can be decoded; fetch the set again")
        seen = looks.detect(image)
        found[key(picture)] = [(int(kind), round(float(confidence), 4), *(round(float(side), 5) for side in box))
                               for kind, confidence, box in zip(seen.kind, seen.confidence, seen.box)]
        if done % SAVED_EVERY == 0 or done == len(missing):
            _write(cache, found)
            print(f"pseudo-labels: {done} of {len(missing)}", file=sys.stderr, flush=True)
    return found


class Looks:
    """Several looks of the published NanoDet-Plus: inputs of several sizes in the picture's proportions."""

    def __init__(self, model: Path, work: Path) -> None:
        from network import export, plus

        network = plus.published(model)
        self.detectors = []
        for side in SIDES:
            path = work / "cache" / f"looks-{side}.onnx"
            path.parent.mkdir(parents=True, exist_ok=True)
            export.export(network, path, side, side)
            self.detectors.append(Detector(path, "nanodet", fitted=True))

    def detect(self, image: np.ndarray) -> Found:
        """What they agree on, of at least ``UNSURE``, best first."""
        kinds, confidences, boxes, views = [], [], [], []
        for number, detector in enumerate(self.detectors):
            seen = detector.detect(image, LEAST)
            kinds.append(seen.kind)
            confidences.append(seen.confidence)
            boxes.append(seen.box)
            views.append(np.full(len(seen.kind), number))
        return agreed(*(np.concatenate(parts) for parts in (kinds, confidences, boxes, views)))


def agreed(kind: np.ndarray, confidence: np.ndarray, box: np.ndarray, view: np.ndarray) -> Found:
    """One answer for what several looks found: ``kind`` [n], ``confidence`` [n], ``box`` [n, 4], and which look ``view`` [n] it was.

    Boxes of a class that overlap the surest are one thing, its place their mean by confidence, its confidence the mean of the
    surest ``VOTES`` looks, of which those that did not see it say 0.
    """
    order = np.argsort(-confidence, kind="stable")
    kinds, confidences, boxes = [], [], []
    while len(order):
        first = order[0]
        near = (kind[order] == kind[first]) & (second_look.overlaps(box[first], box[order]) > SAME_BOX)
        members, order = order[near], order[~near]
        best = {}
        for member in members:
            best.setdefault(int(view[member]), member)
        chosen = list(best.values())
        sure = float(np.sort(confidence[chosen])[::-1][:VOTES].sum() / VOTES)
        if sure >= UNSURE:
            kinds.append(kind[first])
            confidences.append(sure)
            boxes.append(np.average(box[chosen], axis=0, weights=confidence[chosen]))
    ranked = np.argsort(-np.array(confidences), kind="stable") if confidences else np.zeros(0, int)
    return Found(np.array(kinds, int)[ranked], np.array(confidences, np.float32)[ranked], np.array(boxes, float).reshape(-1, 4)[ranked])


def key(picture: Picture) -> str:
    """Name of the picture in the cache."""
    return f"{picture.set}/{picture.path.name}"


def with_detections(picture: Picture, found: Detections) -> Picture:
    """The picture with labels and masks for the classes that its set does not box completely."""
    # Sets that say they have no two-wheelers are rooms and product pictures: a car there is a mistake.
    labelled = {PERSON} if {BICYCLE, EBIKE} <= picture.complete else set(LABELLED)
    added: list[Box] = []
    results: list[Box] = []
    for kind, confidence, *sides in sorted(found, key=lambda entry: -entry[1]):
        box = Box(kind, *sides)
        if kind in picture.complete or any(_is_same(box, other) for other in picture.boxes):
            continue
        if any(_alike(box, other) and overlap(box, other) > SAME for other in added):
            continue
        added.append(box)
        results.append(box if kind in labelled and confidence > SURE else replace(box, kind=IGNORE))
    every = frozenset(range(6))
    return replace(picture, boxes=picture.boxes + tuple(results), complete=every, added=every - picture.complete)


def _is_same(box: Box, other: Box) -> bool:
    if other.kind == IGNORE:
        return shared_area(box, other) > 0.7 * box.area
    return _alike(box, other) and (overlap(box, other) > SAME or shared_area(box, other) > 0.8 * min(box.area, other.area))


def _alike(box: Box, other: Box) -> bool:
    return any(box.kind in kinds and other.kind in kinds for kinds in ALIKE)


def _read(cache: Path) -> dict[str, Detections]:
    if not cache.is_file():
        return {}
    try:
        stored = json.loads(cache.read_text(encoding="utf-8"))
        return stored["pictures"] if stored["version"] == VERSION else {}
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise DataError(f"{cache}: not a file of pseudo-labels ({error}); remove it to have it made again") from error


def _write(cache: Path, found: dict[str, Detections]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    fresh = cache.with_suffix(".part")
    fresh.write_text(json.dumps({"version": VERSION, "pictures": found}), encoding="utf-8")
    fresh.replace(cache)
