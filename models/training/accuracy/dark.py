"""How many people are found in pictures that were made darker or flatter, as they are and lifted as the program lifts them.

    python -m accuracy.dark --dataset D --models NAME=PATH:HEAD ... [--final] [--each N]

Pictures are those of ``indoor-cctv``, of which each N-th is taken; --final takes those that are for measuring only, on which nothing was
chosen. The curve is that of ``src/vision/tone.rs``. Found is who is labelled, by a box of confidence 0.35 that overlaps by 0.4.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from accuracy.people import overlap
from data.detector import Detector, Found
from data.picture import PERSON

SMALL = (256, 144)
SPAN, MOST_GAIN, MEDIAN, LEAST_GAMMA, BLACK = 0.45, 8.0, 0.25, 0.5, 16 / 255
CONFIDENCE, SAME = 0.35, 0.4
NOISE, QUALITY = 1.5, 80
"""Standard deviation of the noise that is added, of 255, and the quality of the JPEG that pictures pass through then."""
LAMP = 0.8
"""From this share of the width on a picture stays as bright as it is, where a lamp is lit in it."""
KINDS = {"as they are": None} | {f"× {k}": (k, 0.0, 1.0) for k in (0.5, 0.35, 0.25, 0.15, 0.1, 0.06, 0.04)}
KINDS |= {f"× {k}, from 0.25 on": (k, 0.25, 1.0) for k in (0.5, 0.25, 0.12)} | {f"× {k}, beside a lamp": (k, 0.0, LAMP) for k in (0.35, 0.2, 0.1)}


def darker(picture: np.ndarray, share: float, black: float, until: float, chance: np.random.Generator) -> np.ndarray:
    """A BGR picture times ``share`` up to ``until`` of its width, above ``black`` of 1, with noise and coded."""
    factor = np.where(np.arange(picture.shape[1]) < until * picture.shape[1], share, 1.0)[None, :, None]
    noise = chance.normal(0, NOISE, (*picture.shape[:2], 1))
    values = np.clip(np.round(picture * factor + 255 * black + noise), 0, 255).astype(np.uint8)
    return cv2.imdecode(cv2.imencode(".jpg", values, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1], cv2.IMREAD_COLOR)


def tone(luma: np.ndarray) -> np.ndarray | None:
    """What each of 256 values of luma becomes for a detector; None where the picture shows enough."""
    small = np.sort(cv2.resize(luma, SMALL, interpolation=cv2.INTER_AREA).ravel()) / 255
    low, median, high = (small[min(int(share * small.size), small.size - 1)] for share in (0.01, 0.5, 0.98))
    gain = float(np.clip(SPAN / max(high - low, 1 / 255), 1, MOST_GAIN))

    def stretched(value: np.ndarray | float) -> np.ndarray | float:
        return (value - low) * gain + min(low, BLACK) if gain > 1 else value

    middle = float(np.clip(stretched(median), 0.01, 1))
    gamma = max(np.log(MEDIAN) / np.log(middle), LEAST_GAMMA) if middle < MEDIAN else 1.0
    if gain <= 1 and gamma >= 1:
        return None
    return np.round(255 * np.clip(stretched(np.arange(256) / 255), 0, 1) ** gamma).astype(np.uint8)


def lifted(picture: np.ndarray) -> np.ndarray:
    """A BGR picture as detectors see it."""
    planes = cv2.cvtColor(picture, cv2.COLOR_BGR2YCrCb)
    table = tone(planes[:, :, 0])
    if table is None:
        return picture
    planes[:, :, 0] = table[planes[:, :, 0]]
    return cv2.cvtColor(planes, cv2.COLOR_YCrCb2BGR)


def score(found: Found, labels: Path) -> tuple[int, int, int]:
    """People that are found, boxes that are none, and people labelled."""
    rows = [list(map(float, line.split()[1:5])) for line in labels.read_text().splitlines()]
    free = [[x - w / 2, y - h / 2, x + w / 2, y + h / 2] for x, y, w, h in rows]
    hits = wrong = 0
    for kind, confidence, box in zip(found.kind, found.confidence, found.box, strict=True):
        if kind != PERSON or confidence < CONFIDENCE:
            continue
        best = max(free, key=lambda label: overlap(label, list(box)), default=None)
        if best is not None and overlap(best, list(box)) >= SAME:
            free.remove(best)
            hits += 1
        else:
            wrong += 1
    return hits, wrong, len(rows)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--models", nargs="+", required=True, metavar="NAME=PATH:HEAD")
    parser.add_argument("--final", action="store_true")
    parser.add_argument("--each", type=int, default=1)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    folder = asked.dataset / "indoor-cctv"
    pictures = sorted(p for p in (folder / "images").iterdir() if (p.name[0] in "0123") == asked.final)[:: asked.each]
    print("| model | pictures | people | found as it is | no people | found lifted | no people |\n|---|---|---|---|---|---|---|")
    for entry in asked.models:
        name, _, rest = entry.partition("=")
        path, _, head = rest.rpartition(":")
        detector = Detector(Path(path), head, threads=1, fitted=head == "yolox")
        for kind, how in KINDS.items():
            chance, sums = np.random.default_rng(1), Counter()
            for picture in pictures:
                image = cv2.imread(str(picture))
                image = image if how is None else darker(image, *how, chance)
                labels = folder / "labels" / f"{picture.stem}.txt"
                for way, shown in (("as it is", image), ("lifted", lifted(image))):
                    hits, wrong, people = score(detector.detect(shown, CONFIDENCE / 2), labels)
                    sums.update({f"{way}, found": hits, f"{way}, wrong": wrong, f"{way}, people": people})
            row = [sums["lifted, people"], sums["as it is, found"], sums["as it is, wrong"], sums["lifted, found"], sums["lifted, wrong"]]
            print(f"| {name} | {kind} | {' | '.join(map(str, row))} |", flush=True)


if __name__ == "__main__":
    main()
