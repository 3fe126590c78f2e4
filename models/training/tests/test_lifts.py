"""The generator of rendered lifts: what needs no Blender, and one small picture where there is one.

Run in models/training: python -m unittest tests.test_lifts
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import io
import tempfile
import unittest
from pathlib import Path

import numpy as np

from lifts import camera, elevator, geometry, labels, scene, stories

BLENDER = importlib.util.find_spec("bpy") is not None and importlib.util.find_spec("anny") is not None


def drawn(profile: str) -> list[tuple[elevator.Shape, camera.Camera]]:
    """Many cars with their cameras."""
    out = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        shape = elevator.draw_shape(rng, profile)
        out.append((shape, camera.draw(rng, shape, profile, 416)))
    return out


class Plans(unittest.TestCase):
    def test_a_seed_always_gives_the_same_plan_and_other_seeds_others(self) -> None:
        plans = [scene.plan(seed, "train") for seed in range(200)]
        self.assertEqual(plans, [scene.plan(seed, "train") for seed in range(200)])
        self.assertGreater(len({str(dataclasses.replace(plan, seed=0)) for plan in plans}), 150)
        self.assertNotEqual(scene.plan(3, "train"), scene.plan(3, "held"))

    def test_the_shares_of_the_plans_are_those_asked_for(self) -> None:
        self.assertEqual({scene.plan(seed, "train", ("bicycle", "pram")).kind for seed in range(60)}, {"bicycle", "pram"})
        plans = [scene.plan(seed, "train") for seed in range(3000)]
        ebikes = sum(plan.kind in ("moped", "pedal e-bike", "folding e-bike") for plan in plans) / len(plans)
        infrared = sum(plan.condition == "infra-red" for plan in plans) / len(plans)
        self.assertAlmostEqual(ebikes, 0.45, delta=0.03)
        self.assertAlmostEqual(infrared, 0.12, delta=0.03)

    def test_held_back_cars_and_cameras_are_never_drawn_in_training(self) -> None:
        train, held = drawn("train"), drawn("held")
        self.assertTrue({eye.mount for _, eye in train}.isdisjoint(eye.mount for _, eye in held))
        walls = {wall for shape, _ in train for wall in shape.walls.values()}
        self.assertTrue({shape.walls["left"] for shape, _ in held}.isdisjoint(walls))
        self.assertFalse([shape.depth for shape, _ in train if 1.63 <= shape.depth <= 1.74])
        spans = [span for span, _ in camera.FOVS["held"]]
        self.assertFalse([eye.fov for _, eye in train if any(low <= eye.fov <= high for low, high in spans)])

    def test_cameras_overhead_look_steeply_down_at_any_roll_and_are_split_too(self) -> None:
        seen: dict[str, list[camera.Camera]] = {}
        for profile in ("train", "held"):
            for seed in range(200):
                rng = np.random.default_rng(seed)
                shape = elevator.draw_shape(rng, profile)
                eye = camera.draw_overhead(rng, shape, profile, 416)
                self.assertTrue((np.abs(eye.place[:2]) <= np.array(shape.half)).all() and eye.place[2] < shape.height)
                self.assertTrue(np.allclose(np.stack([eye.right, eye.up, eye.ahead]) @ np.stack([eye.right, eye.up, eye.ahead]).T, np.eye(3), atol=2e-3))
                seen.setdefault(profile, []).append(eye)
        for eyes in seen.values():
            steep = np.degrees(np.arcsin([-eye.ahead[2] for eye in eyes]))
            self.assertTrue(49.9 < steep.min() < 55 and 85 < steep.max() <= 90.001)
            # Which way is up in the picture, seen on the floor.
            roll = np.degrees(np.arctan2([eye.up[1] for eye in eyes], [eye.up[0] for eye in eyes]))
            self.assertTrue(all(np.histogram(roll, 8, (-180, 180))[0] > 8))
        train, held = seen["train"], seen["held"]
        self.assertTrue({eye.mount for eye in train}.isdisjoint(eye.mount for eye in held))
        spans = [span for span, _ in camera.OVERHEAD_FOVS["held"]]
        self.assertFalse([eye.fov for eye in train if any(low <= eye.fov <= high for low, high in spans)])

    def test_things_are_as_large_as_real_ones(self) -> None:
        limits = {"moped": (1.35, 1.85), "pedal e-bike": (1.3, 1.8), "folding e-bike": (1.0, 1.4), "bicycle": (1.55, 1.9), "child's bicycle": (0.7, 1.3)}
        for kind, (low, high) in limits.items():
            for seed in range(12):
                thing = scene.make(kind, np.random.default_rng(seed), "train")
                with self.subTest(kind=kind, seed=seed):
                    self.assertTrue(low < thing.front + thing.rear < high)


class Projection(unittest.TestCase):
    def test_a_projected_point_is_found_again_along_its_ray(self) -> None:
        points = np.random.default_rng(0).uniform([-0.5, -0.6, 0], [0.7, 0.4, 1.2], (50, 3))
        for fisheye in (True, False):
            eye = camera.aim("corner", np.array([-0.7, 0.6, 2.3]), np.array([0.2, 0.0, 0.5]), 4.0, 95.0, fisheye, (416, 234))
            flat = (eye.project(points) - (208, 117)) * (1, -1) / 416
            radius = np.linalg.norm(flat, axis=1)
            angle = 2 * np.arcsin(radius / (2 * eye.focal)) if fisheye else np.arctan(radius / eye.focal)
            local = np.column_stack([flat / radius[:, None] * np.sin(angle)[:, None], np.cos(angle)])
            wanted = (points - eye.place) / np.linalg.norm(points - eye.place, axis=1, keepdims=True)
            self.assertTrue(np.allclose(local @ np.stack([eye.right, eye.up, eye.ahead]), wanted, atol=1e-6))

    def test_the_horizontal_field_of_view_ends_at_the_edge_of_the_picture(self) -> None:
        edge = np.array([[np.cos(np.radians(50)), -np.sin(np.radians(50)), 0]])
        for fisheye in (True, False):
            eye = camera.aim("corner", np.zeros(3), np.array([1.0, 0, 0]), 0.0, 100.0, fisheye, (400, 300))
            self.assertTrue(np.allclose(eye.project(edge), [[400, 150]]))


class Labels(unittest.TestCase):
    def test_a_label_bounds_what_is_seen(self) -> None:
        mask = np.zeros((234, 416), bool)
        mask[50:90, 100:180] = True
        mask[10, 10] = True
        entry = labels.label(2, mask, 6402)
        assert entry is not None
        self.assertEqual(entry.box, (100, 50, 180, 90))
        self.assertEqual(labels.text([entry], 416, 234), "2 0.33654 0.29915 0.19231 0.17094 0.50\n")

    def test_small_or_hidden_things_have_none(self) -> None:
        mask = np.zeros((234, 416), bool)
        mask[50:90, 100:180] = True
        self.assertIsNone(labels.label(2, mask, 80000))
        mask[:] = False
        mask[5:10, 5:12] = True
        self.assertIsNone(labels.label(2, mask, 35))

    def test_a_silhouette_reaches_beyond_the_picture(self) -> None:
        eye = camera.aim("wall", np.zeros(3), np.array([1.0, 0, 0]), 0.0, 90.0, False, (100, 100))
        half_out = geometry.Assembly()
        half_out.add("paint", geometry.box((2, 2, 0), (0.01, 0.5, 0.5)))
        self.assertAlmostEqual(labels.silhouette(eye, half_out.merged()), 625, delta=110)


class Stories(unittest.TestCase):
    def test_a_story_ends_with_the_door_shut_and_everyone_gone(self) -> None:
        shape = dataclasses.replace(elevator.draw_shape(np.random.default_rng(0), "train"), depth=1.9, width=1.6, door_width=1.1, door_y=0.0)
        for name in stories.STORIES:
            story = stories.write(name, shape, np.random.default_rng(1))
            with self.subTest(story=name):
                self.assertTrue(55 <= story.seconds <= 110)
                self.assertEqual(story.door[-1][1], 0)
                self.assertEqual([time for time, _ in story.door], sorted(time for time, _ in story.door))
                self.assertTrue(all(stories.at(cast.track, story.seconds) is None for cast in (*story.walkers, *story.rides)))

    def test_an_unknown_story_is_named(self) -> None:
        with self.assertRaisesRegex(KeyError, "no story 'flood'"):
            stories.write("flood", elevator.draw_shape(np.random.default_rng(0), "train"), np.random.default_rng(0))


@unittest.skipUnless(BLENDER, "needs bpy and anny")
class Rendering(unittest.TestCase):
    def test_a_picture_has_its_files_and_is_not_rendered_twice(self) -> None:
        from lifts import render

        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as said:
            for _ in range(2):
                render.run(300, 1, Path(folder), "train", 128, 1)
            found = {path.parent.name: path.suffix for path in Path(folder).rglob("train-000300.*")}
        self.assertEqual(found, {"images": ".jpg", "labels": ".txt", "meta": ".json"})
        self.assertIn("1 of 1 pictures are there", said.getvalue())


if __name__ == "__main__":
    unittest.main()
