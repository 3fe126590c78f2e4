"""NanoDet-Plus-m in PyTorch, with the published weights read from their ONNX file.

RangiLyu, github.com/RangiLyu/nanodet: ShuffleNetV2 x 1.0 (Ma et al., arXiv:1807.11164), a path aggregation neck of ghost modules
(Han et al., arXiv:1911.11907) on 96 channels at strides 8 to 64, heads of depthwise 5 x 5 convolutions that tell for each cell the
classes and, for each side of the box, a distribution over 0 to 7 strides (generalised focal loss, arXiv:2006.04388). The file's
batch normalisation is already folded into its convolutions.

ShuffleNet mixes the halves of its channels by shuffling them. Nothing is shuffled here: each channel is fed where the shuffle would
have brought it, and the weights that were made for another order are put into this one. It says the same, and takes every size.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from network.blocks import LEAKY, LINEAR, Conv
from network.nano import COCO_ROWS, WeightsError, convolutions

WIDE = 96
"""Channels of the neck and the heads."""
BINS = 8
STRIDES = (8, 16, 32, 64)
MEAN, SPREAD = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)
"""Of blue, green and red: pictures come in less the one, by the other."""
WEIGHTS = "nanodet-plus-m_416.onnx"
STAGES = ((24, 58, 3), (116, 116, 7), (232, 232, 3))
"""Of the backbone: channels that come in, channels of each half, units after the first."""


class Unit(nn.Module):
    """1 x 1, depthwise 3 x 3, 1 x 1 on half of the channels."""

    def __init__(self, inputs: int, channels: int, stride: int) -> None:
        super().__init__()
        self.reduce = Conv(inputs, channels, act=LEAKY)
        self.spread = Conv(channels, channels, 3, stride, groups=channels, act=LINEAR)
        self.join = Conv(channels, channels, act=LEAKY)

    def forward(self, x: Tensor) -> Tensor:
        return self.join(self.spread(self.reduce(x)))


class Stage(nn.Module):
    """A first unit that halves the size, and ``count`` units on halves of the channels.

    The channels of each map that it makes lie in the order in which later units take them, those of one unit together: :class:`Route`.
    """

    def __init__(self, inputs: int, half: int, count: int) -> None:
        super().__init__()
        self.beside = nn.Sequential(Conv(inputs, inputs, 3, 2, groups=inputs, act=LINEAR), Conv(inputs, half, act=LEAKY))
        self.first = Unit(inputs, half, 2)
        self.units = nn.ModuleList(Unit(half, half, 1) for _ in range(count))
        self.route = route(half, count)

    def forward(self, x: Tensor) -> Tensor:
        runs = [self._runs(0, self.beside(x)), self._runs(1, self.first(x))]
        for number, unit in enumerate(self.units):
            runs.append(self._runs(number + 2, unit(torch.cat([runs[index].pop(0) for index in self.route.makers[number]], 1))))
        return torch.cat([of.pop(0) for of in runs], 1)

    def _runs(self, number: int, made: Tensor) -> list[Tensor]:
        """What a map made is cut into, in the order in which it is taken."""
        sizes = self.route.sizes[number]
        parts = torch.split(made, sizes, 1) if len(sizes) > 1 else (made,)
        return [parts[index] for index in range(len(sizes))]


@dataclass(frozen=True)
class Route:
    """How channels go through a stage; its maps are numbered as they are made, 0 and 1 by the first unit.

    ``orders``: of each map, the published channel at each place. ``sizes``: of each map, into how many channels it is cut, one run for
    each taker. ``makers``: of each unit, and last of the stage's end, the maps of which it takes the next run. ``taken``: of the same, the published input
    channel at each place.
    """

    orders: list[list[int]]
    sizes: list[list[int]]
    makers: list[list[int]]
    taken: list[list[int]]


def route(half: int, count: int) -> Route:
    """The route through a stage of ``count`` units after the first, on ``half`` of the channels each."""
    # What the shuffle would do, with pairs (map, published channel of it).
    mixed = [(index, channel) for channel in range(half) for index in (0, 1)]
    takes: list[list[tuple[int, int]]] = []
    for unit in range(count):
        left, right = mixed[:half], mixed[half:]
        takes.append(right)
        mixed = [pair for channel in range(half) for pair in (left[channel], (unit + 2, channel))]
    takes.append(mixed)
    found = Route([[] for _ in range(count + 2)], [[] for _ in range(count + 2)], [], [])
    for wanted in takes:
        place = {pair: number for number, pair in enumerate(wanted)}
        makers = sorted({index for index, _ in wanted})
        for index in makers:
            mine = [channel for one, channel in wanted if one == index]
            found.orders[index].extend(mine)
            found.sizes[index].append(len(mine))
        found.makers.append(makers)
        found.taken.append([place[index, channel] for index in makers for channel in found.orders[index][-found.sizes[index][-1] :]])
    return found


class Ghost(nn.Module):
    """A ghost bottleneck: half of the channels by convolution, the others by a cheap one of them; beside it a separable 5 x 5."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        half = WIDE // 2
        self.make = Conv(inputs, half, act=LEAKY)
        self.copy = Conv(half, half, 3, groups=half, act=LEAKY)
        self.remake = Conv(WIDE, half, act=LINEAR)
        self.recopy = Conv(half, half, 3, groups=half, act=LINEAR)
        self.beside = nn.Sequential(Conv(inputs, inputs, 5, groups=inputs, act=LINEAR), Conv(inputs, WIDE, act=LINEAR))

    def forward(self, x: Tensor) -> Tensor:
        made = self.make(x)
        made = self.remake(torch.cat([made, self.copy(made)], 1))
        return torch.cat([made, self.recopy(made)], 1) + self.beside(x)


def separable(stride: int = 1) -> nn.Sequential:
    """Depthwise 5 x 5, then 1 x 1."""
    return nn.Sequential(Conv(WIDE, WIDE, 5, stride, groups=WIDE, act=LEAKY), Conv(WIDE, WIDE, act=LEAKY))


class Head(nn.Module):
    """Of one stride: classes and the bins of the four sides, before the sigmoid."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.first, self.second = separable(), separable()
        self.classes, self.sides = nn.Conv2d(WIDE, classes, 1), nn.Conv2d(WIDE, 4 * BINS, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.second(self.first(x))
        return self.classes(x), self.sides(x)


class Plus(nn.Module):
    """The network for ``classes`` classes. ``forward`` gives [B, cells, classes + 32]: classes and bins, all before the sigmoid."""

    def __init__(self, classes: int = 6) -> None:
        super().__init__()
        self.stem = nn.Sequential(Conv(3, 24, 3, 2, act=LEAKY), nn.MaxPool2d(3, 2, 1))
        self.stages = nn.ModuleList(Stage(*sizes) for sizes in STAGES)
        self.lateral = nn.ModuleList(Conv(2 * half, WIDE, act=LEAKY) for _, half, _ in STAGES)
        self.enlarge = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        self.finer = nn.ModuleList(Ghost(2 * WIDE) for _ in range(2))
        self.coarsen = nn.ModuleList(separable(2) for _ in range(2))
        self.coarser = nn.ModuleList(Ghost(2 * WIDE) for _ in range(2))
        self.beyond = nn.ModuleList(separable(2) for _ in range(2))
        self.heads = nn.ModuleList(Head(classes) for _ in STRIDES)

    def levels(self, images: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Of each stride classes [B, C, h, w] and sides [B, 32, h, w]; ``images`` [B, 3, H, W] normalised, sides multiples of 32."""
        x, found = self.stem(images), []
        for stage in self.stages:
            x = stage(x)
            found.append(x)
        eight, sixteen, thirty = found
        thirty = self.lateral[2](thirty)
        sixteen = self.lateral[1](sixteen)
        sixteen = self.finer[0](torch.cat([self.enlarge(thirty), sixteen], 1))
        eight = self.lateral[0](eight)
        eight = self.finer[1](torch.cat([self.enlarge(sixteen), eight], 1))
        middle = self.coarser[0](torch.cat([self.coarsen[0](eight), sixteen], 1))
        coarse = self.coarser[1](torch.cat([self.coarsen[1](middle), thirty], 1))
        sixty = self.beyond[0](thirty) + self.beyond[1](coarse)
        return [head(x) for head, x in zip(self.heads, (eight, middle, coarse, sixty))]

    def forward(self, images: Tensor) -> Tensor:
        return torch.cat([torch.cat(maps, 1).flatten(2) for maps in self.levels(images)], 2).transpose(1, 2)


def published(path: Path, rows: tuple[int, ...] | None = COCO_ROWS) -> Plus:
    """The network with the weights of the ONNX file, its class rows cut down to ``rows`` (None: all 80)."""
    network = Plus(80)
    with torch.no_grad():
        _fill(network, path)
        for head in network.heads if rows is not None else ():
            old, head.classes = head.classes, nn.Conv2d(WIDE, len(rows), 1)
            head.classes.weight.copy_(old.weight[list(rows)])
            head.classes.bias.copy_(old.bias[list(rows)])
    return network.eval()


def _fill(network: Plus, path: Path) -> None:
    """Copies the file's convolutions, in its order, channels put where this network has them."""
    layers = list(_as_published(network))
    for (node, weight, bias), (layer, incoming, outgoing) in zip(convolutions(path, len(layers), "NanoDet-Plus-m"), layers):
        if isinstance(layer, Head):
            _fill_last(layer, weight, bias)
            continue
        if weight.shape != layer.weight.shape:
            raise WeightsError(f"{path}: layer {node} is {tuple(weight.shape)}, not {tuple(layer.weight.shape)}")
        if layer.groups > 1:
            outgoing = incoming
        elif incoming is not None:
            weight = weight[:, incoming]
        if outgoing is not None:
            weight, bias = weight[outgoing], bias[outgoing]
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)


def _fill_last(head: Head, weight: Tensor, bias: Tensor) -> None:
    """Takes a head's last layer apart, which the file has as one."""
    classes = head.classes.out_channels
    for layer, part in ((head.classes, slice(classes)), (head.sides, slice(classes, None))):
        layer.weight.copy_(weight[part])
        layer.bias.copy_(bias[part])


def _as_published(network: Plus):
    """Every convolution in the file's order: (layer, published input channel at each place or None, the same of its output)."""
    yield network.stem[0][0], None, None
    incoming = None
    lateral = []
    for stage in network.stages:
        beside, own = stage.route.orders[:2]
        yield stage.beside[0][0], incoming, None
        yield stage.first.reduce[0], incoming, None
        yield stage.first.spread[0], None, None
        yield stage.beside[1][0], incoming, beside
        yield stage.first.join[0], None, own
        for unit, taken, order in zip(stage.units, stage.route.taken, stage.route.orders[2:]):
            yield unit.reduce[0], taken, None
            yield unit.spread[0], None, None
            yield unit.join[0], None, order
        incoming = stage.route.taken[-1]
        lateral.append(incoming)
    for number, finer in ((1, network.finer[0]), (0, network.finer[1])):
        if number == 1:
            yield network.lateral[2][0], lateral[2], None
        yield network.lateral[number][0], lateral[number], None
        yield from _of_ghost(finer)
    for coarsen, coarser in zip(network.coarsen, network.coarser):
        yield from _of_pair(coarsen)
        yield from _of_ghost(coarser)
    for beyond in network.beyond:
        yield from _of_pair(beyond)
    for head in network.heads:
        yield from _of_pair(head.first)
    for head in reversed(network.heads):
        yield from _of_pair(head.second)
        yield head, None, None


def _of_ghost(ghost: Ghost):
    for layer in (ghost.make, ghost.copy, ghost.remake, ghost.recopy, ghost.beside[0], ghost.beside[1]):
        yield layer[0], None, None


def _of_pair(pair: nn.Sequential):
    for layer in pair:
        yield layer[0], None, None
