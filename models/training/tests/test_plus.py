"""The network that ends like NanoDet-Plus: equal to the published one, exported for any size, kept near to its teacher.

Run as the other tests are; those that need the published file are passed over where it is not there.
"""

from __future__ import annotations

import os
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data import pseudo  # noqa: E402
from data.picture import PERSON  # noqa: E402
from network import export, heads, loss, plus, plus_loss  # noqa: E402
from network.depthwise import quicken  # noqa: E402
from network.nano import WeightsError  # noqa: E402

WEIGHTS = Path(os.environ.get("FIREWARDEN_WEIGHTS", Path(__file__).resolve().parents[4] / "shared" / "models"))
PUBLISHED = WEIGHTS / plus.WEIGHTS
needs_weights = unittest.skipUnless(PUBLISHED.is_file(), f"{PUBLISHED} is not there")


def drawn(*shape: int) -> torch.Tensor:
    """The same numbers each time."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


class Published(unittest.TestCase):
    @needs_weights
    def test_the_rebuilt_network_says_what_the_file_says(self) -> None:
        import onnxruntime

        images = drawn(1, 3, 416, 416)
        session = onnxruntime.InferenceSession(str(PUBLISHED), providers=["CPUExecutionProvider"])
        wanted = session.run(None, {session.get_inputs()[0].name: images.numpy()})[0]
        with torch.no_grad():
            found, few = plus.published(PUBLISHED, rows=None)(images).numpy(), plus.published(PUBLISHED)(images).numpy()
        self.assertLess(float(np.abs(1 / (1 + np.exp(-found[..., :80])) - wanted[..., :80]).max()), 1e-4)
        self.assertLess(float(np.abs(found[..., 80:] - wanted[..., 80:]).max()), 1e-3)
        self.assertLess(float(np.abs(few[..., :6] - found[..., list(plus.COCO_ROWS)]).max()), 1e-5)

    def test_another_file_is_refused_by_name(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "other.onnx"
            path.write_bytes(b"no model")
            with self.assertRaisesRegex(WeightsError, "other.onnx"):
                plus.published(path)


class Routes(unittest.TestCase):
    def test_every_channel_is_taken_once_and_where_the_shuffle_would_bring_it(self) -> None:
        half, count = 6, 3
        found = plus.route(half, count)
        for order, sizes in zip(found.orders, found.sizes):
            self.assertEqual(sorted(order), list(range(half)))
            self.assertEqual(sum(sizes), half)
        # The shuffle itself, with a map that tells its number and channel.
        made = [torch.tensor([100.0 * index + channel for channel in range(half)]) for index in range(count + 2)]

        def shuffled(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
            return torch.cat([left, right]).reshape(2, half).t().reshape(-1)

        whole, taken = shuffled(made[0], made[1]), []
        for unit in range(count):
            left, right = whole.chunk(2)
            taken.append(right)
            whole = shuffled(left, made[unit + 2])
        taken.append(whole)
        left_of = [list(np.split(np.array(order), np.cumsum(sizes)[:-1])) for order, sizes in zip(found.orders, found.sizes)]
        for wanted, makers, places in zip(taken, found.makers, found.taken):
            mine = [100.0 * index + channel for index in makers for channel in left_of[index].pop(0)]
            self.assertEqual(mine, [float(wanted[place]) for place in places])


class Exported(unittest.TestCase):
    def test_a_file_takes_every_size_and_says_what_the_network_says(self) -> None:
        torch.manual_seed(5)
        network = plus.Plus()
        with tempfile.TemporaryDirectory() as folder:
            self.assertLess(export.export(network, Path(folder) / "plus.onnx", 64, 96), export.TOLERANCE)

    def test_cells_that_stand_alone_count(self) -> None:
        self.assertEqual(export.cells(96, 96, plus.STRIDES), 12 * 12 + 6 * 6 + 3 * 3 + 2 * 2)
        points, strides = plus_loss.cells(96, 96)
        self.assertEqual(len(points), 12 * 12 + 6 * 6 + 3 * 3 + 2 * 2)
        self.assertEqual(points[-1].tolist(), [64.0, 64.0])
        self.assertEqual(float(strides[-1]), 64.0)


class Lost(unittest.TestCase):
    """What is lowered, on an input of 64 x 64 with one person."""

    box = [8.0, 8.0, 40.0, 56.0]

    def output(self, sure: float) -> torch.Tensor:
        """Every cell tells the box as well as it can, and those of stride 8 near its middle are a person by ``sure``."""
        points, strides = plus_loss.cells(64, 64)
        away = torch.cat([points - torch.tensor(self.box[:2]), torch.tensor(self.box[2:]) - points], 1) / strides
        bins = -6.0 * (away[..., None].clamp(0, 6.9) - torch.arange(8.0)).abs()
        classes = torch.full((len(points), 6), -6.0)
        near = (points - torch.tensor([24.0, 32.0])).abs().amax(1) < 12
        classes[:, PERSON] = torch.where(near & (strides[:, 0] == 8), sure, -6.0)
        return torch.cat([classes, bins.flatten(1)], 1)[None]

    def losses(self, output: torch.Tensor, taught: torch.Tensor | None = None, kinds: list[int] | None = None) -> loss.Losses:
        targets = loss.Targets.of([loss.Target(torch.tensor([self.box]), torch.tensor(kinds or [PERSON]), loss.NOT_SHOWN)])
        return plus_loss.losses(output, taught, targets, torch.full((1, 6), kinds is None), 64, 64)

    def test_what_is_right_costs_less(self) -> None:
        self.assertLess(float(self.losses(self.output(2.0)).total), float(self.losses(self.output(-2.0)).total))
        moved = self.output(2.0)
        moved[..., 6:] = moved[..., 6:].roll(2, -1)
        self.assertLess(float(self.losses(self.output(2.0)).total), float(self.losses(moved).total))

    def test_the_teacher_is_asked_only_where_labels_do_not_know(self) -> None:
        said, taught = self.output(-6.0), self.output(-6.0)
        taught[..., 3] = 4.0
        labelled, open_to = self.losses(said, taught), self.losses(said, taught, [loss.UNSURE])
        self.assertEqual(float(labelled.objectness), 0.0)
        self.assertGreater(float(open_to.objectness), 0.1)

    def test_what_says_the_same_as_its_teacher_costs_nothing_for_it(self) -> None:
        said = self.output(0.5)
        self.assertLess(float(self.losses(said, said.clone(), [loss.UNSURE]).objectness), 1e-5)


class Quickened(unittest.TestCase):
    def test_frozen_depthwise_convolutions_go_back_as_before(self) -> None:
        layer = torch.nn.Conv2d(6, 6, 5, padding=2, groups=6).requires_grad_(False)
        gradients = []
        for number in range(2):
            x = drawn(2, 6, 9, 7).requires_grad_()
            if number:
                quicken(torch.nn.Sequential(layer))
            layer(x).square().sum().backward()
            gradients.append(x.grad)
        self.assertLess(float((gradients[0] - gradients[1]).abs().max()), 1e-4)


    def test_what_is_trained_later_has_a_gradient_again(self) -> None:
        layer = torch.nn.Conv2d(6, 6, 5, padding=2, groups=6, bias=False).requires_grad_(False)
        network = torch.nn.Sequential(layer)
        quicken(network)
        self.assertEqual(network(drawn(1, 6, 9, 7)).shape, (1, 6, 9, 7))
        layer.requires_grad_(True)
        quicken(network)
        network(drawn(1, 6, 9, 7)).square().sum().backward()
        self.assertGreater(float(layer.weight.grad.abs().sum()), 0)


class Agreed(unittest.TestCase):
    def test_what_two_looks_see_is_surer_than_what_one_sees(self) -> None:
        kind = np.array([0, 0, 0])
        box = np.array([[0.1, 0.1, 0.3, 0.5], [0.11, 0.1, 0.3, 0.52], [0.6, 0.1, 0.8, 0.5]])
        found = pseudo.agreed(kind, np.array([0.6, 0.5, 0.8]), box, np.array([0, 1, 1]))
        self.assertEqual(len(found.kind), 2)
        self.assertAlmostEqual(float(found.confidence[0]), 0.55, places=5)
        self.assertAlmostEqual(float(found.confidence[1]), 0.40, places=5)
        self.assertTrue(0.1 < found.box[0][0] < 0.11)


class Heads(unittest.TestCase):
    def test_a_network_is_read_by_its_own_head(self) -> None:
        network = plus.Plus()
        head = heads.head_of(network)
        images = head.prepared(torch.full((1, 3, 64, 64), 114.0))
        with torch.no_grad():
            boxes, scores = head.found(network(images), 64, 64)
        self.assertEqual((boxes.shape, scores.shape), ((1, 85, 4), (1, 85, 6)))
        self.assertTrue(((scores >= 0) & (scores <= 1)).all())


if __name__ == "__main__":
    unittest.main()
