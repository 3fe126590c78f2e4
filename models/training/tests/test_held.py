"""What training never sees: frozen files and their copies, whole cameras, a set of everywhere.

Run in models/training: python -m unittest discover tests
"""

from __future__ import annotations

import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cv2  # noqa: E402
import numpy as np  # noqa: E402
from test_data import SET, Folder, texture  # noqa: E402

from data import split  # noqa: E402
from data.held import held, sha256  # noqa: E402
from data.picture import DataError  # noqa: E402
from data.sets import load, load_generated  # noqa: E402


class Held(Folder):
    """Pictures of the part "measure", by what they are and where they are from."""

    def test_frozen_files_and_their_copies_are_not_trained_on(self) -> None:
        image = texture(99)
        self.add("a", "", image)
        self.add("b", "", image[:, ::-1])
        self.add("r00012", "")
        frozen = frozenset(sha256(self.dataset / "yard" / "images" / f"{name}.png") for name in ("a", "r00012"))
        parts = {picture.path.stem: picture.part for picture in load(self.dataset, None, frozen=frozen)}
        self.assertEqual(parts, {"a": "measure", "b": "unused", "r00012": "measure"})
        for name in ("renders", "composites"):
            parts = {picture.path.stem: picture.part for picture in load_generated(self.dataset / "yard", name, False, frozen)}
            self.assertEqual(parts["r00012"], "measure")
            self.assertIn(parts["b"], ("train", "choose"), "only files are known of what is generated")

    def test_a_list_of_frozen_files_that_is_none_is_named(self) -> None:
        for text, words in (("sha256,row\n", "columns"), (f"sha256,row,picture,group,truth\n{'g' * 64},a,b,c,d\n", "world.csv:2"),
                            (f"sha256,row,picture,group,truth\n{'0' * 64},a\n", "world.csv:2")):
            with self.subTest(text):
                table = Path(tempfile.mkdtemp(dir=self.dataset)) / "world.csv"
                table.write_text(text)
                with self.assertRaisesRegex(DataError, words):
                    held(table)
        with self.assertRaisesRegex(DataError, "cannot be read"):
            held(self.dataset / "world.csv")

    def test_a_set_of_everywhere_is_measured_on_whole(self) -> None:
        for number in range(9):
            self.add(f"n{number}", "")
        for name in split.HELD_SETS:
            (self.dataset / "yard").rename(self.dataset / name)
            (self.dataset / "sets.toml").write_text(SET.format(count=self.count).replace("[yard]", f"[{name}]"))
            self.assertEqual({picture.part for picture in self.load()}, {"measure"})
            (self.dataset / name).rename(self.dataset / "yard")

    def test_whole_cameras_are_held_and_those_of_day_and_night_first(self) -> None:
        cameras = [f"camera-{number % 3}" for number in range(300)]
        for nightly in ("camera-0", "camera-1", "camera-2"):
            infrared = [camera == nightly and number > 150 for number, camera in enumerate(cameras)]
            self.assertEqual(split.held_cameras(cameras, infrared), {nightly})
        many = [f"camera-{number % 30}" for number in range(300)]
        found = split.held_cameras(many, [False] * 300)
        self.assertEqual(len(found), 10)
        self.assertEqual(found, split.held_cameras(many[::-1], [False] * 300))
        self.assertEqual(split.held_cameras(["one"] * 9, [False] * 9), set(), "never all")

    def test_every_file_of_a_held_camera_is_measured_on(self) -> None:
        walls = [cv2.resize(np.random.default_rng(seed).integers(0, 256, (40, 40, 3), dtype=np.uint8), (320, 320), interpolation=cv2.INTER_NEAREST)
                 for seed in (1, 2, 3)]
        for number in range(24):
            image = walls[number % 3].copy()
            if number % 6 == 0:
                image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
            cv2.circle(image, (20 + 12 * number, 160), 30, (number * 9, 40, 200) if number % 6 else (90, 90, 90), -1)
            self.add(f"x{number:02d}", "", image)
        name = split.HELD_CAMERA_SETS[0]
        (self.dataset / "yard").rename(self.dataset / name)
        (self.dataset / "sets.toml").write_text(SET.format(count=24).replace("[yard]", f"[{name}]"))
        with mock.patch.object(split, "HELD_FILES", 6):
            pictures = self.load()
        held_back = {picture.path.stem for picture in pictures if picture.part == "measure"}
        self.assertEqual(held_back, {f"x{number:02d}" for number in range(0, 24, 3)})
        self.assertEqual(len({picture.group for picture in pictures if picture.part == "measure"}), 1)


if __name__ == "__main__":
    unittest.main()
