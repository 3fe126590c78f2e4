"""``sets.toml``: what each set's label numbers mean, what is completely boxed and what the set may be used for."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from data.picture import BICYCLE, CLASSES, EBIKE, IGNORE, DataError

NO_OBJECT = "-"


@dataclass(frozen=True)
class Description:
    """One set. ``classes``: label number to class index, ``IGNORE``, or None for things that get no box.

    ``complete``: class indices whose every instance is boxed; two-wheelers are among them where the set says that there
    are none. ``held_back``: first characters of the names of the files that are for measuring only.
    """

    name: str
    images: int
    classes: dict[int, int | None]
    complete: frozenset[int]
    use: str
    held_back: tuple[str, ...]

    @property
    def measured_only(self) -> bool:
        """Whether nothing of the set may be trained on."""
        return self.use.strip() == "measure"


def read_descriptions(path: Path) -> dict[str, Description]:
    """All sets of ``sets.toml`` by name; raises ``DataError`` naming file and key."""
    try:
        with path.open("rb") as file:
            tables = tomllib.load(file)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error}; point --dataset at the folder that holds it") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not valid TOML: {error}") from error
    if not tables:
        raise DataError(f"{path}: names no set; every set has a table here")
    return {name: _describe(f"{path}: [{name}]", name, table) for name, table in tables.items()}


def _describe(where: str, name: str, table: object) -> Description:
    if not isinstance(table, dict):
        raise DataError(f"{where}: not a table; every set needs one")
    use = table.get("use")
    if not isinstance(use, str):
        raise DataError(f"{where} use: missing; say train, negatives or measure")
    images = table.get("images")
    if not isinstance(images, int) or images < 1:
        raise DataError(f"{where} images: {images!r} is not a number of pictures")
    classes: dict[int, int | None] = {}
    named = table.get("classes", {})
    if not isinstance(named, dict):
        raise DataError(f"{where} classes: {named!r} is not a table of numbers and their meaning")
    for number, meaning in named.items():
        if not number.isdecimal():
            raise DataError(f"{where} classes: {number!r} is not a whole number")
        classes[int(number)] = _meaning(meaning, f"{where} classes.{number}")
    boxed = table.get("complete", [])
    if not isinstance(boxed, list):
        raise DataError(f"{where} complete: {boxed!r} is not a list of classes")
    complete = frozenset(_known_class(entry, f"{where} complete") for entry in boxed)
    if use.startswith("negatives") or "no two-wheelers" in str(table.get("shows", "")):
        complete |= {BICYCLE, EBIKE}
    return Description(name, images, classes, complete, use, _held_back(use, f"{where} use"))


def _meaning(meaning: object, where: str) -> int | None:
    if meaning == NO_OBJECT:
        return None
    return IGNORE if meaning == "ignore" else _known_class(meaning, where)


def _known_class(name: object, where: str) -> int:
    if name not in CLASSES:
        raise DataError(f"{where}: unknown class {name!r}; known are {', '.join(CLASSES)}, ignore and {NO_OBJECT}")
    return CLASSES.index(str(name))


def _held_back(use: str, where: str) -> tuple[str, ...]:
    """First characters named by a sentence like "train, except the files whose name begins with 0, 1 or 2: measure"."""
    if "except" not in use:
        return ()
    found = re.search(r"begins with ((?:\w(?:, | or |))+):", use)
    if found is None:
        raise DataError(f"{where}: names an exception that is not understood; write 'begins with A, B or C: ...'")
    return tuple(re.findall(r"\b\w\b", found[1]))
