"""The networks: equal to the published weights, exported for any size, trained as they would be without an interruption.

Run from ``models/training``: ``python -m unittest discover tests``. Tests that need published weights are passed over where
they are not there (``FIREWARDEN_WEIGHTS`` names their folder).
"""

from __future__ import annotations

import os
import sys
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data.detector import resized  # noqa: E402
from data.picture import BICYCLE, EBIKE, IGNORE, PERSON, Box, DataError, Picture  # noqa: E402
from network import augment, both, choose, export, lift, lite, loss, nano, pack, plus, shipped  # noqa: E402
from network.assign import assign  # noqa: E402
from network.batches import HARD, Maker, Sampler, Store, Worst, ahead, category  # noqa: E402
from network.blocks import LINEAR, Conv, Outputs, Separable  # noqa: E402
from network.candidates import LITE_EARLY, Recipe, Stage  # noqa: E402
from network.cells import boxes, grid  # noqa: E402
from network.coding import coded  # noqa: E402
from network.lens import Lens, View  # noqa: E402
from network.nano import WeightsError  # noqa: E402
from network.publish import Facts, listed  # noqa: E402
from network.state import CheckpointError  # noqa: E402
from network.train import Budget, Training, freeze  # noqa: E402

WEIGHTS = Path(os.environ.get("FIREWARDEN_WEIGHTS", Path(__file__).resolve().parents[4] / "shared" / "models"))
PUBLISHED = WEIGHTS / "yolox_nano_416.onnx"
needs_weights = unittest.skipUnless(PUBLISHED.is_file(), f"{PUBLISHED} is not there")


class Tiny(Outputs):
    """A network small enough to train in a test: one convolution a stride."""

    def __init__(self) -> None:
        super().__init__()
        self.eight = torch.nn.Sequential(Conv(3, 8, 8, 8), Separable(8, 8, act="relu", norm=True))
        self.eight[0][0].padding = (0, 0)
        self.sixteen = Separable(8, 8, stride=2, norm=True)
        self.thirty = Separable(8, 8, stride=2, norm=True)
        self.heads = torch.nn.ModuleList(Conv(8, 11, act=LINEAR) for _ in range(3))

    def levels(self, images: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        maps = [self.eight(images / 255)]
        maps.append(self.sixteen(maps[0]))
        maps.append(self.thirty(maps[1]))
        outputs = [head(one) for head, one in zip(self.heads, maps)]
        return [(one[:, :4], one[:, 4:5], one[:, 5:]) for one in outputs]


def pictures_in(folder: Path, count: int = 12) -> list[Picture]:
    """Noise with a bright e-bike in every second picture."""
    found = []
    for number in range(count):
        random = np.random.default_rng(number)
        image = random.integers(0, 90, (96, 128, 3), dtype=np.uint8)
        shown = ()
        if number % 2:
            image[20:70, 30:90] = (40, 200, 220)
            shown = (Box(EBIKE, 30 / 128, 20 / 96, 90 / 128, 70 / 96),)
        path = folder / f"{number}.png"
        cv2.imwrite(str(path), image)
        part = "choose" if number >= count - 4 else "train"
        found.append(Picture(path, "renders", shown, frozenset(range(6)), f"g{number}", part))
    return found


class Published(unittest.TestCase):
    @needs_weights
    def test_the_rebuilt_network_says_what_the_file_says(self) -> None:
        import onnxruntime

        network = nano.published(PUBLISHED, rows=None)
        images = torch.rand(1, 3, 416, 416, generator=torch.Generator().manual_seed(1)) * 255
        session = onnxruntime.InferenceSession(str(PUBLISHED), providers=["CPUExecutionProvider"])
        wanted = session.run(None, {"images": images.numpy()})[0]
        with torch.no_grad():
            found = network(images)
            found[..., 4:] = found[..., 4:].sigmoid()
            few = nano.published(PUBLISHED)(images).sigmoid()
        self.assertLess(float(np.abs(found.numpy() - wanted).max()), 1e-4)
        kept = [5 + row for row in nano.COCO_ROWS]
        self.assertLess(float(np.abs(few[..., 5:].numpy() - wanted[..., kept]).max()), 1e-4)

    @needs_weights
    def test_two_backbones_begin_as_the_published_detector(self) -> None:
        images = torch.rand(1, 3, 64, 96) * 255
        with torch.no_grad():
            difference = both.published(PUBLISHED)(images) - nano.published(PUBLISHED)(images)
        self.assertLess(float(difference.abs().max()), 1e-4)

    def test_another_file_is_refused_by_name(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "other.onnx"
            path.write_bytes(b"no model")
            with self.assertRaisesRegex(nano.WeightsError, "other.onnx"):
                nano.published(path)


class Exported(unittest.TestCase):
    def sizes(self, network: Outputs, height: int, width: int) -> None:
        import onnxruntime

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            self.assertLess(export.export(network, path, height, width), 1e-3)
            for rows, columns in ((height, width), (256, 416), (224, 96)):
                file = resized(path.read_bytes(), columns, rows, export.cells(rows, columns))
                session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
                output = session.run(None, {"images": np.zeros((1, 3, rows, columns), np.float32)})[0]
                self.assertEqual(output.shape, (1, export.cells(rows, columns), 11))
                self.assertTrue(np.isfinite(output).all())

    @needs_weights
    def test_nano_runs_at_any_size(self) -> None:
        self.sizes(nano.published(PUBLISHED), 416, 416)

    @needs_weights
    def test_two_backbones_run_at_any_size(self) -> None:
        self.sizes(both.published(PUBLISHED), 416, 416)

    def test_lift_runs_at_any_size(self) -> None:
        network = lift.Lift(lite.Lite(0), 64)
        # Statistics that differ from the initial ones, so that a lost normalisation would show.
        network.train()(torch.rand(2, 3, 64, 64) * 255)
        self.sizes(network, 384, 384)


class Assignment(unittest.TestCase):
    def test_the_cell_that_fits_answers_for_the_object(self) -> None:
        index, stride = grid(64, 64)
        centres, strides = (index + 0.5) * stride, stride.squeeze(1)
        objects = torch.tensor([[16.0, 16.0, 48.0, 48.0], [0.0, 0.0, 16.0, 16.0]])
        raw = torch.zeros(len(index), 4)
        raw[:, :2] = 0.5
        raw[:, 2:] = -3.0
        # Stride 16, row 1, column 1 has the first object's box; stride 8, row 0, column 1 the second's.
        fits, other = 64 + 4 + 1, 1
        raw[fits, :2] = 1.0
        raw[fits, 2:] = torch.log(torch.tensor(2.0))
        raw[other, 0], raw[other, 1] = 0.0, 1.0
        raw[other, 2:] = torch.log(torch.tensor(2.0))
        found = boxes(raw, index, stride)
        self.assertTrue(torch.allclose(found[fits], objects[0]) and torch.allclose(found[other], objects[1]))
        classes = torch.full((len(index), 6), -4.0)
        classes[fits, EBIKE], classes[other, PERSON] = 4.0, 4.0
        kinds = torch.tensor([EBIKE, PERSON])
        # The second picture of the batch has the same things the other way round, and a box of unsure content.
        objects = torch.stack([torch.cat([objects, torch.ones(1, 4)]), torch.cat([objects.flip(0), torch.ones(1, 4)])])
        kinds = torch.stack([torch.tensor([*kinds, loss.NONE]), torch.tensor([*kinds.flip(0), IGNORE])])
        found, classes = found.expand(2, -1, -1), classes.expand(2, -1, -1)
        picked = assign(objects, kinds, found, torch.zeros(2, len(index)), classes, centres, strides)
        for picture, (first, second) in enumerate(((0, 1), (1, 0))):
            self.assertTrue(bool(picked.taken[picture, fits]) and bool(picked.taken[picture, other]))
            self.assertEqual(int(picked.object[picture, fits]), first)
            self.assertEqual(int(picked.object[picture, other]), second)
            self.assertAlmostEqual(float(picked.overlap[picture, fits]), 1.0, places=5)
        self.assertEqual(set(picked.object[picked.taken].tolist()), {0, 1}, "no cell answers for what is no object")
        self.assertTrue(torch.equal(picked.taken[0], picked.taken[1]))

    def test_a_cell_that_two_want_answers_for_the_one_it_fits_better(self) -> None:
        index, stride = grid(64, 64)
        objects = torch.tensor([[[8.0, 8.0, 24.0, 24.0], [9.0, 9.0, 25.0, 25.0]]])
        raw = torch.zeros(1, len(index), 4)
        raw[..., :2] = 0.5
        found = boxes(raw, index, stride)
        picked = assign(
            objects, torch.tensor([[EBIKE, EBIKE]]), found, torch.zeros(1, len(index)), torch.zeros(1, len(index), 6),
            (index + 0.5) * stride, stride.squeeze(1),
        )
        # Both are in reach of the cell at 20, 20 of stride 8, whose box is 16 to 24.
        cell = 2 * 8 + 2
        self.assertTrue(bool(picked.taken[0, cell]))
        self.assertAlmostEqual(float(picked.overlap[0, cell]), 64 / 256, places=5)

    def test_no_object_no_cell(self) -> None:
        index, stride = grid(32, 32)
        for count in (0, 1):
            none = assign(
                torch.zeros(2, count, 4), torch.full((2, count), loss.NONE), torch.zeros(2, 21, 4), torch.zeros(2, 21),
                torch.zeros(2, 21, 6), (index + 0.5) * stride, stride.squeeze(1),
            )
            self.assertFalse(bool(none.taken.any()))


class Loss(unittest.TestCase):
    def gradient(self, target: loss.Target, picture: float = 0.0) -> torch.Tensor:
        output = torch.zeros(1, 84, 11, requires_grad=True)
        loss.losses(output, loss.Targets.of([target]), 64, 64, loss.Weights(picture=picture)).total.backward()
        return output.grad[0]

    def test_a_batch_is_the_mean_of_its_pictures_however_they_are_padded(self) -> None:
        targets = [
            loss.Target(torch.tensor([[0.0, 0.0, 32.0, 32.0], [8.0, 8.0, 60.0, 60.0]]), torch.tensor([EBIKE, IGNORE]), loss.SHOWN),
            loss.Target(torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), loss.NOT_SHOWN),
        ]
        torch.manual_seed(1)
        output, weights = torch.randn(2, 84, 11), loss.Weights(picture=1.0)
        both_ = loss.losses(output, loss.Targets.of(targets), 64, 64, weights)
        single = [
            loss.losses(output[n : n + 1], loss.Targets.of([one]), 64, 64, weights) for n, one in enumerate(targets)
        ]
        self.assertAlmostEqual(float(both_.picture), sum(float(one.picture) for one in single) / 2, places=5)
        self.assertTrue(torch.equal(both_.scores, torch.cat([one.scores for one in single])))
        # Only the first picture has an object, so what is counted by objects is its own.
        self.assertAlmostEqual(float(both_.overlap), float(single[0].overlap), places=5)
        self.assertAlmostEqual(float(both_.classes), float(single[0].classes), places=5)

    def test_cells_of_unsure_content_take_no_loss(self) -> None:
        target = loss.Target(torch.tensor([[0.0, 0.0, 32.0, 64.0]]), torch.tensor([IGNORE]), loss.NOT_KNOWN)
        gradient = self.gradient(target)
        grid8 = gradient[:64, 4].reshape(8, 8)
        self.assertEqual(float(grid8[:, :4].abs().sum()), 0.0)
        self.assertTrue(bool((grid8[:, 4:] > 0).all()))

    def test_the_picture_term_asks_inside_the_ebike_alone(self) -> None:
        box = torch.tensor([[0.0, 0.0, 32.0, 32.0]])
        with_term = self.gradient(loss.Target(box, torch.tensor([EBIKE]), loss.SHOWN), 1.0)
        without = self.gradient(loss.Target(box, torch.tensor([EBIKE]), loss.SHOWN), 0.0)
        moved = (with_term - without).abs().sum(1).nonzero().squeeze(1).tolist()
        index, stride = grid(64, 64)
        centres = (index + 0.5) * stride
        self.assertTrue(moved and all(bool((centres[cell] < 32).all()) for cell in moved))

    def test_a_false_ebike_is_pushed_down(self) -> None:
        target = loss.Target(torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), loss.NOT_SHOWN)
        self.assertGreater(float(self.gradient(target, 1.0)[:, 5 + EBIKE].sum()), 0.0)


class Variation(unittest.TestCase):
    def test_quarter_turns_take_boxes_with_them(self) -> None:
        image = np.zeros((90, 120, 3), np.uint8)
        image[20:50, 30:100] = 255
        boxes = np.array([[30 / 120, 20 / 90, 100 / 120, 50 / 90]])
        for turns in range(5):
            turned, moved = augment.quarter_turned(image, boxes, turns)
            height, width = turned.shape[:2]
            x, y, wide, high = cv2.boundingRect((turned[..., 0] > 127).astype(np.uint8))
            self.assertTrue(np.allclose(moved[0] * (width, height, width, height), (x, y, x + wide, y + high), atol=1e-9), f"{turns} quarters")

    def test_boxes_follow_the_picture_any_way_up(self) -> None:
        self.check_boxes(augment.Roll.ANY, 3.0)

    def test_boxes_follow_the_picture(self) -> None:
        self.check_boxes(augment.Roll.UPRIGHT, 2.0)

    def check_boxes(self, roll: augment.Roll, most: float) -> None:
        image = np.zeros((96, 128, 3), np.uint8)
        # What is turned has the box of the ellipse that filled its own, so an ellipse is what the box must fit.
        cv2.ellipse(image, ((60, 45), (60, 50), 0), (255, 255, 255), cv2.FILLED)
        corners = np.array([[30 / 128, 20 / 96, 90 / 128, 70 / 96]])
        with_box = 0
        for seed in range(60):
            random = np.random.default_rng(seed)
            with mock.patch.object(augment, "worsen", lambda placed, _: placed):
                varied = augment.vary(image, corners, np.ones(1), 64, 96, random, roll)
            if not len(varied.boxes):
                continue
            left, top, right, bottom = varied.boxes[0]
            self.assertTrue(0 <= left < right <= 96 and 0 <= top < bottom <= 64)
            x, y, wide, high = cv2.boundingRect((varied.image[..., 0] > 127).astype(np.uint8))
            if varied.visible[0] > 0.9:
                with_box += 1
                shown = np.array([x, y, x + wide, y + high])
                self.assertLess(np.abs(varied.boxes[0] - shown).max(), most, f"seed {seed}")
        self.assertGreater(with_box, 15)

    def test_pixels_lie_where_boxes_say_to_the_pixel(self) -> None:
        image = np.zeros((8, 40, 3), np.uint8)
        image[:, 10:20] = 255
        for matrix, edges in (([-1.0, 0.0, 40.0], (20, 30)), ([1.0, 0.0, 3.0], (13, 23)), ([2.0, 0.0, 0.0], (20, 40))):
            matrix = np.array([matrix, [0.0, 1.0, 0.0]])
            moved = augment._moved(np.array([[10.0, 0.0, 20.0, 8.0]]), matrix, (0, 0, 40, 8))[0]
            self.assertEqual((moved[0], moved[2]), edges)
            placed = cv2.warpAffine(image, augment._for_pixels(matrix), (80, 8))
            x, _, wide, _ = cv2.boundingRect((placed[..., 0] > 127).astype(np.uint8))
            self.assertEqual((x, x + wide), edges)

    def test_a_lens_finds_its_way_back(self) -> None:
        points = np.random.default_rng(1).uniform(-0.45, 0.45, (50, 2))
        for fisheye in (False, True):
            lens = Lens.of_field(fisheye, 0.9)
            rays = lens.rays(points)
            self.assertLess(np.abs(np.linalg.norm(rays, axis=1) - 1).max(), 1e-9)
            self.assertLess(np.abs(lens.points(rays) - points).max(), 1e-9)
            edge = np.array([[0.5, 0.0]])
            self.assertAlmostEqual(float(np.arctan2(lens.rays(edge)[0, 0], lens.rays(edge)[0, 2])), 0.9)

    def test_boxes_follow_another_lens(self) -> None:
        image = np.zeros((180, 320, 3), np.uint8)
        cv2.ellipse(image, ((150, 100), (80, 60), 0), (255, 255, 255), cv2.FILLED)
        bent = 0
        for seed in range(30):
            view = View.draw(np.random.default_rng(seed))
            seen = view.picture(image, (114, 114, 114))
            box = view.boxes(np.array([[110.0, 70, 190, 130]]), 320, 180)[0]
            x, y, wide, high = cv2.boundingRect((seen[..., 0] > 180).astype(np.uint8))
            if box.min() < 0 or box[2] > 320 or box[3] > 180:
                continue
            self.assertLess(np.abs(box - [x, y, x + wide, y + high]).max(), 2.0, f"seed {seed}")
            bent += bool(np.abs(box - [110, 70, 190, 130]).max() > 10)
        self.assertGreater(bent, 15)
        self.assertEqual(View.draw(np.random.default_rng(1)).boxes(np.zeros((0, 4)), 320, 180).shape, (0, 4))

    def test_recoloured_is_another_picture_of_the_same_shapes(self) -> None:
        image = np.full((64, 96, 3), 60, np.uint8)
        image[20:50, 30:70] = (40, 120, 200)
        seen = set()
        for seed in range(12):
            recoloured = augment._recoloured(image, np.random.default_rng(seed))
            self.assertTrue((recoloured == augment._recoloured(image, np.random.default_rng(seed))).all())
            inside, outside = recoloured[30:40, 40:60].mean((0, 1)), recoloured[2:12, 2:20].mean((0, 1))
            self.assertGreater(np.abs(inside - outside).max(), 15, f"seed {seed}")
            self.assertLess(np.abs(recoloured.mean((0, 1)) - image.mean((0, 1))).max(), 12, f"seed {seed}")
            seen.add(tuple(np.round(inside / 24).astype(int)))
        self.assertGreater(len(seen), 6)

    def test_coding_as_video_keeps_the_picture_and_follows_its_seed(self) -> None:
        faint = np.random.default_rng(0).integers(0, 5, (75, 101, 3), dtype=np.uint8) + 60
        faint[20:60, 30:80] = 200
        for seed in range(8):
            once, again = (coded(faint, np.random.default_rng(seed)) for _ in range(2))
            self.assertTrue((once == again).all())
            self.assertEqual(once.shape, faint.shape)
            # The square stays where it is; the noise does not outlive the coding.
            self.assertLess(abs(int(once[40, 55].mean()) - 200), 12)
            self.assertLess(float(once[2:14, 2:].std()), float(faint[2:14, 2:].std()))


class Batches(unittest.TestCase):
    def test_shares_hold_in_every_batch(self) -> None:
        everything = frozenset(range(6))
        pictures = [Picture(Path(f"{n}"), "rooms-cctv", (), everything, "camera", "train") for n in range(5)]
        ebike = (Box(EBIKE, 0, 0, 1, 1),)
        pictures += [Picture(Path(f"e{n}"), "scooters", ebike, everything, f"g{n}", "train") for n in range(5)]
        self.assertEqual({category(picture) for picture in pictures}, {"room", "ebike-photo"})
        sampler = Sampler(pictures, {"room": 0.3, "ebike-photo": 0.5, HARD: 0.2, "render": 0.4}, 10, 1)
        for step in range(5):
            self.assertEqual(sum(number >= 5 for number in sampler.draw(step, [0, 1])), 5)
        self.assertEqual(sampler.draw(3, [1]), sampler.draw(3, [1]))

    def test_the_worst_negatives_are_kept(self) -> None:
        worst = Worst(2)
        worst.note([1, 2, 3, 4], [0.1, 0.9, 0.5, 0.99], [True, True, True, False])
        worst.renew()
        self.assertEqual((worst.pool, worst.coming), ([], [2, 3]))
        worst.renew()
        self.assertEqual(worst.pool, [2, 3])

    def test_batches_are_the_same_however_many_processes_make_them_and_none_is_asked_for_too_early(self) -> None:
        # OpenCV's threads are there, and asleep, when processes are forked.
        cv2.setNumThreads(2)
        cv2.GaussianBlur(np.zeros((1000, 1000, 3), np.uint8), (0, 0), 3)
        with tempfile.TemporaryDirectory() as name:
            pictures = pictures_in(Path(name))
            maker = Maker(pictures, Store(128), ((64, 64), (32, 64)), 1)
            made = []
            for processes in (1, 2):
                used, asked = [], []

                def draw(step: int) -> list[int]:
                    asked.append(step)
                    self.assertLess(step - len(used), 5)
                    return [step % 12, (step + 5) % 12]

                for batch in ahead(maker, range(7), draw, processes, 4):
                    used.append(batch)
                self.assertEqual(asked, list(range(7)))
                made.append(used)
            for one, other in zip(*made):
                self.assertTrue(torch.equal(one.images, other.images) and torch.equal(one.targets.boxes, other.targets.boxes))
                self.assertEqual(one.numbers, other.numbers)


class PackedPictures(unittest.TestCase):
    def test_what_is_read_is_what_was_written_and_a_missing_piece_is_named(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            pictures = pictures_in(Path(name))
            pictures[3] = replace(pictures[3], part="measure")
            folder = Path(name) / "packed"
            pack.write(pictures, folder, piece=20_000)
            found, store = pack.read(folder)
            kept = [picture for picture in pictures if picture.part != "measure"]
            self.assertEqual([(p.set, p.boxes, p.complete, p.group, p.part) for p in found],
                             [(p.set, p.boxes, p.complete, p.group, p.part) for p in kept])
            # Blurred: the colour of single pixels of noise is what the code leaves out.
            seen, wanted = (cv2.blur(image, (9, 9)).astype(int) for image in (store[found[5]], cv2.imread(str(kept[5].path))))
            self.assertLess(float(np.abs(seen - wanted).mean()), 4)
            (folder / "piece-1.bin").unlink()
            with self.assertRaisesRegex(DataError, "piece-1.bin: missing"):
                pack.read(folder)


class Choosing(unittest.TestCase):
    def test_average_precision(self) -> None:
        self.assertAlmostEqual(choose.average_precision([(0.9, True), (0.8, False), (0.7, True)], 2), (1 + 2 / 3) / 2)
        self.assertEqual(choose.average_precision([], 3), 0.0)

    def test_a_result_says_what_was_reached_in_words(self) -> None:
        result = choose.Result({"person": 0.76226, "ebike": 0.7}, (0.25, 0.5), 0.4127)
        self.assertEqual(str(result), "AP50 person 0.762, ebike 0.700; recall of e-bikes 0.25 at 1 %, 0.50 at 5 %, mean up to 5 % 0.413")

    def test_recall_at_a_share_of_alarms(self) -> None:
        negatives = [n / 100 for n in range(100)]
        self.assertEqual(choose.recall_at([0.995, 0.5], negatives, 0.01), 0.5)
        self.assertEqual(choose.recall_at([0.995, 0.5], negatives, 0.60), 1.0)


class Trained(unittest.TestCase):
    recipe = Recipe(
        "tiny", lambda _: Tiny(), ((64, 64), (32, 64)),
        (Stage(0.5, 1e-2, ("eight",)), Stage(0.5, 1e-2)), {"ebike-render": 0.5, "render": 0.3, HARD: 0.2},
        loss.Weights(picture=1.0), batch=4, smoothing=0.9,
    )

    def training(self, folder: Path, pictures: list[Picture]) -> Training:
        return Training(self.recipe, pictures, folder, folder, Budget(400, saved=30, judged=1000, told=50))

    def test_a_resumed_training_is_the_uninterrupted_one(self) -> None:
        torch.set_num_threads(1)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            pictures = pictures_in(folder)
            whole = self.training(folder / "whole", pictures)
            whole.run()
            # Interrupted in the second stage, after the pool of worst negatives was made anew.
            for stops in (45, 90):
                broken = self.training(folder / "broken", pictures)
                broken.resume()
                learn = broken._learn

                def watched(batch: object, training: Training = broken, at: int = stops) -> dict[str, float]:
                    training.asked_to_stop = training.step + 1 >= at
                    return learn(batch)

                broken._learn = watched
                broken.run()
                self.assertEqual(broken.step, stops)
            last = self.training(folder / "broken", pictures)
            last.resume()
            last.run()
            self.assertEqual(last.step, whole.step)
            for key, tensor in whole.smoothed.state.items():
                self.assertTrue(torch.equal(tensor, last.smoothed.state[key]), key)
            self.assertTrue(whole.finish().is_file() and (folder / "whole" / "curve.png").is_file())

    def test_it_learns_with_half_the_bits_too(self) -> None:
        torch.set_num_threads(1)
        for half in (False, True):
            with self.subTest(half=half), tempfile.TemporaryDirectory() as name:
                folder, budget = Path(name), Budget(400, saved=30, judged=1000, told=50, half=half)
                training = Training(self.recipe, pictures_in(folder), folder, folder / "t", budget)
                training.run()
                told = [row["loss"] for row in training.rows if "loss" in row]
                self.assertLess(told[-1], 0.8 * told[0])

    def test_a_recipe_with_another_seed_sees_others(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            pictures = pictures_in(folder)
            seen = [Training(replace(self.recipe, seed=seed), pictures, folder, folder, Budget(400)).sampler.draw(3, []) for seed in (0, 1)]
            self.assertNotEqual(*seen)

    def test_a_checkpoint_of_another_plan_is_set_aside_and_one_that_cannot_be_read_is_named(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            pictures = pictures_in(folder)
            first = self.training(folder, pictures)
            first._enter_stage()
            first.save()
            kept = first.checkpoint.read_bytes()
            # Other weights to begin with are another plan, too.
            torch.manual_seed(7)
            begins = Tiny().state_dict()
            (folder / "base").mkdir()
            torch.save({"candidate": "base", "share": 1.0, "network": begins}, folder / "base" / "final.pt")
            with mock.patch.dict("network.train.RECIPES", {"base": self.recipe}):
                other = Training(replace(self.recipe, begins="base"), pictures, folder, folder / "x", Budget(400))
            self.assertNotEqual(other.plan, first.plan)
            other = Training(replace(self.recipe, batch=2), pictures, folder, folder, Budget(400))
            other.resume()
            self.assertFalse(other.checkpoint.exists())
            self.assertEqual((folder / "checkpoint.before.pt").read_bytes(), kept)
            other.checkpoint.write_bytes(kept[:100])
            with self.assertRaisesRegex(CheckpointError, "checkpoint.pt"):
                other.resume()

    def test_the_end_is_averaged_with_the_weights_that_the_recipe_names(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder, pictures = Path(name), pictures_in(Path(name))
            ends = {}
            for number, part in enumerate(("before", "other")):
                torch.manual_seed(number)
                ends[part] = Tiny().state_dict()
                (folder / part).mkdir()
                torch.save({"candidate": part, "share": 1.0, "network": ends[part]}, folder / part / "final.pt")
            on = replace(self.recipe, name="on", average=(0.25,), begins="before")
            recipes = {"before": self.recipe, "other": self.recipe}
            for averaged_with, expected in ((None, "before"), ("other", "other")):
                recipe = replace(on, averaged_with=averaged_with)
                with mock.patch.dict("network.train.RECIPES", recipes):
                    training = Training(recipe, pictures, folder, folder / "on", Budget(4))
                    training.smoothed.state = {key: tensor + 1 for key, tensor in training.smoothed.state.items()}
                    found = torch.load(training.finish(), weights_only=True)["network"]
                for key in ("heads.0.0.weight", "eight.0.0.weight"):
                    wanted = 0.25 * (ends["before"][key] + 1) + 0.75 * ends[expected][key]
                    self.assertTrue(torch.allclose(found[key], wanted, atol=1e-6), key)

    def test_frozen_layers_stay(self) -> None:
        network = lift.Lift(lite.Lite(0), 64)
        freeze(network, Stage(1.0, 1.0, LITE_EARLY))
        moves = {name for name, parameter in network.named_parameters() if parameter.requires_grad}
        self.assertFalse([name for name in moves if name.startswith(("backbone.stem", "backbone.stages.2."))])
        self.assertIn("backbone.stages.5.0.project.0.weight", moves)
        self.assertNotIn("backbone.stages.5.0.depthwise.0.weight", moves)


class Categories(unittest.TestCase):
    def test_a_pedal_bicycle_is_no_ebike(self) -> None:
        box = (Box(BICYCLE, 0, 0, 1, 1),)
        self.assertEqual(category(Picture(Path("b"), "bicycles", box, frozenset({BICYCLE}), "g", "train")), "bicycle")
        self.assertEqual(category(Picture(Path("b"), "renders", box, frozenset(range(6)), "g", "train")), "render")


class Shipped(unittest.TestCase):
    """The committed files, read back."""

    def test_the_shipped_file_read_back_says_the_same_and_another_network_is_refused(self) -> None:
        path = shipped.MODELS / "firewarden-nano.onnx"
        network = plus.Plus(6)
        shipped.fill(network, path)
        ready = export.ready_of(network)
        self.assertLess(export.largest_difference(ready, path, 416, 416), export.TOLERANCE)
        with self.assertRaisesRegex(WeightsError, "firewarden-nano.onnx: has"):
            shipped.fill(nano.Nano(6), path)


class Catalogue(unittest.TestCase):
    """What publishing writes into the catalogue."""

    def test_only_the_named_model_is_changed_and_one_that_is_not_listed_is_refused(self) -> None:
        entry = '[[model]]\nname = "{}"\nhead = "yolox"\ninput = {{ width = 416, height = 416 }}\n\n[[model.source]]\nbuilt_in = "a.onnx"\nsha256 = "00"\nbytes = 1\n'
        text = entry.format("one") + entry.format("two")
        changed = listed(text, "two", Facts("ab", 7, "nanodet-plus", 416, 256))
        wanted = entry.format("two").replace("height = 416", "height = 256").replace('"yolox"', '"nanodet-plus"').replace('"00"', '"ab"').replace("bytes = 1", "bytes = 7")
        self.assertEqual(changed, entry.format("one") + wanted)
        with self.assertRaisesRegex(DataError, "three"):
            listed(text, "three", Facts("ab", 7, "yolox", 416, 256))


if __name__ == "__main__":
    unittest.main()
