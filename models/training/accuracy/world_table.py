"""The tables of the measure of the world: a line a row, a column a network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accuracy.world_rows import NONE, PEOPLE, VEHICLES, WHEELERS, Row, Shot
from accuracy.world_scores import CONFIDENCE, FALSE_PER_PICTURE, Judged, Scores, interval, judge, threshold_of
from data.detector import Found

WHEELERS_FALSE = 0.02
"""False two-wheelers per picture, of pictures without one, at which two-wheelers are looked for."""
Value = tuple[float, np.ndarray]
"""A recall and those of its draws."""


@dataclass
class Column:
    """What one network does. ``own``: recall at equal false boxes of the row itself; ``common``: at one threshold over all rows of the
    subject, ``thresholds`` by subject; ``shipped``: at ``CONFIDENCE``; ``enough``: share of pictures with at least as many boxes as people;
    ``false``: false boxes per picture at ``CONFIDENCE``. None where a row cannot tell."""

    thresholds: dict[str, float]
    own: dict[Row, Value | None]
    common: dict[Row, Value | None]
    shipped: dict[Row, Value | None]
    enough: dict[Row, float | None]
    false: dict[Row, float | None]

    def mean(self, which: dict[Row, Value | None], subject: str) -> Value | None:
        """Mean over the rows of a subject that all have objects."""
        values = [value for row, value in which.items() if row.subject == subject and value is not None]
        return (float(np.mean([value for value, _ in values])), np.mean([draws for _, draws in values], axis=0)) if values else None

    def as_json(self) -> dict:
        """Everything but the draws."""
        def plain(which: dict[Row, Value | None]) -> dict[str, list[float] | None]:
            return {row.name: None if value is None else [round(number, 4) for number in (value[0], *interval(value[1]))] for row, value in which.items()}

        return {"thresholds": self.thresholds, "own": plain(self.own), "common": plain(self.common), "shipped": plain(self.shipped),
                "enough": {row.name: value for row, value in self.enough.items()}, "false": {row.name: value for row, value in self.false.items()}}


def columns_of(shots: dict[Row, list[Shot]], found: dict[str, Found]) -> Column:
    """The column of a network, given what it sees in every picture by name."""
    judged = {row: [judge(shot.truth, found[shot.name], row.kinds, row.blamed) for shot in members] for row, members in shots.items()}
    thresholds = {PEOPLE: _over(shots, judged, PEOPLE, FALSE_PER_PICTURE), VEHICLES: _over(shots, judged, VEHICLES, FALSE_PER_PICTURE),
                  WHEELERS: _over(shots, judged, NONE, WHEELERS_FALSE)}
    column = Column(thresholds, {}, {}, {}, {}, {})
    for row, members in shots.items():
        scores = Scores(judged[row], [shot.group for shot in members], row.name)
        asked = row.subject != NONE and scores.objects.sum() > 0
        column.own[row] = scores.recall(None) if asked and row.blamed else None
        column.common[row] = scores.recall(thresholds[row.subject]) if asked else None
        column.shipped[row] = scores.recall(CONFIDENCE) if asked else None
        column.enough[row] = float(np.mean(scores.enough)) if scores.enough else None
        column.false[row] = scores.false_per_picture() if row.blamed else None
    return column


def _over(shots: dict[Row, list[Shot]], judged: dict[Row, list[Judged]], subject: str, rate: float) -> float:
    """One threshold over all rows of a subject; a picture of several rows counts once."""
    every = {shot.name: one for row, members in shots.items() if row.subject == subject and row.blamed
             for shot, one in zip(members, judged[row], strict=True)}
    return threshold_of(list(every.values()), rate)


def markdown(shots: dict[Row, list[Shot]], columns: dict[str, Column]) -> str:
    """All tables, with what they are of."""
    parts = []
    for subject in (PEOPLE, VEHICLES):
        parts += [f"### {subject.capitalize()}: recall at {FALSE_PER_PICTURE} false boxes per picture of the row itself",
                  _table(shots, columns, subject, {name: column.own for name, column in columns.items()}),
                  f"### {subject.capitalize()}: recall at one threshold, {FALSE_PER_PICTURE} false boxes per picture over all rows of {subject}",
                  _table(shots, columns, subject, {name: column.common for name, column in columns.items()}),
                  "Thresholds: " + ", ".join(f"{name} {column.thresholds[subject]:.2f}" for name, column in columns.items()),
                  f"### {subject.capitalize()} at confidence {CONFIDENCE}: recall; pictures with at least as many boxes as {subject}; false boxes per picture",
                  _plain(shots, columns, subject)]
    parts += [f"### Two-wheelers: recall at {WHEELERS_FALSE} false ones per picture of rooms and crowds without one",
              _table(shots, columns, WHEELERS, {name: column.common for name, column in columns.items()}),
              "Thresholds: " + ", ".join(f"{name} {column.thresholds[WHEELERS]:.2f}" for name, column in columns.items()),
              f"### Two-wheelers: recall at confidence {CONFIDENCE}",
              _table(shots, columns, WHEELERS, {name: column.shipped for name, column in columns.items()}),
              f"### False two-wheelers per picture at confidence {CONFIDENCE}, where there is none", _false(shots, columns)]
    return "\n\n".join(parts)


def _table(shots: dict[Row, list[Shot]], columns: dict[str, Column], subject: str, which: dict[str, dict[Row, Value | None]]) -> str:
    """Recalls with 95 % intervals, their mean over the rows, and how far each network's mean is from the first one's."""
    lines = _head(columns, "pictures", "objects")
    for row, members in shots.items():
        if row.subject == subject and any(which[name][row] is not None for name in columns):
            objects = sum(len(shot.truth.wanted) for shot in members)
            lines.append(f"| {row.name} | {len(members)} | {objects} | " + " | ".join(_cell(which[name][row]) for name in columns) + " |")
    means = {name: column.mean(which[name], subject) for name, column in columns.items()}
    first = next(iter(means.values()))
    if first is not None:
        lines.append("| **mean of the rows** | | | " + " | ".join(_cell(mean) for mean in means.values()) + " |")
        lines.append("| more than the first | | | " + " | ".join("–" if mean is first or mean is None else _cell((mean[0] - first[0], mean[1] - first[1]), "+")
                                                                for mean in means.values()) + " |")
    return "\n".join(lines)


def _plain(shots: dict[Row, list[Shot]], columns: dict[str, Column], subject: str) -> str:
    lines = _head(columns)
    for row in shots:
        if row.subject == subject:
            cells = ["; ".join("–" if value is None else f"{value:.2f}" for value in (column.shipped[row] and column.shipped[row][0], column.enough[row], column.false[row]))
                     for column in columns.values()]
            lines.append(f"| {row.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _false(shots: dict[Row, list[Shot]], columns: dict[str, Column]) -> str:
    lines = _head(columns, "pictures")
    for row, members in shots.items():
        if row.subject == NONE:
            lines.append(f"| {row.name} | {len(members)} | " + " | ".join(f"{column.false[row]:.3f}" for column in columns.values()) + " |")
    return "\n".join(lines)


def _head(columns: dict[str, Column], *more: str) -> list[str]:
    return ["| " + " | ".join(["", *more, *columns]) + " |", "|" + "---|" * (1 + len(more) + len(columns))]


def _cell(value: Value | None, sign: str = "") -> str:
    if value is None:
        return "–"
    low, high = interval(value[1])
    return f"{value[0]:{sign}.2f} ({low:{sign}.2f} to {high:{sign}.2f})"
