"""Command line: renders pictures of rooms, streets and yards with labels, from a seed on.

`python -m places.render --first 0 --count 100 --out DIR --profile train` writes images/NAME.jpg, labels/NAME.txt and meta/NAME.json, which says
what each thing and the picture are examples of. Pictures that are there are passed over, so a run that was cut off goes on where it stopped.
One process uses one thread. The profile `held` is for measuring alone: nothing is trained on it and nothing is chosen by it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import time
from dataclasses import replace
from pathlib import Path

import bpy
import cv2
import numpy as np

from lifts import labels, people, studio
from lifts.camera import Camera
from lifts.geometry import Merged
from lifts.render import enlarged, is_there, picture_name, write_whole
from scenes.film import daylight
from scenes.stage import Sky

from . import cameras, cast, electronics, rooms, streets, traffic, truth
from .cast import Actor
from .plan import PROFILES, THEMES, VIEWS, Plan, generator, place_of, plan

DETAIL = 0.65
"""The render's width as a share of the picture's: 416 pixels of 640, as many as detectors see, and surveillance is softer than its size."""
LIT = {"day": 1.0, "dim": 0.35, "dark": 0.06, "night": 1.0, "infrared": 0.02}
"""Share of the lamps' watts in each light of a room."""
PANES = {"day": 1.0, "dim": 0.4, "dark": 0.02, "infrared": 0.0}
"""Share of the daylight in a room's windows."""


class Set:
    """A place that is set up in Blender, kept while pictures of it follow one another."""

    def __init__(self, first: Plan) -> None:
        rng = generator(first.profile, 1, place_of(first.seed))
        self.place: rooms.Room | streets.Street = rooms.build(rng, first.theme) if first.indoor else streets.build(rng, first.theme)
        people_of = generator(first.profile, 5, place_of(first.seed))
        self.looks: list[people.Look] = cast.looks(people_of, first.theme if first.indoor else "street") if first.theme != "empty" else []
        self.fleet = [] if first.indoor or first.theme == "empty" else traffic.fleet(generator(first.profile, 6, place_of(first.seed)))
        place = self.place
        self.fixed = [studio.add("fixtures", place.fixtures, place.surfaces)[0], studio.add_panels(place.panels)]
        self.fixed += [studio.add(thing.name, thing.body, thing.surfaces)[0] for thing in place.things]
        self.lamps = [studio.add_lamp(lamp.place, lamp.size, lamp.watts, lamp.colour) for lamp in place.lamps]
        self.watts = [lamp.watts for lamp in place.lamps]
        self.windows = []
        for spot, yaw in place.windows if isinstance(place, rooms.Room) else []:
            lamp = studio.add_lamp(spot, (1.2, 1.0), 1.0, (0.85, 0.93, 1.0))
            lamp.rotation_euler = (np.pi / 2, 0, yaw - np.pi / 2)
            self.windows.append(lamp)

    def clear(self) -> None:
        """Takes the place down."""
        studio.remove(self.fixed + self.lamps + self.windows)

    def light(self, rng: np.random.Generator, light: str) -> list[bpy.types.Object]:
        """Sets lamps, sky and sun; returns what lights this picture alone."""
        indoor = isinstance(self.place, rooms.Room)
        on = LIT[light] * rng.uniform(0.7, 1.3) if indoor or light == "night" else 0.0
        dead = rng.random(len(self.lamps)) < (0.25 if indoor and light == "dim" else 0.0)
        for thing, watts, out in zip(self.lamps, self.watts, dead):
            thing.data.energy = 0.0 if out else watts * on
        shine, surfaces = on > 0.25, self.place.surfaces
        surfaces = surfaces | {"lamp": replace(surfaces["lamp"], glow=4.0 if shine else 0.0)}
        if indoor:
            surfaces["sky"] = replace(surfaces["sky"], colour=(0.75, 0.85, 1.0) if PANES[light] > 0.1 else (0.02, 0.025, 0.04), glow=surfaces["sky"].glow * PANES[light])
            for thing in self.windows:
                thing.data.energy = 150.0 * PANES[light] * rng.uniform(0.2, 1.5)
            glow = {"day": 0.5, "dim": 0.17, "dark": 0.03, "infrared": 0.004}[light] * rng.uniform(0.5, 1.4)
            bpy.context.scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (glow, glow, glow * 1.1, 1)
            bpy.context.scene.world.light_settings.distance = 2.5
            return [studio.add("lights", self.place.lights, surfaces)[0]]
        heads = [studio.add("lights", self.place.lights, surfaces)[0]] if self.place.lights.pieces else []
        return [*heads, daylight(_sky(rng, light))]


def _sky(rng: np.random.Generator, light: str) -> Sky:
    """The sky of a picture out of doors: sun, clouds, dusk or night."""
    around, high = rng.uniform(0, 2 * np.pi), rng.uniform(0.25, 1.2)
    towards = (float(np.cos(around) * np.cos(high)), float(np.sin(around) * np.cos(high)), float(np.sin(high)))
    if light in ("night", "infrared"):
        return Sky((0.006, 0.007, 0.012), 0.0, towards)
    grey = float(rng.uniform(0.2, 0.4))
    sun = float(rng.choice([0.0, rng.uniform(2.0, 6.0)], p=[0.4, 0.6])) if light == "day" else 0.0
    return Sky((grey * 0.85, grey * 0.95, grey * 1.15), sun, towards)


def shoot(built: Set, wanted: Plan, scratch: Path, detail: float = DETAIL) -> tuple[np.ndarray, list[truth.Seen], dict, int]:
    """Renders one picture of a place: BGR image (h, w, 3), what is seen in it, its record, JPEG quality."""
    rng, place = generator(wanted.profile, 3, wanted.seed), built.place
    if isinstance(place, rooms.Room):
        actors = cast.indoors(rng, place, wanted.theme, built.looks)
        eye = cameras.indoors(generator(wanted.profile, 2, wanted.seed), place, wanted, actors)
    else:
        actors, eye = traffic.outdoors(rng, generator(wanted.profile, 2, wanted.seed), place, wanted, built.fleet, built.looks)
    lit = generator(wanted.profile, 4, wanted.seed)
    things = built.light(lit, wanted.light)
    if wanted.light == "infrared":
        things.append(studio.add_spot(eye, 60.0 if wanted.indoor else 2500.0))
    things.append(studio.look_through(eye, detail))
    meshes = []
    for number, actor in enumerate(actors, 1):
        thing, mesh = studio.add(actor.thing.name, actor.thing.body, actor.thing.surfaces, number, 75 if actor.thing.number == cast.PERSON else 40)
        things.append(thing)
        meshes.append(mesh)
    colour, numbers = enlarged(*studio.render(scratch), (eye.width, eye.height))
    studio.remove(things)
    inside = electronics.draw(lit, wanted.light)
    developed = inside.develop(colour, inside.level(colour))
    seen = look(actors, eye, meshes, numbers, developed.mean(2))
    kinds = truth.kinds(seen, eye, wanted.indoor, wanted.light)
    record = {
        "kinds": kinds, "objects": [truth.record(entry) for entry in seen], "plan": dataclasses.asdict(wanted), "place": place.kind,
        "camera": {"mount": eye.mount, "fov": round(eye.fov, 1), "fisheye": eye.fisheye, "place": eye.place.round(3).tolist(), "down": round(cameras.pitch(eye), 1)},
        "electronics": dataclasses.asdict(inside), "width": eye.width, "height": eye.height,
    }
    return inside.finish(developed, lit), seen, record, inside.quality


def look(actors: list[Actor], eye: Camera, meshes: list[Merged], numbers: np.ndarray, light: np.ndarray) -> list[truth.Seen]:
    """What is seen of all things in a picture of object numbers and display values (h, w)."""
    found = (truth.see(actor, eye, mesh, numbers == number, light) for number, (actor, mesh) in enumerate(zip(actors, meshes), 1))
    return [entry for entry in found if entry is not None]


def run(first: int, count: int, out: Path, profile: str, samples: int) -> None:
    """Renders the seeds first .. first + count - 1 that are not there yet."""
    for folder in ("images", "labels", "meta"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    todo = [seed for seed in range(first, first + count) if not is_there(out, picture_name(profile, seed))]
    print(f"{count - len(todo)} of {count} pictures are there, {len(todo)} to render", flush=True)
    studio.start(samples)
    scratch = Path("/dev/shm" if Path("/dev/shm").is_dir() else out) / f"places-{os.getpid()}.exr"
    began, built, number = time.monotonic(), None, -1
    for done, seed in enumerate(todo, 1):
        if built is None or number != place_of(seed):
            if built is not None:
                built.clear()
            built, number = Set(plan(seed, profile)), place_of(seed)
        image, seen, record, quality = shoot(built, plan(seed, profile), scratch)
        name = picture_name(profile, seed)
        write_whole(out / f"labels/{name}.txt", labels.text([entry.label for entry in seen], record["width"], record["height"]).encode())
        write_whole(out / f"meta/{name}.json", json.dumps(record, default=float).encode())
        write_whole(out / f"images/{name}.jpg", cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())
        spent = time.monotonic() - began
        if done % 10 == 0 or done == len(todo):
            print(f"{done} of {len(todo)}, {spent / done:.2f} s a picture, {(len(todo) - done) * spent / done / 60:.1f} min to go", flush=True)


def main() -> None:
    """Reads the command line and renders."""
    parser = argparse.ArgumentParser(prog="places.render", description=f"Render labelled pictures of rooms and streets; {VIEWS * len(THEMES)} have every theme.")
    parser.add_argument("--first", type=int, required=True, help="first seed")
    parser.add_argument("--count", type=int, required=True, help="number of pictures")
    parser.add_argument("--out", type=Path, required=True, help="folder for images, labels, meta")
    parser.add_argument("--profile", choices=list(PROFILES), default="train")
    parser.add_argument("--samples", type=int, default=4, help="rays to a pixel")
    options = parser.parse_args()
    if options.first < 0 or options.count < 1:
        parser.error("--first must be 0 or more and --count 1 or more")
    run(options.first, options.count, options.out, options.profile, options.samples)


if __name__ == "__main__":
    main()
