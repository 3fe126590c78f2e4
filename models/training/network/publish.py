"""A trained candidate as one of the project's models: ``python -m network.publish lift-both-long --as firewarden-lift``.

Writes ``models/NAME.onnx`` and what the catalogue ``models/catalog.toml`` says of it: SHA-256, size and input.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from data.picture import DataError
from network.candidates import RECIPES
from network.release import release

MODELS = Path(__file__).resolve().parents[2]


def listed(catalogue: str, name: str, sha256: str, size: int, width: int, height: int) -> str:
    """The catalogue's text with the facts of the built-in file NAME.onnx changed. Raises ``DataError`` where it has none."""
    entry = re.search(rf'\[\[model\]\]\nname = "{re.escape(name)}"\n(?:(?!\[\[model\]\]).)*?built_in = "[^"]*"\nsha256 = "[0-9a-f]*"\nbytes = \d+', catalogue, re.S)
    if entry is None:
        raise DataError(f'catalog.toml: no [[model]] named "{name}" with a built_in source; add one first')
    changed = re.sub(r"input = \{[^}]*\}", f"input = {{ width = {width}, height = {height} }}", entry[0])
    changed = re.sub(r'sha256 = "[0-9a-f]*"\nbytes = \d+', f'sha256 = "{sha256}"\nbytes = {size}', changed)
    return catalogue[: entry.start()] + changed + catalogue[entry.end() :]


def publish(candidate: str, name: str, work: Path, weights: Path, models: Path = MODELS) -> str:
    """Writes the model and its entry; returns a line about the file."""
    path, catalogue = models / f"{name}.onnx", models / "catalog.toml"
    text = catalogue.read_text(encoding="utf-8")
    listed(text, name, "", 0, 32, 32)  # Nothing is written where the catalogue has no place for it.
    said = release(candidate, work / "models" / candidate, weights, path)
    file = path.read_bytes()
    height, width = RECIPES[candidate].shapes[0]
    catalogue.write_text(listed(text, name, hashlib.sha256(file).hexdigest(), len(file), width, height), encoding="utf-8")
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
