"""The rendered rooms, streets and yards: what needs no Blender, and small pictures where there is one.

Run in models/training: python -m unittest tests.test_places
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import io
import json
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import cv2
import numpy as np

from data.picture import CLASSES, IGNORE
from data.sets import PLACES, PLACES_CLASSES, load_generated
from lifts import camera, labels
from lifts import geometry as g
from lifts.camera import Camera
from lifts.scene import Placed
from places import cameras, cast, furnishing, plan, rooms, streets, traffic, truth, vehicles
from places.cast import Actor

PEOPLE = importlib.util.find_spec("anny") is not None
BLENDER = PEOPLE and importlib.util.find_spec("bpy") is not None
ALL = plan.VIEWS * len(plan.THEMES)


def built(theme: str, count: int = 12, profile: str = "train") -> list[rooms.Room]:
    """Rooms for a theme."""
    return [rooms.build(plan.generator(profile, 1, seed), theme) for seed in range(count)]


def vertices(actor: Actor) -> np.ndarray:
    """All vertices (n, 3) of a thing."""
    return actor.thing.body.merged().vertices


class Plans(unittest.TestCase):
    def test_a_seed_always_gives_the_same_plan_and_profiles_differ(self) -> None:
        plans = [plan.plan(seed, "train") for seed in range(ALL)]
        self.assertEqual(plans, [plan.plan(seed, "train") for seed in range(ALL)])
        self.assertNotEqual(plan.generator("train", 1, 3).random(4).tolist(), plan.generator("held", 1, 3).random(4).tolist())

    def test_a_round_has_every_theme_and_every_light(self) -> None:
        plans = [plan.plan(seed, "held") for seed in range(ALL)]
        self.assertEqual({one.theme for one in plans if one.indoor}, set(plan.INDOOR))
        self.assertEqual({one.theme for one in plans if not one.indoor}, set(plan.OUTDOOR))
        self.assertEqual({one.light for one in plans}, {"day", "dim", "dark", "night", "infrared"})
        self.assertEqual({one.size for one in plans}, {size for size, _ in plan.SIZES})

    def test_pictures_of_a_place_share_its_theme(self) -> None:
        for seed in range(0, ALL, plan.VIEWS):
            shared = {(one.indoor, one.theme) for one in (plan.plan(seed + view, "train") for view in range(plan.VIEWS))}
            self.assertEqual(len(shared), 1)


class Rooms(unittest.TestCase):
    def test_furniture_stands_in_the_room_on_the_floor_and_apart(self) -> None:
        for theme in plan.INDOOR:
            for room in built(theme, 4):
                points = room.fixtures.merged().vertices
                self.assertTrue(np.isfinite(points).all())
                self.assertGreater(points[:, 2].min(), -0.02)
                for k, (a, b, c, d) in enumerate(room.taken):
                    self.assertTrue(-0.1 <= a < c <= room.length + 0.1 and -0.1 <= b < d <= room.width + 0.1)
                    for left, near, right, far in room.taken[:k]:
                        self.assertFalse(min(c, right) - max(a, left) > 1e-6 and min(d, far) - max(b, near) > 1e-6 and theme == "seated", room.kind)

    def test_every_finish_is_there(self) -> None:
        for theme in plan.INDOOR:
            for room in built(theme, 4):
                self.assertLessEqual({piece.surface for body in (room.fixtures, room.lights) for piece in body.pieces}, set(room.surfaces))

    def test_rooms_for_those_who_sit_have_seats_that_lie_on_furniture(self) -> None:
        for room in built("seated", 15):
            self.assertGreater(len(room.seats), 0, room.kind)
            for seat in room.seats:
                self.assertTrue(any(a < seat.x < c and b < seat.y < d for a, b, c, d in room.taken), room.kind)
                self.assertTrue(0.3 < seat.height < 0.5 and seat.z >= 0)

    def test_the_same_numbers_give_the_same_room(self) -> None:
        a, b = (rooms.build(plan.generator("held", 1, 5), "above") for _ in range(2))
        self.assertTrue(np.array_equal(a.fixtures.merged().vertices, b.fixtures.merged().vertices))
        self.assertEqual(a.seats, b.seats)


@unittest.skipUnless(PEOPLE, "needs anny")
class Casts(unittest.TestCase):
    looks = None

    def setUp(self) -> None:
        if Casts.looks is None:
            Casts.looks = cast.looks(np.random.default_rng(1), "crowd")

    def test_who_stands_has_both_the_floor_below_and_room_about(self) -> None:
        for theme in ("overlapping", "crowd", "cut"):
            for seed, room in enumerate(built(theme, 3)):
                actors = cast.indoors(np.random.default_rng(seed), room, theme, self.looks)
                upright = [vertices(actor) for actor in actors if actor.pose != "seated"]
                for points in upright:
                    self.assertLess(abs(points[:, 2].min()), 0.01)
                    self.assertTrue(1.0 < points[:, 2].max() < 2.2)
                middles = np.array([points[points[:, 2] < 0.2, :2].mean(0) for points in upright])
                for k, middle in enumerate(middles):
                    self.assertTrue((np.linalg.norm(middles[:k] - middle, axis=1) > 0.15).all())

    def test_who_sits_has_hips_on_the_seat_and_feet_on_the_ground(self) -> None:
        seats = [seat for make in (furnishing.workplace, furnishing.bench_row, furnishing.steps, furnishing.sofa, furnishing.dining) for seat in make(np.random.default_rng(3)).seats[:2]]
        for k, seat in enumerate(seats):
            points = vertices(cast.on_seat(np.random.default_rng(k), self.looks[k % len(self.looks)], seat))
            near = points[np.linalg.norm(points[:, :2] - (seat.x, seat.y), axis=1) < 0.12]
            self.assertTrue(-0.12 < near[:, 2].min() - seat.z - seat.height < 0.1, f"{near[:, 2].min() - seat.z:.2f} on {seat}")
            self.assertTrue(-0.12 < points[:, 2].min() - seat.z < 0.15, f"{points[:, 2].min():.2f} on {seat}")
            self.assertTrue(0.95 < points[:, 2].max() - seat.z < 1.65)

    def test_a_crowd_has_eight_and_an_empty_room_nobody(self) -> None:
        for room in built("crowd", 3):
            self.assertGreaterEqual(len(cast.indoors(np.random.default_rng(2), room, "crowd", self.looks)), 8)
        self.assertEqual(cast.indoors(np.random.default_rng(2), built("empty", 1)[0], "empty", []), [])

    def test_the_same_numbers_give_the_same_cast_and_camera(self) -> None:
        room, wanted = built("overlapping", 1)[0], dataclasses.replace(plan.plan(8, "train"), theme="overlapping")
        casts = [cast.indoors(np.random.default_rng(4), room, "overlapping", self.looks) for _ in range(2)]
        self.assertTrue(all(np.array_equal(vertices(a), vertices(b)) for a, b in zip(*casts)))
        a, b = (cameras.indoors(np.random.default_rng(6), room, wanted, actors) for actors in casts)
        self.assertTrue(np.array_equal(a.place, b.place) and a.fov == b.fov)


class Vehicles(unittest.TestCase):
    sizes = {"car": ((3.3, 5.1), (1.2, 2.0)), "van": ((4.5, 6.0), (1.8, 2.7)), "truck": ((5.5, 9.7), (1.9, 3.7)), "bus": ((8.4, 12.2), (2.8, 3.6))}

    def test_they_are_as_large_as_real_ones_and_stand_on_the_ground(self) -> None:
        for kind, (lengths, heights) in self.sizes.items():
            for seed in range(5):
                one = vehicles.BUILDERS[kind](np.random.default_rng(seed))
                points = one.body.merged().vertices
                low, high = points.min(0), points.max(0)
                with self.subTest(kind=kind, seed=seed):
                    self.assertTrue(np.isfinite(points).all())
                    self.assertTrue(lengths[0] < one.length < lengths[1] and abs(high[0] - low[0] - one.length) < 0.5)
                    self.assertTrue(heights[0] < high[2] < heights[1])
                    self.assertLess(abs(low[2]), 0.03)
                    self.assertLessEqual({piece.surface for piece in one.body.pieces}, set(one.surfaces))
                    self.assertEqual(CLASSES[one.number], "car" if kind == "van" else kind)

    def test_vehicles_of_a_street_do_not_run_into_each_other(self) -> None:
        for theme in ("touching", "steep", "tiny"):
            for seed in range(2):
                rng = np.random.default_rng(seed)
                place = streets.build(rng, theme)
                actors = traffic.park(rng, place, traffic.fleet(rng), 1.0, False)
                self.assertGreater(len(actors), 5)
                hulls = [cv2.convexHull(points[points[:, 2] < 0.6, :2].astype(np.float32)) for points in map(vertices, actors)]
                for k, hull in enumerate(hulls):
                    for other in hulls[:k]:
                        if np.abs(hull.mean(0) - other.mean(0)).max() < 14:
                            self.assertLess(cv2.intersectConvexConvex(hull, other)[0], 0.1, place.kind)

    def test_every_finish_of_a_street_is_there(self) -> None:
        for theme in plan.OUTDOOR:
            for seed in range(4):
                place = streets.build(np.random.default_rng(seed), theme)
                self.assertLessEqual({piece.surface for body in (place.fixtures, place.lights) for piece in body.pieces}, set(place.surfaces))


def block(x: float, size: float, number: int = 0) -> Actor:
    """A cube at a distance before the lens of `eye`, as a thing."""
    body = g.Assembly()
    body.add("top", g.box((x, 0, 0), (size / 2, size / 2, size / 2)))
    return Actor(Placed("thing", number, body, {}), "standing")


def eye() -> Camera:
    """A camera at the origin that looks along +x; at 208 m a metre is a pixel."""
    return camera.aim("wall", np.zeros(3), np.array([1.0, 0, 0]), 0.0, 90.0, False, (416, 234))


class Truth(unittest.TestCase):
    def seen(self, actor: Actor, mask: np.ndarray, within: float = 0.9) -> truth.Seen | None:
        return truth.see(actor, eye(), actor.thing.body.merged(), mask, np.where(mask, within, 0.3))

    def mask(self, top: int, bottom: int, left: int = 190, right: int = 226) -> np.ndarray:
        out = np.zeros((234, 416), bool)
        out[top:bottom, left:right] = True
        return out

    def test_what_is_small_hidden_or_lost_in_the_dark_is_unsure(self) -> None:
        actor = block(6.0, 1.0)
        whole = self.mask(98, 136, 189, 227)
        found = self.seen(actor, whole)
        self.assertTrue(found.counts and found.label.box == (189, 98, 227, 136) and found.label.visible > 0.9)
        self.assertFalse(self.seen(actor, self.mask(98, 136, 189, 195)).counts, "a sixth is seen")
        self.assertFalse(self.seen(actor, whole, 0.31).counts, "no lighter than what is about it")
        self.assertFalse(self.seen(block(40.0, 1.0), self.mask(114, 120, 205, 211)).counts, "six pixels high")
        self.assertIsNone(self.seen(actor, self.mask(0, 0)))
        self.assertEqual(PLACES_CLASSES[truth.UNSURE], IGNORE)
        self.assertTrue(all(CLASSES[number] == name for number, name in truth.CLASSES.items()))

    def test_labels_are_read_as_data_by_place(self) -> None:
        found = [self.seen(block(6.0, 1.0, vehicles.TRUCK), self.mask(98, 136)), self.seen(block(40.0, 1.0), self.mask(114, 120, 205, 211))]
        with tempfile.TemporaryDirectory() as folder:
            for part in ("images", "labels"):
                (Path(folder) / part).mkdir()
            for name in ("held-000007", "held-000008"):
                cv2.imwrite(f"{folder}/images/{name}.jpg", np.zeros((234, 416, 3), np.uint8))
                (Path(folder) / f"labels/{name}.txt").write_text(labels.text([entry.label for entry in found], 416, 234))
            pictures = load_generated(Path(folder), PLACES, held=True)
        self.assertEqual([box.kind for box in pictures[0].boxes], [CLASSES.index("truck"), IGNORE])
        self.assertEqual([picture.group for picture in pictures], ["places/held-1", "places/held-2"])
        self.assertEqual({picture.part for picture in pictures}, {"measure"})

    def test_what_the_edge_cuts_off_is_told(self) -> None:
        body = g.Assembly()
        body.add("top", g.sheet(np.stack(np.broadcast_arrays(4.0, *np.meshgrid(np.linspace(3.5, 4.5, 21), np.linspace(-0.5, 0.5, 21))), -1)))
        actor = Actor(Placed("thing", 0, body, {}), "seated")
        self.assertAlmostEqual(truth.beyond(eye(), body.merged()), 0.5, delta=0.06)
        found = self.seen(actor, self.mask(91, 143, 0, 26))
        self.assertTrue({"cut", "seated", "small"} <= set(found.tags))

    def test_pairs_crowds_and_emptiness_are_told(self) -> None:
        one, other = (self.seen(block(6.0, 1.0), self.mask(98, 136, left, left + 38)) for left in (189, 205))
        self.assertIn("person overlapping", truth.kinds([one, other], eye(), True, "day"))
        self.assertIn("empty", truth.kinds([], eye(), True, "day"))
        self.assertIn("night", truth.kinds([], eye(), False, "infrared"))
        self.assertIn("crowd", truth.kinds([self.seen(block(6.0, 1.0), self.mask(98, 136)) for _ in range(8)], eye(), True, "day"))


@unittest.skipUnless(BLENDER, "needs bpy and anny")
class Rendering(unittest.TestCase):
    def test_boxes_of_what_nothing_hides_are_those_of_its_projection(self) -> None:
        from lifts import studio
        from places import render

        compared = 0
        with tempfile.TemporaryDirectory() as folder:
            for seed in (8, 36):
                wanted = dataclasses.replace(plan.plan(seed, "train"), size=(208, 156), light="day")
                studio.start(1)
                place = render.Set(wanted)
                with unittest.mock.patch.object(render, "look", wraps=render.look) as look:
                    image, _, _, _ = render.shoot(place, wanted, Path(folder) / "picture.exr")
                self.assertEqual(image.shape, (156, 208, 3))
                actors, eye, meshes, numbers, light = look.call_args.args
                for number, (actor, mesh) in enumerate(zip(actors, meshes), 1):
                    found, pixels = truth.see(actor, eye, mesh, numbers == number, light), eye.project(mesh.vertices)
                    if found is None or found.outside > 0 or found.label.visible < 0.93:
                        continue
                    box = (*pixels.min(0), *pixels.max(0))
                    self.assertTrue(np.allclose(box, found.label.box, atol=3.5), f"{actor.thing.name}: {box} and {found.label.box}")
                    compared += 1
        self.assertGreater(compared, 0)

    def test_pictures_have_their_files_are_read_as_data_and_not_rendered_twice(self) -> None:
        from places import render

        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as said, unittest.mock.patch.object(plan, "SIZES", (((128, 72), 1.0),)):
            for _ in range(2):
                render.run(32, 1, Path(folder), "train", 1)
            record = json.loads((Path(folder) / "meta/train-000032.json").read_text())
            pictures = load_generated(Path(folder), PLACES, held=False)
        self.assertIn("1 of 1 pictures are there", said.getvalue())
        self.assertEqual((pictures[0].group, len(pictures)), ("places/train-8", 1))
        self.assertEqual(sorted("unsure" if box.kind == IGNORE else CLASSES[box.kind] for box in pictures[0].boxes), sorted(entry["class"] for entry in record["objects"]))


if __name__ == "__main__":
    unittest.main()
