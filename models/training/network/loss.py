"""What the networks are trained to lower.

Per cell as in YOLOX: generalised overlap times 5, cross entropy of objectness and of classes, divided by the number of
cells that answer for an object. Cells inside a box of unsure content take no objectness loss. For the lift network also
a term per picture: the best cell's objectness times e-bike probability is the probability that it shows an e-bike.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from network.assign import assign
from network.cells import boxes, generalised_overlaps, grid, within

EBIKE = 2
UNSURE = -1
OVERLAP_WEIGHT = 5.0
SHOWN, NOT_SHOWN, NOT_KNOWN = 1, 0, -1


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
class Weights:
    """Weights of the terms; ``negatives`` multiplies the picture term of pictures without an e-bike."""

    picture: float = 0.0
    negatives: float = 2.0
    objectness: float = 1.0
    classes: float = 1.0


@dataclass(frozen=True)
class Losses:
    """The terms of a batch, ``total`` with the gradient, and each picture's probability of an e-bike, [B]."""

    total: Tensor
    overlap: float
    objectness: float
    classes: float
    picture: float
    scores: Tensor


def losses(output: Tensor, targets: list[Target], height: int, width: int, weights: Weights) -> Losses:
    """The loss of ``output`` [B, N, 5 + C], before the sigmoid, for inputs of ``height`` x ``width`` pixels."""
    output = output.float()
    index, stride = (one.to(output.device) for one in grid(height, width))
    centres, strides = (index + 0.5) * stride, stride.squeeze(1)
    found = boxes(output[..., :4], index, stride)
    present = torch.zeros_like(output[..., 4])
    counted = torch.ones_like(present)
    overlap_terms, class_terms, picture_terms, scores = [], [], [], []
    chosen = 0
    for number, target in enumerate(targets):
        sure = target.kinds != UNSURE
        objects, kinds = target.boxes[sure], target.kinds[sure]
        unsure = target.boxes[~sure]
        picked = assign(objects, kinds, found[number], output[number, :, 4], output[number, :, 5:], centres, strides)
        doubtful = within(centres, unsure).any(0) if len(unsure) else torch.zeros_like(strides, dtype=torch.bool)
        counted[number, doubtful] = 0.0
        if len(picked.cell):
            chosen += len(picked.cell)
            present[number, picked.cell] = 1.0
            counted[number, picked.cell] = 1.0
            overlap_terms.append(1 - generalised_overlaps(found[number, picked.cell], objects[picked.object]))
            wanted = F.one_hot(kinds[picked.object], output.shape[2] - 5) * picked.overlap[:, None]
            class_terms.append(
                F.binary_cross_entropy_with_logits(output[number, picked.cell, 5:], wanted, reduction="none").sum(1)
            )
        hidden = torch.zeros_like(doubtful) if target.everywhere else doubtful
        term, score = _picture(output[number], objects[kinds == EBIKE], hidden, centres, target.shows)
        scores.append(score)
        if term is not None:
            picture_terms.append(term * (weights.negatives if target.shows == NOT_SHOWN else 1.0))
    per = max(chosen, 1)
    zero = output.sum() * 0
    objectness = (F.binary_cross_entropy_with_logits(output[..., 4], present, reduction="none") * counted).sum() / per
    overlap = torch.cat(overlap_terms).sum() / per if overlap_terms else zero
    classes = torch.cat(class_terms).sum() / per if class_terms else zero
    picture = torch.stack(picture_terms).sum() / len(targets) if picture_terms else zero
    total = (
        OVERLAP_WEIGHT * overlap + weights.objectness * objectness + weights.classes * classes
        + weights.picture * picture
    )
    return Losses(
        total, overlap.item(), objectness.item(), classes.item(), picture.item(), torch.stack(scores).detach()
    )


def _picture(
    output: Tensor, ebikes: Tensor, doubtful: Tensor, centres: Tensor, shows: int
) -> tuple[Tensor | None, Tensor]:
    """Cross entropy of the picture's probability (None where nothing is known) and that probability.

    A picture with an e-bike is asked for it at cells inside the e-bike, so that the peak lies where the object is.
    """
    log_each = F.logsigmoid(output[:, 4]) + F.logsigmoid(output[:, 5 + EBIKE])
    score = log_each.max().exp()
    if shows == SHOWN:
        inside = within(centres, ebikes).any(0) if len(ebikes) else torch.zeros_like(doubtful)
        return (-log_each[inside].max() if inside.any() else None), score
    if shows == NOT_SHOWN:
        best = log_each[~doubtful].max() if (~doubtful).any() else None
        if best is None:
            return None, score
        score = best.exp()
        return -torch.log1p(-score.clamp(max=1 - 1e-6)), score
    return None, score
