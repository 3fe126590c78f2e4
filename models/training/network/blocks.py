"""Convolutions with their activation, the bricks of both networks.

Tensors are [batch, channels, height, width]. The published backbones come with their batch normalisation folded into
the convolutions; only layers that begin at random keep one while they are trained (``export.folded`` removes it).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SILU, RELU, RELU6, LEAKY, LINEAR = "silu", "relu", "relu6", "leaky", "linear"


def activation(kind: str) -> nn.Module:
    """The activation of this name, in place where the gradient allows it."""
    if kind == LEAKY:
        return nn.LeakyReLU(0.1, inplace=True)
    kinds = {SILU: nn.SiLU, RELU: nn.ReLU, RELU6: nn.ReLU6}
    return nn.Identity() if kind == LINEAR else kinds[kind](inplace=True)


def with_relu(network: nn.Module) -> nn.Module:
    """The network with ReLU wherever it has SiLU: on a processor it costs nothing beside its convolution, SiLU as much as half of one."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.SiLU):
                setattr(module, name, nn.ReLU(inplace=True))
    return network


class Conv(nn.Sequential):
    """Convolution padded to keep height / ``stride``, then normalisation if ``norm``, then the activation."""

    def __init__(
        self, inputs: int, outputs: int, size: int = 1, stride: int = 1, groups: int = 1,
        act: str = SILU, norm: bool = False,
    ) -> None:
        layers: list[nn.Module] = [
            nn.Conv2d(inputs, outputs, size, stride, (size - 1) // 2, groups=groups, bias=not norm)
        ]
        if norm:
            layers.append(nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03))
        if act != LINEAR:
            layers.append(activation(act))
        super().__init__(*layers)


class Separable(nn.Sequential):
    """Depthwise, then pointwise convolution, each activated (MobileNet, arXiv:1704.04861)."""

    def __init__(
        self, inputs: int, outputs: int, size: int = 3, stride: int = 1, act: str = SILU, norm: bool = False
    ) -> None:
        super().__init__(
            Conv(inputs, inputs, size, stride, groups=inputs, act=act, norm=norm),
            Conv(inputs, outputs, act=act, norm=norm),
        )


class Outputs(nn.Module):
    """Base of a network with YOLOX outputs at strides 8, 16 and 32.

    ``levels`` gives for each stride (box [B, 4, h, w], objectness [B, 1, h, w], classes [B, C, h, w]), all before the
    sigmoid. ``forward`` gives them as [B, cells, 5 + C], stride 8 first, row by row.
    """

    def levels(self, images: Tensor) -> list[tuple[Tensor, Tensor, Tensor]]:
        """The three maps of each stride; ``images`` is BGR 0 to 255, sides multiples of 32."""
        raise NotImplementedError

    def forward(self, images: Tensor) -> Tensor:
        rows = [torch.cat(maps, 1).flatten(2) for maps in self.levels(images)]
        return torch.cat(rows, 2).transpose(1, 2)
