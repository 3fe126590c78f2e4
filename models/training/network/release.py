"""A trained candidate as files: ``python -m network.release lift-both-416 --to models/firewarden-lift.onnx``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from network.candidates import RECIPES
from network.export import export
from network.train import trained


def release(candidate: str, folder: Path, weights: Path, path: Path, half: bool = False) -> str:
    """Exports what ``folder`` holds to ``path``; returns a line about the file."""
    recipe = RECIPES[candidate]
    height, width = recipe.made_for
    difference = export(trained(candidate, folder, weights), path, height, width, half)
    return f"{path}: {path.stat().st_size / 1e6:.2f} MB, {width} x {height}, within {difference:.1g} of PyTorch"


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("candidate", choices=sorted(RECIPES))
    parser.add_argument("--work", type=Path, default=Path("target/training"))
    parser.add_argument("--weights", type=Path, default=Path("../shared/models"), help="folder of published weights")
    parser.add_argument("--to", type=Path, default=None, help="default: WORK/models/CANDIDATE/CANDIDATE.onnx")
    parser.add_argument("--half", action="store_true", help="store weights as f16")
    options = parser.parse_args(arguments)
    folder = options.work / "models" / options.candidate
    path = options.to or folder / f"{options.candidate}.onnx"
    print(release(options.candidate, folder, options.weights, path, options.half))


if __name__ == "__main__":
    main()
