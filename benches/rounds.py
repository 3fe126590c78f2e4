"""Rounds that were measured, kept as they come: hours of measuring that stop half-way go on where they stopped."""

import dataclasses
import hashlib
import json
import os
import pathlib
import sys

import cv2
import onnxruntime

import measure


def fingerprint(paths, seconds):
    """What was measured: rounds of another program, model, length, way of measuring or number of cores do not belong together."""
    cores = len(os.sched_getaffinity(0))
    told = hashlib.sha256(f"{seconds} {cores} {cv2.__version__} {onnxruntime.__version__}".encode())
    for path in paths:
        told.update(hashlib.sha256(pathlib.Path(path).read_bytes()).digest())
    return told.hexdigest()


class Rounds:
    """The costs of each row of a scene, round by round. In a file: a line for what was measured, then one a round."""

    def __init__(self, path, fingerprint, go_on):
        """Starts a new file; or goes on with the one there is. Refuses one that something else was measured for."""
        self.path = pathlib.Path(path)
        self.costs = {}
        if not go_on:
            if self.path.is_file() and self.path.stat().st_size > 100:
                before = self.path.with_suffix(".before.jsonl")
                self.path.replace(before)
                print(f"bench: begins anew (GO_ON=1 would have gone on); rounds measured before are in {before}", file=sys.stderr)
            self.path.write_text(json.dumps({"of": fingerprint}) + "\n", encoding="utf-8")
            return
        if not self.path.is_file():
            raise SystemExit(f"bench: {path} is not there, so there is nothing to go on with")
        # A last line that was cut off is no round.
        whole = self.path.read_text(encoding="utf-8").rpartition("\n")[0]
        first, *rest = map(json.loads, whole.splitlines() or ["{}"])
        if first.get("of") != fingerprint:
            raise SystemExit(f"bench: {path} was measured otherwise: another program, model, length, way of measuring or number of cores; begin anew")
        self.path.write_text(whole + "\n", encoding="utf-8")
        for told in rest:
            self.note(told["scene"], {key: measure.Cost(**cost) for key, cost in told["costs"].items()})

    def count(self, scene):
        """How many rounds of a scene there are."""
        return len(self.costs.get(scene, []))

    def add(self, scene, costs):
        """A round is over. `costs` holds the cost of each row by its key."""
        told = {"scene": scene, "costs": {key: dataclasses.asdict(cost) for key, cost in costs.items()}}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")
        self.note(scene, costs)

    def note(self, scene, costs):
        self.costs.setdefault(scene, []).append(costs)

    def of(self, scene, rows):
        """For each of these rows what it cost in each round of a scene."""
        return {row.key: [costs[row.key] for costs in self.costs.get(scene, [])] for row in rows}
