"""Which pictures a batch holds, and what becomes of them.

A batch is a function of seed and position alone (and of the pool of worst negatives as it stood a round before), so a
training that is resumed sees what it would have seen, however many processes make batches ahead.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from data.picture import EBIKE, IGNORE, DataError, Picture
from data.sets import COMPOSITES, PLACES, RENDERED, RENDERS
from network.augment import KEPT, SMALLEST, Roll, vary
from network.loss import NOT_KNOWN, NOT_SHOWN, SHOWN, Target, Targets

HARD = "hard"
ROOMS = ("rooms-cctv", "indoor-cctv")
GENERATED = (RENDERS, RENDERED, COMPOSITES, PLACES)
SURELY_LABELLED = (*ROOMS, "wheelchairs", *GENERATED)
"""Sets of which it is known where e-bikes are and where none is, whatever else in them is unsure. In what is generated an
e-bike may be nearly hidden: such pictures are not complete for the class."""
FROM_ABOVE = frozenset({*ROOMS, RENDERS, RENDERED, COMPOSITES})
"""Sets of pictures by ceiling cameras, real or not."""
SEEN = 0.33
"""Visible share from which a picture is asked to show its e-bike; below, it is neither asked nor denied."""


def category(picture: Picture) -> str:
    """The kind of source, for the shares of a batch: e-bikes and what is not one, each by how the picture was made."""
    if picture.set == PLACES:
        return "place"
    if picture.set in (RENDERS, RENDERED):
        made = "render"
    elif picture.set == COMPOSITES:
        made = "composite"
    else:
        made = "photo"
    kinds = {box.kind for box in picture.boxes}
    if EBIKE in kinds:
        return f"ebike-{made}"
    if picture.set in ROOMS:
        return "room"
    if made != "photo":
        return made
    return {"bicycles": "bicycle", "wheelchairs": "wheelchair"}.get(picture.set, "traffic")


def is_surely_labelled(picture: Picture) -> bool:
    """Whether every e-bike of the picture has its box."""
    return picture.set in SURELY_LABELLED and EBIKE in picture.complete


def is_negative(picture: Picture) -> bool:
    """Whether the picture shows no e-bike, at least outside its unsure boxes."""
    without = all(box.kind != EBIKE for box in picture.boxes)
    return without and EBIKE in picture.complete


def is_surely_negative(picture: Picture) -> bool:
    """Whether the picture shows no e-bike anywhere."""
    unsure = any(box.kind == IGNORE for box in picture.boxes)
    return is_negative(picture) and (is_surely_labelled(picture) or not unsure)


class Store:
    """Decoded pictures, at most ``side`` pixels on the longer side, kept in memory up to ``budget`` bytes."""

    def __init__(self, side: int, budget: int = 6 << 30) -> None:
        self.side = side
        self.left = budget
        self._kept: dict[str, np.ndarray] = {}

    def __getitem__(self, picture: Picture) -> np.ndarray:
        """The picture as uint8 [h, w, 3], BGR."""
        name = str(picture.path)
        kept = self._kept.get(name)
        if kept is not None:
            return kept
        image = self._decoded(name)
        if image is None:
            raise DataError(f"{name}: not a picture that can be decoded; fetch or make it again")
        scale = self.side / max(image.shape[:2])
        if scale < 1:
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        if image.nbytes <= self.left:
            self.left -= image.nbytes
            self._kept[name] = image
        return image

    def _decoded(self, name: str) -> np.ndarray | None:
        return cv2.imread(name, cv2.IMREAD_COLOR)

    def fill(self, pictures: Sequence[Picture], threads: int) -> None:
        """Decodes all of them now, as far as they fit: what is there before processes are forked, they share."""
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(self.__getitem__, pictures):
                pass


@dataclass(frozen=True)
class Batch:
    """``images`` uint8 [B, 3, H, W], what is in them, and which picture of the list each one was, [B]."""

    images: Tensor
    targets: Targets
    numbers: list[int]


class Worst:
    """The negatives that look most like an e-bike: a running score of each, and the pool drawn from them.

    A new ``pool`` waits a round as ``coming``, so that batches can be made up to a round ahead.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.scores: dict[int, float] = {}
        self.pool: list[int] = []
        self.coming: list[int] = []

    def note(self, numbers: Sequence[int], scores: Sequence[float], negative: Sequence[bool]) -> None:
        """Remembers what the network said of the pictures of a batch; only negatives count."""
        for number, score, counts in zip(numbers, scores, negative):
            if counts:
                before = self.scores.get(number, score)
                self.scores[number] = 0.5 * before + 0.5 * score

    def renew(self) -> None:
        """Begins a round: what was coming is the pool, and what comes are the highest scores, ties by number."""
        ranked = sorted(self.scores, key=lambda number: (-self.scores[number], number))
        self.pool, self.coming = self.coming, ranked[: self.size]

    def state(self) -> dict:
        """What a checkpoint keeps."""
        return {"scores": self.scores, "pool": self.pool, "coming": self.coming}

    def restore(self, state: dict) -> None:
        """Goes on from ``state``."""
        self.scores, self.pool, self.coming = dict(state["scores"]), list(state["pool"]), list(state["coming"])


class Sampler:
    """Draws batches by the shares of their sources; a source without pictures leaves its share to the others."""

    def __init__(self, pictures: Sequence[Picture], shares: Mapping[str, float], size: int, seed: int) -> None:
        self.pictures, self.size, self.seed = pictures, size, seed
        members: dict[str, list[int]] = {}
        for number, picture in enumerate(pictures):
            members.setdefault(category(picture), []).append(number)
        if not members:
            raise DataError("no picture to train on: every set is empty or held back; check sets.toml")
        self.members = members
        self.shares = {name: share for name, share in shares.items() if share > 0 and (name in members or name == HARD)}
        self.chances = {name: self._chances(numbers) for name, numbers in members.items()}
        if not any(name in members for name in self.shares):
            raise DataError(f"no picture of the sources {', '.join(shares)}; there are only {', '.join(members)}")

    def _chances(self, numbers: list[int]) -> np.ndarray:
        """A camera with a hundred frames is drawn ten times as often as one with a single frame, not a hundred times."""
        sizes: dict[str, int] = {}
        for number in numbers:
            group = self.pictures[number].group
            sizes[group] = sizes.get(group, 0) + 1
        chances = np.array([sizes[self.pictures[number].group] ** -0.5 for number in numbers])
        return chances / chances.sum()

    def draw(self, step: int, pool: Sequence[int]) -> list[int]:
        """The pictures of the batch at ``step``; ``pool`` are the worst negatives."""
        random = np.random.default_rng([self.seed, step, 1])
        names = [name for name in self.shares if name != HARD or pool]
        shares = np.cumsum([self.shares[name] for name in names])
        # Evenly spaced draws: every batch has its shares, not only the average.
        places = (np.arange(self.size) + random.random()) / self.size * shares[-1]
        chosen = []
        for place in np.searchsorted(shares, places, side="right"):
            name = names[min(int(place), len(names) - 1)]
            if name == HARD:
                chosen.append(int(pool[random.integers(len(pool))]))
            else:
                chosen.append(int(random.choice(self.members[name], p=self.chances[name])))
        return chosen


Wanted = tuple[int, list[int]]
"""A position of the training and the pictures of its batch."""


class Maker(Dataset[Batch]):
    """Makes the batches that it is asked for. ``shapes`` (height, width) take turns. Pictures of the sets ``rolled`` may be any way up."""

    def __init__(
        self, pictures: Sequence[Picture], store: Store, shapes: Sequence[tuple[int, int]], seed: int, rolled: Set[str] = frozenset(),
    ) -> None:
        self.pictures, self.store, self.shapes, self.seed, self.rolled = pictures, store, shapes, seed, rolled

    def __getitem__(self, wanted: Wanted) -> Batch:
        step, numbers = wanted
        height, width = self.shapes[step % len(self.shapes)]
        images, targets = np.empty((len(numbers), height, width, 3), np.uint8), []
        for slot, number in enumerate(numbers):
            random = np.random.default_rng([self.seed, step, 2, slot])
            picture = self.pictures[number]
            roll = Roll.ANY if picture.set in self.rolled else Roll.UPRIGHT
            images[slot], target = _vary(picture, self.store[picture], height, width, random, roll)
            targets.append(target)
        return Batch(torch.from_numpy(images).permute(0, 3, 1, 2), Targets.of(targets), list(numbers))


class _Order:
    """What is wanted, in order, asked for as late as the processes that make batches allow."""

    def __init__(self, steps: range, draw: Callable[[int], list[int]]) -> None:
        self.steps, self.draw = steps, draw

    def __iter__(self) -> Iterator[Wanted]:
        return ((step, self.draw(step)) for step in self.steps)


def ahead(maker: Maker, steps: range, draw: Callable[[int], list[int]], processes: int, most: int) -> Iterator[Batch]:
    """The batches of ``steps``, made by ``processes`` ahead of their use, never more than ``most`` of them.

    ``draw`` says which pictures a batch has; it is asked in order, at most ``most`` steps early.
    """
    processes = min(processes, most)
    # Before processes are forked: one that inherits OpenCV's threads without their running waits for them for ever.
    cv2.setNumThreads(1)
    loader = DataLoader(
        maker, batch_size=None, sampler=_Order(steps, draw), num_workers=processes, prefetch_factor=max(1, min(2, most // processes)),
        worker_init_fn=_alone, multiprocessing_context="fork", pin_memory=False,
    )
    return iter(loader)


def _alone(_: int) -> None:
    """A process that makes batches is one thread; what stops the training stops it through the training."""
    torch.set_num_threads(1)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _vary(
    picture: Picture, image: np.ndarray, height: int, width: int, random: Generator, roll: Roll
) -> tuple[np.ndarray, Target]:
    corners = np.array([(b.left, b.top, b.right, b.bottom) for b in picture.boxes], np.float64).reshape(-1, 4)
    visible = np.array([box.visible for box in picture.boxes], np.float64)
    varied = vary(image, corners, visible, height, width, random, roll)
    kinds = np.array([picture.boxes[number].kind for number in varied.source], np.int64)
    sides = (varied.boxes[:, 2:] - varied.boxes[:, :2]).min(1) if len(kinds) else np.zeros(0)
    clear = (varied.visible >= KEPT) & (sides >= SMALLEST)
    ebikes = kinds == EBIKE
    if (ebikes & clear & (varied.visible >= SEEN)).any():
        shows = SHOWN
    elif ebikes.any() or EBIKE not in picture.complete:
        shows = NOT_KNOWN
    else:
        shows = NOT_SHOWN
    kinds = np.where(clear, kinds, IGNORE)
    boxes = torch.from_numpy(varied.boxes).float()
    return varied.image, Target(boxes, torch.from_numpy(kinds), shows, is_surely_labelled(picture))
