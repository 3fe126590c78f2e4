"""What a network that ends like NanoDet-Plus is trained to lower.

Quality focal loss of classes, generalised overlap and distribution focal loss of sides (Li et al., arXiv:2006.04388), cells assigned as
in :mod:`network.assign`. To keep what the published network knows of the world, its answers are asked for on every picture, wherever the
picture's own labels do not know better: a soft class at every cell, and the distributions of sides where it is sure.
"""

from __future__ import annotations

import functools

import torch
import torch.nn.functional as F
from torch import Tensor

from network.assign import assign
from network.cells import generalised_overlaps, within
from network.loss import EBIKE, NOT_SHOWN, UNSURE, Losses, Targets
from network.plus import BINS, STRIDES

OVERLAP_WEIGHT, BINS_WEIGHT = 2.0, 0.25
TAUGHT_CLASSES, TAUGHT_SIDES = 1.0, 0.5
"""Weights of the teacher's classes and sides beside the labels'."""
SURE = 0.25
"""From this probability on a teacher's sides are asked for."""
ALONE = 20.0
"""A logit of certainty: classes stand alone here, without objectness."""


@functools.lru_cache(maxsize=32)
def cells(height: int, width: int) -> tuple[Tensor, Tensor]:
    """(point [N, 2] in pixels, stride [N, 1]) of every cell: a cell's point is its index x stride."""
    points, strides = [], []
    for stride in STRIDES:
        rows, columns = -(-height // stride), -(-width // stride)
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        points.append(torch.stack([x, y], 2).reshape(-1, 2).float() * stride)
        strides.append(torch.full((rows * columns, 1), float(stride)))
    return torch.cat(points), torch.cat(strides)


def boxes(sides: Tensor, points: Tensor, strides: Tensor) -> Tensor:
    """Left, top, right, bottom in pixels, [..., N, 4], of the bins [..., N, 32] of left, top, right, bottom."""
    bins = sides.unflatten(-1, (4, BINS)).softmax(-1)
    away = (bins * torch.arange(BINS, device=bins.device)).sum(-1) * strides
    return torch.cat([points - away[..., :2], points + away[..., 2:]], -1)


def losses(output: Tensor, taught: Tensor | None, targets: Targets, labelled: Tensor, height: int, width: int) -> Losses:
    """The loss of ``output`` [B, N, C + 32]; ``taught`` is the teacher's, ``labelled`` bool [B, C] where a picture's labels know all."""
    output = output.float()
    classes, sides = output[..., : -4 * BINS], output[..., -4 * BINS :]
    points, strides = (one.to(output.device) for one in cells(height, width))
    found = boxes(sides, points, strides)
    sure = torch.full_like(classes[..., 0], ALONE)
    picked = assign(targets.boxes, targets.kinds, found.detach(), sure, classes.detach(), points, strides.squeeze(1))
    taken = picked.taken.float()
    doubtful = (within(points, targets.boxes) & (targets.kinds == UNSURE)[..., None]).any(1)

    wanted = torch.zeros_like(classes)
    overlap = bins = output.sum() * 0
    quality = (picked.overlap * taken).sum().clamp(min=1)
    if targets.kinds.shape[1]:
        kinds = targets.kinds.gather(1, picked.object).clamp(min=0)
        wanted = F.one_hot(kinds, classes.shape[2]) * (picked.overlap * taken)[..., None]
        answered = targets.boxes.gather(1, picked.object[..., None].expand(-1, -1, 4))
        share = picked.overlap * taken
        overlap = ((1 - generalised_overlaps(found, answered)) * share).sum() / quality
        bins = (_distribution(sides, answered, points, strides) * share).sum() / quality / 4
    counted = (picked.taken | ~doubtful).float()[..., None]
    kind = (_focal(classes, wanted) * counted).sum() / quality

    kept = output.sum() * 0
    if taught is not None:
        kept = _kept(classes, sides, taught, picked.taken, labelled, doubtful)
    scores = (classes[..., EBIKE].sigmoid() * ((targets.shows == NOT_SHOWN)[:, None] & (~doubtful | targets.everywhere[:, None]))).max(1).values
    total = kind + OVERLAP_WEIGHT * overlap + BINS_WEIGHT * bins + kept
    return Losses(total, *(term.detach() for term in (overlap, kept, kind, bins, scores)))


def _focal(logits: Tensor, wanted: Tensor) -> Tensor:
    """Quality focal loss, [..., C]: cross entropy with a soft label, less where it is nearly met."""
    far = (wanted - logits.sigmoid()).abs()
    return F.binary_cross_entropy_with_logits(logits, wanted, reduction="none") * far.detach().square()


def _distribution(sides: Tensor, answered: Tensor, points: Tensor, strides: Tensor) -> Tensor:
    """Distribution focal loss [B, N]: the two bins beside each true distance, by how near they are; summed over sides."""
    away = torch.cat([points - answered[..., :2], answered[..., 2:] - points], -1) / strides
    away = away.clamp(0, BINS - 1 - 0.01)
    low = away.floor().long()
    share = away - low
    log = sides.unflatten(-1, (4, BINS)).log_softmax(-1)
    at = lambda index: -log.gather(-1, index[..., None])[..., 0]
    return (at(low) * (1 - share) + at(low + 1) * share).sum(-1)


def _kept(classes: Tensor, sides: Tensor, taught: Tensor, taken: Tensor, labelled: Tensor, doubtful: Tensor) -> Tensor:
    """How far the answers are from the teacher's, where labels do not know better."""
    wanted, wanted_sides = taught[..., : -4 * BINS].sigmoid(), taught[..., -4 * BINS :].unflatten(-1, (4, BINS))
    open_to = (~taken[..., None] & (~labelled[:, None, :] | doubtful[..., None])).float()
    amount = wanted.sum().clamp(min=1)
    kind = (_focal(classes, wanted) * open_to).sum() / amount
    sure = (wanted.max(-1).values * ~taken)
    sure = sure * (sure > SURE)
    apart = F.kl_div(sides.unflatten(-1, (4, BINS)).log_softmax(-1), wanted_sides.log_softmax(-1), reduction="none", log_target=True).sum((-1, -2))
    return TAUGHT_CLASSES * kind + TAUGHT_SIDES * (apart * sure).sum() / sure.sum().clamp(min=1)
