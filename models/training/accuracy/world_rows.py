"""The rows of the measure of the world: which pictures each is put to, and what is to be found in them.

A picture is named ``SET/FILE`` (of the sets), ``RECORDING#FRAME`` (of the recordings) or ``places/FILE`` (rendered). Which pictures a row has
is decided once, when ``world.csv`` is written; afterwards that list is what counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from accuracy.world_recordings import read_truth
from accuracy.world_scores import Truth
from data.cameras import is_infrared
from data.labels import read_labels
from data.picture import BICYCLE, BUS, CAR, CLASSES, EBIKE, IGNORE, PERSON, TRUCK, Box, DataError, Picture
from data.rooms import MOTORCYCLES_OUTSIDE
from data.sets import read_set

PEOPLE, VEHICLES, WHEELERS, NONE = "people", "vehicles", "two-wheelers", "no two-wheelers"
VEHICLE = frozenset({CAR, BUS, TRUCK})
TWO_WHEELER = frozenset({BICYCLE, EBIKE})
PLACES = "places"
VIEWS = 4
"""So many renders, one after the other, show one place."""
LEAST_AREA = 0.01
"""Two-wheelers of a smaller share of the picture are not asked for."""
ROOMS, HEADS = "indoor-cctv", "rooms-cctv"
BARE = 1
"""Label number of a bare head in rooms-cctv; 0 is a helmet. By eye many heads have no box, so no box of a person is a false one there."""


@dataclass(frozen=True)
class Row:
    """One question. ``kinds``: classes that are one thing in it; ``blamed``: of these, the classes whose every instance is boxed, so that a
    box of them on nothing is a false one. ``of``: the sets (of ``pick``ed pictures) or the recording; ``tag``: of the renders."""

    name: str
    subject: str
    kinds: frozenset[int]
    blamed: frozenset[int]
    of: tuple[str, ...] = ()
    pick: Callable[[Picture], bool] = lambda picture: True
    tag: str = ""


def _shows(kind: int) -> Callable[[Picture], bool]:
    return lambda picture: any(box.kind == kind and box.area >= LEAST_AREA for box in picture.boxes)


def _held_camera(picture: Picture) -> bool:
    return picture.group.startswith(f"{ROOMS}/camera-")


def _bare_heads(picture: Picture) -> int:
    return len(_heads(picture.path.parent.parent / "labels" / f"{picture.path.stem}.txt").wanted)


def _people(name: str, *of: str, tag: str = "", pick: Callable[[Picture], bool] = lambda picture: True) -> Row:
    return Row(name, PEOPLE, frozenset({PERSON}), frozenset({PERSON}), of, pick, tag)


def _vehicles(name: str, *of: str, tag: str = "", blamed: frozenset[int] = VEHICLE) -> Row:
    return Row(name, VEHICLES, VEHICLE, blamed, of, tag=tag)


VTEST, POST, ABOVE, ROAD = "vtest.avi", "one-by-one-person-detection.mp4", "car-detection.mp4", "road-moving-cars.avi"
ROWS = (
    _people("room, held camera, colour", ROOMS, pick=lambda picture: _held_camera(picture) and not is_infrared(picture.path)),
    _people("room, held camera, infra-red", ROOMS, pick=lambda picture: _held_camera(picture) and is_infrared(picture.path)),
    Row("rooms, held cameras, by bare heads", PEOPLE, frozenset({PERSON}), frozenset(), (HEADS,), lambda picture: _bare_heads(picture) > 0),
    _people("COCO", "coco-cc-by"),
    _people("street cameras", "road-cctv"),
    _people("vtest: pedestrians", VTEST),
    _people("one-by-one: a room, cut or turned away", POST),
    *(_people(f"rendered: {tag}", tag=f"person {tag}") for tag in ("seated", "overlapping", "small", "cut", "above", "dark", "infrared", "crowd")),
    _people("rendered: nobody there", tag="empty room"),
    _vehicles("street cameras, vehicles", "road-cctv"),
    _vehicles("COCO, vehicles", "coco-cc-by"),
    _vehicles("photographs: transport", "transport-v1", "transport-v2", blamed=frozenset({CAR, BUS})),
    _vehicles("photographs: Nepal", "scooters", "street-vehicles", blamed=frozenset()),
    _vehicles("car-detection: from straight above", ABOVE),
    _vehicles("road-moving-cars: tiny", ROAD),
    _vehicles("vtest: parked van and car", VTEST),
    *(_vehicles(f"rendered: vehicles {tag}", tag=f"vehicle {tag}") for tag in ("oblique", "tiny", "steep", "touching", "cut", "night")),
    _vehicles("rendered: empty streets", tag="empty street"),
    Row("e-bikes, photographs", WHEELERS, frozenset({EBIKE}), frozenset(), ("transport-v1", "transport-v2", "scooters", "scooter-portraits", "road-cctv", "coco-cc-by"), _shows(EBIKE)),
    Row("bicycles, photographs", WHEELERS, frozenset({BICYCLE}), frozenset(), ("bicycles", "road-cctv", "coco-cc-by"), _shows(BICYCLE)),
    Row("crowded room, held camera", NONE, TWO_WHEELER, TWO_WHEELER, (ROOMS,), _held_camera),
    Row("rooms, held cameras", NONE, TWO_WHEELER, TWO_WHEELER, (HEADS,), lambda picture: picture.path.stem not in MOTORCYCLES_OUTSIDE),
    Row("vtest", NONE, TWO_WHEELER, TWO_WHEELER, (VTEST,)),
    Row("one-by-one", NONE, TWO_WHEELER, TWO_WHEELER, (POST,)),
    Row("rendered crowds", NONE, TWO_WHEELER, TWO_WHEELER, tag="person crowd"),
    Row("rendered rooms", NONE, TWO_WHEELER, TWO_WHEELER, tag="room"),
)
BY_NAME = {row.name: row for row in ROWS}


@dataclass(frozen=True)
class Shot:
    """A picture of a row: its name, the file that holds it, the frame of a recording (None of a picture), its camera or scene, and what it shows."""

    name: str
    path: Path
    frame: int | None
    group: str
    truth: Truth


class Sources:
    """Where pictures and their truth are read: the sets, the recordings, and what was rendered under ``work``."""

    def __init__(self, dataset: Path, footage: Path, work: Path) -> None:
        self._dataset, self._footage = dataset, footage
        self._places = work / PLACES / "held"
        self._sets: dict[str, dict[str, Picture]] = {}

    @cached_property
    def _recorded(self) -> dict[tuple[str, int], tuple[Box, ...]]:
        return read_truth()

    def shot(self, row: Row, name: str, group: str) -> Shot:
        """A picture of a row by its name. Raises ``DataError`` where it or its truth is missing."""
        if "#" in name:
            recording, _, frame = name.rpartition("#")
            boxes = self._recorded.get((recording, int(frame)))
            if boxes is None:
                raise DataError(f"{name}: no such frame in truth/footage.csv; restore it from the repository")
            return Shot(name, self._footage / recording, int(frame), group, _truth(row, boxes))
        origin, _, file = name.partition("/")
        if origin == PLACES:
            path = self._places / "images" / file
            return Shot(name, path, None, group, _rendered_truth(row, self._places / "meta" / f"{path.stem}.json"))
        if origin not in self._sets:
            self._sets[origin] = {picture.path.name: picture for picture in read_set(self._dataset, origin)}
        picture = self._sets[origin].get(file)
        if picture is None:
            raise DataError(f"{self._dataset / origin / 'images' / file}: picture is missing; fetch the set again")
        if row.subject == PEOPLE and origin == HEADS:
            return Shot(name, picture.path, None, group, _heads(self._dataset / origin / "labels" / f"{picture.path.stem}.txt"))
        return Shot(name, picture.path, None, group, _truth(row, picture.boxes))

    def chosen(self, row: Row, pictures: list[Picture]) -> list[tuple[str, str]]:
        """(name, group) of the pictures of a row, of all ``pictures`` of the sets as they are split: for writing ``world.csv``."""
        if row.tag:
            return self._tagged(row.tag)
        if recorded := [(recording, frame) for recording, frame in self._recorded if recording in row.of]:
            return [(f"{recording}#{frame}", f"{recording}#{frame}") for recording, frame in recorded]
        return [(f"{picture.set}/{picture.path.name}", picture.group) for picture in pictures
                if picture.set in row.of and picture.part == "measure" and row.pick(picture)]

    def _tagged(self, tag: str) -> list[tuple[str, str]]:
        found = []
        for meta in sorted((self._places / "meta").glob("*.json")):
            if not (self._places / "images" / f"{meta.stem}.jpg").is_file():
                continue
            kinds = _record(meta)["kinds"]
            if all(kind in kinds for kind in _kinds_of(tag)):
                found.append((f"{PLACES}/{meta.stem}.jpg", f"{PLACES}/{int(meta.stem.rpartition('-')[2]) // VIEWS}"))
        return found


LIGHTS = ("dark", "infrared", "night")


def _kinds_of(tag: str) -> tuple[str, ...]:
    """The kinds of scene, as a render's record names them, of a row's tag: light is the picture's, all else the things' own."""
    whose, _, what = tag.partition(" ")
    if what in LIGHTS:
        return (what, "person") if whose == "person" else (what, "street")
    return tuple(tag.split()) if whose == "empty" else (tag,)


def _truth(row: Row, boxes: tuple[Box, ...]) -> Truth:
    asked = [box for box in boxes if box.kind in row.kinds]
    least = LEAST_AREA if row.subject == WHEELERS else 0.0
    return Truth(tuple(box for box in asked if box.area >= least), tuple(box for box in asked if box.area < least),
                 tuple(box for box in boxes if box.kind == IGNORE))


def _heads(labels: Path) -> Truth:
    """The bare heads of rooms-cctv. Its helmets are as often on a shelf as on a head, and count neither way."""
    boxes = [(label.number, Box(PERSON, label.left, label.top, label.right, label.bottom)) for label in read_labels(labels)]
    return Truth(tuple(box for number, box in boxes if number == BARE), tuple(box for number, box in boxes if number != BARE), heads=True)


def _rendered_truth(row: Row, meta: Path) -> Truth:
    """Of a render: what has the row's tag is wanted, others of its classes count neither way."""
    record = _record(meta)
    what = row.tag.partition(" ")[2]
    wanted, others, ignored = [], [], []
    for thing in record["objects"]:
        left, top, right, bottom = (side / size for side, size in zip(thing["box"], (record["width"], record["height"]) * 2))
        kind = CLASSES.index(thing["class"]) if thing["class"] in CLASSES else IGNORE
        box = Box(kind, left, top, right, bottom, thing["visible"])
        if kind == IGNORE:
            ignored.append(box)
        elif kind in row.kinds:
            (wanted if what in (*LIGHTS, *thing["tags"]) else others).append(box)
    return Truth(tuple(wanted), tuple(others), tuple(ignored))


def _record(meta: Path) -> dict:
    try:
        record = json.loads(meta.read_text(encoding="utf-8"))
        return {key: record[key] for key in ("kinds", "objects", "width", "height")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{meta}: the record of a render is missing or none: {error}; render the picture again") from error
