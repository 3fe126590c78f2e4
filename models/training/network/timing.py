"""Milliseconds of a look: an ONNX file run by ONNX Runtime on one thread, as the program runs it."""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
import onnxruntime

from data.detector import resized
from network.export import cells


def milliseconds(path: Path, height: int, width: int, runs: int = 40, warm_up: int = 5) -> tuple[float, float]:
    """Median and fastest time of one run, in milliseconds, at an input of ``height`` x ``width``."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        resized(path.read_bytes(), width, height, cells(height, width)), options, providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name
    images = np.random.default_rng(1).uniform(0, 255, (1, 3, height, width)).astype(np.float32)
    taken = []
    for run in range(warm_up + runs):
        begin = time.perf_counter()
        session.run(None, {name: images})
        if run >= warm_up:
            taken.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(taken), min(taken)


def main() -> None:
    """Prints a line for each file and size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="ONNX files")
    parser.add_argument("--sizes", nargs="+", default=["416x256", "416x416"], help="WIDTHxHEIGHT, multiples of 32")
    parser.add_argument("--runs", type=int, default=40)
    options = parser.parse_args()
    for path in options.files:
        for size in options.sizes:
            width, height = (int(side) for side in size.split("x"))
            median, fastest = milliseconds(path, height, width, options.runs)
            megabytes = path.stat().st_size / 1e6
            print(f"{path.name:32} {size:>8}  median {median:6.1f} ms  fastest {fastest:6.1f} ms  {megabytes:5.2f} MB")


if __name__ == "__main__":
    main()
