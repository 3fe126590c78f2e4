"""Stages of the pipeline: what each runs, when it is done, and what it is done for.

A stage is done when its stamp under WORK/stamps says so for the same inputs and what it made is there. Its inputs are
its commands, the data set, and the stages before it; where one changed, the stages after it run again. Every command goes on where it
was interrupted, and so keeps what it has made already: after a change of the generators themselves, or of a picture whose cut-out was
made, remove their folder under WORK to have it made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data.files import written


class StageError(Exception):
    """A stage failed; the message names it, its command and the way out."""


@dataclass(frozen=True)
class Stage:
    """``commands`` run one after another. ``made``: files or folders that are there afterwards. ``after``: names of the
    stages whose results it reads."""

    name: str
    commands: Sequence[Sequence[str]]
    made: Sequence[Path] = ()
    after: Sequence[str] = ()


class Runner:
    """Runs stages whose stamps are missing or old. ``data`` identifies the data set."""

    def __init__(self, stages: Sequence[Stage], work: Path, here: Path, data: str) -> None:
        self.stages = {stage.name: stage for stage in stages}
        self.work, self.here, self.data = work, here, data

    def inputs(self, stage: Stage) -> str:
        """Identifies everything that the stage's results depend on."""
        before = [self.inputs(self.stages[name]) for name in stage.after]
        commands = [list(command[1:]) for command in stage.commands]
        return hashlib.sha256(json.dumps([self.data, commands, before]).encode()).hexdigest()[:16]

    def is_done(self, stage: Stage) -> bool:
        """Whether there is nothing to do."""
        stamp = self._stamp(stage)
        if not stamp.is_file() or not all(path.exists() for path in stage.made):
            return False
        return stamp.read_text(encoding="utf-8").strip() == self.inputs(stage)

    def run(self, only: Sequence[str]) -> None:
        """Runs the stages named in ``only``, or all, in order."""
        for name, stage in self.stages.items():
            if only and name not in only:
                continue
            if self.is_done(stage):
                print(f"{name}: done before", flush=True)
                continue
            begin = time.monotonic()
            for command in stage.commands:
                self._call(stage, command)
            missing = [str(path) for path in stage.made if not path.exists()]
            if missing:
                raise StageError(f"{name}: ended without {', '.join(missing)}")
            with written(self._stamp(stage)) as unfinished:
                unfinished.write_text(self.inputs(stage) + "\n", encoding="utf-8")
            print(f"{name}: done in {(time.monotonic() - begin) / 60:.1f} min", flush=True)

    def _call(self, stage: Stage, command: Sequence[str]) -> None:
        print(f"{stage.name}: {' '.join(command)}", flush=True)
        process = subprocess.Popen(command, env=self._environment())

        def stop(*_: object) -> None:
            process.terminate()
            raise KeyboardInterrupt

        # A terminal tells the command too when it is interrupted; who ends this process alone does not.
        before = signal.signal(signal.SIGTERM, stop)
        try:
            code = process.wait()
        except KeyboardInterrupt:
            # It saves what it has and ends by itself.
            process.wait()
            raise
        finally:
            signal.signal(signal.SIGTERM, before)
        if code:
            raise StageError(
                f"{stage.name}: ended with {code}; what it said is above; running again goes on from here"
            )

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.here), "PYTHONUNBUFFERED": "1"}

    def _stamp(self, stage: Stage) -> Path:
        return self.work / "stamps" / stage.name


TEXTS = (".txt", ".csv", ".toml", ".tsv")


def listing(folder: Path) -> str:
    """Identifies what a folder holds: pictures by name and size, labels and tables by what they say."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)}:{path.stat().st_size}\n".encode())
            if path.suffix in TEXTS:
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def python(module: str, *arguments: object, interpreter: str = sys.executable) -> list[str]:
    """The command that runs a module of this folder."""
    return [interpreter, "-m", module, *(str(one) for one in arguments)]
