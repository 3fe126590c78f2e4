"""The recipes that are compared: for each network, what it begins from, what is trained and how.

Every candidate of a table has the same pictures, steps and seeds; they differ in what their name says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from torch import nn

from network import both, lift, nano, plus
from network.batches import FROM_ABOVE
from network.blocks import Outputs, with_relu
from network.loss import Weights

NANO_WEIGHTS = "yolox_nano_416.onnx"

GENERAL = {
    "ebike-photo": 0.30, "ebike-render": 0.10, "ebike-composite": 0.10, "room": 0.17, "hard": 0.06, "render": 0.05,
    "composite": 0.06, "bicycle": 0.08, "traffic": 0.08,
}
"""Shares of a batch for a network that sees every camera."""
LIFTS = {
    "ebike-photo": 0.15, "ebike-render": 0.20, "ebike-composite": 0.15, "room": 0.16, "hard": 0.12, "render": 0.08,
    "composite": 0.07, "bicycle": 0.05, "traffic": 0.02,
}
"""Shares of a batch for the network that looks at lifts only."""


@dataclass(frozen=True)
class Stage:
    """A part of a training: ``share`` of the pictures at peak learning rate ``rate`` (cosine to a twentieth).

    ``frozen``: beginnings of the names of modules that stay as they are. ``large_depthwise``: whether depthwise kernels
    of 5 x 5 and more are trained; their gradient costs more than all the rest on a processor.
    """

    share: float
    rate: float
    frozen: tuple[str, ...] = ()
    large_depthwise: bool = False


@dataclass(frozen=True)
class Recipe:
    """A candidate. ``build`` takes the folder of published weights; ``shapes`` are (height, width) of input batches,
    the first the size that the exported file is made for unless ``size`` names another. ``average``: shares of the trained weights that are tried
    when averaging with those it began with, or with those of ``averaged_with``. ``begins``: what it goes on from, if anything: a
    candidate of this list, or a committed model file. ``seed``: added to the seed of the order of pictures. ``near``: how strongly weights are drawn to those it began with, in place of to nothing. ``rolled``: sets whose pictures may be any way up. ``chooses``: "ebike" (recall of pictures) or "classes" (mean AP50)."""

    name: str
    build: Callable[[Path], nn.Module]
    shapes: tuple[tuple[int, int], ...]
    stages: tuple[Stage, ...]
    shares: Mapping[str, float]
    weights: Weights = field(default_factory=Weights)
    average: tuple[float, ...] = (1.0,)
    chooses: str = "ebike"
    batch: int = 16
    smoothing: float = 0.998
    begins: str | None = None
    averaged_with: str | None = None
    seed: int = 0
    near: float = 0.0
    rolled: frozenset[str] = frozenset()
    size: tuple[int, int] | None = None

    @property
    def is_plus(self) -> bool:
        """Whether it ends like NanoDet-Plus."""
        return self.build is _plus

    @property
    def made_for(self) -> tuple[int, int]:
        """(height, width) that the exported file is made for."""
        return self.size or self.shapes[0]

    def with_batch(self, size: int) -> Recipe:
        """The same for batches of ``size`` pictures: rates rise with its root (arXiv:2205.10287, for Adam), and the average
        of weights spans as many pictures as before."""
        more = size / self.batch
        stages = tuple(replace(stage, rate=stage.rate * more**0.5) for stage in self.stages)
        return replace(self, batch=size, stages=stages, smoothing=self.smoothing**more)


def _nano(weights: Path) -> Outputs:
    return nano.published(weights / NANO_WEIGHTS)


def _nano_relu(weights: Path) -> Outputs:
    return with_relu(_nano(weights))


def _plus(weights: Path) -> nn.Module:
    return plus.published(weights / plus.WEIGHTS)


def _both(weights: Path) -> Outputs:
    return both.published(weights / NANO_WEIGHTS)


def _lift(version: int, channels: int) -> Callable[[Path], Outputs]:
    return lambda _: lift.published(version, channels)


SIDE_416 = ((416, 416), (256, 416), (320, 416))
WIDE_416 = ((256, 416), (288, 384), (320, 320))
"""As many pixels in the proportions of 16:9, 4:3 and square pictures, as the program and the accuracy table choose them."""
SIDE_320 = ((320, 320), (192, 320), (256, 320))
SIDE_384 = ((384, 384), (224, 384), (288, 384))
SIDE_512 = ((512, 512), (288, 512), (384, 512))
SIDE_640 = ((640, 640), (384, 640), (480, 640))
NANO_EARLY = ("backbone.stem", "backbone.stage4")
LITE_EARLY = ("backbone.stem", "backbone.stages.0", "backbone.stages.1", "backbone.stages.2")
HEADS_FIRST = Stage(0.5, 4e-4, ("backbone",))
AVERAGES = (1.0, 0.85, 0.7, 0.5)
NANO_STAGES = (HEADS_FIRST, Stage(0.5, 1e-4, NANO_EARLY, large_depthwise=True))
LIFT_STAGES = (Stage(0.25, 2e-3, ("backbone",)), Stage(0.75, 8e-4, LITE_EARLY))
BOTH_EARLY = (*NANO_EARLY, "second.stem", "second.stages.0", "second.stages.1", "second.stages.2")
BOTH_STAGES = (Stage(0.4, 4e-4, ("backbone", "second")), Stage(0.6, 2e-4, BOTH_EARLY))
CLUTTERED = {
    "ebike-photo": 0.12, "ebike-render": 0.24, "ebike-composite": 0.11, "room": 0.14, "hard": 0.15, "render": 0.13,
    "composite": 0.06, "bicycle": 0.05,
}
"""Shares for going on with a lift network that still takes prams and people for e-bikes."""
IN_LIFTS = {
    "ebike-photo": 0.13, "ebike-render": 0.20, "ebike-composite": 0.12, "room": 0.12, "hard": 0.16, "render": 0.18,
    "composite": 0.05, "bicycle": 0.03, "wheelchair": 0.01,
}
"""Shares for going on with a lift network that takes pedal bicycles which it has not seen for e-bikes."""
PEDALLED = {
    "ebike-photo": 0.27, "ebike-render": 0.10, "ebike-composite": 0.08, "room": 0.13, "hard": 0.08, "render": 0.06,
    "composite": 0.06, "bicycle": 0.14, "traffic": 0.08,
}
"""Shares for going on with a general network that still takes pedal bicycles for e-bikes."""
LONG_GENERAL = {
    "ebike-photo": 0.26, "ebike-render": 0.11, "ebike-composite": 0.10, "room": 0.13, "hard": 0.10, "render": 0.06,
    "composite": 0.06, "bicycle": 0.10, "wheelchair": 0.01, "traffic": 0.07,
}
LONG_LIFTS = {
    "ebike-photo": 0.17, "ebike-render": 0.17, "ebike-composite": 0.14, "room": 0.14, "hard": 0.14, "render": 0.08,
    "composite": 0.07, "bicycle": 0.05, "wheelchair": 0.03, "traffic": 0.01,
}
"""Shares for trainings that see every picture dozens of times."""
BROAD_LIFTS = {
    "ebike-photo": 0.16, "ebike-render": 0.19, "ebike-composite": 0.13, "room": 0.12, "hard": 0.14, "render": 0.14,
    "composite": 0.06, "bicycle": 0.04, "wheelchair": 0.02,
}
"""Shares for going on with a lift network that has seen pictures coded as video."""
LENSED_LIFTS = {
    "ebike-photo": 0.17, "ebike-render": 0.22, "ebike-composite": 0.10, "room": 0.10, "hard": 0.14, "render": 0.15,
    "composite": 0.05, "bicycle": 0.05, "wheelchair": 0.02,
}
"""Shares for going on with a lift network where most renders are of cars that it has not seen."""
ROLLED_LIFTS = {
    "ebike-photo": 0.12, "ebike-render": 0.28, "ebike-composite": 0.10, "room": 0.11, "hard": 0.15, "render": 0.14,
    "composite": 0.05, "bicycle": 0.04, "wheelchair": 0.01,
}
"""Shares for going on with a lift network that has seen e-bikes upright alone."""
WORLD = {
    "room": 0.26, "place": 0.20, "traffic": 0.17, "ebike-photo": 0.13, "bicycle": 0.06, "ebike-render": 0.04, "ebike-composite": 0.03,
    "render": 0.04, "composite": 0.03, "hard": 0.04,
}
"""Shares for a network that keeps what it knows of the world: mostly people in rooms and vehicles in streets."""
WORLD_ON = {
    "room": 0.20, "place": 0.14, "traffic": 0.22, "ebike-photo": 0.20, "bicycle": 0.10, "ebike-render": 0.02, "ebike-composite": 0.02,
    "render": 0.03, "composite": 0.02, "hard": 0.05,
}
"""Shares for going on with such a network that still misses two-wheelers and vehicles far away."""
WITH_BEFORE = (1.0, 0.75, 0.5, 0.25)
"""Shares of what going on made; the rest is what it began with (weights averaged as in arXiv:2109.01903)."""
LIFT_WEIGHTS = Weights(picture=1.0)
LONG = 0.9995
"""Smoothing of weights over some thousand batches."""
LONG_AVERAGES = (1.0, 0.85, 0.7)

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("nano-all", _nano, SIDE_416, NANO_STAGES, GENERAL, average=AVERAGES, chooses="classes"),
        # Weights that were trained for SiLU: all of them have to follow.
        Recipe("nano-relu", _nano_relu, SIDE_416, (Stage(1.0, 4e-4, large_depthwise=True),), GENERAL, chooses="classes"),
        Recipe("nano-heads", _nano, SIDE_416, (Stage(1.0, 4e-4, ("backbone",)),), GENERAL, chooses="classes"),
        Recipe(
            "nano-heads-averaged", _nano, SIDE_416, (Stage(1.0, 4e-4, ("backbone",)),), GENERAL, average=AVERAGES,
            chooses="classes",
        ),
        Recipe(
            "plus-shipped-on", _plus, WIDE_416, (Stage(1.0, 2e-4, ("stem", "stages.0")),), WORLD_ON, chooses="classes", smoothing=0.999,
            near=0.5, size=(416, 416), begins="firewarden-nano.onnx",
        ),
        Recipe(
            "lift-shipped-on", _both, WIDE_416, (Stage(1.0, 3e-4, BOTH_EARLY),), CLUTTERED, LIFT_WEIGHTS,
            WITH_BEFORE, begins="firewarden-lift.onnx",
        ),
        Recipe(
            "nano-long", _nano, SIDE_416, NANO_STAGES, LONG_GENERAL, average=AVERAGES, chooses="classes", smoothing=LONG,
        ),
        Recipe("lift-both-long", _both, WIDE_416, BOTH_STAGES, LONG_LIFTS, LIFT_WEIGHTS, LONG_AVERAGES, smoothing=LONG),
        # Sees pictures coded as video, which `nano-long` did not, and more bicycles.
        Recipe(
            "nano-long-on", _nano, SIDE_416, (Stage(1.0, 1.5e-4, NANO_EARLY, large_depthwise=True),), PEDALLED,
            average=(0.75,), chooses="classes", smoothing=0.999, begins="nano-long",
        ),
        # Mean recall hardly tells the shares apart; what is said of unseen pedal bicycles does (models/README.md).
        Recipe(
            "lift-both-long-on", _both, WIDE_416, (Stage(1.0, 1.5e-4, BOTH_EARLY),), IN_LIFTS, LIFT_WEIGHTS, (0.75,),
            begins="lift-both-long",
        ),
        # The first to see pictures coded as video.
        Recipe(
            "lift-both-coded-on", _both, WIDE_416, (Stage(1.0, 2e-4, BOTH_EARLY),), IN_LIFTS, LIFT_WEIGHTS, (1.0, 0.75, 0.5),
            smoothing=0.999, begins="lift-both-long-on",
        ),
        # The first to see pictures turned, recoloured and in the dark. Half of it and half of `lift-both-long-on`
        # does well on pictures as they are, coded and dimmed, with the fewest others above 0.5 of what was trained (models/README.md).
        Recipe(
            "lift-both-broad-on", _both, WIDE_416, (Stage(1.0, 2e-4, BOTH_EARLY),), BROAD_LIFTS, LIFT_WEIGHTS, (0.5,),
            smoothing=0.999, begins="lift-both-coded-on", averaged_with="lift-both-long-on",
        ),
        # Pictures as other lenses would show them, twice in other orders from the same beginning: each needs one core alone.
        # Half of the second, a quarter of the first and a quarter of what both began with (models/README.md).
        Recipe(
            "lift-both-lens-on", _both, WIDE_416, (Stage(1.0, 2e-4, BOTH_EARLY),), LENSED_LIFTS, LIFT_WEIGHTS, (0.5,),
            smoothing=0.999, begins="lift-both-broad-on",
        ),
        Recipe(
            "lift-both-lenses-on", _both, WIDE_416, (Stage(1.0, 2e-4, BOTH_EARLY),), LENSED_LIFTS, LIFT_WEIGHTS, (0.5,),
            smoothing=0.999, begins="lift-both-broad-on", averaged_with="lift-both-lens-on", seed=1,
        ),
        # Little and near to what it began with: what the published network knows of the world is worth more than what is here.
        Recipe(
            "plus-near", _plus, WIDE_416, (Stage(1.0, 2e-4, ("stem", "stages.0")),), WORLD, average=(1.0, 0.75, 0.5), chooses="classes",
            smoothing=0.999, near=0.5, size=(416, 416),
        ),
        # Further, with rooms and streets that are rendered, and more two-wheelers and vehicles.
        Recipe(
            "plus-near-on", _plus, WIDE_416, (Stage(1.0, 3e-4, ("stem", "stages.0")),), WORLD_ON, average=(1.0, 0.75, 0.5), chooses="classes",
            smoothing=0.999, near=0.2, size=(416, 416), begins="plus-near",
        ),
        # Any way up, and from straight above.
        Recipe(
            "lift-rolled-on", _both, WIDE_416, (Stage(1.0, 2e-4, BOTH_EARLY),), ROLLED_LIFTS, LIFT_WEIGHTS, WITH_BEFORE,
            smoothing=0.999, begins="firewarden-lift.onnx", rolled=FROM_ABOVE,
        ),
        Recipe("lift-lite0-416", _lift(0, 96), SIDE_416, LIFT_STAGES, LIFTS, LIFT_WEIGHTS),
        Recipe("lift-lite0-320", _lift(0, 96), SIDE_320, LIFT_STAGES, LIFTS, LIFT_WEIGHTS),
        Recipe("lift-lite0-512", _lift(0, 96), SIDE_512, LIFT_STAGES, LIFTS, LIFT_WEIGHTS),
        Recipe("lift-lite1-416", _lift(1, 64), SIDE_416, LIFT_STAGES, LIFTS, LIFT_WEIGHTS),
        Recipe("lift-both-416", _both, WIDE_416, BOTH_STAGES, LIFTS, LIFT_WEIGHTS),
        Recipe("lift-both-384", _both, SIDE_384, BOTH_STAGES, LIFTS, LIFT_WEIGHTS),
        Recipe("lift-nano-416", _nano, SIDE_416, NANO_STAGES, LIFTS, LIFT_WEIGHTS, AVERAGES),
        Recipe("lift-nano-640", _nano, SIDE_640, NANO_STAGES, LIFTS, LIFT_WEIGHTS, AVERAGES, batch=8),
    )
}
