"""firewarden-lift: EfficientNet-Lite, a light path aggregation neck, decoupled YOLOX heads at strides 8, 16 and 32.

The neck and the heads begin at random and have batch normalisation while they are trained. ReLU instead of SiLU: it
is fused into the convolution by the runtime and quantises well.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from network import lite
from network.blocks import LINEAR, RELU, Conv, Outputs, Separable

PRIOR = 0.01
"""Share of cells that an untrained head calls an object (arXiv:1708.02002, section 3.3)."""


def separable(inputs: int, outputs: int, stride: int = 1) -> Separable:
    """Separable 3 x 3 as neck and heads use it."""
    return Separable(inputs, outputs, stride=stride, act=RELU, norm=True)


class Fuse(nn.Module):
    """Two maps of one stride made one."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.reduce = Conv(2 * channels, channels, act=RELU, norm=True)
        self.mix = separable(channels, channels)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        x = self.reduce(torch.cat([a, b], 1))
        return x + self.mix(x)


class Neck(nn.Module):
    """Path aggregation on ``channels`` channels at every stride."""

    def __init__(self, inputs: tuple[int, ...], channels: int) -> None:
        super().__init__()
        self.laterals = nn.ModuleList(Conv(one, channels, act=RELU, norm=True) for one in inputs)
        self.enlarge = nn.Upsample(scale_factor=2, mode="nearest")
        self.down16, self.down8 = Fuse(channels), Fuse(channels)
        self.coarsen8, self.coarsen16 = separable(channels, channels, 2), separable(channels, channels, 2)
        self.up16, self.up32 = Fuse(channels), Fuse(channels)

    def forward(self, maps: tuple[Tensor, ...]) -> tuple[Tensor, Tensor, Tensor]:
        eight, sixteen, thirty = (lateral(one) for lateral, one in zip(self.laterals, maps))
        middle = self.down16(self.enlarge(thirty), sixteen)
        fine = self.down8(self.enlarge(middle), eight)
        middle = self.up16(self.coarsen8(fine), middle)
        return fine, middle, self.up32(self.coarsen16(middle), thirty)


class Head(nn.Module):
    """Decoupled head of one stride."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.class_branch = nn.Sequential(separable(channels, channels), separable(channels, channels))
        self.classes = Conv(channels, classes, act=LINEAR)
        self.box_branch = nn.Sequential(separable(channels, channels), separable(channels, channels))
        self.box = Conv(channels, 4, act=LINEAR)
        self.objectness = Conv(channels, 1, act=LINEAR)
        with torch.no_grad():
            for layer in (self.classes, self.box, self.objectness):
                layer[0].weight.normal_(0, 0.01)
                layer[0].bias.zero_()
            self.objectness[0].bias.fill_(-math.log((1 - PRIOR) / PRIOR))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        around = self.box_branch(x)
        return self.box(around), self.objectness(around), self.classes(self.class_branch(x))


class Lift(Outputs):
    """The network; ``backbone`` gives maps at strides 8, 16 and 32."""

    def __init__(self, backbone: lite.Lite, channels: int = 96, classes: int = 6) -> None:
        super().__init__()
        self.backbone = backbone
        self.neck = Neck(backbone.channels, channels)
        self.heads = nn.ModuleList(Head(channels, classes) for _ in range(3))

    def levels(self, images: Tensor) -> list[tuple[Tensor, Tensor, Tensor]]:
        return [head(one) for head, one in zip(self.heads, self.neck(self.backbone(images)))]


def published(version: int = 0, channels: int = 96, seed: int = 0) -> Lift:
    """The network with the ImageNet backbone; neck and heads drawn from ``seed``."""
    torch.manual_seed(seed)
    return Lift(lite.published(version), channels).eval()
