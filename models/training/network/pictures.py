"""Everything that is trained on, gathered: photographs, renders, composites, pseudo-labels."""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from data.picture import Picture
from data.pseudo import add_pseudo_labels
from data.sets import COMPOSITES, PLACES, RENDERS, load, load_generated

DETECTOR = "nanodet-plus-m_416.onnx"


def gather(dataset: Path, work: Path, weights: Path) -> list[Picture]:
    """All pictures: photographs with pseudo-labels, and renders and composites as far as ``work`` has them.

    ``weights`` is the folder with the detector that pseudo-labels come from; what it said is kept in ``work``.
    """
    pictures = add_pseudo_labels(load(dataset, None, work), weights / DETECTOR, work)
    for name in (RENDERS, COMPOSITES, PLACES):
        made = work / name / "train"
        if made.is_dir():
            pictures += load_generated(made, name, held=False)
    return pictures


def fingerprint(pictures: Sequence[Picture]) -> str:
    """A short hash of which pictures there are and what their labels say."""
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(f"{picture.set}/{picture.path.name}/{picture.part}/{picture.boxes}".encode())
    return digest.hexdigest()[:16]


def main(arguments: Sequence[str] | None = None) -> None:
    """Makes the pseudo-labels and says what there is to train on: ``python -m network.pictures``."""
    from network.batches import category

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True, help="folder of published weights")
    options = parser.parse_args(arguments)
    pictures = gather(options.dataset, options.work, options.weights)
    for part in ("train", "choose"):
        counts = Counter(category(picture) for picture in pictures if picture.part == part)
        print(f"{part}: " + ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))


if __name__ == "__main__":
    main()
