"""Command line: renders a short film of a lift with a truth file and a label file for each frame.

`python -m lifts.film --seed 1 --story sample --out DIR` writes DIR/STORY-SEED.mp4 (H.264, by the command `ffmpeg`), the
truth file DIR/STORY-SEED.csv (`camera,kind,start_s,end_s`) and DIR/STORY-SEED-labels/FRAME.txt. A spell starts when the
e-bike is wholly inside the car and ends when it is wholly outside. Frames in which nothing moves are rendered once; only
noise and clock go on.
"""

from __future__ import annotations

import argparse
import datetime
import os
import time as clock
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from . import camera as cameras
from . import elevator, labels, people, render, scene, skeleton, stories, studio, two_wheelers
from . import geometry as g
from .parts import Thing
from .recording import SHANGHAI, Recording

SEED_BASE = 900_000
"""Films' cars have group numbers from here on, which pictures never use."""


@dataclass
class Person:
    """Someone in the film: the look, and one pose's random numbers, used again for every frame."""

    look: people.Look
    seed: int


class Film:
    """A story staged in a car."""

    def __init__(self, seed: int, name: str, profile: str, width: int) -> None:
        self.rng = scene.generator(profile, SEED_BASE + seed, 7)
        shape = elevator.draw_shape(self.rng, profile)
        depth = float(self.rng.uniform(1.8, 2.1)) if profile == "train" else 1.74
        self.shape = replace(shape, depth=depth, width=float(self.rng.uniform(1.5, 1.66)), door_width=1.1, door_y=0.0)
        self.built = render.Set(elevator.build(self.rng, self.shape))
        self.story = stories.write(name, self.shape, self.rng)
        self.camera = cameras.draw(self.rng, self.shape, profile, width)
        while self.camera.fov < 110 or self.camera.mount == "middle":  # a film must show the whole car
            self.camera = cameras.draw(self.rng, self.shape, profile, width)
        self.things = [scene.make(ride.kind, self.rng, profile) for ride in self.story.rides]
        self.handlers = [Person(people.draw(self.rng, ride.helmet and thing.label == 2, ride.kind == "child's bicycle" and ride.how == "ride"), k) for k, (ride, thing) in enumerate(zip(self.story.rides, self.things))]
        self.walkers = [Person(people.draw(self.rng, w.helmet and not w.child, w.child), 100 + k) for k, w in enumerate(self.story.walkers)]
        self.electronics = replace(cameras.draw_electronics(self.rng, self.story.infrared), infrared=self.story.infrared, clock=True)
        self.began = datetime.datetime(2024, 1, 1, tzinfo=SHANGHAI) + datetime.timedelta(seconds=int(self.rng.integers(0, 86400 * 600)))
        self.gain: float | None = None

    def door(self, time: float) -> float:
        """The door's share at a time."""
        return float(np.interp(time, [key[0] for key in self.story.door], [key[1] for key in self.story.door]))

    def place_of(self, ride: stories.Ride, time: float) -> np.ndarray | None:
        """The thing's place (4 x 4) at a time."""
        found = stories.at(ride.track, time)
        return None if found is None else g.placement(*found)

    def cast(self, time: float) -> list[scene.Placed]:
        """What stands where at a time."""
        out = []
        for ride, thing, handler in zip(self.story.rides, self.things, self.handlers):
            place = self.place_of(ride, time)
            if place is None:
                continue
            body = g.Assembly()
            body.join(thing.body, place)
            out.append(scene.Placed(thing.kind, thing.label, body, thing.surfaces))
            out.append(self._handler(ride, thing, handler, place, time))
        for walker, person in zip(self.story.walkers, self.walkers):
            found = stories.at(walker.track, time)
            if found is not None:
                pose = skeleton.standing(np.random.default_rng(person.seed), 3, self._stride(walker.track, time))
                out.append(_posed(person, pose, g.placement(*found)))
        return out

    @staticmethod
    def _stride(track: list[stories.Key], time: float) -> float:
        """The swing of the legs, -1..1: a step to each 0.65 m; none where one stands."""
        speed = stories.walked(track, time + 0.1) - stories.walked(track, time - 0.1)
        return float(np.sin(np.pi * stories.walked(track, time) / 0.65) * min(1.0, speed / 0.08) * 0.8)

    def _handler(self, ride: stories.Ride, thing: Thing, person: Person, place: np.ndarray, time: float) -> scene.Placed:
        """The one who pushes or rides."""
        rng = np.random.default_rng(person.seed)
        if ride.how == "ride" and thing.seat is not None:
            spot, pose = scene.rider(rng, thing, place)
            return _posed(person, pose, spot)
        middle = sum(thing.grips.values()) / len(thing.grips)
        behind = thing.kind not in two_wheelers.BUILDERS
        local = middle + (-0.38, 0, 0) if behind else middle + (-0.22, -ride.side * -0.42, 0)
        point = (place[:3, :3] @ local + place[:3, 3])[:2]
        if point[0] < self.shape.depth / 2:
            edge = self.shape.width / 2 - 0.17
            point = np.array([max(point[0], -self.shape.depth / 2 + 0.17), np.clip(point[1], -edge, edge)])
        yaw = float(np.arctan2(place[1, 0], place[0, 0]))
        spot = g.placement(float(point[0]), float(point[1]), yaw)
        pose = skeleton.standing(rng, 10, self._stride(ride.track, time), scene.grasp(thing, place, spot))
        return _posed(person, pose, spot)

    def frame(self, time: float, scratch: Path) -> tuple[np.ndarray, str]:
        """The developed picture (h, w, 3) at a time, without noise and clock, and its label file."""
        placed = self.cast(time)
        self.built.shine(0.04 if self.story.infrared else 1.0)
        things = [studio.add("doors", elevator.doors(self.shape, self.door(time)), self.built.car.surfaces)[0], studio.look_through(self.camera, render.DETAIL)]
        if self.story.infrared:
            things.append(studio.add_spot(self.camera, 60))
        meshes = []
        for number, entry in enumerate(placed, 1):
            thing, mesh = studio.add(entry.name, entry.body, entry.surfaces, number, 75 if entry.number == 0 else 40)
            things.append(thing)
            meshes.append(mesh)
        colour, numbers = render.enlarged(*studio.render(scratch), (self.camera.width, self.camera.height))
        studio.remove(things)
        if self.gain is None:
            self.gain = self.electronics.level(colour)
        found = [labels.label(entry.number, numbers == number, labels.silhouette(self.camera, mesh))
                 for number, (entry, mesh) in enumerate(zip(placed, meshes), 1) if entry.number >= 0 and (numbers == number).any()]
        return self.electronics.develop(colour, self.gain), labels.text([entry for entry in found if entry], self.camera.width, self.camera.height)

    def state(self, time: float) -> tuple:
        """What a frame's picture depends on: equal states give equal pictures."""
        tracks = [track for track in (*(r.track for r in self.story.rides), *(w.track for w in self.story.walkers))]
        spots = [stories.at(track, time) for track in tracks]
        strides = [0.0 if spot is None else self._stride(track, time) for spot, track in zip(spots, tracks)]
        return (round(self.door(time), 4), *(None if spot is None else tuple(np.round(spot, 4)) for spot in spots), *np.round(strides, 3))

    def truth(self, camera: str, rate: float) -> str:
        """The truth file: the spells of the e-bikes."""
        lines = ["camera,kind,start_s,end_s"]
        for ride, thing in zip(self.story.rides, self.things):
            if thing.label != 2:
                continue
            hull, edge, start, end = scene.outline(thing), self.shape.depth / 2, None, None
            for step in range(int(self.story.seconds * rate)):
                place = self.place_of(ride, step / rate)
                reach = None if place is None else (hull @ place[:2, :2].T + place[:2, 3])[:, 0]
                if start is None and reach is not None and reach.max() <= edge:
                    start = step / rate
                if start is not None and (reach is None or reach.min() > edge):
                    end = step / rate
                    break
            if start is not None:
                lines.append(f"{camera},ebike_in_elevator,{start:.2f},{'' if end is None else f'{end:.2f}'}")
        return "\n".join(lines) + "\n"


def _posed(person: Person, pose: skeleton.Pose, place: np.ndarray) -> scene.Placed:
    body = g.Assembly()
    body.join(person.look.posed(pose), place)
    return scene.Placed("person", 0, body, person.look.surfaces)


def shoot(seed: int, name: str, profile: str, out: Path, width: int, rate: int, samples: int, camera: str, crf: int) -> None:
    """Renders a film and its files; passes it over where the film is there."""
    stem = f"{name}-{seed}" if profile == "train" else f"{name}-{seed}-{profile}"
    target = out / f"{stem}.mp4"
    if target.exists() and target.with_suffix(".csv").exists():
        print(f"{target} is there", flush=True)
        return
    notes = out / f"{stem}-labels"
    notes.mkdir(parents=True, exist_ok=True)
    studio.start(samples)
    film = Film(seed, name, profile, width)
    scratch = Path("/dev/shm" if Path("/dev/shm").is_dir() else out) / f"lifts-{os.getpid()}.exr"
    recording = Recording(target, (film.camera.width, film.camera.height), rate, crf, film.began)
    count, rendered, began = int(film.story.seconds * rate), 0, clock.monotonic()
    noise, known = np.random.default_rng([seed, 11]), {}
    for step in range(count):
        state = film.state(step / rate)
        if state not in known:
            known = {state: film.frame(step / rate, scratch)} if state[1:] != film.state(0.0)[1:] else known | {state: film.frame(step / rate, scratch)}
            rendered += 1
        picture, lines = known[state]
        recording.add(film.electronics.finish(picture, noise, recording.stamp(step // rate)))
        (notes / f"{step:05d}.txt").write_text(lines)
        if step % 25 == 0 and rendered:
            spent = clock.monotonic() - began
            print(f"{stem}: frame {step} of {count}, {rendered} rendered, {spent / rendered:.2f} s each, about {spent / (step + 1) * (count - step) / 60:.1f} min to go", flush=True)
    render.write_whole(out / f"{stem}.csv", film.truth(camera, rate).encode())
    recording.finish()
    print(f"{target}: {count / rate:.0f} s, {target.stat().st_size / 1e6:.2f} MB", flush=True)


def main() -> None:
    """Reads the command line and renders a film."""
    parser = argparse.ArgumentParser(prog="lifts.film", description="Render a short film of a lift with a truth file.")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--story", choices=list(stories.STORIES), required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--profile", choices=list(scene.PROFILES), default="held")
    parser.add_argument("--width", type=int, default=416)
    parser.add_argument("--rate", type=int, default=5, help="frames a second")
    parser.add_argument("--samples", type=int, default=4, help="rays to a pixel")
    parser.add_argument("--camera", default="lift", help="the camera's name in the truth file")
    parser.add_argument("--crf", type=int, default=27, help="H.264 quality, smaller is better and larger")
    options = parser.parse_args()
    shoot(options.seed, options.story, options.profile, options.out, options.width, options.rate, options.samples, options.camera, options.crf)


if __name__ == "__main__":
    main()
