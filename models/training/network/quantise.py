"""INT8 with QDQ nodes by ONNX Runtime's static quantisation: a row of the table, shipped only if it pays.

``python -m network.quantise MODEL.onnx --to MODEL-int8.onnx``. Ranges come from pictures of the ``choose`` part. The
last convolutions and what follows them stay fp32: a box's logarithm of width does not survive 256 steps.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from data.files import written
from network.augment import letterbox


class Pictures(CalibrationDataReader):
    """Pictures as the network takes them, one at a time."""

    def __init__(self, paths: Sequence[Path], height: int, width: int, name: str = "images") -> None:
        self._coming: Iterator[Path] = iter(paths)
        self._size, self._name = (height, width), name

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next picture, f32 [1, 3, H, W]; None at the end."""
        path = next(self._coming, None)
        if path is None:
            return None
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        placed, _ = letterbox(image, *self._size)
        return {self._name: placed.transpose(2, 0, 1)[None].astype(np.float32)}


def quantise(path: Path, to: Path, pictures: Sequence[Path]) -> None:
    """Writes ``path`` quantised, its ranges from ``pictures``."""
    shape = onnx.load(str(path)).graph.input[0].type.tensor_type.shape.dim
    reader = Pictures(pictures, shape[2].dim_value, shape[3].dim_value)
    prepared = to.with_suffix(".prepared")
    try:
        quant_pre_process(str(path), str(prepared), skip_symbolic_shape=True)
        with written(to) as unfinished:
            quantize_static(
                str(prepared), str(unfinished), reader, quant_format=QuantFormat.QDQ, per_channel=True,
                weight_type=QuantType.QInt8, activation_type=QuantType.QUInt8, reduce_range=True,
                calibrate_method=CalibrationMethod.MinMax, nodes_to_exclude=_tail(onnx.load(str(prepared)).graph),
                op_types_to_quantize=["Conv", "Add", "Concat", "MaxPool", "Resize", "Relu", "Clip"],
            )
    finally:
        prepared.unlink(missing_ok=True)


def _tail(graph: onnx.GraphProto) -> list[str]:
    """Names of the nodes from the output back to, and with, the first convolution on each way."""
    made_by = {output: node for node in graph.node for output in node.output}
    names, left = [], [graph.output[0].name]
    while left:
        node = made_by.get(left.pop())
        if node is None or node.name in names:
            continue
        names.append(node.name)
        if node.op_type != "Conv":
            left.extend(node.input)
    return names


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    from data.sets import load

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--dataset", type=Path, default=Path(os.environ.get("FIREWARDEN_DATASET", "../shared/dataset")))
    parser.add_argument("--work", type=Path, default=Path("target/training"))
    parser.add_argument("--count", type=int, default=120, help="pictures that the ranges come from")
    options = parser.parse_args(arguments)
    renders = options.work / "renders"
    pictures = load(options.dataset, renders if renders.is_dir() else None, options.work)
    chosen = [picture.path for picture in pictures if picture.part == "choose"]
    places = np.linspace(0, len(chosen) - 1, min(options.count, len(chosen)))
    quantise(options.model, options.to, [chosen[int(place)] for place in places])
    print(f"{options.to}: {options.to.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
