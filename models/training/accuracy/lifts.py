"""How well e-bikes are found from lift cameras that hang at any roll, look steeply down, see them cut off, moving, or filmed from a monitor.

    python -m accuracy.lifts --dataset D --work W --models NAME=FILE:HEAD[:again][@TIMES] ... [--json OUT] [--choose]
    python -m accuracy.lifts --dataset D --work W --freeze

The pictures are frozen: ``lifts.csv`` beside this file has SHA-256 and kind of each, the command refuses where one differs or is missing, and
training leaves them out by the same list (``data.held``). They are W/renders/held and W/renders/overhead-held (``python -m lifts.render
--profile held``, the second with ``--cameras overhead``), W/composites/measure, and the rooms of D that are measured on. Each is shown
in all ways of ``lifts_views``. **No choice is made on it**: with ``--choose`` the same tables are of W/renders/choose and W/renders/overhead-choose, which are made
with ``--profile train`` and never trained on, and of the rooms of the part "choose". @TIMES gives a network an input of so many times the pixels.

A threshold is that at which one in a hundred pictures without an e-bike, shown in the same way, is flagged. Intervals are of a bootstrap over
cars and rooms, in the same draws for every network, so that differences are paired.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from accuracy.lifts_views import LEAST_VISIBLE, VIEWS, generator
from accuracy.metrics import FALSE_ALARMS, threshold_at
from accuracy.opened import opened
from accuracy.world_scores import interval
from data.detector import Detector
from data.files import written
from data.held import COLUMNS, LIFTS, frozen, sha256
from data.picture import BICYCLE, EBIKE, DataError, Picture
from data.sets import COMPOSITES, RENDERS, holds_ebike, load, load_generated

DRAWS = 1000
ALARM = 0.5
"""What the rule for elevators asks for: how often pedal bicycles are called e-bikes is told of it."""
UPRIGHT, OVERHEAD, NEGATIVE = "hung upright", "hung overhead", "without an e-bike"
KINDS = (UPRIGHT, OVERHEAD, NEGATIVE)
FOLDERS = {"": UPRIGHT, "overhead-": OVERHEAD}
ROOMS = ("indoor-cctv", "rooms-cctv")


@dataclass(frozen=True)
class Shot:
    """A picture of the measure, and which of ``KINDS`` it is."""

    picture: Picture
    kind: str

    @property
    def name(self) -> str:
        """What it is listed by, wherever it lies."""
        return f"{self.picture.path.parent.parent.name}/{self.picture.path.stem}"

    @property
    def pedals(self) -> bool:
        """Whether it shows a pedal bicycle, and no e-bike."""
        return self.kind == NEGATIVE and any(box.kind == BICYCLE and box.visible >= LEAST_VISIBLE for box in self.picture.boxes)


def gather(dataset: Path, work: Path, part: str = "measure") -> list[Shot]:
    """All pictures that may be measured on, or chosen by. Pictures in which an e-bike is nearly hidden are neither with nor without one."""
    own = "held" if part == "measure" else part
    made = [(picture, kind) for folder, kind in FOLDERS.items() for picture in load_generated(work / "renders" / f"{folder}{own}", RENDERS, held=True)]
    if part == "measure":
        made += [(picture, NEGATIVE) for picture in load_generated(work / "composites" / "measure", COMPOSITES, held=True)]
    made += [(picture, NEGATIVE) for picture in load(dataset, None, work) if picture.part == part and picture.set in ROOMS]
    shots = []
    for picture, kind in made:
        if any(box.kind == EBIKE and box.visible >= LEAST_VISIBLE for box in picture.boxes):
            shots += [Shot(picture, kind)] if kind != NEGATIVE else []
        elif not holds_ebike(picture):
            shots.append(Shot(picture, NEGATIVE))
    return shots


def freeze(shots: list[Shot], table: Path = LIFTS) -> str:
    """Lists all pictures, where none is listed."""
    if table.exists():
        raise DataError(f"{table}: lists pictures already, which stay those that are measured on")
    with written(table) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for shot in shots:
            writer.writerow((sha256(shot.picture.path), shot.kind, shot.name, shot.picture.group, _truth(shot)))
    frozen.cache_clear()
    return f"{table}: {', '.join(f'{sum(shot.kind == kind for shot in shots)} {kind}' for kind in KINDS)}"


def frozen_shots(shots: list[Shot], table: Path = LIFTS) -> list[Shot]:
    """Those that are listed, as they were. Raises ``DataError`` naming what is another now, or missing."""
    there = {shot.name: shot for shot in shots}
    wanted = []
    for line in frozen(table):
        shot = there.get(line["picture"])
        if shot is None or shot.kind != line["row"] or sha256(shot.picture.path) != line["sha256"] or _truth(shot) != line["truth"]:
            raise DataError(f"{line['picture']}: is missing, or is not the picture that is measured on; render, compose or fetch it again as it was")
        wanted.append(shot)
    return wanted


def _truth(shot: Shot) -> str:
    return " ".join(f"{box.kind}:{box.left:.3f},{box.top:.3f},{box.right:.3f},{box.bottom:.3f}" for box in shot.picture.boxes)


def look(detectors: dict[str, Detector], shots: list[Shot]) -> dict[str, dict[str, np.ndarray]]:
    """Of each network, by view: the confidence of its surest e-bike in each picture; NaN where the view leaves too little of one."""
    scores = {name: {view: np.full(len(shots), np.nan) for view in VIEWS} for name in detectors}
    told = time.monotonic()
    for number, shot in enumerate(shots):
        image = cv2.imread(str(shot.picture.path))
        if image is None:
            raise DataError(f"{shot.picture.path}: not a picture that can be decoded; make or fetch it again")
        for view, show in VIEWS.items():
            shown, counts = show(image, shot.picture.boxes, generator(shot.name, view))
            if not counts:
                continue
            for name, detector in detectors.items():
                scores[name][view][number] = detector.detect(shown).best(EBIKE)[0]
        if time.monotonic() - told > 10 or number + 1 == len(shots):
            told = time.monotonic()
            print(f"{number + 1} of {len(shots)} pictures", file=sys.stderr, flush=True)
    return scores


@dataclass(frozen=True)
class Value:
    """A figure, and those of its draws."""

    value: float
    draws: np.ndarray

    def __str__(self) -> str:
        low, high = interval(self.draws)
        return f"{self.value:.2f} ({low:.2f} to {high:.2f})"


def recalls(shots: list[Shot], scores: dict[str, np.ndarray], kind: str) -> dict[str, tuple[Value, float, int]]:
    """By view: the recall of the pictures of a kind at 1 % of those without an e-bike, the threshold, and how many there are."""
    weights = _weights(shots)
    kinds = np.array([shot.kind for shot in shots])
    told = {}
    for view, score in scores.items():
        there = ~np.isnan(score)
        positive, negative = np.flatnonzero((kinds == kind) & there), np.flatnonzero((kinds == NEGATIVE) & there)
        threshold = threshold_at(score[negative])
        order = negative[np.argsort(-score[negative], kind="stable")]
        draws = np.empty(DRAWS)
        for number, drawn in enumerate(weights):
            counts = drawn[order]
            # The first of the negatives, surest first, by which more than the share is flagged.
            place = int(np.searchsorted(np.cumsum(counts), FALSE_ALARMS * counts.sum(), side="right"))
            least = score[order[min(place, len(order) - 1)]]
            of = drawn[positive]
            draws[number] = (of * (score[positive] > least)).sum() / max(of.sum(), 1)
        told[view] = Value(float((score[positive] > threshold).mean()), draws), threshold, len(positive)
    return told


def _weights(shots: list[Shot]) -> np.ndarray:
    """How often each picture is in each draw, [DRAWS, pictures]: cars and rooms are drawn, not pictures."""
    groups = {group: number for number, group in enumerate(dict.fromkeys(shot.picture.group for shot in shots))}
    random = np.random.default_rng(28)
    drawn = random.multinomial(len(groups), np.full(len(groups), 1 / len(groups)), DRAWS)
    return drawn[:, [groups[shot.picture.group] for shot in shots]].astype(np.float32)


def tables(shots: list[Shot], scores: dict[str, dict[str, np.ndarray]]) -> tuple[str, dict]:
    """The tables, and the same as plain figures."""
    names = list(scores)
    lines = ["| e-bike in a lift: recall at 1 % | n | " + " | ".join(names) + " | " + " | ".join(f"{name} over {names[0]}" for name in names[1:]) + " |",
             "|" + "---|" * (2 + len(names) + len(names) - 1)]
    plain: dict = {}
    for kind in dict.fromkeys(shot.kind for shot in shots if shot.kind != NEGATIVE):
        by = {name: recalls(shots, scores[name], kind) for name in names}
        for view in VIEWS:
            first = by[names[0]][view][0]
            more = [Value(by[name][view][0].value - first.value, by[name][view][0].draws - first.draws) for name in names[1:]]
            cells = [str(by[name][view][0]) for name in names] + [f"{'+' if one.value >= 0 else ''}{one}" for one in more]
            lines.append(f"| {kind}, {view} | {by[names[0]][view][2]} | " + " | ".join(cells) + " |")
            plain[f"{kind}, {view}"] = {name: round(by[name][view][0].value, 4) for name in names}
    thresholds = {view: [f"{threshold_at(scores[name][view][[shot.kind == NEGATIVE for shot in shots]]):.2f}" for name in names] for view in VIEWS}
    lines += ["", "| pictures without an e-bike | n | " + " | ".join(names) + " |", "|" + "---|" * (2 + len(names))]
    without = np.array([shot.kind == NEGATIVE for shot in shots])
    pedals = np.array([shot.pedals for shot in shots])
    for view in VIEWS:
        lines.append(f"| confidence at 1 %, {view} | {without.sum()} | " + " | ".join(thresholds[view]) + " |")
    for view in VIEWS:
        shares = [float((scores[name][view][pedals] >= ALARM).mean()) for name in names]
        lines.append(f"| pedal bicycle called e-bike at {ALARM}, {view} | {pedals.sum()} | " + " | ".join(f"{share:.3f}" for share in shares) + " |")
        plain[f"pedal bicycle, {view}"] = dict(zip(names, (round(share, 4) for share in shares)))
    return "\n".join(lines), plain


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="accuracy.lifts", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--models", nargs="+", metavar="NAME=FILE:HEAD", default=[])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--choose", action="store_true", help="of the pictures that choices are made by")
    parser.add_argument("--freeze", action="store_true", help="list the pictures, where none is listed")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        shots = gather(options.dataset, options.work, "choose" if options.choose else "measure")
        if options.freeze and not options.choose:
            print(freeze(shots))
            return
        detectors = {name: detector for name, _, detector in map(opened, options.models)}
        if not detectors:
            raise DataError("--models: name at least one network, such as lift=models/firewarden-lift.onnx:yolox:again")
        shots = shots if options.choose else frozen_shots(shots)
        told, plain = tables(shots, look(detectors, shots))
        print(told)
        if options.json:
            with written(options.json) as unfinished:
                unfinished.write_text(json.dumps(plain, indent=1), encoding="utf-8")
    except DataError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
