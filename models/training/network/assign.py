"""Which cells answer for which object: SimOTA (YOLOX, arXiv:2107.08430, section 2.1; OTA, arXiv:2103.14259).

For each object the cells near it are ranked by a cost of class and overlap as the network stands; it takes as many of
the cheapest as its ten best overlaps sum to.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from network.cells import overlaps, within

RADIUS = 2.5
"""Cells whose centre is within this many strides of an object's centre may answer for it."""
OVERLAP_WEIGHT = 3.0
FAR = 1e5
"""Cost of a cell that is not both inside the object and near its centre: taken only where no other is."""
BEST = 10


@dataclass(frozen=True)
class Assigned:
    """The chosen cells of one picture: ``cell`` [P] cell numbers, ``object`` [P] object numbers, ``overlap`` [P]."""

    cell: Tensor
    object: Tensor
    overlap: Tensor


@torch.no_grad()
def assign(
    objects: Tensor, kinds: Tensor, found: Tensor, objectness: Tensor, classes: Tensor, centres: Tensor, stride: Tensor
) -> Assigned:
    """Assigns cells to ``objects`` [G, 4] in pixels of ``kinds`` [G] (class numbers).

    ``found`` [N, 4] in pixels, ``objectness`` [N] and ``classes`` [N, C] before the sigmoid are the network's;
    ``centres`` [N, 2] in pixels and ``stride`` [N] are the cells'.
    """
    none = torch.zeros(0, dtype=torch.long, device=found.device)
    if len(objects) == 0:
        return Assigned(none, none, found.new_zeros(0))
    inside = within(centres, objects)
    middle = (objects[:, :2] + objects[:, 2:]) / 2
    near = ((centres[None] - middle[:, None]).abs() < RADIUS * stride[None, :, None]).all(2)
    cells = (inside | near).any(0).nonzero().squeeze(1)
    if len(cells) == 0:
        return Assigned(none, none, found.new_zeros(0))

    overlap = overlaps(objects, found[cells].float())
    probability = (classes[cells].float().sigmoid() * objectness[cells].float().sigmoid()[:, None]).sqrt()
    probability = probability.clamp(1e-6, 1 - 1e-6)
    # Cross entropy against the one class, summed over classes: every class wanted absent, then the wanted one present.
    absent = -torch.log1p(-probability)
    wrong = absent.sum(1)[None] - absent.T[kinds] - probability.log().T[kinds]
    good = (inside & near)[:, cells]
    cost = wrong - OVERLAP_WEIGHT * (overlap + 1e-8).log() + FAR * ~good

    count = min(BEST, len(cells))
    takes = overlap.topk(count, 1).values.sum(1).int().clamp(min=1)
    ranked = cost.argsort(dim=1, stable=True)
    taken = torch.zeros_like(cost, dtype=torch.bool)
    for number, many in enumerate(takes.tolist()):
        taken[number, ranked[number, :many]] = True
    # A cell that several objects want goes to the one that it is cheapest for.
    several = taken.sum(0) > 1
    if several.any():
        cheapest = cost[:, several].argmin(0)
        taken[:, several] = F.one_hot(cheapest, len(objects)).T.bool()
    which, where = taken.nonzero(as_tuple=True)
    return Assigned(cells[where], which, overlap[which, where])
