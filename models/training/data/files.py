"""Files that are either whole or not there, and answers that are kept in such files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile

import numpy as np


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A path beside ``path`` to write to; it takes the place of ``path`` once the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def kept_groups(cache: Path | None, keys: np.ndarray) -> list[int] | None:
    """The group numbers that ``keep_groups`` wrote for the same ``keys``; None where there are none, or none that can be read."""
    if cache is None or not cache.is_file():
        return None
    try:
        with np.load(cache) as stored:
            return [int(number) for number in stored["groups"]] if np.array_equal(stored["keys"], keys) else None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def keep_groups(cache: Path | None, keys: np.ndarray, groups: list[int]) -> None:
    """Writes ``groups``, found for pictures that ``keys`` name, to a .npz file."""
    if cache is None:
        return
    with written(cache) as unfinished, unfinished.open("wb") as file:
        np.savez_compressed(file, keys=keys, groups=np.array(groups))
