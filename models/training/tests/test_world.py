"""The measure of the world: what counts as found, equal false boxes, and what is refused.

Run in models/training: python -m unittest discover tests
"""

from __future__ import annotations

import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cv2  # noqa: E402
import numpy as np  # noqa: E402

from accuracy.world import frozen_shots  # noqa: E402
from accuracy.world_recordings import read_truth  # noqa: E402
from accuracy.world_rows import BY_NAME, NONE, PEOPLE, PLACES, ROWS, Sources  # noqa: E402
from accuracy.world_scores import DRAWS, Judged, Scores, Truth, interval, judge, threshold_of  # noqa: E402
from accuracy.world_table import columns_of, markdown  # noqa: E402
from data.detector import Found  # noqa: E402
from data.held import FROZEN, frozen, held  # noqa: E402
from data.picture import BUS, CAR, IGNORE, PERSON, TRUCK, Box, DataError  # noqa: E402

PEOPLE_ONLY = frozenset({PERSON})
VEHICLE = frozenset({CAR, BUS, TRUCK})


def found(*boxes: tuple[int, float, tuple[float, float, float, float]]) -> Found:
    """Detections (class, confidence, box), surest first."""
    return Found(np.array([kind for kind, *_ in boxes], int), np.array([sure for _, sure, _ in boxes]), np.array([box for *_, box in boxes], float).reshape(-1, 4))


class Judging(unittest.TestCase):
    """What is right, what is false and what counts neither way."""

    HERE, BESIDE, FAR = (0.1, 0.1, 0.3, 0.5), (0.5, 0.1, 0.7, 0.5), (0.1, 0.6, 0.3, 0.9)

    def test_others_and_ignored_count_neither_way(self) -> None:
        truth = Truth((Box(PERSON, *self.HERE),), (Box(PERSON, *self.BESIDE),), (Box(IGNORE, 0.0, 0.55, 0.4, 1.0),))
        judged = judge(truth, found((PERSON, 0.9, self.HERE), (PERSON, 0.8, self.BESIDE), (PERSON, 0.7, self.FAR), (PERSON, 0.6, self.HERE)), PEOPLE_ONLY, PEOPLE_ONLY)
        self.assertEqual((judged.confidence.tolist(), judged.right.tolist()), ([0.9, 0.6], [True, False]))
        self.assertEqual((judged.objects, judged.enough), (1, True))

    def test_enough_is_asked_of_all_that_are_there_at_the_shipped_confidence(self) -> None:
        truth = Truth((Box(PERSON, *self.HERE),), (Box(PERSON, *self.BESIDE),))
        for second, enough in ((0.36, True), (0.34, False)):
            self.assertIs(judge(truth, found((PERSON, 0.9, self.HERE), (PERSON, second, self.BESIDE)), PEOPLE_ONLY, PEOPLE_ONLY).enough, enough)
        self.assertIsNone(judge(Truth(()), found(), PEOPLE_ONLY, PEOPLE_ONLY).enough)

    def test_a_vehicle_is_one_thing_whatever_it_is_called(self) -> None:
        truth = Truth((Box(CAR, *self.HERE),))
        seen = found((TRUCK, 0.9, self.HERE), (CAR, 0.8, self.HERE), (TRUCK, 0.7, self.FAR), (CAR, 0.6, self.BESIDE))
        self.assertEqual(judge(truth, seen, VEHICLE, VEHICLE).right.tolist(), [True, False, False])
        self.assertEqual(judge(truth, seen, VEHICLE, frozenset({CAR, BUS})).confidence.tolist(), [0.9, 0.6], "lorries are not all boxed")
        self.assertEqual(judge(truth, seen, VEHICLE, frozenset()).right.tolist(), [True])

    def test_a_head_is_found_by_one_person_that_holds_it_above(self) -> None:
        head = Truth((Box(PERSON, 0.45, 0.2, 0.55, 0.3),), heads=True)
        for box, right in (((0.4, 0.18, 0.6, 0.8), True), ((0.4, 0.0, 0.6, 0.35), False), ((0.0, 0.0, 1.0, 1.0), False), ((0.52, 0.18, 0.7, 0.8), False)):
            with self.subTest(box):
                self.assertEqual(judge(head, found((PERSON, 0.9, box)), PEOPLE_ONLY, PEOPLE_ONLY).right.tolist(), [right])
        twice = judge(head, found((PERSON, 0.9, (0.4, 0.18, 0.6, 0.8)), (PERSON, 0.8, (0.4, 0.18, 0.6, 0.9))), PEOPLE_ONLY, PEOPLE_ONLY)
        self.assertEqual(twice.right.tolist(), [True, False], "one box a head")


class Equal(unittest.TestCase):
    """Recall at equal false boxes, and how sure it is."""

    def test_recall_by_hand(self) -> None:
        # Ten pictures of two objects, so one false box is allowed: two of the right ones are fainter than the second false one.
        pictures = [Judged(np.array([0.9, 0.5]), np.array([True, True]), 2, True) for _ in range(8)]
        pictures += [Judged(np.array([0.8]), np.array([False]), 2, False), Judged(np.array([0.6, 0.4]), np.array([False, True]), 2, False)]
        scores = Scores(pictures, [str(number) for number in range(10)], "row")
        self.assertEqual(scores.recall(None)[0], 8 / 20)
        self.assertEqual(threshold_of(pictures), 0.6)
        self.assertEqual(scores.recall(0.6)[0], 8 / 20, "the threshold itself is not above it")
        self.assertEqual(scores.recall(0.35)[0], 17 / 20)
        self.assertEqual(scores.false_per_picture(), 0.2)

    def test_cameras_are_drawn_whole(self) -> None:
        pictures = [Judged(np.array([0.9]), np.array([True]), 1, True)] * 10 + [Judged(np.zeros(0), np.zeros(0, bool), 1, False)] * 10
        by_picture = interval(Scores(pictures, ["one"] * 20, "row").recall(0.5)[1])
        by_camera = interval(Scores(pictures, ["a"] * 10 + ["b"] * 5 + ["c"] * 5, "row").recall(0.5)[1])
        self.assertTrue(0.2 < by_picture[0] < 0.5 < by_picture[1] < 0.8)
        self.assertEqual(by_camera, (0.0, 1.0))
        draws = [Scores(pictures, ["one"] * 20, name).recall(0.5)[1] for name in ("row", "row", "other")]
        self.assertEqual(len(draws[0]), DRAWS)
        self.assertTrue((draws[0] == draws[1]).all(), "networks are drawn alike")
        self.assertFalse((draws[0] == draws[2]).all())


class Frozen(unittest.TestCase):
    """What was listed is measured on as it was, or not at all."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.addCleanup(frozen.cache_clear)
        self.folder = Path(holder.name)
        self.table = self.folder / "world.csv"
        self.row = BY_NAME["rendered: seated"]
        for name in ("images", "meta"):
            (self.folder / "places" / "held" / name).mkdir(parents=True)
        for number in range(3):
            name = f"held-{number:06d}"
            cv2.imwrite(str(self.folder / "places/held/images" / f"{name}.jpg"), np.full((36, 64, 3), 60 * number, np.uint8))
            things = [{"class": "person", "box": [0, 0, 32, 36], "visible": 1.0, "tags": ["seated"]}, {"class": "person", "box": [32, 0, 64, 36], "visible": 1.0, "tags": []},
                      {"class": "unsure", "box": [0, 0, 8, 8], "visible": 0.1, "tags": []}]
            record = {"kinds": ["room", "day", "person seated"], "objects": things, "width": 64, "height": 36}
            (self.folder / "places/held/meta" / f"{name}.json").write_text(json.dumps(record))
        self.sources = Sources(self.folder, self.folder, self.folder)
        self.names = self.sources.chosen(self.row, [])
        self.write()

    def write(self) -> None:
        from accuracy import world

        world.hash_of.cache_clear()
        frozen.cache_clear()
        shots = [self.sources.shot(self.row, name, group) for name, group in self.names]
        lines = [f"{world.hash_of(shot.path)},{self.row.name},{shot.name},{shot.group},{world.truth_of(shot)}" for shot in shots]
        self.table.write_text("\n".join(["sha256,row,picture,group,truth", *lines]) + "\n")

    def refused(self, *words: str) -> None:
        from accuracy import world

        world.hash_of.cache_clear()
        with self.assertRaises(DataError) as caught:
            frozen_shots(self.sources, True, self.table)
        for word in words:
            self.assertIn(word, str(caught.exception))

    def test_the_tag_says_what_is_wanted(self) -> None:
        self.assertEqual(self.names[0], ("places/held-000000.jpg", "places/0"))
        truth = self.sources.shot(self.row, *self.names[0]).truth
        self.assertEqual((len(truth.wanted), len(truth.others), len(truth.ignored)), (1, 1, 1))
        self.assertEqual(truth.wanted[0].right, 0.5)
        self.assertEqual(self.sources.chosen(BY_NAME["rendered: dark"], []), [])

    def test_another_picture_is_named(self) -> None:
        cv2.imwrite(str(self.folder / "places/held/images/held-000001.jpg"), np.full((36, 64, 3), 200, np.uint8))
        self.refused("held-000001.jpg", "not the file")

    def test_a_missing_picture_is_named(self) -> None:
        (self.folder / "places/held/images/held-000002.jpg").unlink()
        self.refused("held-000002.jpg", "cannot be read")

    def test_other_boxes_are_named(self) -> None:
        meta = self.folder / "places/held/meta/held-000001.json"
        meta.write_text(meta.read_text().replace("32, 36", "30, 36"))
        self.refused("held-000001", "boxes")

    def test_a_row_without_pictures_is_named(self) -> None:
        self.refused("lists no picture")

    def test_all_rows_are_told(self) -> None:
        shots = {row: [self.sources.shot(self.row, name, group) for name, group in self.names] for row in ROWS}
        nothing = {name: found() for name, _ in self.names}
        text = markdown(shots, {"one": columns_of(shots, nothing), "two": columns_of(shots, nothing)})
        for row in ROWS:
            if row.blamed or row.subject != NONE:
                self.assertIn(row.name, text)


class Listed(unittest.TestCase):
    """The list in the tree."""

    def test_every_row_is_known_and_no_frame_is_without_its_boxes(self) -> None:
        lines = frozen()
        self.assertLessEqual({line["row"] for line in lines}, set(BY_NAME))
        self.assertEqual(len({(line["row"], line["picture"]) for line in lines}), len(lines))
        self.assertEqual(held(FROZEN), {line["sha256"] for line in lines})
        for line in lines:
            if "#" in line["picture"]:
                recording, _, frame = line["picture"].rpartition("#")
                self.assertIn((recording, int(frame)), read_truth())


if __name__ == "__main__":
    unittest.main()
