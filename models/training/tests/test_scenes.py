"""The rendered street and fire control room: what needs no Blender.

Run in models/training: python -m unittest tests.test_scenes
"""

from __future__ import annotations

import csv
import importlib.util
import io
import unittest
from collections import Counter

import numpy as np

from lifts import geometry as g
from lifts import stories
from scenes import cars, furniture, room, street
from scenes.stage import Stage

PEOPLE = importlib.util.find_spec("anny") is not None
RATE = 5
WIDTH = 320


def edges(*solids: g.Solid) -> Counter:
    """How many faces have each edge, by the places of its ends."""
    count: Counter = Counter()
    for solid in solids:
        places = [tuple(point) for point in solid.vertices.round(9)]
        for faces in (solid.quads, solid.tris):
            for face in faces:
                ring = [places[k] for k in face]
                count.update(frozenset(pair) for pair in zip(ring, ring[1:] + ring[:1]) if pair[0] != pair[1])
    return count


class Cars(unittest.TestCase):
    def test_hull_and_cabin_are_closed(self) -> None:
        for build in (cars.SALOON, cars.HATCH):
            for solids in ((cars.hull(build),), cars.cabin(build)):
                self.assertEqual({2}, set(edges(*solids).values()))

    def test_a_car_has_the_size_of_its_model_and_stands_on_the_ground(self) -> None:
        for build in (cars.SALOON, cars.HATCH):
            points = cars.make(build).merged().vertices
            self.assertTrue(np.isfinite(points).all())
            low, high = points.min(0), points.max(0)
            self.assertAlmostEqual(build.length, high[0] - low[0], delta=0.1)
            self.assertTrue(build.width < high[1] - low[1] < build.width + 0.5, "only the mirrors may stick out")
            self.assertAlmostEqual(build.height, high[2], delta=0.06)
            self.assertAlmostEqual(0.0, low[2], delta=0.01)
            self.assertTrue(4.0 < build.length < 5.0 and 1.6 < build.width < 1.9 and 1.4 < build.height < 1.7)

    def test_every_finish_is_there_and_glass_is_a_tenth_of_the_skin_or_more(self) -> None:
        body = cars.make(cars.SALOON)
        self.assertLessEqual({piece.surface for piece in body.pieces}, set(cars.surfaces((0.5, 0.5, 0.5))))
        painted, glass = cars.cabin(cars.SALOON)
        self.assertGreater(area(glass), 0.3 * area(painted))


def area(solid: g.Solid) -> float:
    """Square metres of a solid's quads."""
    a, b, c, d = (solid.vertices[solid.quads[:, k]] for k in range(4))
    return float(np.linalg.norm(np.cross(c - a, d - b), axis=1).sum() / 2)


class Street(unittest.TestCase):
    def test_the_parked_car_stands_wholly_in_the_lane_and_in_the_picture(self) -> None:
        body = g.Assembly()
        body.join(cars.make(cars.SALOON), g.placement(*street.PARKED))
        points = body.merged().vertices
        lane = street.lane_corners()
        self.assertTrue((points[:, :2] > lane[:, :2].min(0)).all() and (points[:, :2] < lane[:, :2].max(0)).all())
        pixels = street.camera(640).project(points) / (640, 360)
        self.assertTrue((pixels > 0.05).all() and (pixels < 0.95).all())

    def test_the_camera_hangs_between_four_and_six_metres(self) -> None:
        self.assertTrue(4 <= street.camera(640).place[2] <= 6)

    def test_the_other_car_keeps_off_the_lane_and_begins_and_ends_outside_the_picture(self) -> None:
        half = cars.HATCH.width / 2 + 0.2
        self.assertTrue(all(key[2] + half < -street.LANE for key in street.DRIVE))
        for way, time in ((street.DRIVE, street.DRIVE[0][0]), (street.DRIVE, street.DRIVE[-1][0]), (street.WALK, street.WALK[0][0]), (street.WALK, street.WALK[-1][0])):
            body = cars.make(cars.HATCH).merged().vertices if way is street.DRIVE else g.box((0, 0, 0.9), (0.25, 0.3, 0.9)).vertices
            place = g.placement(*stories.at(way, time))
            pixels = street.camera(640).project(body @ place[:3, :3].T + place[:3, 3]) / (640, 360)
            self.assertFalse(((pixels > 0) & (pixels < 1)).all(1).any(), f"{way} at {time} s")

    def test_all_is_over_before_the_end(self) -> None:
        self.assertLess(max(street.DRIVE[-1][0], street.WALK[-1][0]), street.SECONDS)


class Room(unittest.TestCase):
    def test_the_way_out_goes_through_the_doorway(self) -> None:
        for way in room.ways():
            times = np.arange(way[0][0], way[-1][0], 0.02)
            spots = np.array([stories.at(way, time) for time in times])
            near = spots[np.abs(spots[:, 0] - room.DEPTH) < 0.1]
            self.assertTrue(len(near) > 0 and (near[:, 1] > room.DOOR[0] + 0.2).all() and (near[:, 1] < room.DOOR[1] - 0.2).all())

    def test_the_way_keeps_off_chair_desk_and_cabinets(self) -> None:
        for way in room.ways():
            spots = np.array([stories.at(way, time) for time in np.arange(way[0][0], way[-1][0], 0.02)])[:, :2]
            inside = spots[spots[:, 0] < room.DEPTH]
            chair = np.linalg.norm(inside - room.PUSHED_BACK, axis=1)
            self.assertGreater(chair.min(), 0.32)
            self.assertLess(inside[:, 1].max(), room.WIDTH - 0.75)
            self.assertFalse(((inside[:, 0] > room.DEPTH - 0.45 - 0.2) & (inside[:, 1] > 2.05 - 0.295 - 0.2)).any())

    def test_the_door_is_open_while_someone_goes_through(self) -> None:
        keys = room.door_keys()
        for way in room.ways():
            for time in np.arange(way[0][0], way[-1][0], 0.05):
                if abs(stories.at(way, time)[0] - room.DEPTH) < 0.3 and stories.at(way, time)[1] > room.DOOR[0]:
                    self.assertGreater(np.interp(time, *zip(*keys)), 0.8, f"at {time:.2f} s")

    def test_the_spell_is_the_time_out_of_the_room(self) -> None:
        start, end = room.spell()
        self.assertTrue(15 <= end - start <= 20)
        for time in np.arange(0, room.SECONDS, 1 / RATE):
            spots = [spot for spot in (stories.at(way, time) for way in room.ways()) if spot is not None]
            if start < time < end:
                self.assertTrue(all(spot[0] > room.DEPTH + 0.3 for spot in spots), f"at {time:.1f} s")
            elif spots:
                self.assertLess(spots[0][0], room.DEPTH + 0.6, f"at {time:.1f} s")

    def test_a_way_has_no_sudden_turn_or_leap(self) -> None:
        for way in room.ways():
            spots = np.array([stories.at(way, time) for time in np.arange(way[0][0], way[-1][0], 0.1)])
            steps = np.abs(np.diff(spots, axis=0))
            self.assertLess(np.hypot(steps[:, 0], steps[:, 1]).max(), 0.2)
            self.assertLess(steps[:, 2].max(), 0.6)

    def test_furniture_is_finite_and_stands_in_the_room(self) -> None:
        out = room.fixtures_of(np.random.default_rng(1))
        points = out.merged().vertices
        self.assertTrue(np.isfinite(points).all())
        self.assertGreater(points[:, 2].min(), -0.01)
        self.assertLessEqual({piece.surface for piece in out.pieces}, set(furniture.surfaces()))


@unittest.skipUnless(PEOPLE, "the package anny is not installed")
class Truth(unittest.TestCase):
    def read(self, stage: Stage) -> list[dict[str, str]]:
        self.assertTrue(stage.truth().startswith("camera,kind,start_s,end_s\n"))
        return list(csv.DictReader(io.StringIO(stage.truth())))

    def test_the_street_has_one_spell_that_lasts_to_the_end(self) -> None:
        stage = street.build(1, WIDTH)
        self.assertEqual([{"camera": "street", "kind": "fire_lane_parking", "start_s": "0.00", "end_s": ""}], self.read(stage))
        for time in np.arange(0, stage.seconds, 5):
            parked = stage.cast(time)[0].body.merged().vertices
            self.assertTrue(np.allclose(parked.mean(0), stage.cast(0.0)[0].body.merged().vertices.mean(0)))

    def test_the_room_has_one_spell_in_which_nobody_is_before_the_door(self) -> None:
        stage = room.build(1, WIDTH)
        (row,) = self.read(stage)
        self.assertEqual(("control-room", "control_room_unattended"), (row["camera"], row["kind"]))
        start, end = float(row["start_s"]), float(row["end_s"])
        for time in np.arange(0, stage.seconds, 0.5):
            people = [entry for entry in stage.cast(time) if entry.name == "person"]
            inside = any(entry.body.merged().vertices[:, 0].mean() < room.DEPTH for entry in people)
            if start < time < end:
                self.assertFalse(inside, f"at {time} s")
            elif not start - 1 < time < end + 1:
                self.assertTrue(inside, f"at {time} s")

    def test_equal_states_are_equal_casts_and_most_frames_are_still(self) -> None:
        for stage in (street.build(1, WIDTH), room.build(1, WIDTH)):
            states = [stage.state(step / RATE) for step in range(int(stage.seconds * RATE))]
            self.assertLess(len(set(states)), 0.35 * len(states))
            first = {state: k for k, state in reversed(list(enumerate(states)))}
            for k in range(0, len(states), 23):
                a, b = (stage.cast(step / RATE) for step in (k, first[states[k]]))
                self.assertEqual([entry.name for entry in a], [entry.name for entry in b])
                for one, other in zip(a, b):
                    self.assertTrue(np.allclose(one.body.merged().vertices, other.body.merged().vertices, atol=2e-3))


if __name__ == "__main__":
    unittest.main()
