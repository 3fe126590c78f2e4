"""Which cells answer for which object: SimOTA (YOLOX, arXiv:2107.08430, section 2.1; OTA, arXiv:2103.14259).

For each object the cells near it are ranked by a cost of class and overlap as the network stands; it takes as many of
the cheapest as its ten best overlaps sum to. All pictures of a batch at once, so that a GPU is not asked a thousand times.
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
NEVER = 1e9
"""Cost, or more, of a cell that is near no object of its picture, and of every cell for a box that is no object."""


@dataclass(frozen=True)
class Assigned:
    """The chosen cells of a batch: ``taken`` [B, N]; and of those ``object`` [B, N], which box of the picture each
    answers for, and ``overlap`` [B, N] with it."""

    taken: Tensor
    object: Tensor
    overlap: Tensor


@torch.no_grad()
def assign(
    objects: Tensor, kinds: Tensor, found: Tensor, objectness: Tensor, classes: Tensor, centres: Tensor, stride: Tensor
) -> Assigned:
    """Assigns cells to ``objects`` [B, G, 4] in pixels of ``kinds`` [B, G] (class numbers; below 0: no object, passed over).

    ``found`` [B, N, 4] in pixels, ``objectness`` [B, N] and ``classes`` [B, N, C] before the sigmoid are the network's;
    ``centres`` [N, 2] in pixels and ``stride`` [N] are the cells'.
    """
    batch, many = kinds.shape
    if many == 0:
        none = torch.zeros(batch, len(stride), dtype=torch.bool, device=found.device)
        return Assigned(none, none.long(), none.to(found.dtype))
    is_object = (kinds >= 0)[:, :, None]
    inside = within(centres, objects) & is_object
    middle = (objects[..., :2] + objects[..., 2:]) / 2
    near = ((centres - middle[:, :, None]).abs() < RADIUS * stride[:, None]).all(3) & is_object
    cells = (inside | near).any(1, keepdim=True)

    overlap = overlaps(objects, found) * (cells & is_object)
    probability = (classes.sigmoid() * objectness.sigmoid()[..., None]).sqrt().clamp(1e-6, 1 - 1e-6)
    # Cross entropy against the one class, summed over classes: every class wanted absent, then the wanted one present.
    absent = -torch.log1p(-probability)
    turned = -absent - probability.log()
    wanted = kinds.clamp(min=0)[:, :, None].expand(-1, -1, len(stride))
    cost = absent.sum(2)[:, None] + turned.transpose(1, 2).gather(1, wanted)
    cost = cost - OVERLAP_WEIGHT * (overlap + 1e-8).log() + FAR * ~(inside & near) + NEVER * ~(cells & is_object)

    count = min(BEST, len(stride))
    takes = overlap.topk(count, 2).values.sum(2).int().clamp(min=1)
    cheapest = cost.topk(count, 2, largest=False)
    chosen = (torch.arange(count, device=cost.device) < takes[..., None]) & (cheapest.values < NEVER)
    taken = torch.zeros_like(cost, dtype=torch.bool).scatter_(2, cheapest.indices, chosen)
    # A cell that several objects want goes to the one that it is cheapest for.
    several = taken.sum(1, keepdim=True) > 1
    best = F.one_hot(cost.argmin(1), many).transpose(1, 2).bool()
    taken = torch.where(several, best, taken)
    which = taken.int().argmax(1)
    return Assigned(taken.any(1), which, overlap.gather(1, which[:, None])[:, 0])
