"""The table: one row a question, one column a model, as numbers for JSON and as Markdown for people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from accuracy import metrics
from accuracy.trials import Trials, complete_for
from data.detector import Found
from data.picture import BICYCLE, CLASSES, EBIKE, PERSON, Picture
from data.rooms import MOTORCYCLES_OUTSIDE

CALLED = 0.35
"""Confidence at which a bicycle counts as called an e-bike, or the other way round."""
PRECISION = 0.80

Seen = dict[Path, Found]


@dataclass(frozen=True)
class Row:
    """A question and its answer, None where there is nothing to ask it of. ``target`` as text, "" where there is none."""

    name: str
    value: float | None
    pictures: int
    target: str = ""
    percent: bool = False


def rows_of(trials: Trials, seen: Seen) -> list[Row]:
    """All rows for one model, given what it sees in every picture (confidence from 0.01)."""
    rows = []
    for kind, name in enumerate(CLASSES):
        pictures = complete_for(trials.photographs, kind)
        ranked = metrics.rank(pictures, _of(pictures, seen), kind)
        target = "as YOLOX-Nano" if name in ("person", "car") else ""
        rows.append(Row(f"AP50 {name}, held-back photographs", metrics.average_precision(ranked) if pictures else None,
                        ranked.objects, target))
    # Other pictures of these rooms are trained on: what is found there says little of other rooms.
    elsewhere = [picture for picture in complete_for(trials.photographs, PERSON) if picture.set != "indoor-cctv"]
    ranked = metrics.rank(elsewhere, _of(elsewhere, seen), PERSON)
    rows.append(Row("AP50 person, the same without indoor-cctv", metrics.average_precision(ranked) if elsewhere else None,
                    ranked.objects, "as YOLOX-Nano"))
    for kind in (PERSON, BICYCLE, EBIKE):
        pictures = complete_for(trials.renders, kind)
        if pictures:
            ranked = metrics.rank(pictures, _of(pictures, seen), kind)
            rows.append(Row(f"AP50 {CLASSES[kind]}, held-back rendered lifts with an e-bike",
                            metrics.average_precision(ranked), ranked.objects))
    best = np.array([seen[picture.path].best(EBIKE)[0] for picture in trials.negatives])
    threshold = metrics.threshold_at(best)
    rooms_only = np.array([seen[picture.path].best(EBIKE)[0] for picture in trials.rooms])
    rows.append(Row("e-bike confidence at 1 % of all negatives", threshold, len(best)))
    clear = [picture for picture in trials.negatives if picture.path.stem not in MOTORCYCLES_OUTSIDE]
    without = metrics.threshold_at(np.array([seen[picture.path].best(EBIKE)[0] for picture in clear]))
    rows.append(Row("the same without the rooms that show motorcycles on the road", without, len(clear)))
    rows.append(Row("e-bike confidence at 1 % of the rooms alone", metrics.threshold_at(rooms_only), len(rooms_only)))
    for name, pictures, target in (
        ("lift-eval", trials.lift_eval, "0.85"),
        ("rendered lifts, e-bike at least a third visible", trials.renders, "0.90"),
        *((f"rendered lifts, {condition}", pictures, "") for condition, pictures in trials.conditions.items()),
        ("other photographs of e-bikes", trials.ebike_photographs, "0.85"),
    ):
        result = metrics.flagged(pictures, _of(pictures, seen), EBIKE, threshold)
        count = len(pictures)
        rows.append(Row(f"recall at 1 %, {name}", result.recall if count else None, count, target))
        rows.append(Row(f"recall at 1 % with the box on it, {name}", result.recall_on_object if count else None, count,
                        target))
    for name, pictures in (("lift-eval", trials.lift_eval), ("rendered lifts", trials.renders)):
        result = metrics.flagged(pictures, _of(pictures, seen), EBIKE, without)
        rows.append(Row(f"recall at 1 % without those rooms, {name}", result.recall if pictures else None, len(pictures)))
    for name, pictures, true, called in (
        ("pedal bicycle called e-bike", trials.bicycle_photographs, BICYCLE, EBIKE),
        ("motorcycle or scooter called bicycle", trials.ebike_photographs, EBIKE, BICYCLE),
    ):
        wrong, total = metrics.miscalled(pictures, _of(pictures, seen), true, called, CALLED)
        rows.append(Row(f"{name}, photographs", wrong / total if total else None, total, "at most 3 %", percent=True))
    ranked = metrics.rank(trials.people_in_rooms, _of(trials.people_in_rooms, seen), PERSON)
    rows.append(Row(f"recall of people at precision {PRECISION:.2f}, indoor-cctv",
                    metrics.recall_at_precision(ranked, PRECISION), ranked.objects, "above 0.60"))
    return rows


def markdown(columns: dict[str, list[Row]], milliseconds: dict[str, float]) -> str:
    """The table of all models; ``n`` is the number of objects (AP, people) or pictures (all other rows)."""
    names = list(columns)
    lines = [f"| | n | wanted | {' | '.join(names)} |", f"|---|---|---|{'---|' * len(names)}"]
    for index, row in enumerate(columns[names[0]]):
        cells = [_cell(columns[name][index]) for name in names]
        lines.append(f"| {row.name} | {row.pictures} | {row.target or '–'} | {' | '.join(cells)} |")
    cells = [f"{milliseconds[name]:.1f}" for name in names]
    lines.append(f"| milliseconds a look, one thread | – | – | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(row: Row) -> str:
    if row.value is None:
        return "–"
    return f"{100 * row.value:.1f} %" if row.percent else f"{row.value:.3f}"


def _of(pictures: list[Picture], seen: Seen) -> list[Found]:
    return [seen[picture.path] for picture in pictures]
