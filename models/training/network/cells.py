"""The output cells of strides 8, 16 and 32 and the boxes that their numbers mean."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

STRIDES = (8, 16, 32)


@functools.lru_cache(maxsize=32)
def grid(height: int, width: int) -> tuple[Tensor, Tensor]:
    """(index [N, 2] of column and row, stride [N, 1]) of every cell, both f32, for an input of this size in pixels."""
    indices, strides = [], []
    for stride in STRIDES:
        rows, columns = height // stride, width // stride
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        indices.append(torch.stack([x, y], 2).reshape(-1, 2).float())
        strides.append(torch.full((rows * columns, 1), float(stride)))
    return torch.cat(indices), torch.cat(strides)


def boxes(raw: Tensor, index: Tensor, stride: Tensor) -> Tensor:
    """Left, top, right, bottom in pixels, [..., 4], of raw x, y, log width, log height."""
    centre = (raw[..., :2] + index) * stride
    # A width above e^8 strides is beyond any picture; the limit keeps a wild early step finite.
    half = raw[..., 2:4].clamp(max=8.0).exp() * stride / 2
    return torch.cat([centre - half, centre + half], -1)


def areas(corners: Tensor) -> Tensor:
    """Pixels that each box [..., 4] covers."""
    return (corners[..., 2:] - corners[..., :2]).clamp(min=0).prod(-1)


def overlaps(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union, [..., A, B], of boxes [..., A, 4] and [..., B, 4]."""
    a, b = a[..., :, None, :], b[..., None, :, :]
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    return shared / (areas(a) + areas(b) - shared).clamp(min=1e-6)


def generalised_overlaps(a: Tensor, b: Tensor) -> Tensor:
    """Generalised intersection over union (arXiv:1902.09630), [...] in (-1, 1], of boxes [..., 4] in pairs."""
    inner = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    outer = torch.minimum(a[..., :2], b[..., :2]), torch.maximum(a[..., 2:], b[..., 2:])
    shared = (inner[1] - inner[0]).clamp(min=0).prod(-1)
    union = (areas(a) + areas(b) - shared).clamp(min=1e-6)
    hull = (outer[1] - outer[0]).clamp(min=0).prod(-1).clamp(min=1e-6)
    return shared / union - (hull - union) / hull


def within(centres: Tensor, corners: Tensor) -> Tensor:
    """Which centres [N, 2] lie inside which boxes [..., 4]: bool [..., N]."""
    x, y = centres[:, 0], centres[:, 1]
    left, top, right, bottom = (corners[..., i, None] for i in range(4))
    return (x > left) & (x < right) & (y > top) & (y < bottom)
