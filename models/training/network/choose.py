"""How good a network is on the ``choose`` part: what the averaging and the curves go by.

The measuring command has its own, stricter reckoning; this one is quick and runs in PyTorch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from data.picture import CLASSES, EBIKE, IGNORE, Picture
from network.augment import letterbox
from network.batches import Store, is_surely_negative
from network.cells import overlaps
from network.heads import head_of

LEAST = 0.02
"""Detections below this confidence are left out."""
ALARMS = (0.01, 0.05)
"""Shares of pictures without an e-bike that may be flagged."""
SEEN = 0.33
BATCH = 16
"""Pictures that are looked at together."""


@dataclass(frozen=True)
class Result:
    """``precision``: AP50 of each class that occurs. ``recall``: share of pictures with an e-bike flagged at each of
    ``ALARMS``. ``curve``: mean recall over shares of false alarms up to 5 %, in [0, 1]."""

    precision: dict[str, float]
    recall: tuple[float, ...]
    curve: float

    @property
    def classes(self) -> float:
        """Mean AP50 of the classes that occur."""
        return float(np.mean(list(self.precision.values()))) if self.precision else 0.0

    def __str__(self) -> str:
        found = ", ".join(f"{name} {value:.3f}" for name, value in self.precision.items())
        alarms = ", ".join(f"{recall:.2f} at {alarm * 100:.0f} %" for recall, alarm in zip(self.recall, ALARMS))
        return f"AP50 {found}; recall of e-bikes {alarms}, mean up to 5 % {self.curve:.3f}"


def spread(pictures: Sequence[Picture], most: int) -> list[Picture]:
    """At most ``most`` pictures of the ``choose`` part, evenly over the list, which is in order of sets."""
    chosen = [picture for picture in pictures if picture.part == "choose"]
    if len(chosen) <= most:
        return chosen
    return [chosen[int(place)] for place in np.linspace(0, len(chosen) - 1, most)]


def shape_for(image: np.ndarray, shapes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The input shape (height, width) that the picture fills best without being made smaller than in the widest."""
    scale = max(min(w / image.shape[1], h / image.shape[0]) for h, w in shapes)
    fitting = [(h, w) for h, w in shapes if min(w / image.shape[1], h / image.shape[0]) >= 0.97 * scale]
    return min(fitting, key=lambda shape: shape[0] * shape[1])


@torch.no_grad()
def look(network: nn.Module, images: Sequence[np.ndarray], shape: tuple[int, int]) -> list[np.ndarray]:
    """Detections [D, 6] in each picture: left, top, right, bottom in its pixels, confidence, class; best first. All are
    looked at in inputs of ``shape`` (height, width)."""
    height, width = shape
    placed = [letterbox(image, height, width) for image in images]
    device = next(network.parameters()).device
    batch = torch.from_numpy(np.stack([one for one, _ in placed])).to(device).permute(0, 3, 1, 2).float()
    head = head_of(network)
    outputs = network(head.prepared(batch).contiguous(memory_format=torch.channels_last)).float().cpu()
    boxes, scores = head.found(outputs, height, width)
    answers = []
    for box, score, (_, scale) in zip(boxes, scores, placed):
        confidence, kind = score.max(1)
        kept = confidence > LEAST
        rows = torch.cat([box[kept] / scale, confidence[kept, None], kind[kept, None].float()], 1)
        answers.append(suppressed(rows[rows[:, 4].argsort(descending=True, stable=True)][:300]).numpy())
    return answers


def suppressed(rows: Tensor, most: float = 0.6) -> Tensor:
    """Rows [D, 6], best first, without those that overlap a better one of their class by more than ``most``."""
    if len(rows) == 0:
        return rows
    shifted = rows[:, :4] + rows[:, 5:6] * 10_000
    covers = (overlaps(shifted, shifted) > most).numpy()
    keep = np.ones(len(rows), bool)
    for number in range(len(rows)):
        if keep[number]:
            keep[number + 1 :] &= ~covers[number, number + 1 :]
    return rows[torch.from_numpy(keep)]


def evaluate(
    network: nn.Module, pictures: Sequence[Picture], store: Store, shapes: Sequence[tuple[int, int]]
) -> Result:
    """Looks at every picture and reckons."""
    was_training = network.training
    network.eval()
    matches: dict[int, list[tuple[float, bool]]] = {kind: [] for kind in range(len(CLASSES))}
    objects = dict.fromkeys(matches, 0)
    with_ebike, without = [], []
    for picture, found in looked_at(network, pictures, store, shapes):
        _match(picture, store[picture], found, matches, objects)
        best = float(found[found[:, 5] == EBIKE, 4].max(initial=0.0))
        if any(box.kind == EBIKE and box.visible >= SEEN for box in picture.boxes):
            with_ebike.append(best)
        elif is_surely_negative(picture):
            without.append(best)
    network.train(was_training)
    precision = {
        CLASSES[kind]: average_precision(matches[kind], objects[kind]) for kind in matches if objects[kind] > 0
    }
    recall = tuple(recall_at(with_ebike, without, share) for share in ALARMS)
    curve = float(np.mean([recall_at(with_ebike, without, share) for share in np.linspace(0, ALARMS[-1], 11)]))
    return Result(precision, recall, curve)


def looked_at(
    network: nn.Module, pictures: Sequence[Picture], store: Store, shapes: Sequence[tuple[int, int]]
) -> Iterator[tuple[Picture, np.ndarray]]:
    """Every picture with its detections, those of one shape of input together."""
    alike: dict[tuple[int, int], list[Picture]] = {}
    for picture in pictures:
        alike.setdefault(shape_for(store[picture], shapes), []).append(picture)
    for shape, members in alike.items():
        for first in range(0, len(members), BATCH):
            some = members[first : first + BATCH]
            yield from zip(some, look(network, [store[picture] for picture in some], shape))


def recall_at(positives: Sequence[float], negatives: Sequence[float], share: float) -> float:
    """Share of positives above the confidence that at most ``share`` of the negatives lie above."""
    if not positives or not negatives:
        return 0.0
    ranked = np.sort(np.asarray(negatives))[::-1]
    limit = ranked[min(int(share * len(ranked)), len(ranked) - 1)]
    return float(np.mean(np.asarray(positives) > limit))


def average_precision(matches: list[tuple[float, bool]], objects: int) -> float:
    """Area under precision (made monotonous) over recall."""
    if not matches:
        return 0.0
    hits = np.array([hit for _, hit in sorted(matches, key=lambda match: -match[0])], np.float64)
    true = np.cumsum(hits)
    precision = true / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(envelope * hits) / objects)


def _match(
    picture: Picture, image: np.ndarray, found: np.ndarray, matches: dict[int, list[tuple[float, bool]]],
    objects: dict[int, int],
) -> None:
    """Adds what is right and wrong at an overlap of 0.5; unsure and half-hidden things count neither way."""
    size = np.array([image.shape[1], image.shape[0]] * 2, np.float32)
    corners = np.array([(b.left, b.top, b.right, b.bottom) for b in picture.boxes], np.float32).reshape(-1, 4) * size
    kinds = np.array([box.kind for box in picture.boxes], int)
    clear = np.array([box.visible >= SEEN for box in picture.boxes], bool)
    near = overlaps(torch.from_numpy(found[:, :4]), torch.from_numpy(corners)).numpy() if len(kinds) else None
    for kind in matches:
        wanted = (kinds == kind) & clear
        objects[kind] += int(wanted.sum())
        counts = kind in picture.complete
        taken = np.zeros(len(kinds), bool)
        for number in np.flatnonzero(found[:, 5] == kind):
            confidence = float(found[number, 4])
            if near is None:
                if counts:
                    matches[kind].append((confidence, False))
                continue
            free = np.where(wanted & ~taken, near[number], 0)
            best = int(free.argmax())
            if free[best] >= 0.5:
                taken[best] = True
                matches[kind].append((confidence, True))
                continue
            doubtful = (kinds == IGNORE) | ((kinds == kind) & ~clear)
            if counts and not _mostly_in(found[number, :4], corners[doubtful]):
                matches[kind].append((confidence, False))


def _mostly_in(box: np.ndarray, others: np.ndarray) -> bool:
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    return bool(len(others)) and bool((shared > 0.5 * max(np.prod(box[2:] - box[:2]), 1e-6)).any())
