"""The pictures that the measures of the world and of lifts are frozen to (``accuracy/world.csv``, ``lifts.csv``): training leaves them out
wherever they lie.

A picture is known by the SHA-256 of its file, so one that is copied or renamed stays out too.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Set
from functools import lru_cache
from pathlib import Path

from data.picture import DataError

FROZEN = Path(__file__).resolve().parent.parent / "accuracy" / "world.csv"
LIFTS = FROZEN.with_name("lifts.csv")
COLUMNS = ("sha256", "row", "picture", "group", "truth")


def held(*tables: Path) -> frozenset[str]:
    """SHA-256 in lower-case hexadecimal of every file that is measured on, by these lists, or by all that there are: that of lifts is written
    when its pictures are frozen. Raises ``DataError`` where one cannot be read."""
    known = (FROZEN, LIFTS) if LIFTS.exists() else (FROZEN,)
    return frozenset(row["sha256"] for table in tables or known for row in frozen(table))


@lru_cache(maxsize=4)
def frozen(table: Path = FROZEN) -> tuple[dict[str, str], ...]:
    """The lines of the list, by column: ``sha256`` of the file, ``row`` of the measure, ``picture``, its ``group`` and ``truth``, a hash of its boxes."""
    try:
        with table.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise DataError(f"{table}:1: columns {reader.fieldnames} where {', '.join(COLUMNS)} belong; restore it from the repository")
            rows = []
            for row in reader:
                if None in row or None in row.values() or not re.fullmatch(r"[0-9a-f]{64}", row["sha256"]):
                    raise DataError(f"{table}:{reader.line_num}: not a line of SHA-256, row, picture, group and truth; restore it from the repository")
                rows.append(row)
            return tuple(rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table}: the list of what is measured on cannot be read: {error}; restore it from the repository") from error


def sha256(path: Path) -> str:
    """SHA-256 of a file in lower-case hexadecimal. Raises ``DataError`` naming it where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error}; fetch or make it again") from error


def is_held(path: Path, hashes: Set[str]) -> bool:
    """Whether the file at ``path`` is one of ``hashes``."""
    return bool(hashes) and sha256(path) in hashes
