"""YOLOX-Nano with EfficientNet-Lite's sight added: two backbones, one neck, the published heads.

The Lite maps are added to Nano's through 1 x 1 convolutions that begin at zero (as the residual branches of
arXiv:1706.02677 do), so training begins at the published detector and only has to learn what ImageNet's knowledge of
mopeds, bicycles and prams adds to it.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from network import lite, nano
from network.blocks import LINEAR, Conv, Outputs

NANO_CHANNELS = (64, 128, 256)


class Both(Outputs):
    """The network; its input is what both backbones take, BGR 0 to 255."""

    def __init__(self, detector: nano.Nano, classifier: lite.Lite) -> None:
        super().__init__()
        self.backbone = detector.backbone
        self.neck = detector.neck
        self.heads = detector.heads
        self.second = classifier
        self.adapters = nn.ModuleList(
            Conv(inputs, outputs, act=LINEAR) for inputs, outputs in zip(classifier.channels, NANO_CHANNELS)
        )
        with torch.no_grad():
            for adapter in self.adapters:
                adapter[0].weight.zero_()
                adapter[0].bias.zero_()

    def levels(self, images: Tensor) -> list[tuple[Tensor, Tensor, Tensor]]:
        pairs = zip(self.backbone(images), self.adapters, self.second(images))
        maps = self.neck(*(seen + adapter(added) for seen, adapter, added in pairs))
        return [head(one) for head, one in zip(self.heads, maps)]


def published(path: Path, version: int = 0) -> Both:
    """The network with both published backbones; at first its outputs are YOLOX-Nano's."""
    return Both(nano.published(path), lite.published(version)).eval()
