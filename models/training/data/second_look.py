"""A second look at what may be an e-bike, as the program takes it (``src/detect/second_look.rs``): the same network is shown the
place again, larger, and what both looks say is the mean of their log-odds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

FROM = 0.1
"""From this confidence at the first look on, there is a second one."""
LEAST = 0.02
"""What the second look says at least, where it says anything."""
MOST = 3
"""Second looks a picture. One serves all boxes that lie in what it shows."""
AROUND = 1.6
"""The sides of what is shown, in sides of the box."""
SMALLEST, LARGEST = 0.55, 0.95
"""The sides of what is shown, in sides of the picture; nothing larger is looked at again."""
SAME_THING = 0.3
"""Intersection over union above which boxes of two looks are of one thing."""
NOTHING = 1e-4
"""What a look says that says nothing."""


def settled(
    boxes: np.ndarray, confidence: np.ndarray, look: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    """What is thought of the boxes [n, 4] (fractions, best first) of confidences [n] after second looks. ``look`` gives boxes and
    confidences of e-bikes in a part of the picture."""
    after = confidence.copy()
    still = [number for number in range(len(boxes)) if confidence[number] >= FROM and closer(boxes[number]) is not None]
    for _ in range(MOST):
        if not still:
            break
        part = closer(boxes[still[0]])
        assert part is not None
        seen, sure = look(part)
        served = [number for number in still if number == still[0] or _holds(part, boxes[number])]
        still = [number for number in still if number not in served]
        for number in served:
            second = float(sure[overlaps(boxes[number], seen) > SAME_THING].max(initial=NOTHING))
            odds = (log_odds(confidence[number]) + log_odds(second)) / 2
            after[number] = 1 / (1 + np.exp(-odds))
    return after


def closer(box: np.ndarray) -> np.ndarray | None:
    """The part (left, top, right, bottom in fractions) that a second look at ``box`` shows; None where it is no closer one."""
    sides = box[2:] - box[:2]
    share = max(SMALLEST, AROUND * float(sides.max()))
    if share > LARGEST:
        return None
    corner = np.clip((box[:2] + box[2:]) / 2 - share / 2, 0.0, 1.0 - share)
    return np.concatenate([corner, corner + share])


def _holds(part: np.ndarray, box: np.ndarray) -> bool:
    return bool((box[:2] >= part[:2]).all() and (box[2:] <= part[2:]).all())


def overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of one box [4] with others [n, 4]."""
    sides = np.maximum(np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2]), 0)
    shared = np.prod(sides, axis=1)
    both = np.prod(box[2:] - box[:2]) + np.prod(others[:, 2:] - others[:, :2], axis=1) - shared
    return shared / np.maximum(both, 1e-12)


def log_odds(probability: np.ndarray) -> np.ndarray:
    """ln(p / (1 - p)) of probabilities of any shape; 0 and 1 are taken for almost so."""
    p = np.clip(np.asarray(probability, np.float64), NOTHING, 1 - NOTHING)
    return np.log(p / (1 - p))
