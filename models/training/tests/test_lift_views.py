"""How pictures of lifts are shown again, and what is told of it.

Run in models/training: python -m unittest tests.test_lift_views
"""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from accuracy.lifts import NEGATIVE, UPRIGHT, Shot, recalls, tables  # noqa: E402
from accuracy.lifts_views import VIEWS, generator  # noqa: E402
from data.picture import EBIKE, PERSON, Box, Picture  # noqa: E402

BOX = Box(EBIKE, 0.3, 0.2, 0.6, 0.8)


def scene() -> np.ndarray:
    image = np.full((234, 416, 3), 60, np.uint8)
    cv2.ellipse(image, (int(0.45 * 416), int(0.5 * 234)), (int(0.15 * 416), int(0.3 * 234)), 0, 0, 360, (0, 0, 255), cv2.FILLED)
    return image


def shot(name: str, kind: str, group: str) -> Shot:
    boxes = (BOX,) if kind != NEGATIVE else (Box(PERSON, 0.1, 0.1, 0.2, 0.5),)
    return Shot(Picture(Path(f"/held/images/{name}.jpg"), "renders", boxes, frozenset({EBIKE}), group, "measure"), kind)


class Views(unittest.TestCase):
    def test_a_picture_is_always_shown_in_the_same_way_and_keeps_its_size(self) -> None:
        for view, show in VIEWS.items():
            with self.subTest(view=view):
                one, counts = show(scene(), [BOX], generator("a", view))
                self.assertEqual((one.shape, one.dtype), ((234, 416, 3), np.dtype(np.uint8)))
                self.assertTrue(np.array_equal(one, show(scene(), [BOX], generator("a", view))[0]))
                self.assertTrue(show(scene(), [], generator("a", view))[1], "what shows no e-bike always counts")
                if view != "upright":
                    self.assertFalse(np.array_equal(one, show(scene(), [BOX], generator("b", view))[0]))

    def test_of_what_is_cut_off_about_half_is_left(self) -> None:
        left = []
        for number in range(40):
            shown, counts = VIEWS["cut off"](scene(), [BOX], generator(str(number), "cut off"))
            red = shown[..., 2].astype(int) - shown[..., 0] > 100
            self.assertGreater(red.mean(), 0.04)
            edges = np.concatenate([red[0], red[-1], red[:, 0], red[:, -1]])
            left.append(bool(edges.any()))
        self.assertGreater(np.mean(left), 0.9, "an edge cuts it")

    def test_what_is_turned_out_of_the_picture_does_not_count(self) -> None:
        corner = Box(EBIKE, 0.0, 0.0, 0.08, 0.1)
        counted = [VIEWS["turned"](scene(), [corner], generator(str(number), "turned"))[1] for number in range(40)]
        self.assertTrue(any(counted) != all(counted) or not any(counted))
        whole = [VIEWS["turned"](scene(), [BOX], generator(str(number), "turned"))[1] for number in range(40)]
        self.assertGreater(np.mean(whole), 0.9)


class Tables(unittest.TestCase):
    def test_recall_is_at_one_in_a_hundred_and_differences_are_paired(self) -> None:
        shots = [shot(f"p{n}", UPRIGHT, f"car-{n // 3}") for n in range(60)] + [shot(f"n{n}", NEGATIVE, f"room-{n // 3}") for n in range(200)]
        random = np.random.default_rng(0)
        low = random.uniform(0, 0.3, 200)
        good = np.concatenate([np.where(np.arange(60) < 45, 0.9, 0.0), low])
        bad = np.concatenate([np.where(np.arange(60) < 15, 0.9, 0.0), low])
        told = recalls(shots, {"upright": good}, UPRIGHT)["upright"]
        self.assertAlmostEqual(told[0].value, 0.75)
        self.assertLessEqual((low > told[1]).mean(), 0.01)
        self.assertTrue(0.5 < np.percentile(told[0].draws, 2.5) < 0.75 < np.percentile(told[0].draws, 97.5) < 0.95)
        text, plain = tables(shots, {"one": {view: bad for view in VIEWS}, "other": {view: good for view in VIEWS}})
        self.assertEqual(plain["hung upright, upright"], {"one": 0.25, "other": 0.75})
        self.assertIn("+0.50", text)


if __name__ == "__main__":
    unittest.main()
