"""Command line: renders pictures of lifts with labels, from a seed on.

`python -m lifts.render --first 0 --count 100 --out DIR --profile train` writes images/NAME.jpg, labels/NAME.txt and
meta/NAME.json. One process uses one thread: run two, with seeds that do not meet, to fill two cores. Pictures that are
there are passed over, so a run that was cut off goes on where it stopped.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from . import camera as cameras
from . import elevator, labels, scene, studio


DETAIL = 0.82
"""The render's width as a share of the picture's: ceiling cameras are softer than that, and it saves a third of the rays."""


def enlarged(colour: np.ndarray, numbers: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A render brought to the picture's (width, height)."""
    if colour.shape[1] == size[0] and colour.shape[0] == size[1]:
        return colour, numbers
    return (np.maximum(cv2.resize(np.minimum(colour, 40), size, interpolation=cv2.INTER_CUBIC), 0),
            cv2.resize(numbers.astype(np.int16), size, interpolation=cv2.INTER_NEAREST).astype(int))


def picture_name(profile: str, seed: int, hanging: str = "usual") -> str:
    """The file name, without suffix, of a picture."""
    return f"{profile}-{seed:06d}" if hanging == "usual" else f"{profile}-{hanging}-{seed:06d}"


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file so that it is either whole or absent."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)


class Set:
    """The car that is set up in Blender, kept while pictures of its group follow one another."""

    def __init__(self, car: elevator.Car) -> None:
        self.car = car
        self.fixed = [studio.add("fixtures", self.car.fixtures, self.car.surfaces)[0], studio.add_panels(self.car.panels)]
        self.lamps = [studio.add_lamp(lamp.place, lamp.size, lamp.watts, lamp.colour) for lamp in self.car.lamps]

    def clear(self) -> None:
        """Takes the car down."""
        studio.remove(self.fixed + self.lamps)

    def shine(self, share: float) -> None:
        """Sets all lamps to a share of their watts."""
        for thing, lamp in zip(self.lamps, self.car.lamps):
            thing.data.energy = lamp.watts * share


def shoot(built: Set, picture: scene.Plan, width: int, scratch: Path, detail: float = DETAIL) -> tuple[np.ndarray, list[labels.Label], dict, int]:
    """Renders one picture in a set: BGR image (h, w, 3), its labels, its record, JPEG quality."""
    shape = built.car.shape
    camera = scene.camera_of(picture, shape, width)
    stage = scene.furnish(picture, shape)
    rng = scene.generator(picture.profile, picture.seed, 4)
    dark = picture.condition == "infra-red"
    built.shine(picture.light * {"day": 1.0, "dim": 0.3, "infra-red": 0.04}[picture.condition])
    things = [studio.add("doors", elevator.doors(shape, picture.door), built.car.surfaces)[0], studio.look_through(camera, detail)]
    if dark:
        things.append(studio.add_spot(camera, 60))
    meshes = []
    for number, placed in enumerate(stage.placed, 1):
        thing, mesh = studio.add(placed.name, placed.body, placed.surfaces, number, 75 if placed.number == 0 else 40)
        things.append(thing)
        meshes.append(mesh)
    colour, numbers = enlarged(*studio.render(scratch), (camera.width, camera.height))
    studio.remove(things)
    electronics = cameras.draw_electronics(rng, dark)
    image = electronics.finish(electronics.develop(colour, electronics.level(colour)), rng)
    found: list[labels.Label] = []
    for number, (placed, mesh) in enumerate(zip(stage.placed, meshes), 1):
        mask = numbers == number
        if placed.number >= 0 and mask.any():
            entry = labels.label(placed.number, mask, labels.silhouette(camera, mesh))
            found += [entry] if entry else []
    record = {
        "plan": dataclasses.asdict(picture), "car": dataclasses.asdict(shape), "things": [placed.name for placed in stage.placed],
        "camera": {"mount": camera.mount, "fov": round(camera.fov, 1), "fisheye": camera.fisheye, "place": camera.place.round(3).tolist()},
        "condition": picture.condition, "electronics": dataclasses.asdict(electronics), "width": camera.width, "height": camera.height,
    }
    return image, found, record, electronics.quality


def is_there(out: Path, name: str) -> bool:
    """Whether a picture and all that belongs to it was written."""
    return all((out / file).exists() for file in (f"images/{name}.jpg", f"labels/{name}.txt", f"meta/{name}.json"))


def run(first: int, count: int, out: Path, profile: str, width: int, samples: int, only: Sequence[str] = (), hanging: str = "usual") -> None:
    """Renders the seeds first .. first + count - 1 that are not there yet."""
    for folder in ("images", "labels", "meta"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    todo = [seed for seed in range(first, first + count) if not is_there(out, picture_name(profile, seed, hanging))]
    print(f"{count - len(todo)} of {count} pictures are there, {len(todo)} to render", flush=True)
    studio.start(samples)
    scratch = Path("/dev/shm" if Path("/dev/shm").is_dir() else out) / f"lifts-{os.getpid()}.exr"
    began, built, group = time.monotonic(), None, -1
    for done, seed in enumerate(todo, 1):
        if built is None or group != seed // scene.VIEWS:
            if built is not None:
                built.clear()
            built, group = Set(scene.car_of(seed, profile)), seed // scene.VIEWS
        image, found, record, quality = shoot(built, scene.plan(seed, profile, only, hanging), width, scratch)
        name = picture_name(profile, seed, hanging)
        write_whole(out / f"labels/{name}.txt", labels.text(found, record["width"], record["height"]).encode())
        write_whole(out / f"meta/{name}.json", json.dumps(record, default=float).encode())
        write_whole(out / f"images/{name}.jpg", cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())
        spent = time.monotonic() - began
        if done % 10 == 0 or done == len(todo):
            print(f"{done} of {len(todo)}, {spent / done:.2f} s a picture, {(len(todo) - done) * spent / done / 60:.1f} min to go", flush=True)


def main() -> None:
    """Reads the command line and renders."""
    parser = argparse.ArgumentParser(prog="lifts.render", description="Render labelled pictures of lifts.")
    parser.add_argument("--first", type=int, required=True, help="first seed")
    parser.add_argument("--count", type=int, required=True, help="number of pictures")
    parser.add_argument("--out", type=Path, required=True, help="folder for images, labels, meta")
    parser.add_argument("--profile", choices=list(scene.PROFILES), default="train")
    parser.add_argument("--width", type=int, default=416, help="picture width in pixels")
    parser.add_argument("--samples", type=int, default=4, help="rays to a pixel")
    parser.add_argument("--only", nargs="+", choices=list(scene.KINDS), default=[], metavar="KIND",
                        help=f"only pictures of these main things: {', '.join(scene.KINDS)}")
    parser.add_argument("--cameras", choices=cameras.HANGING, default="usual", help="upright, or looking steeply down at any roll")
    parser.add_argument("--resume", action="store_true", help="accepted for clarity: pictures that are there are always passed over")
    options = parser.parse_args()
    if options.first < 0 or options.count < 1:
        parser.error("--first must be 0 or more and --count 1 or more")
    run(options.first, options.count, options.out, options.profile, options.width, options.samples, options.only, options.cameras)


if __name__ == "__main__":
    main()
