"""Label files: lines ``class cx cy w h [visible]`` or ``class x y x y x y ...`` (an outline), fractions of the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from data.picture import DataError

SLACK = 0.02
"""How far a coordinate may lie outside 0..1: exports round and crop carelessly; more than this is a broken file."""


@dataclass(frozen=True)
class Label:
    """One line: the set's own class number, an upright box, the visible share, the outline if it had one, its line."""

    number: int
    left: float
    top: float
    right: float
    bottom: float
    visible: float
    outline: tuple[tuple[float, float], ...]
    line: int = 0


def read_labels(path: Path, visible_column: bool = False) -> list[Label]:
    """All lines of a label file; an empty file is a picture with nothing in it.

    ``visible_column``: whether a box line may have a sixth number, the visible share in [0, 1].
    Raises ``DataError`` naming file and line for a wrong count, a non-number or a value out of range.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: label file cannot be read: {error}") from error
    labels = []
    for line_number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            label = _parse(line, f"{path}:{line_number}", visible_column)
            labels.append(replace(label, line=line_number))
    return labels


def _parse(line: str, where: str, visible_column: bool) -> Label:
    words = line.split()
    count = len(words)
    is_outline = count >= 7 and count % 2 == 1
    is_box = count == 5 or (visible_column and count == 6)
    if not (is_box or is_outline):
        expected = "5 or 6 numbers" if visible_column else "5 numbers, or a class and at least 3 points"
        raise DataError(f"{where}: {count} columns where {expected} belong; mend or remove the line")
    if not words[0].isdecimal():
        raise DataError(f"{where}: class {words[0]!r} is not a whole number; mend or remove the line")
    numbers = []
    for column, word in enumerate(words[1:], start=2):
        try:
            value = float(word)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise DataError(f"{where}: column {column}, {word!r}, is not a number; mend or remove the line")
        numbers.append(value)
    if is_box:
        return _from_box(int(words[0]), numbers, where)
    return _from_outline(int(words[0]), numbers, where)


def _from_box(number: int, values: list[float], where: str) -> Label:
    centre_x, centre_y, width, height = values[:4]
    visible = values[4] if len(values) > 4 else 1.0
    if width <= 0 or height <= 0:
        raise DataError(f"{where}: width {width} and height {height} must be above 0; mend or remove the line")
    if not 0.0 <= visible <= 1.0:
        raise DataError(f"{where}: visible share {visible} is not between 0 and 1; mend or remove the line")
    corners = (centre_x - width / 2, centre_y - height / 2, centre_x + width / 2, centre_y + height / 2)
    return Label(number, *_inside(corners, where), visible, ())


def _from_outline(number: int, values: list[float], where: str) -> Label:
    xs, ys = values[0::2], values[1::2]
    corners = (min(xs), min(ys), max(xs), max(ys))
    left, top, right, bottom = _inside(corners, where)
    if right <= left or bottom <= top:
        raise DataError(f"{where}: the outline has no area; mend or remove the line")
    return Label(number, left, top, right, bottom, 1.0, tuple(zip(xs, ys)))


def _inside(corners: tuple[float, ...], where: str) -> tuple[float, ...]:
    for value in corners:
        if not -SLACK <= value <= 1 + SLACK:
            raise DataError(f"{where}: coordinate {value:.3f} is outside the picture (0 to 1); mend or remove the line")
    return tuple(min(1.0, max(0.0, value)) for value in corners)
