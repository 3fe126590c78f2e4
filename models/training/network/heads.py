"""What the numbers of a network mean, for those that train it and those that look with it: one class for each kind of head."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from network import loss, plus, plus_loss
from network.cells import boxes, grid


class Head(Protocol):
    """What is asked of a kind of head. Outputs are [B, N, numbers], before the sigmoid."""

    def prepared(self, images: Tensor) -> Tensor:
        """The network's input for pictures [B, 3, H, W], BGR 0 to 255."""

    def found(self, output: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
        """Boxes [B, N, 4] in pixels of the input, and probabilities of the classes [B, N, C]."""

    def losses(self, output: Tensor, images: Tensor, targets: loss.Targets, labelled: Tensor, weights: loss.Weights) -> loss.Losses:
        """What is to be lowered. ``images``: as prepared; ``labelled`` bool [B, C]: the classes of which a picture's own labels know every thing."""


class Yolox:
    """YOLOX: boxes, objectness, classes."""

    def prepared(self, images: Tensor) -> Tensor:
        return images

    def found(self, output: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
        index, stride = grid(height, width)
        return boxes(output[..., :4], index, stride), output[..., 4:5].sigmoid() * output[..., 5:].sigmoid()

    def losses(self, output: Tensor, images: Tensor, targets: loss.Targets, labelled: Tensor, weights: loss.Weights) -> loss.Losses:
        return loss.losses(output, targets, *images.shape[2:], weights)


class NanodetPlus:
    """NanoDet-Plus: classes, bins of the four sides. ``teacher`` is what the network is kept near to on every picture, if anything."""

    def __init__(self, teacher: nn.Module | None = None) -> None:
        self.teacher = teacher

    def prepared(self, images: Tensor) -> Tensor:
        mean, spread = (torch.tensor(one, device=images.device).view(3, 1, 1) for one in (plus.MEAN, plus.SPREAD))
        return (images - mean) / spread

    def found(self, output: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
        centres, strides = plus_loss.cells(height, width)
        return plus_loss.boxes(output[..., -4 * plus.BINS :], centres, strides), output[..., : -4 * plus.BINS].sigmoid()

    def losses(self, output: Tensor, images: Tensor, targets: loss.Targets, labelled: Tensor, weights: loss.Weights) -> loss.Losses:
        taught = None
        if self.teacher is not None:
            with torch.no_grad():
                taught = self.teacher(images).float()
        return plus_loss.losses(output, taught, targets, labelled, *images.shape[2:])


@functools.cache
def _yolox() -> Yolox:
    return Yolox()


def head_of(network: nn.Module, weights: Path | None = None) -> Head:
    """The head of a network; of one that ends like NanoDet-Plus, with the published network in ``weights``, if given, as its teacher."""
    if not isinstance(network, plus.Plus):
        return _yolox()
    if weights is None:
        return NanodetPlus()
    teacher = plus.published(weights / plus.WEIGHTS).to(memory_format=torch.channels_last)
    return NanodetPlus(teacher.requires_grad_(False))
