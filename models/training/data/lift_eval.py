"""The measuring photographs of e-bikes in lifts: read by the accuracy command alone, never by training."""

from __future__ import annotations

import csv
from pathlib import Path

from data.picture import CLASSES, Box, DataError, Picture

COLUMNS = ("image", "class", "left", "top", "right", "bottom")


def read_lift_eval(folder: Path) -> list[Picture]:
    """Its pictures with the boxes of ``boxes.csv`` (fractions of the picture); classes of ours are complete."""
    table = folder / "boxes.csv"
    if not table.is_file():
        raise DataError(f"{table}: missing; fetch the set again, or measure with --without-lift-eval")
    boxes: dict[str, list[Box]] = {}
    with table.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise DataError(f"{table}:1: columns {reader.fieldnames} where {', '.join(COLUMNS)} belong")
        for row in reader:
            where = f"{table}:{reader.line_num}"
            if row["class"] not in CLASSES:
                raise DataError(f"{where}: unknown class {row['class']!r}")
            try:
                sides = [float(row[column]) for column in COLUMNS[2:]]
            except (TypeError, ValueError) as error:
                raise DataError(f"{where}: a coordinate is not a number: {error}") from error
            if not all(-0.02 <= side <= 1.02 for side in sides) or sides[0] >= sides[2] or sides[1] >= sides[3]:
                raise DataError(f"{where}: box {sides} is not inside the picture")
            boxes.setdefault(row["image"], []).append(Box(CLASSES.index(row["class"]), *sides))
    paths = sorted((folder / "images").glob("*.jpg"))
    missing = set(boxes) - {path.name for path in paths}
    if missing:
        raise DataError(f"{folder / 'images' / sorted(missing)[0]}: picture is missing though {table} names it")
    complete = frozenset({CLASSES.index("ebike")})
    return [Picture(path, folder.name, tuple(boxes.get(path.name, ())), complete, f"{folder.name}/{path.stem}",
                    "measure") for path in paths]
