"""The course of a training: rows of a CSV file, and a picture of them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from data.files import written

WIDTH, HEIGHT, MARGIN = 900, 420, 60
COLOURS = ((180, 110, 30), (40, 120, 220), (60, 160, 60), (160, 60, 160), (60, 60, 60), (30, 180, 200), (90, 90, 220))


def save(rows: Sequence[Mapping[str, float]], path: Path) -> None:
    """Writes all rows; a key that a row lacks stays empty. The first column is ``pictures``."""
    columns = ["pictures", *sorted({key for row in rows for key in row} - {"pictures"})]
    with written(path) as unfinished, unfinished.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: round(value, 5) for key, value in row.items()})


def draw(rows: Sequence[Mapping[str, float]], path: Path, title: str) -> None:
    """Draws two panels over the pictures seen: the losses above, what is chosen by (keys ``choose.*``) below."""
    keys = sorted({key for row in rows for key in row} - {"pictures", "rate"})
    panels = [[key for key in keys if not key.startswith("choose.")], [key for key in keys if key.startswith("choose.")]]
    image = np.full((2 * HEIGHT, WIDTH, 3), 255, np.uint8)
    for number, names in enumerate(panels):
        _panel(image[number * HEIGHT : (number + 1) * HEIGHT], rows, names, title if number == 0 else "")
    with written(path) as unfinished:
        unfinished.write_bytes(cv2.imencode(".png", image)[1].tobytes())


def _panel(image: np.ndarray, rows: Sequence[Mapping[str, float]], names: list[str], title: str) -> None:
    series = {name: [(row["pictures"], row[name]) for row in rows if name in row] for name in names}
    series = {name: points for name, points in series.items() if points}
    cv2.putText(image, title, (MARGIN, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1, cv2.LINE_AA)
    if not series:
        return
    last = max(points[-1][0] for points in series.values()) or 1.0
    values = [value for points in series.values() for _, value in points]
    top = max(1.0, float(np.percentile(values, 98))) if title else 1.0

    def place(x: float, y: float) -> tuple[int, int]:
        across = MARGIN + x / last * (WIDTH - 2 * MARGIN - 120)
        return int(across), int(HEIGHT - 40 - min(y / top, 1.0) * (HEIGHT - 80))

    for step in range(5):
        level = top * step / 4
        cv2.line(image, place(0, level), place(last, level), (225, 225, 225), 1)
        _write(image, f"{level:.2f}", (8, place(0, level)[1] + 4))
    _write(image, f"{last:,.0f} pictures", (place(last, 0)[0] - 60, HEIGHT - 16))
    for number, (name, points) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        line = np.array([place(x, y) for x, y in points], np.int32)
        cv2.polylines(image, [line], False, colour, 1, cv2.LINE_AA)
        _write(image, name.removeprefix("choose."), (WIDTH - 165, 60 + 20 * number), colour)


def _write(image: np.ndarray, text: str, at: tuple[int, int], colour: tuple[int, int, int] = (80, 80, 80)) -> None:
    cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv2.LINE_AA)
