"""A committed model file read back into PyTorch, so that a training can go on from what the project ships."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import nn

from network.nano import WeightsError

MODELS = Path(__file__).resolve().parents[2]
PREFIX = "network."
"""``export.Ready`` holds the network under this name, so the file's weights begin with it."""


def fill(network: nn.Module, path: Path) -> None:
    """Copies every weight of the file that ``export.export`` wrote of such a network. Only networks without normalisation can be
    read back: the file has it folded in. Raises ``WeightsError`` naming the file and the weight that is missing or does not fit."""
    try:
        found = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(str(path)).graph.initializer}
    except Exception as error:
        raise WeightsError(f"{path}: cannot be read as ONNX ({error}); restore it from the repository") from error
    state = network.state_dict()
    for name, tensor in state.items():
        stored = found.get(PREFIX + name)
        if stored is None or stored.shape != tuple(tensor.shape):
            has = "nothing" if stored is None else f"{stored.shape}"
            raise WeightsError(f"{path}: has {has} for {name}, where this candidate has {tuple(tensor.shape)}; it is another network")
        state[name] = torch.from_numpy(stored.copy())
    network.load_state_dict(state)
