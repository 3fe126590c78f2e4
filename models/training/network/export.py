"""From PyTorch to ONNX: one plain graph that takes every size whose sides are multiples of 32.

The graph is written node by node from the traced network, so nothing of a size gets into it: enlarging goes by factor,
flattening by ``[0, rows, -1]``. Opset 17. Input ``images`` f32[1, 3, H, W], BGR 0 to 255, letterboxed to the top left
on 114; output ``output`` f32[1, cells, 5 + classes], objectness and classes after the sigmoid.
"""

from __future__ import annotations

import copy
import operator
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from data.detector import resized
from data.files import written
from network import plus

OPSET = 17
CLASSES = 6
TOLERANCE = 1e-3
"""Largest difference to PyTorch that an exported file may have, relative to 1 + |value|."""
HALF_TOLERANCE = 0.1
"""The same with weights stored as f16."""


class ExportError(Exception):
    """The network has a layer without an ONNX form here, or the file does not say what PyTorch says."""


class Ready(nn.Module):
    """A network's outputs as the file gives them: YOLOX's."""

    strides: tuple[int, ...] = (8, 16, 32)

    def __init__(self, network: nn.Module, numbers: int = 5 + CLASSES) -> None:
        super().__init__()
        self.network = network
        self.numbers = numbers

    def forward(self, images: Tensor) -> Tensor:
        rows = []
        for box, objectness, classes in self.network.levels(images):
            maps = torch.cat([box, torch.sigmoid(objectness), torch.sigmoid(classes)], 1)
            rows.append(torch.flatten(maps, 2))
        return torch.transpose(torch.cat(rows, 2), 1, 2)


class ReadyPlus(Ready):
    """The same of NanoDet-Plus's outputs: classes after the sigmoid, bins as they are."""

    strides = plus.STRIDES

    def __init__(self, network: nn.Module) -> None:
        super().__init__(network, CLASSES + 4 * plus.BINS)

    def forward(self, images: Tensor) -> Tensor:
        rows = [torch.flatten(torch.cat([torch.sigmoid(classes), sides], 1), 2) for classes, sides in self.network.levels(images)]
        return torch.transpose(torch.cat(rows, 2), 1, 2)


def ready_of(network: nn.Module) -> Ready:
    """The network with the outputs of its head."""
    return (ReadyPlus if isinstance(network, plus.Plus) else Ready)(network).eval()


def folded(network: nn.Module) -> nn.Module:
    """A copy for inference: every batch normalisation folded into the convolution before it."""
    network = copy.deepcopy(network).eval()
    for parent in list(network.modules()):
        if isinstance(parent, nn.Sequential) and len(parent) > 1 and isinstance(parent[1], nn.BatchNorm2d):
            parent[0] = fuse_conv_bn_eval(parent[0], parent[1])
            parent[1] = nn.Identity()
    return network


def export(network: nn.Module, path: Path, height: int, width: int, half: bool = False) -> float:
    """Writes the network to ``path`` for inputs of ``height`` x ``width``; returns the largest difference to PyTorch.

    ``half`` stores weights as f16 (half the file) and casts them as the file is loaded. Raises ``ExportError`` where
    the difference is above ``TOLERANCE`` (with ``half`` above ``HALF_TOLERANCE``).
    """
    ready = ready_of(folded(network))
    model = Graph(ready, half).model(height, width)
    onnx.checker.check_model(model, full_check=True)
    with written(path) as unfinished:
        unfinished.write_bytes(model.SerializeToString(deterministic=True))
    difference = largest_difference(ready, path, height, width)
    allowed = HALF_TOLERANCE if half else TOLERANCE
    if difference > allowed:
        path.unlink()
        raise ExportError(f"{path}: differs from PyTorch by {difference:.2g}, more than {allowed}; the file is removed")
    return difference


def largest_difference(ready: Ready, path: Path, height: int, width: int) -> float:
    """Largest |file - PyTorch| / (1 + |PyTorch|) over random pictures at the file's size and at another."""
    import onnxruntime

    worst = 0.0
    for rows, columns in ((height, width), (256, 416)):
        session = onnxruntime.InferenceSession(
            resized(path.read_bytes(), columns, rows, cells(rows, columns, ready.strides)), providers=["CPUExecutionProvider"]
        )
        noise = torch.rand(1, 3, rows // 16, columns // 16, generator=torch.Generator().manual_seed(7)) * 255
        images = nn.functional.interpolate(noise, (rows, columns), mode="bilinear")
        with torch.no_grad():
            wanted = ready(images).numpy()
        found = session.run(None, {"images": images.numpy()})[0]
        worst = max(worst, float(np.max(np.abs(found - wanted) / (1 + np.abs(wanted)))))
    return worst


def cells(height: int, width: int, strides: tuple[int, ...] = Ready.strides) -> int:
    """Rows of the output for an input of this size."""
    return sum(-(-height // stride) * -(-width // stride) for stride in strides)


class Graph:
    """The nodes and weights of a traced network."""

    def __init__(self, network: Ready, half: bool = False) -> None:
        self.half = half
        self.numbers, self.strides = network.numbers, network.strides
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.modules = dict(network.named_modules())
        self.names: dict[fx.Node, str] = {}
        self.constants: dict[tuple, str] = {}
        for node in fx.symbolic_trace(network).graph.nodes:
            self._add(node)

    def model(self, height: int, width: int) -> onnx.ModelProto:
        """The whole file."""
        images = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, height, width])
        output = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, cells(height, width, self.strides), self.numbers])
        graph = helper.make_graph(self.nodes, "firewarden", [images], [output], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="firewarden")
        model.ir_version = 8
        return model

    def _add(self, node: fx.Node) -> None:
        if node.op == "placeholder":
            self.names[node] = "images"
        elif node.op == "output":
            self.nodes.append(helper.make_node("Identity", [self.names[node.args[0]]], ["output"], name="output"))
        elif node.op == "call_module":
            self._add_module(node, self.modules[str(node.target)])
        elif node.op in ("call_function", "call_method"):
            self._add_function(node)
        else:
            raise ExportError(f"{node.op} {node.target} has no ONNX form here; write one in export.py")

    def _add_module(self, node: fx.Node, module: nn.Module) -> None:
        name, source = str(node.target), self.names[node.args[0]]
        if isinstance(module, nn.Identity):
            self.names[node] = source
        elif isinstance(module, nn.Conv2d):
            inputs = [source, self._weight(f"{name}.weight", module.weight), self._weight(f"{name}.bias", module.bias)]
            pad_y, pad_x = module.padding
            self._emit(
                node, "Conv", inputs, group=module.groups, kernel_shape=list(module.kernel_size),
                strides=list(module.stride), pads=[pad_y, pad_x, pad_y, pad_x],
            )
        elif isinstance(module, nn.SiLU):
            self.nodes.append(helper.make_node("Sigmoid", [source], [f"{node.name}.sigmoid"], name=f"{name}.sigmoid"))
            self._emit(node, "Mul", [source, f"{node.name}.sigmoid"])
        elif isinstance(module, nn.LeakyReLU):
            self._emit(node, "LeakyRelu", [source], alpha=module.negative_slope)
        elif isinstance(module, nn.ReLU6):
            self._emit(node, "Clip", [source, self._constant(0.0), self._constant(6.0)])
        elif isinstance(module, nn.ReLU):
            self._emit(node, "Relu", [source])
        elif isinstance(module, nn.MaxPool2d):
            size, pad = module.kernel_size, module.padding
            self._emit(
                node, "MaxPool", [source], kernel_shape=[size] * 2, strides=[module.stride] * 2, pads=[pad] * 4
            )
        elif isinstance(module, nn.Upsample):
            factors = self._constant((1.0, 1.0, module.scale_factor, module.scale_factor))
            how = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
            if module.mode == "nearest":
                how = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
            self._emit(node, "Resize", [source, "", factors], **how)
        else:
            raise ExportError(f"layer {name} ({type(module).__name__}) has no ONNX form here; write one in export.py")

    def _add_function(self, node: fx.Node) -> None:
        if node.target is torch.cat:
            self._emit(node, "Concat", [self.names[one] for one in node.args[0]], axis=node.args[1])
        elif node.target is operator.add:
            self._emit(node, "Add", [self.names[one] for one in node.args])
        elif node.target is torch.sigmoid:
            self._emit(node, "Sigmoid", [self.names[node.args[0]]])
        elif node.target is torch.split:
            self.nodes.append(helper.make_node("Split", [self.names[node.args[0]], self._constant(tuple(node.args[1]))],
                                               [f"{node.name}.{index}" for index in range(len(node.args[1]))], name=node.name, axis=1))
            self.names[node] = node.name
        elif node.target is operator.getitem:
            self.names[node] = f"{self.names[node.args[0]]}.{node.args[1]}"
        elif node.target is torch.flatten:
            shape = self._constant((0, self.numbers, -1))
            self._emit(node, "Reshape", [self.names[node.args[0]], shape])
        elif node.target is torch.transpose:
            self._emit(node, "Transpose", [self.names[node.args[0]]], perm=[0, 2, 1])
        else:
            raise ExportError(f"function {node.target} has no ONNX form here; write one in export.py")

    def _emit(self, node: fx.Node, kind: str, inputs: list[str], **attributes: object) -> None:
        self.names[node] = node.name
        self.nodes.append(helper.make_node(kind, inputs, [node.name], name=node.name, **attributes))

    def _weight(self, name: str, tensor: Tensor) -> str:
        values = tensor.detach().cpu().numpy().astype(np.float32)
        # Subnormal halves cost accuracy and nothing is gained by halving the few numbers of a bias.
        if not self.half or values.ndim == 1:
            self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
            return name
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values.astype(np.float16)), f"{name}.f16"))
        self.nodes.append(helper.make_node("Cast", [f"{name}.f16"], [name], name=f"{name}.cast", to=TensorProto.FLOAT))
        return name

    def _constant(self, value: float | tuple) -> str:
        if value not in self.constants:
            name = f"constant.{len(self.constants)}"
            whole = isinstance(value, tuple) and all(isinstance(one, int) for one in value)
            kind = np.int64 if whole else np.float32
            self.weights.append(numpy_helper.from_array(np.array(value, kind), name))
            self.constants[value] = name
        return self.constants[value]
