"""Reads every picture set into one list, split and checked, before anything is trained."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Set
from pathlib import Path

from data import split
from data.cameras import camera_groups, is_infrared
from data.description import Description, read_descriptions
from data.held import held as held_hashes
from data.held import is_held
from data.labels import read_labels
from data.picture import CLASSES, EBIKE, IGNORE, Box, DataError, Picture
from data.similar import copies

LIFT_EVAL = "lift-eval"
RENDERED = "rendered-lifts"
RENDERS = "renders"
COMPOSITES = "composites"
PLACES = "places"
PICTURE_ENDINGS = (".jpg", ".jpeg", ".png")
OTHER_WHEELED = 3
UNSURE = 4
GENERATED_CLASSES: dict[int, int | None] = {0: 0, 1: 1, 2: 2, OTHER_WHEELED: None, UNSURE: IGNORE}
"""Label numbers of rendered pictures and composites: person, bicycle, ebike, other wheeled thing (no object of ours),
unsure (a person whom a detector half sees)."""
PLACES_CLASSES: dict[int, int | None] = {number: number for number in range(len(CLASSES))} | {len(CLASSES): IGNORE}
"""Label numbers of rendered rooms and streets: ours, and one more for what is unsure (``places.truth``)."""
LEAST_VISIBLE = 0.12
"""Below this visible share a generated object is masked: too little to be called one, too much to be background."""
VIEWS = {RENDERS: 3, PLACES: 4}
"""So many renders, one after the other, show one car (``lifts.scene``) or one room or street (``places.plan``)."""
GENERATED_COMPLETE = frozenset(range(len(CLASSES)))
"""Generated pictures hold nothing but what was put in them, so every class is complete in them."""


def load(dataset: Path, renders: Path | None, work: Path | None = None, lift_eval: bool = False,
         frozen: Set[str] | None = None) -> list[Picture]:
    """All pictures of the sets under ``dataset`` and the rendered ones under ``renders`` (``train`` and ``held``).

    ``work`` keeps thumbnails and camera groups between runs. ``lift_eval`` is for the measuring command only. ``frozen``: SHA-256
    of files that are measured on whatever else is said of them; None for those of the measure of the world.
    Raises ``DataError`` naming file and line for anything missing, malformed or of an unknown class.
    """
    descriptions = read_descriptions(dataset / "sets.toml")
    frozen = held_hashes() if frozen is None else frozen
    raw: list[tuple[Description, list[Picture]]] = []
    for description in descriptions.values():
        if description.name == LIFT_EVAL:
            continue
        raw.append((description, _read_set(dataset / description.name, description, frozen)))
    pictures = _split(raw, work)
    if lift_eval:
        from data.lift_eval import read_lift_eval

        if LIFT_EVAL not in descriptions:
            raise DataError(f"{dataset / 'sets.toml'}: [{LIFT_EVAL}] is missing")
        pictures += read_lift_eval(dataset / LIFT_EVAL)
    if renders is not None:
        pictures += load_generated(renders / "train", RENDERS, held=False, frozen=frozen)
        pictures += load_generated(renders / "held", RENDERS, held=True, frozen=frozen)
    return pictures


def load_generated(folder: Path, name: str, held: bool, frozen: Set[str] | None = None) -> list[Picture]:
    """Rendered pictures or composites: ``images`` and ``labels`` (``class cx cy w h [visible]``) under ``folder``.

    Their group is the seed in the file name, that of renders the car or place that they show, so that pictures of one scene stay together.
    Composites are all trained on: they share rooms and cut-outs with each other, so none of them could be kept for choosing.
    Of ``frozen`` files (as in ``load``) none is trained on.
    """
    frozen = held_hashes() if frozen is None else frozen
    pictures = []
    for path, labels in _pairs(folder):
        group = f"{name}/{_scene_of(path.stem, VIEWS[name]) if name in VIEWS else _seed_of(path.stem)}"
        part = "measure" if held or is_held(path, frozen) else "train" if name == COMPOSITES else split.trained_part_of(group)
        boxes = _boxes(path, labels, PLACES_CLASSES if name == PLACES else GENERATED_CLASSES, visible_column=True)
        pictures.append(Picture(path, name, boxes, _generated_complete(labels, boxes), group, part))
    return pictures


def read_set(dataset: Path, name: str) -> list[Picture]:
    """The pictures of one set with their boxes, not split: their group is empty, and their part but where the description names it."""
    descriptions = read_descriptions(dataset / "sets.toml")
    if name not in descriptions:
        raise DataError(f"{dataset / 'sets.toml'}: [{name}] is missing")
    return _read_set(dataset / name, descriptions[name], frozenset())


def holds_ebike(picture: Picture) -> bool:
    """Whether any e-bike is labelled in the picture, the nearly hidden ones of generated pictures too."""
    if any(box.kind == EBIKE for box in picture.boxes):
        return True
    if picture.set not in (RENDERED, RENDERS, COMPOSITES):
        return False
    labels = picture.path.parent.parent / "labels" / f"{picture.path.stem}.txt"
    return any(label.number == EBIKE for label in read_labels(labels, visible_column=True))


def _read_set(folder: Path, description: Description, frozen: Set[str]) -> list[Picture]:
    generated = description.name == RENDERED
    outlines_folder = folder / "polygons"
    pictures = []
    for path, labels in _pairs(folder):
        boxes = _boxes(path, labels, description.classes, visible_column=generated)
        outlines: tuple[tuple[tuple[float, float], ...], ...] = ()
        if outlines_folder.is_dir():
            outlines = tuple(label.outline for label in read_labels(outlines_folder / labels.name) if label.outline)
        measured = (description.measured_only or description.name in split.HELD_SETS or _is_held_back(path, description)
                    or is_held(path, frozen))
        part = "measure" if measured else ""
        complete = _generated_complete(labels, boxes) if generated else description.complete
        pictures.append(Picture(path, description.name, boxes, complete, "", part, outlines))
    if len(pictures) != description.images:
        raise DataError(f"{folder}: {len(pictures)} pictures where sets.toml promises {description.images}; "
                        f"fetch the set again or mend 'images' of [{description.name}]")
    return pictures


def _generated_complete(labels: Path, boxes: tuple[Box, ...]) -> frozenset[int]:
    """The classes that a generated picture shows no unlabelled thing of: not e-bikes, where all that it has are nearly hidden."""
    hidden = not any(box.kind == EBIKE for box in boxes) and any(
        label.number == EBIKE for label in read_labels(labels, visible_column=True))
    return GENERATED_COMPLETE - {EBIKE} if hidden else GENERATED_COMPLETE


def _is_held_back(path: Path, description: Description) -> bool:
    return path.name.startswith(description.held_back) if description.held_back else False


def _pairs(folder: Path) -> list[tuple[Path, Path]]:
    """(picture, label file) pairs; each must have the other."""
    images, labels = folder / "images", folder / "labels"
    for part in (images, labels):
        if not part.is_dir():
            raise DataError(f"{part}: folder is missing; fetch or make the set, or leave it out of sets.toml")
    pairs = []
    for path in sorted(entry for entry in images.iterdir() if entry.suffix.lower() in PICTURE_ENDINGS):
        label = labels / f"{path.stem}.txt"
        if path.stat().st_size == 0:
            raise DataError(f"{path}: picture is empty; fetch the set again")
        if not label.is_file():
            raise DataError(f"{label}: label file is missing; an empty one says that nothing is in {path.name}")
        pairs.append((path, label))
    pictured = {path.stem for path, _ in pairs}
    for label in sorted(labels.glob("*.txt")):
        if label.stem not in pictured:
            raise DataError(f"{label}: its picture is missing in {images}; fetch the set again")
    return pairs


def _boxes(picture: Path, path: Path, classes: dict[int, int | None], visible_column: bool) -> tuple[Box, ...]:
    boxes = []
    for label in read_labels(path, visible_column):
        if label.number not in classes:
            raise DataError(f"{path}:{label.line}: unknown class {label.number} in the labels of {picture.name}; "
                            f"known are {', '.join(str(number) for number in sorted(classes))}")
        kind = classes[label.number]
        if visible_column and label.visible < LEAST_VISIBLE and kind is not None:
            kind = IGNORE
        if kind is not None:
            boxes.append(Box(kind, label.left, label.top, label.right, label.bottom, label.visible))
    return tuple(boxes)


def _split(raw: list[tuple[Description, list[Picture]]], work: Path | None) -> list[Picture]:
    """Gives every picture its group and part."""
    photographs = [picture for description, pictures in raw if description.name != RENDERED for picture in pictures]
    cache = work / "cache" if work is not None else None
    first_copy = copies([picture.path for picture in photographs], cache / "copies.npz" if cache else None)
    cameras = _cameras(photographs, first_copy, cache)
    held_groups = {
        copy for picture, copy in zip(photographs, first_copy)
        if (cameras[picture.path][1] if picture.path in cameras else picture.part) == "measure"
    }
    done: list[Picture] = []
    for picture, copy in zip(photographs, first_copy):
        first = photographs[copy]
        group = f"{first.set}/{first.path.stem}"
        if picture.path in cameras:
            group, part = cameras[picture.path]
        elif picture.part == "measure":
            part = "measure"
        elif copy in held_groups:
            part = "unused"
        else:
            part = split.part_of(group)
            if picture.set in {description.name for description, _ in raw if description.held_back}:
                part = split.trained_part_of(group)
        done.append(Picture(picture.path, picture.set, picture.boxes, picture.complete, group, part, picture.outlines))
    for description, pictures in raw:
        if description.name == RENDERED:
            for picture in pictures:
                group = f"{RENDERED}/{_seed_of(picture.path.stem)}"
                part = picture.part or split.trained_part_of(group)
                done.append(Picture(picture.path, picture.set, picture.boxes, picture.complete, group, part))
    return done


def _cameras(photographs: list[Picture], first_copy: list[int], cache: Path | None) -> dict[Path, tuple[str, str]]:
    """(group, part) of the pictures of the sets that are split by camera."""
    found: dict[Path, tuple[str, str]] = {}
    for name in split.CAMERA_SETS:
        members = [picture for picture in photographs if picture.set == name]
        if not members:
            continue
        if name == "scooter-riders":
            numbers = [0] * len(members)  # one roadside camera, as sets.toml says
        else:
            numbers = camera_groups([picture.path for picture in members],
                                    cache / f"cameras-{name}.npz" if cache else None)
        names = [f"{name}/camera-{members[number].path.stem}" for number in numbers]
        parts = split.parts_by_camera(names, split.ROOMS_MEASURED if name == "rooms-cctv" else None)
        for picture, camera in zip(members, names):
            found[picture.path] = (camera, "measure" if picture.part == "measure" else parts[camera])
    for name in split.HELD_CAMERA_SETS:
        members = [picture for picture in photographs if picture.set == name]
        numbers = camera_groups([picture.path for picture in members], cache / f"cameras-{name}.npz" if cache else None)
        names = [f"{name}/camera-{members[number].path.stem}" for number in numbers]
        kept_out = split.held_cameras(names, [is_infrared(picture.path) for picture in members])
        found.update({picture.path: (camera, "measure") for picture, camera in zip(members, names) if camera in kept_out})
    _keep_copies_together(photographs, first_copy, found)
    return found


def _keep_copies_together(photographs: list[Picture], first_copy: list[int],
                          cameras: dict[Path, tuple[str, str]]) -> None:
    """Near-copies should be of one camera; where one of them is measured on, the others are not used."""
    parts_of_copy: dict[int, set[str]] = {}
    for picture, copy in zip(photographs, first_copy):
        if picture.path in cameras:
            parts_of_copy.setdefault(copy, set()).add(cameras[picture.path][1])
    for picture, copy in zip(photographs, first_copy):
        if picture.path in cameras and len(parts_of_copy[copy]) > 1 and cameras[picture.path][1] != "measure":
            cameras[picture.path] = (cameras[picture.path][0], "unused")


def _seed_of(stem: str) -> str:
    found = re.match(r"\D*\d+", stem)
    return found[0] if found else stem


def _scene_of(stem: str, views: int) -> str:
    found = re.match(r"(\D*)(\d+)", stem)
    return f"{found[1]}{int(found[2]) // views}" if found else stem


def summary(pictures: list[Picture]) -> str:
    """One line a set: how many pictures each part has, and how many boxes of each class."""
    lines = []
    for name in dict.fromkeys(picture.set for picture in pictures):
        members = [picture for picture in pictures if picture.set == name]
        parts = Counter(picture.part for picture in members)
        kinds = Counter(box.kind for picture in members for box in picture.boxes)
        boxes = ", ".join(f"{kinds[index]} {label}" for index, label in enumerate(CLASSES) if kinds[index])
        ignored = f", {kinds[IGNORE]} ignored" if kinds[IGNORE] else ""
        lines.append(f"{name}: {dict(parts)}; {boxes}{ignored}")
    return "\n".join(lines)
