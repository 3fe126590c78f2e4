"""Events: whole recordings through the program itself, with each model, against their truth files.

The rendered films held back are judged as the program would be in an elevator: every e-bike raised, at most ``PROMPT`` seconds
after it is wholly inside, and nothing else. The two clips of the demonstration show whether a model loses or invents
violations in a street and a room; their truth, by eye, is in ``accuracy/truth``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from data.detector import Detector
from data.picture import CLASSES, DataError

PROMPT = 2.0
"""Seconds after which an e-bike that is wholly inside should have been raised."""
COMES = -6.0
"""Seconds before it is wholly inside that an e-bike can be in sight; what is raised earlier was raised for something else."""
ELEVATOR_LEAST = 0.2
"""The confidence from which on an elevator's own model tells of things (``src/config/rule.rs``: 0.4 of the 0.5 that the rule asks for)."""
HEADS = {"yolox": "yolox", "nanodet": "nanodet-plus"}
"""How the program's configuration names each head."""
TRUTH = Path(__file__).resolve().parent / "truth"


@dataclass(frozen=True)
class Recording:
    """A recording with truth. ``configuration``: TOML of its cameras, without a detector."""

    name: str
    configuration: str
    truth: Path
    is_film: bool


@dataclass(frozen=True)
class Outcome:
    """What the program made of a recording: ``after`` are the seconds from each found spell's start to its being raised, ``others``
    the starts of violations that are right for no spell."""

    spells: int
    after: tuple[float, ...]
    others: tuple[float, ...]

    @property
    def prompt(self) -> int:
        """Spells that were raised in time, and not for what came before."""
        return sum(COMES <= after <= PROMPT for after in self.after)

    def text(self) -> str:
        """For a cell of the table."""
        late = ", ".join(f"{after:+.1f} s" for after in self.after)
        said = f"{len(self.after)} of {self.spells}" + (f" ({late})" if late else "")
        return said + (f", others at {', '.join(f'{start:.0f} s' for start in self.others)}" if self.others else "")


def recordings(films: Path, samples: Path, footage: Path | None) -> list[Recording]:
    """Held-back films under ``films``, and the clips of the demonstration where ``footage`` has them."""
    found = []
    for path in sorted(films.resolve().glob("*-held.mp4")):
        truth = path.with_suffix(".csv")
        if not truth.is_file():
            raise DataError(f"{truth}: the film's truth file is missing; render the film again with lifts.film")
        camera = f'[[camera]]\nid = "lift"\nsource = "{path}"\n\n[[camera.rule]]\nkind = "ebike_in_elevator"\nmodel = "{{model}}"\n'
        found.append(Recording(path.stem, '[site]\nid = "films"\n\n' + camera, truth, True))
    for name in ("fire-lane", "control-room"):
        configuration = (samples / "demo" / f"{name}.toml").read_text(encoding="utf-8")
        clip = configuration.partition("${FIREWARDEN_FOOTAGE}/")[2].partition('"')[0]
        if footage is not None and (footage / clip).is_file():
            found.append(Recording(f"clip {name}", configuration, TRUTH / f"{name}.csv", False))
    return found


def outcome(program: Path, recording: Recording, model: Path, detector: Detector, footage: Path | None) -> Outcome:
    """Runs the program over a recording with a model. Raises ``DataError`` with what it said where it fails."""
    told = f'\n[detector]\nmodel = "{model}"\nsecond_look = {str(detector.again).lower()}\n'
    if recording.is_film:
        told += f"confidence = {ELEVATOR_LEAST}\n"
    if detector.classes == len(CLASSES):
        classes = ", ".join(f"{key} = [{number}]" for number, key in enumerate(CLASSES))
        told += f'head = "{HEADS[detector.head]}"\nclasses = {{ {classes} }}\ninput = [{detector.width}, {detector.height}]\n'
    head, separator, cameras = recording.configuration.partition("[[camera]]")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "films.toml"
        path.write_text(head + told + "\n" + separator + cameras.replace("{model}", str(model)), encoding="utf-8")
        command = [program, "eval", "--config", path, "--truth", recording.truth, "--json"]
        environment = os.environ | ({"FIREWARDEN_FOOTAGE": str(footage)} if footage else {})
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        raise DataError(f"{recording.name}: {program} ended with {done.returncode}: {done.stderr.strip()[-400:]}")
    return read(json.loads(done.stdout))


def read(answer: dict) -> Outcome:
    """What ``firewarden eval --json`` printed."""
    after = tuple(float(match["raised_after_s"]) for match in answer["matches"] if match["raised_after_s"] is not None)
    others = tuple(float(alarm["started"]["media_s"]) for alarm in answer["false_alarms"])
    return Outcome(answer["total"]["spells"], after, others)


def table(program: Path, models: dict[str, tuple[Path, Detector]], wanted: list[Recording], footage: Path | None) -> str:
    """Markdown: a row a recording, then the sums over the films; a column a model."""
    lines = ["| | " + " | ".join(models) + " |", "|---|" + "---|" * len(models)]
    sums: dict[str, list[Outcome]] = {name: [] for name in models}
    for recording in wanted:
        cells = []
        for name, (path, detector) in models.items():
            print(f"{name}: {recording.name}", file=sys.stderr, flush=True)
            result = outcome(program, recording, path.resolve(), detector, footage)
            cells.append(result.text())
            if recording.is_film:
                sums[name].append(result)
        lines.append(f"| {recording.name} | " + " | ".join(cells) + " |")
    if any(sums.values()):
        spells = sum(result.spells for result in next(iter(sums.values())))
        for label, count in (
            (f"**e-bikes in films raised**, of {spells}", lambda all_: sum(len(result.after) for result in all_)),
            (f"**within {PROMPT:.0f} s of being wholly inside**", lambda all_: sum(result.prompt for result in all_)),
            ("**other violations in films**, none wanted", lambda all_: sum(len(result.others) for result in all_)),
        ):
            lines.append(f"| {label} | " + " | ".join(str(count(sums[name])) for name in models) + " |")
    return "\n".join(lines)
