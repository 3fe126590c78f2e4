"""YOLOX-Nano in PyTorch, with the published weights read from their ONNX file.

Ge et al., "YOLOX: Exceeding YOLO Series in 2021", arXiv:2107.08430: CSPDarknet of width 0.25 and depth 0.33 with
depthwise convolutions, a path aggregation neck and decoupled heads. The file's batch normalisation is already folded
into its convolutions. Its first layer, which gathers each 2 x 2 pixels into channels before a 3 x 3 convolution, is
written as the one 6 x 6 convolution of stride 2 that it amounts to.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from network.blocks import LINEAR, Conv, Outputs, Separable

COCO_ROWS = (0, 1, 3, 2, 5, 7)
"""COCO's numbers of the six domain classes in their order; its motorcycle, 3, becomes the e-bike."""


class Bottleneck(nn.Module):
    """1 x 1, then separable 3 x 3, added to the input where ``shortcut``."""

    def __init__(self, channels: int, shortcut: bool) -> None:
        super().__init__()
        self.reduce = Conv(channels, channels)
        self.spread = Separable(channels, channels)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        y = self.spread(self.reduce(x))
        return x + y if self.shortcut else y


class CrossStage(nn.Module):
    """Cross stage partial block (arXiv:1911.11929): half of the channels pass through the bottlenecks."""

    def __init__(self, inputs: int, outputs: int, count: int = 1, shortcut: bool = True) -> None:
        super().__init__()
        hidden = outputs // 2
        self.left = Conv(inputs, hidden)
        self.right = Conv(inputs, hidden)
        self.inner = nn.Sequential(*(Bottleneck(hidden, shortcut) for _ in range(count)))
        self.join = Conv(2 * hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        left, right = self.left(x), self.right(x)
        return self.join(torch.cat([self.inner(left), right], 1))


class Pyramid(nn.Module):
    """Spatial pyramid pooling with windows of 5, 9 and 13 cells.

    Maxima of maxima: windows of 5 twice in a row see 9 cells, three times 13, at a fraction of the cost.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.reduce = Conv(channels, channels // 2)
        self.pool = nn.MaxPool2d(5, 1, 2)
        self.join = Conv(2 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        x = self.reduce(x)
        five = self.pool(x)
        nine = self.pool(five)
        return self.join(torch.cat([x, five, nine, self.pool(nine)], 1))


class Darknet(nn.Module):
    """The backbone: maps of 64, 128 and 256 channels at strides 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 6, 2, 2), nn.SiLU(inplace=True))
        self.stage4 = nn.Sequential(Separable(16, 32, stride=2), CrossStage(32, 32))
        self.stage8 = nn.Sequential(Separable(32, 64, stride=2), CrossStage(64, 64, 3))
        self.stage16 = nn.Sequential(Separable(64, 128, stride=2), CrossStage(128, 128, 3))
        self.stage32 = nn.Sequential(
            Separable(128, 256, stride=2), Pyramid(256), CrossStage(256, 256, shortcut=False)
        )

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        eight = self.stage8(self.stage4(self.stem(images)))
        sixteen = self.stage16(eight)
        return eight, sixteen, self.stage32(sixteen)


class Neck(nn.Module):
    """Path aggregation (arXiv:1803.01534): coarse to fine, then back, on 64, 128 and 256 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.enlarge = nn.Upsample(scale_factor=2, mode="nearest")
        self.lateral32 = Conv(256, 128)
        self.down16 = CrossStage(256, 128, shortcut=False)
        self.lateral16 = Conv(128, 64)
        self.down8 = CrossStage(128, 64, shortcut=False)
        self.coarsen8 = Separable(64, 64, stride=2)
        self.up16 = CrossStage(128, 128, shortcut=False)
        self.coarsen16 = Separable(128, 128, stride=2)
        self.up32 = CrossStage(256, 256, shortcut=False)

    def forward(self, eight: Tensor, sixteen: Tensor, thirty: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        lateral32 = self.lateral32(thirty)
        middle = self.down16(torch.cat([self.enlarge(lateral32), sixteen], 1))
        lateral16 = self.lateral16(middle)
        fine = self.down8(torch.cat([self.enlarge(lateral16), eight], 1))
        middle = self.up16(torch.cat([self.coarsen8(fine), lateral16], 1))
        coarse = self.up32(torch.cat([self.coarsen16(middle), lateral32], 1))
        return fine, middle, coarse


class Head(nn.Module):
    """Decoupled head of one stride: a branch for classes, another for box and objectness."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.stem = Conv(inputs, 64)
        self.class_branch = nn.Sequential(Separable(64, 64), Separable(64, 64))
        self.classes = Conv(64, classes, act=LINEAR)
        self.box_branch = nn.Sequential(Separable(64, 64), Separable(64, 64))
        self.box = Conv(64, 4, act=LINEAR)
        self.objectness = Conv(64, 1, act=LINEAR)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.stem(x)
        classes = self.classes(self.class_branch(x))
        around = self.box_branch(x)
        return self.box(around), self.objectness(around), classes


class Nano(Outputs):
    """YOLOX-Nano for ``classes`` classes."""

    def __init__(self, classes: int = 6) -> None:
        super().__init__()
        self.backbone = Darknet()
        self.neck = Neck()
        self.heads = nn.ModuleList(Head(channels, classes) for channels in (64, 128, 256))

    def levels(self, images: Tensor) -> list[tuple[Tensor, Tensor, Tensor]]:
        maps = self.neck(*self.backbone(images))
        return [head(one) for head, one in zip(self.heads, maps)]


class WeightsError(Exception):
    """A published file does not hold the network that it should; the message names the file and the layer."""


def published(path: Path, rows: tuple[int, ...] | None = COCO_ROWS) -> Nano:
    """The network with the weights of the ONNX file, its class rows cut down to ``rows`` (None: all 80)."""
    network = Nano(80)
    with torch.no_grad():
        _fill(network, path)
        if rows is not None:
            _keep_classes(network, rows)
    return network.eval()


def convolutions(path: Path, count: int, what: str) -> list[tuple[str, Tensor, Tensor]]:
    """The ``count`` convolutions of a file that should hold ``what``, in its order: name, weight, bias. Raises ``WeightsError`` naming the file."""
    try:
        graph = onnx.load(str(path)).graph
    except Exception as error:
        raise WeightsError(f"{path}: cannot be read as ONNX ({error}); fetch the published file again") from error
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    nodes = [node for node in graph.node if node.op_type == "Conv"]
    if len(nodes) != count:
        raise WeightsError(f"{path}: {len(nodes)} convolutions where {what} has {count}")
    return [(node.name, *(torch.from_numpy(np.array(numpy_helper.to_array(tensors[i]))) for i in node.input[1:3])) for node in nodes]


def _fill(network: Nano, path: Path) -> None:
    """Copies the file's convolutions, in its order: an exported graph lists them as they are computed."""
    layers = _in_order(network)
    for index, ((node, weight, bias), (name, layer)) in enumerate(zip(convolutions(path, len(layers), "YOLOX-Nano"), layers)):
        if index == 0:
            weight = _unfolded_focus(weight)
        if weight.shape != layer.weight.shape:
            raise WeightsError(f"{path}: layer {node} is {tuple(weight.shape)}, not {tuple(layer.weight.shape)} ({name})")
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)


def _in_order(network: Nano) -> list[tuple[str, nn.Conv2d]]:
    """The convolutions in the order in which they run, found by running them."""
    ran: list[tuple[str, nn.Conv2d]] = []
    hooks = [
        layer.register_forward_hook(lambda *_, entry=(name, layer): ran.append(entry))
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Conv2d)
    ]
    network.eval()(torch.zeros(1, 3, 64, 64))
    for hook in hooks:
        hook.remove()
    return ran


def _unfolded_focus(weight: Tensor) -> Tensor:
    """[16, 12, 3, 3] over gathered pixels as [16, 3, 6, 6] over the picture.

    Channels come as top left, bottom left, top right, bottom right of each 2 x 2 pixels, three colours each.
    """
    full = weight.new_zeros(weight.shape[0], 3, 6, 6)
    for part, (row, column) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
        full[:, :, row::2, column::2] = weight[:, 3 * part : 3 * part + 3]
    return full


def _keep_classes(network: Nano, rows: tuple[int, ...]) -> None:
    for head in network.heads:
        old = head.classes[0]
        new = nn.Conv2d(old.in_channels, len(rows), 1)
        new.weight.copy_(old.weight[list(rows)])
        new.bias.copy_(old.bias[list(rows)])
        head.classes[0] = new
