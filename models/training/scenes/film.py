"""Command line: renders the recording of a street or of a fire control room, with its truth file.

`python -m scenes.film --scene street --out DIR` writes DIR/street.mp4 (H.264, by the command `ffmpeg`) and DIR/street.csv
(`camera,kind,start_s,end_s`). Frames in which nothing moves are rendered once; only noise and clock go on.
"""

from __future__ import annotations

import argparse
import datetime
import os
import time as clock
from pathlib import Path

import bpy
import mathutils
import numpy as np

from lifts import render, studio
from lifts.recording import SHANGHAI, Recording

from . import room, street
from .stage import Sky, Stage

SCENES = {"street": street.build, "room": room.build}
BEGAN = datetime.datetime(2024, 5, 14, 14, 20, 5, tzinfo=SHANGHAI)
"""The clock's time at the first frame, in the demonstration's time zone; the file's metadata say it too."""
KEPT = 64
"""Pictures that are kept in case their state comes again."""


def daylight(sky: Sky) -> bpy.types.Object:
    """Sets the sky and puts the sun up, which is returned."""
    scene = bpy.context.scene
    background = scene.world.node_tree.nodes["Background"]
    background.inputs["Color"].default_value = (*sky.colour, 1)
    scene.world.light_settings.distance = 8.0
    light = bpy.data.lights.new("sun", "SUN")
    light.energy, light.angle, light.color = sky.sun, 0.02, (1.0, 0.95, 0.86)
    thing = bpy.data.objects.new("sun", light)
    thing.rotation_euler = mathutils.Vector(sky.towards).to_track_quat("Z", "Y").to_euler()
    scene.collection.objects.link(thing)
    return thing


class Film:
    """A stage that is set up in Blender."""

    def __init__(self, stage: Stage, samples: int, detail: float) -> None:
        self.stage = stage
        studio.start(samples)
        studio.add("fixtures", stage.fixtures, stage.surfaces)
        studio.add_panels(stage.panels)
        for lamp in stage.lamps:
            studio.add_lamp(lamp.place, lamp.size, lamp.watts, lamp.colour)
        if stage.sky is not None:
            daylight(stage.sky)
        studio.look_through(stage.camera, detail)
        self.gain: float | None = None
        self.known: dict[tuple, np.ndarray] = {}

    def frame(self, time: float, scratch: Path) -> np.ndarray:
        """The developed picture (h, w, 3) at a time, without noise and clock; `scratch` is a file that is written and removed."""
        state = self.stage.state(time)
        if state not in self.known:
            things = [studio.add(entry.name, entry.body, entry.surfaces, number, 75 if entry.number == 0 else 40)[0] for number, entry in enumerate(self.stage.cast(time), 1)]
            colour, _ = render.enlarged(*studio.render(scratch), (self.stage.camera.width, self.stage.camera.height))
            studio.remove(things)
            if self.gain is None:
                self.gain = self.stage.electronics.level(colour)
            while len(self.known) >= KEPT:
                self.known.pop(next(iter(self.known)))
            self.known[state] = self.stage.electronics.develop(colour, self.gain)
        return self.known[state]


def scratch_file(out: Path) -> Path:
    """Where renders pass through: memory where there is some."""
    return Path("/dev/shm" if Path("/dev/shm").is_dir() else out) / f"scenes-{os.getpid()}.exr"


def shoot(name: str, seed: int, out: Path, width: int, rate: int, samples: int, detail: float, crf: int) -> None:
    """Renders a recording and its truth file.

    Raises FileNotFoundError without `ffmpeg`, RuntimeError where it fails.
    """
    out.mkdir(parents=True, exist_ok=True)
    stage = SCENES[name](seed, width)
    film, scratch, target = Film(stage, samples, detail), scratch_file(out), out / f"{name}.mp4"
    recording = Recording(target, (stage.camera.width, stage.camera.height), rate, crf, BEGAN)
    count, began, noise = int(stage.seconds * rate), clock.monotonic(), np.random.default_rng([seed, 11])
    for step in range(count):
        recording.add(stage.electronics.finish(film.frame(step / rate, scratch), noise, recording.stamp(step // rate)))
        if step % 25 == 0:
            print(f"{name}: frame {step} of {count}, {clock.monotonic() - began:.0f} s", flush=True)
    render.write_whole(out / f"{name}.csv", stage.truth().encode())
    recording.finish()
    print(f"{target}: {stage.seconds:.0f} s, {target.stat().st_size / 1e3:.0f} kB, {clock.monotonic() - began:.0f} s to make", flush=True)


def main() -> None:
    """Reads the command line and renders a recording."""
    parser = argparse.ArgumentParser(prog="scenes.film", description="Render a street or a fire control room, with a truth file.")
    parser.add_argument("--scene", choices=list(SCENES), required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder for SCENE.mp4 and SCENE.csv")
    parser.add_argument("--seed", type=int, default=1, help="of textures, plants, notices and people; the ways are the same")
    parser.add_argument("--width", type=int, default=640, help="pixels")
    parser.add_argument("--rate", type=int, default=5, help="frames a second")
    parser.add_argument("--samples", type=int, default=4, help="rays to a pixel")
    parser.add_argument("--detail", type=float, default=0.8, help="the render's width as a share of the picture's")
    parser.add_argument("--crf", type=int, default=30, help="H.264 quality, smaller is better and larger")
    options = parser.parse_args()
    shoot(options.scene, options.seed, options.out, options.width, options.rate, options.samples, options.detail, options.crf)


if __name__ == "__main__":
    main()
