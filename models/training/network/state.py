"""Checkpoints: everything that a training needs to go on as if it had never stopped."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from data.files import written


class CheckpointError(Exception):
    """A checkpoint cannot be gone on from; the message names the file and the way out."""


@dataclass
class Checkpoint:
    """``step`` batches are done; ``plan`` identifies recipe, data and budget that they were done under."""

    plan: str
    step: int
    network: dict[str, Tensor]
    smoothed: dict[str, Tensor]
    optimiser: dict
    worst: dict
    rows: list[dict[str, float]]

    def save(self, path: Path) -> None:
        """Writes the checkpoint, whole or not at all."""
        with written(path) as unfinished:
            torch.save(asdict(self), unfinished)

    @staticmethod
    def load(path: Path) -> Checkpoint:
        """Reads a checkpoint; raises ``CheckpointError`` where that cannot be done."""
        try:
            return Checkpoint(**torch.load(path, map_location="cpu", weights_only=True))
        except Exception as error:
            raise CheckpointError(f"{path}: cannot be read ({error}); remove it to begin anew") from error


class Smoothed:
    """Exponential moving average of a network's weights and statistics; short-lived at first."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.state = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Moves a little towards the network after ``step`` batches."""
        keep = min(self.decay, (1 + step) / (10 + step))
        now = network.state_dict()
        moving = [name for name, tensor in now.items() if tensor.is_floating_point()]
        torch._foreach_lerp_([self.state[name] for name in moving], [now[name] for name in moving], 1 - keep)
        for name in now.keys() - set(moving):
            self.state[name].copy_(now[name])
