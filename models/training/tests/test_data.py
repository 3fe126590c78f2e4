"""The data's readers, its split, and the measures: small cases worked out by hand.

Run in models/training: python -m unittest discover -s tests -t .
"""

from __future__ import annotations

import sys
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cv2  # noqa: E402
import numpy as np  # noqa: E402

from accuracy.films import Outcome, Recording, outcome, read, recordings  # noqa: E402
from accuracy.metrics import Ranked, average_precision, flagged, miscalled, rank, recall_at_precision, threshold_at  # noqa: E402
from data import second_look, split  # noqa: E402
from data.detector import Found, fitting_size, without_doubtful_ebikes  # noqa: E402
from data.labels import read_labels  # noqa: E402
from data.pasting import match, paste, place, solid_pixels  # noqa: E402
from data.picture import BICYCLE, CLASSES, EBIKE, IGNORE, PERSON, Box, DataError, Picture, overlap  # noqa: E402
from data.plan import MOST_USES, make_plan  # noqa: E402
from data.pseudo import with_detections  # noqa: E402
from data.sets import holds_ebike, load, load_generated  # noqa: E402

SET = """[yard]
images = {count}
use = "train, except the files whose name begins with 0 or 1: those are measure"
classes = {{ 0 = "person", 1 = "ebike", 2 = "-", 3 = "ignore" }}
complete = ["ebike"]
"""


def texture(seed: int) -> np.ndarray:
    """A picture [96, 128, 3] unlike those of other seeds."""
    blocks = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return cv2.resize(blocks, (128, 96), interpolation=cv2.INTER_CUBIC)


class Folder(unittest.TestCase):
    """A data set of one set in a temporary folder."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.dataset = Path(holder.name)
        for name in ("images", "labels"):
            (self.dataset / "yard" / name).mkdir(parents=True)
        self.count = 0

    def add(self, name: str, labels: str, image: np.ndarray | None = None) -> None:
        self.count += 1
        picture = texture(self.count) if image is None else image
        cv2.imwrite(str(self.dataset / "yard" / "images" / f"{name}.png"), picture)
        (self.dataset / "yard" / "labels" / f"{name}.txt").write_text(labels)
        (self.dataset / "sets.toml").write_text(SET.format(count=self.count))

    def load(self) -> list[Picture]:
        return load(self.dataset, None)

    def refused(self, *words: str) -> None:
        with self.assertRaises(DataError) as caught:
            self.load()
        for word in words:
            self.assertIn(word, str(caught.exception))


class Labels(Folder):
    """What is read, and what is refused with file and line."""

    def test_classes_are_translated(self) -> None:
        self.add("a", "0 0.5 0.5 0.2 0.4\n2 0.5 0.5 0.1 0.1\n3 0.2 0.2 0.1 0.1\n")
        picture = self.load()[0]
        self.assertEqual([box.kind for box in picture.boxes], [PERSON, IGNORE])
        self.assertAlmostEqual(picture.boxes[0].top, 0.3)
        self.assertEqual(picture.complete, frozenset({EBIKE}))

    def test_an_outline_becomes_its_box(self) -> None:
        self.add("a", "1 0.1 0.2 0.5 0.3 0.4 0.9\n")
        box = self.load()[0].boxes[0]
        self.assertEqual((box.left, box.top, box.right, box.bottom), (0.1, 0.2, 0.5, 0.9))

    def test_malformed_lines_are_named(self) -> None:
        for line, word in (("1 0.5 0.5 0.2", "4 columns"), ("1 0.5 x 0.2 0.2", "'x'"), ("1 0.5 nan 0.2 0.2", "'nan'"),
                           ("1 1.5 0.5 0.2 0.2", "outside"), ("9 0.5 0.5 0.2 0.2", "unknown class 9"),
                           ("-1 0.5 0.5 0.2 0.2", "'-1'"), ("1 0.5 0.5 0 0.2", "above 0"),
                           ("1 0.5 0.5 0.2 0.2 0.7", "6 columns")):
            with self.subTest(line):
                self.count = 0
                self.add("a", f"1 0.5 0.5 0.2 0.2\n\n{line}\n")
                self.refused("a.txt:3", word)

    def test_a_missing_half_is_named(self) -> None:
        self.add("a", "")
        (self.dataset / "yard" / "labels" / "a.txt").unlink()
        self.refused("a.txt", "missing")

    def test_a_missing_picture_is_named(self) -> None:
        self.add("a", "")
        (self.dataset / "yard" / "images" / "a.png").unlink()
        self.refused("a.txt", "picture is missing")

    def test_a_missing_folder_is_named(self) -> None:
        self.add("a", "")
        (self.dataset / "sets.toml").write_text(SET.format(count=1).replace("yard", "garden"))
        self.refused("garden", "missing")

    def test_an_undecodable_picture_is_named(self) -> None:
        self.add("a", "")
        (self.dataset / "yard" / "images" / "a.png").write_bytes(b"no picture")
        self.refused("a.png", "decoded")

    def test_too_few_pictures_are_noticed(self) -> None:
        self.add("a", "")
        (self.dataset / "sets.toml").write_text(SET.format(count=2))
        self.refused("promises 2")

    def test_an_unknown_class_of_the_description_is_named(self) -> None:
        self.add("a", "")
        (self.dataset / "sets.toml").write_text(SET.format(count=1).replace('"ebike",', '"tram",'))
        self.refused("sets.toml", "[yard]", "'tram'")

    def test_generated_pictures_have_a_visible_share(self) -> None:
        self.add("r00012", "2 0.5 0.5 0.2 0.2 0.4\n2 0.5 0.5 0.2 0.2 0.05\n3 0.1 0.1 0.1 0.1 1\n4 0.2 0.2 0.1 0.1 1\n")
        picture = load_generated(self.dataset / "yard", "renders", held=True)[0]
        self.assertEqual([box.kind for box in picture.boxes], [EBIKE, IGNORE, IGNORE])
        self.assertEqual(picture.boxes[0].visible, 0.4)
        self.assertEqual((picture.part, picture.group), ("measure", "renders/r4"), "three in a row show one car")
        labels = read_labels(self.dataset / "yard" / "labels" / "r00012.txt", visible_column=True)
        self.assertEqual(labels[2].line, 3)

    def test_a_nearly_hidden_ebike_is_no_negative(self) -> None:
        self.add("r00012", "2 0.5 0.5 0.2 0.2 0.05\n")
        picture = load_generated(self.dataset / "yard", "renders", held=True)[0]
        self.assertTrue(holds_ebike(picture))
        self.assertNotIn(EBIKE, picture.complete, "nor is it known where it shows none")


class Split(Folder):
    """No photograph and no camera on two sides."""

    def test_held_back_files_and_their_copies_are_not_trained_on(self) -> None:
        image = texture(99)
        self.add("0a", "", image)
        self.add("b", "", image[:, ::-1])
        self.add("c", "")
        parts = {picture.path.stem: picture.part for picture in self.load()}
        self.assertEqual(parts["0a"], "measure")
        self.assertEqual(parts["b"], "unused")
        self.assertIn(parts["c"], ("train", "choose"))

    def test_copies_share_a_group_and_a_part(self) -> None:
        for number in range(12):
            image = texture(number + 500)
            self.add(f"n{number}", "", image)
            self.add(f"m{number}", "", cv2.convertScaleAbs(np.rot90(image, number % 4), alpha=0.9, beta=6))
        pictures = self.load()
        parts: dict[str, set[str]] = {}
        for picture in pictures:
            parts.setdefault(picture.group, set()).add(picture.part)
        self.assertEqual(len(parts), 12)
        self.assertTrue(all(len(found) == 1 for found in parts.values()))

    def test_the_shares_are_as_promised(self) -> None:
        parts = [split.part_of(f"photograph-{number}") for number in range(4000)]
        self.assertAlmostEqual(parts.count("train") / 4000, 0.80, delta=0.02)
        self.assertAlmostEqual(parts.count("measure") / 4000, 0.12, delta=0.02)

    def test_cameras_go_whole_and_reach_the_number(self) -> None:
        cameras = [f"camera-{number % 37}" for number in range(449)]
        parts = split.parts_by_camera(cameras, 200)
        self.assertGreaterEqual(sum(parts[camera] == "measure" for camera in cameras), 200)
        self.assertIn("train", parts.values())
        self.assertEqual(parts, split.parts_by_camera(cameras[::-1], 200))
        self.assertEqual(split.parts_by_camera(["one"] * 9), {"one": "train"})



class Pseudo(unittest.TestCase):
    """Sure detections label, unsure ones mask, the set's own boxes come first."""

    def test_detections_are_sorted(self) -> None:
        own = Box(EBIKE, 0.1, 0.1, 0.5, 0.5)
        picture = Picture(Path("x.jpg"), "yard", (own,), frozenset({EBIKE}), "g", "train")
        found = [(PERSON, 0.8, 0.6, 0.1, 0.8, 0.9), (PERSON, 0.3, 0.0, 0.6, 0.1, 0.9), (EBIKE, 0.9, 0.6, 0.6, 0.9, 0.9),
                 (BICYCLE, 0.9, 0.1, 0.1, 0.5, 0.5), (BICYCLE, 0.9, 0.5, 0.5, 0.9, 0.9)]
        boxes = with_detections(picture, found).boxes
        self.assertEqual([box.kind for box in boxes], [EBIKE, IGNORE, PERSON, IGNORE])
        self.assertEqual((boxes[1].left, boxes[3].left), (0.5, 0.0))


class Measures(unittest.TestCase):
    """Average precision, threshold and flags on cases that can be counted."""

    def test_average_precision_by_hand(self) -> None:
        # Right, wrong, right of 2 objects: precision 1 up to recall 1/2, then 2/3 up to 1.
        ranked = Ranked(np.array([0.9, 0.8, 0.7]), np.array([True, False, True]), 2)
        self.assertAlmostEqual(average_precision(ranked), 0.5 * 1 + 0.5 * 2 / 3)
        self.assertAlmostEqual(recall_at_precision(ranked, 0.8), 0.5)
        self.assertAlmostEqual(recall_at_precision(ranked, 0.6), 1.0)

    def test_doubles_are_wrong_and_masked_ones_do_not_count(self) -> None:
        box = Box(PERSON, 0.1, 0.1, 0.3, 0.3)
        masked = Box(IGNORE, 0.6, 0.6, 0.9, 0.9)
        picture = Picture(Path("x.jpg"), "yard", (box, masked), frozenset({PERSON}), "g", "measure")
        found = Found(np.array([0, 0, 0]), np.array([0.9, 0.8, 0.7]),
                      np.array([[0.1, 0.1, 0.3, 0.3], [0.1, 0.1, 0.3, 0.31], [0.65, 0.65, 0.8, 0.8]]))
        ranked = rank([picture], [found], PERSON)
        self.assertEqual(ranked.right.tolist(), [True, False])
        self.assertEqual(ranked.objects, 1)

    def test_one_in_a_hundred_is_flagged(self) -> None:
        negatives = np.arange(200) / 200
        threshold = threshold_at(negatives)
        self.assertEqual((negatives > threshold).sum(), 2)
        self.assertEqual((np.array([0.2, 0.4]) > threshold_at(np.array([0.2, 0.4]))).sum(), 0)
        self.assertEqual((np.ones(500) > threshold_at(np.ones(500))).sum(), 0)

    def test_a_flag_beside_the_object_is_told_apart(self) -> None:
        picture = Picture(Path("x.jpg"), "yard", (Box(EBIKE, 0.1, 0.1, 0.3, 0.3),), frozenset(), "g", "measure")
        on = Found(np.array([EBIKE]), np.array([0.9]), np.array([[0.1, 0.1, 0.3, 0.3]]))
        beside = Found(np.array([EBIKE]), np.array([0.9]), np.array([[0.6, 0.6, 0.9, 0.9]]))
        result = flagged([picture, picture], [on, beside], EBIKE, 0.5)
        self.assertEqual((result.pictures, result.flagged, result.on_object), (2, 2, 1))

    def test_a_bicycle_called_ebike(self) -> None:
        picture = Picture(Path("x.jpg"), "yard", (Box(BICYCLE, 0.1, 0.1, 0.3, 0.3),), frozenset(), "g", "measure")
        found = Found(np.array([EBIKE]), np.array([0.4]), np.array([[0.1, 0.1, 0.3, 0.3]]))
        self.assertEqual(miscalled([picture], [found], BICYCLE, EBIKE, 0.35), (1, 1))
        self.assertEqual(miscalled([picture], [found], BICYCLE, EBIKE, 0.45), (0, 1))

    def test_overlap(self) -> None:
        self.assertAlmostEqual(overlap(Box(0, 0, 0, 0.2, 0.2), Box(0, 0.1, 0, 0.3, 0.2)), 1 / 3)
        self.assertEqual(CLASSES[EBIKE], "ebike")


class Pasting(unittest.TestCase):
    """A pasted thing keeps its colours and takes the room's light."""

    def test_all_channels_survive(self) -> None:
        room = np.full((240, 320, 3), 120, np.float32)
        thing = np.dstack([np.full((60, 90, 3), (60, 120, 200), np.uint8), np.full((60, 90), 255, np.uint8)])
        random = np.random.default_rng(1)
        layer = place(thing, "ebike", 320, 240, random)
        match(layer, room, False, random)
        paste(room, layer)
        solid = solid_pixels(layer, 240, 320)
        blue, green, red = room[solid].mean(axis=0)
        self.assertTrue(solid.any())
        self.assertTrue(20 < blue < green < red)
        self.assertTrue((room[~solid & (room != 120).any(axis=2)] > 20).all())

    def test_infrared_has_no_colour(self) -> None:
        room = np.full((240, 320, 3), 120, np.float32)
        thing = np.dstack([np.full((60, 90, 3), (60, 120, 200), np.uint8), np.full((60, 90), 255, np.uint8)])
        random = np.random.default_rng(2)
        layer = place(thing, "ebike", 320, 240, random)
        match(layer, room, True, random)
        self.assertLess(float(np.ptp(layer.colour, axis=2).max()), 1e-3)


class Plan(unittest.TestCase):
    """No cut-out is used too often, and a longer plan begins with the shorter one."""

    def test_uses_and_prefix(self) -> None:
        cutouts = {kind: [Path(f"{kind}{number}.png") for number in range(9)] for kind in MOST_USES}
        long, short = (make_plan(count, "train", 3, cutouts, 20) for count in (600, 100))
        self.assertEqual(long[:100], short)
        uses: dict[Path, int] = {}
        for recipe in long:
            for thing in recipe.things:
                if thing.source is not None:
                    uses[thing.source] = uses.get(thing.source, 0) + 1
        for path, count in uses.items():
            self.assertLessEqual(count, MOST_USES[path.stem.rstrip("0123456789")])


class Inputs(unittest.TestCase):
    """The sizes of input that pictures are given; the program's own test has the same cases."""

    def test_a_picture_is_given_its_proportions_within_the_files_side_and_pixels(self) -> None:
        for picture, file, wanted in (
            ((1920, 1080), (416, 256), (416, 256)), ((640, 480), (416, 256), (384, 288)), ((500, 500), (416, 256), (320, 320)),
            ((1080, 1920), (416, 256), (256, 416)), ((1920, 1080), (416, 416), (416, 256)), ((1920, 1182), (416, 416), (416, 256)), ((640, 480), (416, 416), (416, 320)),
            ((500, 500), (416, 416), (416, 416)),
        ):
            self.assertEqual(fitting_size(*picture, *file, 32), wanted, (picture, file))


class Films(unittest.TestCase):
    """Events against truth."""

    def test_what_the_program_printed_is_counted(self) -> None:
        answer = {
            "total": {"spells": 4},
            "matches": [{"raised_after_s": -1.0}, {"raised_after_s": 2.5}, {"raised_after_s": -20.0}],
            "false_alarms": [{"started": {"media_s": 7.2}}],
        }
        found = read(answer)
        self.assertEqual(found, Outcome(4, (-1.0, 2.5, -20.0), (7.2,)))
        self.assertEqual(found.prompt, 1)
        self.assertEqual(found.text(), "3 of 4 (-1.0 s, +2.5 s, -20.0 s), others at 7 s")

    def test_the_program_is_told_a_head_by_the_name_that_it_knows(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "program"
            answer = '{"total": {"spells": 1}, "matches": [], "false_alarms": []}'
            program.write_text(f"#!/bin/sh\ngrep -q 'head = \"nanodet-plus\"' \"$3\" && echo '{answer}'\n")
            program.chmod(0o755)
            recording = Recording("film", "[[camera]]\n", Path(folder) / "truth.csv", True)
            detector = SimpleNamespace(again=False, classes=6, head="nanodet", width=416, height=416)
            self.assertEqual(outcome(program, recording, Path("nano.onnx"), detector, None), Outcome(1, (), ()))

    def test_a_film_without_its_truth_is_refused_by_name(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "ride-5-held.mp4").write_bytes(b"film")
            samples = Path(__file__).resolve().parents[3] / "samples"
            with self.assertRaisesRegex(DataError, "ride-5-held.csv"):
                recordings(Path(folder), samples, None)
            (Path(folder) / "ride-5-held.csv").write_text("camera,kind,start_s,end_s\n")
            self.assertEqual([film.name for film in recordings(Path(folder), samples, None)], ["ride-5-held"])


class SecondLook(unittest.TestCase):
    HERE = np.array([0.1, 0.1, 0.3, 0.4])
    THERE = np.array([0.7, 0.7, 0.8, 0.9])

    def test_both_looks_count_alike(self) -> None:
        shown: list[np.ndarray] = []

        def look(part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            shown.append(part)
            return np.array([self.HERE]), np.array([0.1])

        boxes, confidence = np.array([self.HERE, self.THERE, self.HERE]), np.array([0.9, 0.6, 0.05])
        after = second_look.settled(boxes, confidence, look)
        self.assertAlmostEqual(float(after[0]), 0.5, places=6)
        self.assertLess(float(after[1]), 0.05, "not seen again")
        self.assertEqual(float(after[2]), 0.05, "too faint to be looked at again")
        self.assertEqual(len(shown), 2)
        for part, box in zip(shown, boxes):
            self.assertTrue((part[:2] <= box[:2]).all() and (part[2:] >= box[2:]).all())
            self.assertTrue((part >= 0).all() and (part <= 1).all())

    def test_what_fills_the_picture_is_not_looked_at_again(self) -> None:
        self.assertIsNone(second_look.closer(np.array([0.1, 0.0, 0.8, 0.9])))

    def test_what_is_surely_enough_a_bicycle_is_no_ebike(self) -> None:
        kinds, boxes = np.array([BICYCLE, EBIKE, EBIKE, PERSON]), np.array([self.HERE, self.HERE, self.THERE, self.HERE])
        for sure, left in ((0.4, [BICYCLE, EBIKE, PERSON]), (0.9, [BICYCLE, EBIKE, PERSON]), (0.96, [BICYCLE, EBIKE, EBIKE, PERSON])):
            found = without_doubtful_ebikes(Found(kinds, np.array([0.8, sure, 0.3, 0.95]), boxes))
            self.assertEqual(found.kind.tolist(), left)


if __name__ == "__main__":
    unittest.main()
