"""What of a row is found: boxes against truth, recall at equal false boxes, and how sure that is (bootstrap over pictures or cameras)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from accuracy.metrics import MATCH, overlaps_with
from data.detector import Found, suppress
from data.picture import Box

CONFIDENCE = 0.35
"""The detector's confidence as it is shipped: what a program that is not told otherwise counts."""
FALSE_PER_PICTURE = 0.1
"""False boxes per picture at which networks are compared."""
DRAWS = 1000
"""Bootstrap samples of a row."""
AT_ONCE = 100
"""Samples that are worked out together."""
FEWEST_CAMERAS = 3
"""Rows of so many cameras are drawn by camera, the others by picture."""
UPPER_PART = 0.5
"""A head's middle lies in this upper share of its person's box,"""
HEAD_INSIDE = 0.7
"""so much of the head is inside the box,"""
HEAD_SHARE = 1 / 80
"""and the box is not larger than so many heads."""


@dataclass(frozen=True)
class Truth:
    """What a picture of a row shows: ``wanted`` are to be found; a box on one of ``others`` or mostly in one of ``ignored`` counts neither way.

    ``heads``: whether ``wanted`` are heads, to be held by people's boxes.
    """

    wanted: tuple[Box, ...]
    others: tuple[Box, ...] = ()
    ignored: tuple[Box, ...] = ()
    heads: bool = False


@dataclass(frozen=True)
class Judged:
    """One picture: ``confidence`` and ``right`` [n] of the boxes that count, how many objects it has, and whether at ``CONFIDENCE`` at least
    as many boxes are found as there are (None where there are none, or not all are known)."""

    confidence: np.ndarray
    right: np.ndarray
    objects: int
    enough: bool | None


def as_one(found: Found, kinds: frozenset[int]) -> Found:
    """The detections of ``kinds`` as one class: of two boxes of one thing the surer is kept."""
    chosen = np.isin(found.kind, list(kinds))
    kind, confidence, box = found.kind[chosen], found.confidence[chosen], found.box[chosen].reshape(-1, 4)
    if len(kind) == 0 or len(kinds) == 1:
        return Found(kind, confidence, box)
    kept = suppress(box, confidence, np.zeros(len(kind), int))
    return Found(kind[kept], confidence[kept], box[kept])


def judge(truth: Truth, found: Found, kinds: frozenset[int], blamed: frozenset[int]) -> Judged:
    """Matches detections of ``kinds`` to the truth, surest first; a box of a class outside ``blamed`` is never a false one."""
    found = as_one(found, kinds)
    boxes, ignored = _sides((*truth.wanted, *truth.others)), _sides(truth.ignored)
    free = np.ones(len(boxes), bool)
    confidence, right = [], []
    counted = 0
    for kind, sure, box in zip(found.kind, found.confidence, found.box):
        fit = _held(box, boxes) if truth.heads else overlaps_with(box, boxes)
        fit = np.where(free & (fit >= (HEAD_SHARE if truth.heads else MATCH)), fit, 0.0)
        best = int(fit.argmax()) if len(boxes) else -1
        if best >= 0 and fit[best] > 0:
            free[best] = False
            counted += int(sure >= CONFIDENCE)
            if best < len(truth.wanted):
                confidence.append(float(sure))
                right.append(True)
        elif len(ignored) and (_shared(box, ignored) / max(_area(box), 1e-12)).max() > 0.5:
            continue
        elif int(kind) in blamed:
            counted += int(sure >= CONFIDENCE)
            confidence.append(float(sure))
            right.append(False)
    return Judged(np.array(confidence), np.array(right, bool), len(truth.wanted), counted >= len(boxes) if len(boxes) and blamed else None)


def _held(box: np.ndarray, heads: np.ndarray) -> np.ndarray:
    """For each head [n, 4] its share of a person's box [4] that holds it in its upper part, 0 of those that it does not hold."""
    if len(heads) == 0:
        return np.zeros(0)
    areas = np.prod(heads[:, 2:] - heads[:, :2], axis=1)
    across, down = (heads[:, 0] + heads[:, 2]) / 2, (heads[:, 1] + heads[:, 3]) / 2
    held = (across > box[0]) & (across < box[2]) & (down > box[1]) & (down <= box[1] + UPPER_PART * (box[3] - box[1]))
    held &= _shared(box, heads) >= HEAD_INSIDE * areas
    return np.where(held, areas / max(_area(box), 1e-12), 0.0)


class Scores:
    """All pictures of a row as one network sees them. ``groups``: the camera of each; ``name``: of the row, which sets what is drawn, so that
    networks are drawn alike."""

    def __init__(self, judged: list[Judged], groups: list[str], name: str) -> None:
        self.objects = np.array([one.objects for one in judged], float)
        self.enough = [one.enough for one in judged if one.enough is not None]
        picture = np.repeat(np.arange(len(judged)), [len(one.right) for one in judged])
        confidence = np.concatenate([one.confidence for one in judged]) if judged else np.zeros(0)
        order = np.argsort(-confidence, kind="stable")
        self._picture, self._confidence = picture[order], confidence[order]
        self._right = np.concatenate([one.right for one in judged])[order].astype(float) if judged else np.zeros(0)
        self._weights = _draws(groups, name)

    def recall(self, threshold: float | None) -> tuple[float, np.ndarray]:
        """Recall above a confidence, or where ``threshold`` is None at ``FALSE_PER_PICTURE`` of these pictures; and of every draw."""
        ones = np.ones((1, len(self.objects)))
        draws = [self._recalls(self._weights[start:start + AT_ONCE], threshold) for start in range(0, DRAWS, AT_ONCE)]
        return float(self._recalls(ones, threshold)[0]), np.concatenate(draws)

    def _recalls(self, weights: np.ndarray, threshold: float | None) -> np.ndarray:
        """[draws] for the weights [draws, pictures]."""
        found = weights[:, self._picture]
        if threshold is None:
            allowed = np.floor(FALSE_PER_PICTURE * weights.sum(1, keepdims=True) + 1e-9)
            counts = np.cumsum(found * (1 - self._right), axis=1) <= allowed
        else:
            counts = np.broadcast_to(self._confidence > threshold, found.shape)
        return (found * self._right * counts).sum(1) / np.maximum(weights @ self.objects, 1e-9)

    def false_per_picture(self, least: float = CONFIDENCE) -> float:
        """False boxes per picture at a confidence."""
        return float(((self._confidence >= least) & (self._right == 0)).sum() / max(len(self.objects), 1))


def threshold_of(judged: list[Judged], rate: float = FALSE_PER_PICTURE) -> float:
    """The confidence above which (strictly) at most ``rate`` false boxes a picture lie."""
    wrong = np.sort(np.concatenate([one.confidence[~one.right] for one in judged] or [np.zeros(0)]))[::-1]
    allowed = int(np.floor(rate * len(judged) + 1e-9))
    return float(wrong[allowed]) if allowed < len(wrong) else 0.0


def interval(draws: np.ndarray) -> tuple[float, float]:
    """95 % of the draws lie between these."""
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)


def _draws(groups: list[str], name: str) -> np.ndarray:
    """How often each picture is in each bootstrap sample: [``DRAWS``, pictures]."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    cameras = {camera: number for number, camera in enumerate(dict.fromkeys(groups))}
    if len(cameras) < FEWEST_CAMERAS:
        return random.multinomial(len(groups), np.full(len(groups), 1 / max(len(groups), 1)), DRAWS).astype(float)
    drawn = random.multinomial(len(cameras), np.full(len(cameras), 1 / len(cameras)), DRAWS).astype(float)
    return drawn[:, [cameras[camera] for camera in groups]]


def _sides(boxes: tuple[Box, ...]) -> np.ndarray:
    return np.array([[box.left, box.top, box.right, box.bottom] for box in boxes], float).reshape(-1, 4)


def _shared(box: np.ndarray, sides: np.ndarray) -> np.ndarray:
    return np.prod(np.maximum(np.minimum(box[2:], sides[:, 2:]) - np.maximum(box[:2], sides[:, :2]), 0), axis=1)


def _area(box: np.ndarray) -> float:
    return float(max(box[2] - box[0], 0) * max(box[3] - box[1], 0))
