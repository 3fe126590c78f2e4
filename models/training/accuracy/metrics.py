"""Average precision, the alarm threshold at a false alarm rate, recall at a precision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.detector import Found
from data.picture import IGNORE, Box, Picture

MATCH = 0.5
"""Intersection over union from which a detection is the object."""
FALSE_ALARMS = 0.01


@dataclass(frozen=True)
class Ranked:
    """Detections of one class over many pictures, best first: ``confidence`` and ``right`` [n]; ``objects`` to find."""

    confidence: np.ndarray
    right: np.ndarray
    objects: int


def rank(pictures: list[Picture], found: list[Found], kind: int) -> Ranked:
    """Matches detections to boxes greedily, best first; what lies in ``IGNORE`` boxes counts neither way."""
    confidence: list[float] = []
    right: list[bool] = []
    objects = 0
    for picture, seen in zip(pictures, found):
        boxes = [box for box in picture.boxes if box.kind == kind]
        ignored = _sides([box for box in picture.boxes if box.kind == IGNORE])
        objects += len(boxes)
        rows = np.nonzero(seen.kind == kind)[0]
        sides = _sides(boxes)
        taken = np.zeros(len(boxes), bool)
        for row in rows:
            overlaps = overlaps_with(seen.box[row], sides)
            overlaps[taken] = -1.0
            best = int(overlaps.argmax()) if len(boxes) else -1
            hit = best >= 0 and overlaps[best] >= MATCH
            if hit:
                taken[best] = True
            elif len(ignored) and _share_inside(seen.box[row], ignored).max() > 0.5:
                continue
            confidence.append(float(seen.confidence[row]))
            right.append(bool(hit))
    order = np.argsort(-np.array(confidence), kind="stable") if confidence else np.zeros(0, int)
    return Ranked(np.array(confidence, float)[order], np.array(right, bool)[order], objects)


def curve(ranked: Ranked) -> tuple[np.ndarray, np.ndarray]:
    """(recall, precision) after each detection."""
    hits = np.cumsum(ranked.right)
    return hits / max(ranked.objects, 1), hits / np.arange(1, len(hits) + 1)


def average_precision(ranked: Ranked) -> float:
    """Area under the precision envelope over recall, all points (PASCAL VOC 2010 and later); in [0, 1]."""
    if ranked.objects == 0 or len(ranked.right) == 0:
        return 0.0
    recall, precision = curve(ranked)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    steps = np.diff(np.concatenate([[0.0], recall]))
    return float((steps * envelope).sum())


def recall_at_precision(ranked: Ranked, least: float) -> float:
    """The largest recall at which precision is at least ``least``."""
    if len(ranked.right) == 0:
        return 0.0
    recall, precision = curve(ranked)
    good = precision >= least
    return float(recall[good].max()) if good.any() else 0.0


def threshold_at(negatives: np.ndarray, share: float = FALSE_ALARMS) -> float:
    """The confidence above which (strictly) at most ``share`` of the ``negatives``, their best confidences, lie."""
    if len(negatives) == 0:
        return 0.0
    allowed = int(np.floor(share * len(negatives) + 1e-9))
    ordered = np.sort(negatives)[::-1]
    return float(ordered[min(allowed, len(ordered) - 1)])


@dataclass(frozen=True)
class Flagged:
    """Pictures with an object: how many there are, are flagged, and are flagged with the best box on the object."""

    pictures: int
    flagged: int
    on_object: int

    @property
    def recall(self) -> float:
        """Share of the pictures that are flagged."""
        return self.flagged / self.pictures if self.pictures else 0.0

    @property
    def recall_on_object(self) -> float:
        """Share of the pictures that are flagged by a box that lies on the object."""
        return self.on_object / self.pictures if self.pictures else 0.0


def flagged(pictures: list[Picture], found: list[Found], kind: int, threshold: float) -> Flagged:
    """Image-level recall: the best box's confidence above ``threshold``, its centre inside a true box of ``kind``."""
    hits = on_object = 0
    for picture, seen in zip(pictures, found):
        confidence, box = seen.best(kind)
        if confidence > threshold:
            hits += 1
            x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            on_object += any(true.kind == kind and true.left <= x <= true.right and true.top <= y <= true.bottom
                             for true in picture.boxes)
    return Flagged(len(pictures), hits, on_object)


def miscalled(pictures: list[Picture], found: list[Found], true: int, called: int, least: float) -> tuple[int, int]:
    """(pictures in which a box of class ``true`` is called ``called`` at ``least`` confidence, pictures with one)."""
    wrong = total = 0
    for picture, seen in zip(pictures, found):
        sides = _sides([box for box in picture.boxes if box.kind == true])
        if len(sides) == 0:
            continue
        total += 1
        rows = np.nonzero((seen.kind == called) & (seen.confidence >= least))[0]
        own = _sides([box for box in picture.boxes if box.kind == called])
        for row in rows:
            here = overlaps_with(seen.box[row], sides).max()
            elsewhere = overlaps_with(seen.box[row], own).max() if len(own) else 0.0
            if here >= MATCH and here > elsewhere:
                wrong += 1
                break
    return wrong, total


def overlaps_with(box: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Intersection over union of one box [4] with many [n, 4]."""
    if len(sides) == 0:
        return np.zeros(0)
    shared = _shared(box, sides)
    return shared / np.maximum(_area(box[None]) + _area(sides) - shared, 1e-12)


def _share_inside(box: np.ndarray, sides: np.ndarray) -> np.ndarray:
    return _shared(box, sides) / np.maximum(_area(box[None]), 1e-12)


def _shared(box: np.ndarray, sides: np.ndarray) -> np.ndarray:
    low, high = np.maximum(box[:2], sides[:, :2]), np.minimum(box[2:], sides[:, 2:])
    return np.prod(np.maximum(high - low, 0), axis=1)


def _area(sides: np.ndarray) -> np.ndarray:
    return np.prod(np.maximum(sides[:, 2:] - sides[:, :2], 0), axis=1)


def _sides(boxes: list[Box]) -> np.ndarray:
    return np.array([[box.left, box.top, box.right, box.bottom] for box in boxes], float).reshape(-1, 4)
