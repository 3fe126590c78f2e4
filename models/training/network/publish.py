"""A trained candidate as one of the project's models: ``python -m network.publish lift-both-long --as firewarden-lift``.

Writes ``models/NAME.onnx`` and what the catalogue ``models/catalog.toml`` says of it: SHA-256, size, head and input.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data.picture import DataError
from network.candidates import RECIPES
from network.release import release

MODELS = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Facts:
    """What the catalogue says of a file: SHA-256 and bytes, the head that reads it, width and height of the input that it was made for."""

    sha256: str
    size: int
    head: str
    width: int
    height: int


def listed(catalogue: str, name: str, facts: Facts) -> str:
    """The catalogue's text with the facts of the built-in file NAME.onnx changed. Raises ``DataError`` where it has none."""
    entry = re.search(rf'\[\[model\]\]\nname = "{re.escape(name)}"\n(?:(?!\[\[model\]\]).)*?built_in = "[^"]*"\nsha256 = "[0-9a-f]*"\nbytes = \d+', catalogue, re.S)
    if entry is None:
        raise DataError(f'catalog.toml: no [[model]] named "{name}" with a built_in source; add one first')
    changed = re.sub(r"input = \{[^}]*\}", f"input = {{ width = {facts.width}, height = {facts.height} }}", entry[0])
    changed = re.sub(r'head = "[^"]*"', f'head = "{facts.head}"', changed)
    changed = re.sub(r'sha256 = "[0-9a-f]*"\nbytes = \d+', f'sha256 = "{facts.sha256}"\nbytes = {facts.size}', changed)
    return catalogue[: entry.start()] + changed + catalogue[entry.end() :]


def publish(candidate: str, name: str, work: Path, weights: Path, models: Path = MODELS) -> str:
    """Writes the model and its entry; returns a line about the file."""
    path, catalogue = models / f"{name}.onnx", models / "catalog.toml"
    text = catalogue.read_text(encoding="utf-8")
    recipe = RECIPES[candidate]
    height, width = recipe.made_for
    head = "nanodet-plus" if recipe.is_plus else "yolox"
    listed(text, name, Facts("", 0, head, width, height))  # Nothing is written where the catalogue has no place for it.
    said = release(candidate, work / "models" / candidate, weights, path)
    file = path.read_bytes()
    facts = Facts(hashlib.sha256(file).hexdigest(), len(file), head, width, height)
    catalogue.write_text(listed(text, name, facts), encoding="utf-8")
    return said


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("candidate", choices=sorted(RECIPES))
    parser.add_argument("--as", dest="name", required=True, help="the model's name in the catalogue")
    parser.add_argument("--work", type=Path, default=Path("target/training"))
    parser.add_argument("--weights", type=Path, default=Path("../shared/models"), help="folder of published weights")
    options = parser.parse_args(arguments)
    print(publish(options.candidate, options.name, options.work, options.weights))


if __name__ == "__main__":
    main()
