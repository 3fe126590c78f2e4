"""How many people a post counts, where their number is known.

    python -m accuracy.people --program FIREWARDEN [OTHER ...] --clip one-by-one-person-detection.mp4 --work W [--dataset D] [--final]

Six people stand in that clip one after another. They are cut out and put into its empty room: one who leans over a counter, two
or three side by side, one behind another; once with the first three of them and once with the others. The thresholds for weak parts were chosen on pictures
of all six, so neither is held out. With --dataset, pictures of crowded rooms (``indoor-cctv``) are counted too, of each the boxes
that are a labelled person; --final takes those that are for measuring only, on which nothing was chosen. Each program is given the same boxes, found by the first one with each
model, as a recording to replay; it needs no OpenCV and no network, and this script needs OpenCV and numpy alone.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np

MODELS = ("firewarden-nano", "yolox-nano", "nanodet-plus-m")
STANDING = ((6.5, 19), (23.5, 44), (51, 69), (75, 86), (93, 119), (124, 135.5))
"""When each of the six stands in the clip, in seconds."""
EMPTY = (3, 21, 47.5, 72, 89.5, 121.5, 137.5)
"""When nobody does."""
SIZE = (960, 540)
CROWD = [[x / 6 + 0.02, y / 6 + 0.02, x / 6 + 0.1, y / 6 + 0.12] for x in range(6) for y in range(6)]
"""So many people end what a post finds between two pictures."""
POST = """[site]
id = "people"
timezone = "UTC"
[[camera]]
id = "cam"
source = "scripted.mp4"
[[camera.rule]]
kind = "control_room_unattended"
required = 30
every = "1s"
grace = "3s"
"""


@dataclass(frozen=True)
class Trial:
    """A picture, what it is of, and how many people there are."""

    kind: str
    picture: Path
    people: int


class Room:
    """The clip: people cut out of it, and the room without them."""

    def __init__(self, clip: Path) -> None:
        self.film = cv2.VideoCapture(str(clip))

    def frame(self, second: float) -> np.ndarray:
        """The picture at a time."""
        self.film.set(cv2.CAP_PROP_POS_MSEC, second * 1000)
        read, picture = self.film.read()
        if not read:
            raise SystemExit(f"no picture at {second} s of the clip")
        return picture

    def person(self, second: float) -> np.ndarray:
        """Who stands there, with an alpha channel."""
        picture = self.frame(second)
        empty = self.frame(min(EMPTY, key=lambda other: abs(other - second)))
        differs = (cv2.absdiff(picture, empty).astype(int).sum(axis=2) > 60).astype(np.uint8) * 255
        differs[:, :320] = differs[:, 640:] = 0  # the table stands between; what changes elsewhere is light
        mask = cv2.dilate(cv2.medianBlur(differs, 7), np.ones((3, 3), np.uint8))
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
        largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        x, y, w, h = (int(v) for v in stats[largest, :4])
        alpha = cv2.GaussianBlur((labels == largest).astype(np.uint8) * 255, (3, 3), 0)
        return np.dstack([picture, alpha])[y : y + h, x : x + w]


def paste(picture: np.ndarray, person: np.ndarray, middle: float, bottom: float) -> None:
    """Puts somebody into a picture, in place."""
    h, w = person.shape[:2]
    left, top = int(middle - w / 2), int(bottom - h)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + w, SIZE[0]), min(top + h, SIZE[1])
    if x0 < x1 and y0 < y1:
        part = person[y0 - top : y1 - top, x0 - left : x1 - left].astype(float)
        alpha = part[:, :, 3:] / 255
        picture[y0:y1, x0:x1] = (part[:, :, :3] * alpha + picture[y0:y1, x0:x1] * (1 - alpha)).astype(np.uint8)


def turned(person: np.ndarray, degrees: float) -> np.ndarray:
    """The same person, turned, in a picture as large as it takes."""
    h, w = person.shape[:2]
    turn = cv2.getRotationMatrix2D((w / 2, h / 2), degrees, 1)
    across, down = int(h * abs(turn[0, 1]) + w * abs(turn[0, 0])), int(h * abs(turn[0, 0]) + w * abs(turn[0, 1]))
    turn[:, 2] += (across / 2 - w / 2, down / 2 - h / 2)
    return cv2.warpAffine(person, turn, (across, down))


def composed(room: Room, people: tuple[int, ...], folder: Path, seed: int) -> list[Trial]:
    """Pictures with a known number of people."""
    chance = random.Random(seed)
    looks = {p: [room.person(STANDING[p][0] + 1.5 + k * (STANDING[p][1] - STANDING[p][0] - 3) / 7) for k in range(8)] for p in people}
    back = cv2.resize(room.frame(21), SIZE)
    folder.mkdir(parents=True, exist_ok=True)
    trials = []
    for kind, number, count in (("leaning", 1, 400), ("upright", 1, 60), ("beside", 2, 200), ("three", 3, 150), ("behind", 2, 100)):
        for n in range(count):
            picture = back.copy()
            desk = int(chance.uniform(0.5, 0.95) * SIZE[1])
            who = chance.sample(people, number)
            overlap, hidden, scale = chance.uniform(0, 0.6), chance.uniform(0.3, 0.6), chance.uniform(0.7, 1.5)
            for place, p in enumerate(who):
                person = chance.choice(looks[p])
                if kind == "leaning":
                    person = cv2.resize(person, None, fx=chance.uniform(1.3, 3.5) * chance.uniform(1, 1.8), fy=chance.uniform(1.3, 3.5))
                    person = turned(person[: int(len(person) * chance.uniform(0.4, 1))], chance.choice((-1, 1)) * chance.uniform(0, 100))
                    fits = min(1, 900 / person.shape[1], 700 / person.shape[0])
                    person = cv2.resize(person, None, fx=fits, fy=fits)
                    paste(picture, person, chance.uniform(0.3, 0.7) * SIZE[0], desk + hidden * len(person) / 2)
                    continue
                height = 380 * scale * chance.uniform(0.92, 1.08) * (0.75 if kind == "behind" and place == 0 else 1)
                person = cv2.resize(person, None, fx=height / len(person), fy=height / len(person))
                shift = chance.uniform(-0.3, 0.3) if kind == "behind" else place * (1 - overlap)
                up = 0.45 * height if kind == "behind" and place == 0 else 0
                paste(picture, person, 0.4 * SIZE[0] + shift * 150 * scale, desk + hidden * 380 * scale - up)
            if chance.random() < 0.75:
                cv2.rectangle(picture, (0, desk), SIZE, [chance.randint(40, 190)] * 3, -1)
            path = folder / f"{kind}-{n:04}.jpg"
            cv2.imwrite(str(path), picture)
            trials.append(Trial(kind, path, number))
    return trials


def detect(program: str, model: str, pictures: list[Path]) -> list[list[tuple[float, list[float]]]]:
    """Confidence and box of all people that are found, picture by picture."""
    done = subprocess.run([program, "detect", "--model", model, *map(str, pictures)], check=True, capture_output=True, text=True)
    lines = {line["image"]: line["detections"] for line in map(json.loads, done.stdout.splitlines())}
    return [[(d["confidence"], d["bbox"]) for d in lines[str(p)] if d["class"] == "person"] for p in pictures]


def counted(program: str, seen: list[list[tuple[float, list[float]]]], work: Path) -> list[int]:
    """How many people the program counts of these boxes: each for eight seconds in every minute."""
    work.mkdir(parents=True, exist_ok=True)
    (work / "post.toml").write_text(POST)

    def wall(second: int) -> str:
        return (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")

    epoch = {"record": "epoch", "camera": "cam", "epoch": 0, "from": 0.0, "wall": wall(0), "wall_origin": "given", "file": "scripted.mp4"}
    records = [epoch | {"codec": "h264", "width": SIZE[0], "height": SIZE[1]}]
    scene = {"brightness": 0.45, "contrast": 0.2, "sharpness": 0.03, "changed": 0.001, "identical": 0.4}
    for n, people in enumerate(seen):
        for second in (0, *range(46, 60)):
            shown = people if second >= 52 else [(0.9, box) for box in CROWD]
            found = [{"class": "person", "confidence": c, "bbox": box} for c, box in shown]
            look = {"record": "observation", "camera": "cam", "epoch": 0, "at": float(60 * n + second)}
            look["wall"] = wall(60 * n + second)
            records.append(look | {"looked": ["firewarden-nano"], "detections": found, "scene": scene})
    (work / "looks.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    out = work / f"out-{len(list(work.glob('out-*')))}"
    command = [program, "replay", "--config", str(work / "post.toml"), "--out", str(out), str(work / "looks.jsonl")]
    subprocess.run(command, check=True, capture_output=True)
    found = map(json.loads, (out / "violations.jsonl").read_text().splitlines())
    counts = {round(v["started"]["media_s"]) // 60: v["count"]["seen"] for v in found}
    return [counts[n] for n in range(len(seen))]


def overlap(a: list[float], b: list[float]) -> float:
    """Intersection over union of two boxes."""
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(w, 0) * max(h, 0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def labelled(found: list[tuple[float, list[float]]], labels: Path) -> list[tuple[float, list[float]]]:
    """Of what is found, surest first, the boxes that each are a labelled person not found before."""
    rows = [list(map(float, line.split()[1:5])) for line in labels.read_text().splitlines()]
    free = [[x - w / 2, y - h / 2, x + w / 2, y + h / 2] for x, y, w, h in rows]
    people = []
    for confidence, box in found:
        best = max(free, key=lambda label: overlap(label, box), default=None)
        if best is not None and overlap(best, box) >= 0.4:
            free.remove(best)
            people.append((confidence, box))
    return people


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", nargs="+", required=True)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--final", action="store_true")
    asked = parser.parse_args()
    room = Room(asked.clip)
    sets = {"first three": composed(room, (0, 1, 2), asked.work / "first", 1), "others": composed(room, (3, 4, 5), asked.work / "others", 2)}
    print("| pictures | model | program | kind | right | too many | too few |\n|---|---|---|---|---|---|---|")
    for model in MODELS:
        seen = {name: [(t.kind, t.people, found) for t, found in zip(trials, detect(asked.program[0], model, [t.picture for t in trials]), strict=True)] for name, trials in sets.items()}
        if asked.dataset:
            crowds = sorted(p for p in (asked.dataset / "indoor-cctv/images").iterdir() if (p.name[0] in "0123") == asked.final)
            boxes = [labelled(found, asked.dataset / "indoor-cctv/labels" / f"{p.stem}.txt") for p, found in zip(crowds, detect(asked.program[0], model, crowds), strict=True)]
            seen["crowded rooms"] = [("crowd", len(people), people) for people in boxes if len(people) < 30]
        for name, trials in seen.items():
            for number, program in enumerate(asked.program, 1):
                table: dict[str, Counter[str]] = defaultdict(Counter)
                for (kind, people, _), count in zip(trials, counted(program, [found for *_, found in trials], asked.work / "replayed"), strict=True):
                    table[kind][("right", "too many", "too few")[0 if count == people else 1 if count > people else 2]] += 1
                for kind, row in table.items():
                    print(f"| {name} | {model} | {number} | {kind} | {row['right']} | {row['too many']} | {row['too few']} |", flush=True)


if __name__ == "__main__":
    main()
