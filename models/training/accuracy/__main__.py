"""Prints the whole accuracy table for any number of models.

    python -m accuracy --dataset D --work W --models NAME=PATH:HEAD[:again] ... [--renders R] [--json OUT] [--without-lift-eval]
                       [--program FIREWARDEN]

HEAD is yolox or nanodet; with :again what may be an e-bike is looked at twice. Held-back composites are read from
WORK/composites/measure, held-back renders from R/held (default WORK/renders where it exists). A YOLOX file, and one of NanoDet's with our
six classes or free axes, is given each picture's proportions, as the program does it; other files take their own input size. With --program,
recordings are judged too: the films WORK/films/*-held.mp4, and the clips of the demonstration where FIREWARDEN_FOOTAGE has them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

import cv2

from accuracy import films
from accuracy.opened import opened
from accuracy.table import Seen, markdown, rows_of
from accuracy.timing import milliseconds
from accuracy.trials import CONFUSABLES_WANTED, Trials, gather
from data.detector import Detector
from data.picture import DataError

SAMPLES = Path(__file__).resolve().parents[3] / "samples"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--renders", type=Path)
    parser.add_argument("--models", nargs="+", required=True, metavar="NAME=PATH:HEAD")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--program", type=Path, help="the built program, for films and clips")
    parser.add_argument("--only-films", action="store_true", help="no pictures, films and clips alone")
    parser.add_argument("--without-lift-eval", action="store_true", help="for every trial before the last measuring")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        models = {name: (path, detector) for name, path, detector in map(opened, arguments.models)}
        if not arguments.only_films:
            _pictures(arguments, {name: detector for name, (_, detector) in models.items()})
        if arguments.program is not None:
            footage = Path(os.environ["FIREWARDEN_FOOTAGE"]) if os.environ.get("FIREWARDEN_FOOTAGE") else None
            wanted = films.recordings(arguments.work / "films", SAMPLES, footage)
            print("\n" + films.table(arguments.program.resolve(), models, wanted, footage))
    except DataError as error:
        sys.exit(f"error: {error}")


def _pictures(arguments: argparse.Namespace, detectors: dict[str, Detector]) -> None:
    """Prints the table of pictures and writes it as JSON."""
    renders = arguments.renders or arguments.work / "renders"
    if arguments.renders is None and not (renders / "held").is_dir():
        renders = None
    trials = gather(arguments.dataset, arguments.work, renders, not arguments.without_lift_eval)
    columns = {name: rows_of(trials, look(name, detector, trials)) for name, detector in detectors.items()}
    times = milliseconds(detectors)
    print(_heading(trials, renders))
    print(markdown(columns, times))
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps({
            name: {"milliseconds": round(times[name], 2),
                   "rows": [{"name": row.name, "value": row.value, "n": row.pictures} for row in rows]}
            for name, rows in columns.items()}, indent=1), encoding="utf-8")


def look(name: str, detector: Detector, trials: Trials) -> Seen:
    """What one model sees in every picture of the trials."""
    pictures = trials.all()
    seen: Seen = {}
    told = time.monotonic()
    for number, picture in enumerate(pictures, start=1):
        image = cv2.imread(str(picture.path))
        if image is None:
            raise DataError(f"{picture.path}: not a picture that can be decoded; make or fetch it again")
        seen[picture.path] = detector.detect(image)
        if time.monotonic() - told > 10 or number == len(pictures):
            told = time.monotonic()
            print(f"{name}: {number} of {len(pictures)} pictures", file=sys.stderr, flush=True)
    return seen


def _heading(trials: Trials, renders: Path | None) -> str:
    lines = [f"Negatives: {len(trials.rooms)} pictures of rooms, {len(trials.confusables)} composites and renders with "
             "people, pedal bicycles and other confusables."]
    if len(trials.confusables) < CONFUSABLES_WANTED:
        lines.append(f"At least {CONFUSABLES_WANTED} of the latter are wanted: make more held-back composites.")
    if renders is None:
        lines.append("No held-back renders were given: their rows are empty.")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
