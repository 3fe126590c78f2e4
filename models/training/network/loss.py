"""What the networks are trained to lower.

Per cell as in YOLOX: generalised overlap times 5, cross entropy of objectness and of classes, divided by the number of
cells that answer for an object. Cells inside a box of unsure content take no objectness loss. For the lift network also
a term per picture: the best cell's objectness times e-bike probability is the probability that it shows an e-bike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor

from network.assign import assign
from network.cells import boxes, generalised_overlaps, grid, within

EBIKE = 2
UNSURE = -1
NONE = -2
"""Kind of what only pads a batch."""
OVERLAP_WEIGHT = 5.0
SHOWN, NOT_SHOWN, NOT_KNOWN = 1, 0, -1
LOWEST = 1e4
"""The logarithm of a probability is never below minus this."""


@dataclass(frozen=True)
class Target:
    """What is in one input picture. ``boxes`` [G, 4] in pixels of the input; ``kinds`` [G], -1 for unsure content.

    ``shows``: whether an e-bike is there (1), surely none (0), or not known (-1). ``everywhere``: whether unsure boxes
    hold no e-bike either, so that finding one in them is wrong too.
    """

    boxes: Tensor
    kinds: Tensor
    shows: int
    everywhere: bool = False


@dataclass(frozen=True)
class Targets:
    """What is in the pictures of a batch, padded to the most boxes G of one: ``boxes`` [B, G, 4], ``kinds`` [B, G] (``NONE``
    where there is no box), ``shows`` [B], ``everywhere`` [B]."""

    boxes: Tensor
    kinds: Tensor
    shows: Tensor
    everywhere: Tensor

    @staticmethod
    def of(pictures: Sequence[Target]) -> Targets:
        """Several pictures' targets as those of one batch."""
        most = max((len(one.kinds) for one in pictures), default=0)
        boxes = torch.zeros(len(pictures), most, 4)
        kinds = torch.full((len(pictures), most), NONE)
        for number, one in enumerate(pictures):
            boxes[number, : len(one.kinds)] = one.boxes
            kinds[number, : len(one.kinds)] = one.kinds
        shows, everywhere = [one.shows for one in pictures], [one.everywhere for one in pictures]
        return Targets(boxes, kinds, torch.tensor(shows), torch.tensor(everywhere))

    def to(self, device: torch.device) -> Targets:
        """The same on another device."""
        return Targets(*(getattr(self, one.name).to(device, non_blocking=True) for one in fields(self)))


@dataclass(frozen=True)
class Weights:
    """Weights of the terms; ``negatives`` multiplies the picture term of pictures without an e-bike."""

    picture: float = 0.0
    negatives: float = 2.0
    objectness: float = 1.0
    classes: float = 1.0


@dataclass(frozen=True)
class Losses:
    """The terms of a batch, ``total`` with the gradient, and each picture's probability of an e-bike, [B]; all on the
    device of the outputs."""

    total: Tensor
    overlap: Tensor
    objectness: Tensor
    classes: Tensor
    picture: Tensor
    scores: Tensor


def losses(output: Tensor, targets: Targets, height: int, width: int, weights: Weights) -> Losses:
    """The loss of ``output`` [B, N, 5 + C], before the sigmoid, for inputs of ``height`` x ``width`` pixels."""
    output = output.float()
    index, stride = (one.to(output.device) for one in grid(height, width))
    centres, strides = (index + 0.5) * stride, stride.squeeze(1)
    found = boxes(output[..., :4], index, stride)
    objectness, classes = output[..., 4], output[..., 5:]
    picked = assign(targets.boxes, targets.kinds, found.detach(), objectness, classes, centres, strides)
    taken = picked.taken.float()
    per = taken.sum().clamp(min=1)
    doubtful = (within(centres, targets.boxes) & (targets.kinds == UNSURE)[..., None]).any(1)

    counted = (picked.taken | ~doubtful).float()
    present = (F.binary_cross_entropy_with_logits(objectness, taken, reduction="none") * counted).sum() / per
    if targets.kinds.shape[1]:
        answered = targets.boxes.gather(1, picked.object[..., None].expand(-1, -1, 4))
        overlap = ((1 - generalised_overlaps(found, answered)) * taken).sum() / per
        kinds = targets.kinds.gather(1, picked.object).clamp(min=0)
        wanted = F.one_hot(kinds, classes.shape[2]) * picked.overlap[..., None]
        wrong = F.binary_cross_entropy_with_logits(classes, wanted, reduction="none").sum(2)
        kind = (wrong * taken).sum() / per
    else:
        overlap = kind = output.sum() * 0
    hidden = doubtful & ~targets.everywhere[:, None]
    picture, scores = _picture(objectness, classes, targets, hidden, centres, weights.negatives)
    total = OVERLAP_WEIGHT * overlap + weights.objectness * present + weights.classes * kind + weights.picture * picture
    return Losses(total, *(term.detach() for term in (overlap, present, kind, picture, scores)))


def _picture(
    objectness: Tensor, classes: Tensor, targets: Targets, hidden: Tensor, centres: Tensor, negatives: float
) -> tuple[Tensor, Tensor]:
    """Mean cross entropy of the pictures' probabilities (of 0 where nothing is known), and those probabilities, [B].

    A picture with an e-bike is asked for it at cells inside the e-bike, so that the peak lies where the object is; one
    without is denied it everywhere but in ``hidden`` cells [B, N]. ``negatives``: how much more the latter weigh.
    """
    log_each = F.logsigmoid(objectness) + F.logsigmoid(classes[..., EBIKE])
    inside = (within(centres, targets.boxes) & (targets.kinds == EBIKE)[..., None]).any(1)
    shown = (targets.shows == SHOWN) & inside.any(1)
    denied = (targets.shows == NOT_SHOWN) & (~hidden).any(1)
    peak = log_each.masked_fill(~inside, -LOWEST).max(1).values
    highest = log_each.masked_fill(hidden & denied[:, None], -LOWEST).max(1).values.exp()
    terms = torch.where(shown, -peak, 0.0) - negatives * torch.where(denied, torch.log1p(-highest.clamp(max=1 - 1e-6)), 0.0)
    return terms.mean(), highest.detach()
