"""Frames of public recordings with boxes that were drawn by eye: ``truth/footage.csv``.

Lines are ``recording,frame,class,left,top,right,bottom``: frames are counted from 0, boxes are fractions of the picture, the class is one of
ours, ``ignore``, or ``nothing`` without a box where a frame shows nobody.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from data.picture import CLASSES, IGNORE, Box, DataError

TRUTH = Path(__file__).resolve().parent / "truth" / "footage.csv"
COLUMNS = ("recording", "frame", "class", "left", "top", "right", "bottom")
NOTHING = "nothing"


def read_truth(table: Path = TRUTH) -> dict[tuple[str, int], tuple[Box, ...]]:
    """Boxes by (recording, frame). Raises ``DataError`` naming the line that is none."""
    found: dict[tuple[str, int], list[Box]] = {}
    try:
        with table.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise DataError(f"{table}:1: columns {reader.fieldnames} where {', '.join(COLUMNS)} belong")
            for row in reader:
                where = f"{table}:{reader.line_num}"
                boxes = found.setdefault((row["recording"], _frame(row["frame"], where)), [])
                if row["class"] != NOTHING:
                    boxes.append(_box(row, where))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table}: cannot be read: {error}; restore it from the repository") from error
    return {key: tuple(boxes) for key, boxes in found.items()}


def _frame(text: str, where: str) -> int:
    if not text.isdecimal():
        raise DataError(f"{where}: frame {text!r} is not a whole number")
    return int(text)


def _box(row: dict[str, str], where: str) -> Box:
    if row["class"] not in (*CLASSES, "ignore"):
        raise DataError(f"{where}: unknown class {row['class']!r}")
    try:
        left, top, right, bottom = (float(row[column]) for column in COLUMNS[3:])
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: a coordinate is not a number: {error}") from error
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise DataError(f"{where}: the box is not inside the picture")
    return Box(IGNORE if row["class"] == "ignore" else CLASSES.index(row["class"]), left, top, right, bottom)


def frames(path: Path, wanted: Iterable[int]) -> dict[int, np.ndarray]:
    """BGR frames of a recording by number, decoded from its beginning, so that no seeking decides which frame is which."""
    left = set(wanted)
    recording = cv2.VideoCapture(str(path))
    found: dict[int, np.ndarray] = {}
    number = 0
    while left:
        there, image = recording.read()
        if not there:
            raise DataError(f"{path}: ends or cannot be decoded before frame {min(left)}; fetch the recording again")
        if number in left:
            found[number] = image
            left.remove(number)
        number += 1
    recording.release()
    return found
