"""An ONNX detector as the program runs it: letterbox, network, decoding, suppression of doubles; boxes of our classes.

Heads, after the papers' own definitions: YOLOX (Ge et al. 2021; strides 8, 16, 32; raw xy and log wh; confidence is
objectness x class) and NanoDet-Plus (strides 8 to 64; distances to the four sides as expectations over 8 bins,
generalised focal loss, Li et al. 2020).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime

from data import second_look
from data.picture import BICYCLE, BUS, CAR, CLASSES, EBIKE, PERSON, TRUCK, DataError

COCO_CLASSES = {0: PERSON, 1: BICYCLE, 2: CAR, 3: EBIKE, 5: BUS, 7: TRUCK}
"""A general model's motorcycle stands for the e-bike, as in the catalogue of models."""
HEADS = ("yolox", "nanodet")
STRIDES = {"yolox": (8, 16, 32), "nanodet": (8, 16, 32, 64)}
PADDING = 114
BINS = 8
NANODET_MEAN = np.array([103.53, 116.28, 123.675], np.float32)
NANODET_SPREAD = np.array([57.375, 57.12, 58.395], np.float32)
SAME_THING = 0.45
"""Intersection over union above which two boxes of a class are one thing."""
SAME_PLACE = 0.6
"""Intersection over union above which a bicycle and an e-bike are one thing."""
CLAIM = 0.25
"""From this confidence on a bicycle speaks against an e-bike,"""
COUNTS_MORE = 1.5
"""by so much more in log-odds."""
MOST = 100
PIXELS_MORE = 1.05
"""An input in a picture's own proportions may have this many times the pixels of the file's: sides are multiples of strides."""
LARGE_ENOUGH = 0.98
"""Of inputs in which a picture is this share as large as it can be, the one of the fewest pixels is taken."""
FREE_SIDE = 416
"""Sides of the input, in pixels, for which a file with free axes is made."""
FITTED_STRIDE = 32
"""Sides of inputs in a picture's own proportions are multiples of this: NanoDet's map of stride 64 is rounded up."""
KEPT = 8
"""Sizes of input whose sessions are kept ready."""


@dataclass(frozen=True)
class Found:
    """Detections, best first: ``kind`` [n] class indices, ``confidence`` [n] in 0..1, ``box`` [n, 4] left, top, right,
    bottom as fractions of the picture."""

    kind: np.ndarray
    confidence: np.ndarray
    box: np.ndarray

    def best(self, kind: int) -> tuple[float, np.ndarray]:
        """Confidence and box of the surest detection of ``kind``; 0 and a box without area when there is none."""
        rows = np.nonzero(self.kind == kind)[0]
        if len(rows) == 0:
            return 0.0, np.zeros(4)
        return float(self.confidence[rows[0]]), self.box[rows[0]]


class Detector:
    """One model file. ``threads``: of ONNX Runtime. ``fitted``: whether inputs take the pictures' proportions. ``again``:
    whether what may be an e-bike is looked at twice. ``free``: whether the file leaves the input's height and width open; ``fits``: whether it can take other sizes than its own, as
    every YOLOX file, and NanoDet's of our classes, can. ``pixels``: how many times the pixels of the file's input a fitted one may have."""

    def __init__(self, path: Path, head: str, threads: int = 1, fitted: bool = False, again: bool = False, pixels: float = 1.0) -> None:
        if head not in HEADS:
            raise DataError(f"{path}: unknown head {head!r}; known are {', '.join(HEADS)}")
        if not path.is_file():
            raise DataError(f"{path}: model file is missing; make or fetch it, or leave it out of --models")
        self.head = head
        self.fitted = fitted
        self.again = again
        self.pixels = pixels
        self._options = onnxruntime.SessionOptions()
        self._options.intra_op_num_threads = threads
        self._options.inter_op_num_threads = 1
        self._options.log_severity_level = 3
        self._file = path.read_bytes()
        session = self._session(self._file)
        entry = session.get_inputs()[0]
        fixed = [isinstance(size, int) for size in entry.shape[2:]]
        if len(entry.shape) != 4 or any(fixed) != all(fixed):
            raise DataError(f"{path}: input {entry.name} has shape {entry.shape} where [1, 3, H, W] belongs")
        self.free = not any(fixed)
        self.input_name = entry.name
        self.height, self.width = (FREE_SIDE, FREE_SIDE) if self.free else entry.shape[2:]
        self._sizes = {(self.width, self.height): (session, *_cells(self.height, self.width, head))}
        columns = session.run(None, {self.input_name: np.zeros((1, 3, self.height, self.width), np.float32)})[0]
        extra = 5 if head == "yolox" else 4 * BINS
        classes = columns.shape[-1] - extra
        count = len(self._sizes[self.width, self.height][2])
        if columns.ndim != 3 or columns.shape[1] != count or classes not in (len(CLASSES), 80):
            raise DataError(f"{path}: output {columns.shape} does not fit head {head} at {self.width} x {self.height}: "
                            f"[1, {count}, {extra} + 6 or 80] belongs there")
        self.classes = classes
        self.fits = self.free or head == "yolox" or classes == len(CLASSES)
        self._of_class = COCO_CLASSES if classes == 80 else {index: index for index in range(classes)}

    def _session(self, file: bytes) -> onnxruntime.InferenceSession:
        return onnxruntime.InferenceSession(file, self._options, providers=["CPUExecutionProvider"])

    def _ready(self, size: tuple[int, int]) -> tuple[onnxruntime.InferenceSession, np.ndarray, np.ndarray]:
        """Session, cell indices and strides for an input of (width, height)."""
        if size not in self._sizes:
            while len(self._sizes) > KEPT:
                self._sizes.pop(next(key for key in self._sizes if key != (self.width, self.height)))
            width, height = size
            centres, strides = _cells(height, width, self.head)
            same = self._sizes[self.width, self.height][0]
            session = same if self.free else self._session(resized(self._file, width, height, len(strides)))
            self._sizes[size] = session, centres, strides
        return self._sizes[size]

    def size_for(self, picture: np.ndarray) -> tuple[int, int]:
        """(width, height) of the input that a BGR picture is given."""
        if not self.fitted:
            return self.width, self.height
        longer = self.pixels**0.5
        return fitting_size(picture.shape[1], picture.shape[0], round(self.width * longer), round(self.height * longer), FITTED_STRIDE)

    def prepare(self, picture: np.ndarray) -> tuple[np.ndarray, float]:
        """Network input [1, 3, H, W] float32 of a BGR picture and the scale it was shrunk or enlarged by."""
        width, height = self.size_for(picture)
        scale = min(width / picture.shape[1], height / picture.shape[0])
        size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
        # The program takes the mean of what each pixel of the input covers.
        scaled = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        padded = np.full((height, width, 3), PADDING, np.float32)
        padded[: size[1], : size[0]] = scaled
        if self.head == "nanodet":
            padded = (padded - NANODET_MEAN) / NANODET_SPREAD
        return np.ascontiguousarray(padded.transpose(2, 0, 1)[None]), scale

    def run(self, entry: np.ndarray) -> np.ndarray:
        """The network alone: raw output [n, columns] of a prepared input."""
        return self._ready((entry.shape[3], entry.shape[2]))[0].run(None, {self.input_name: entry})[0][0]

    def detect(self, picture: np.ndarray, least: float = 0.01) -> Found:
        """Objects of our classes of at least confidence ``least`` in a BGR picture; ``least`` is the first look's."""
        found = self._once(picture, least)
        found = without_doubtful_ebikes(self._again(picture, found) if self.again else found)
        return Found(found.kind, found.confidence, np.clip(found.box, 0.0, 1.0))

    def _again(self, picture: np.ndarray, found: Found) -> Found:
        """What is thought after second looks."""
        ebikes = found.kind == EBIKE
        confidence = found.confidence.copy()
        confidence[ebikes] = second_look.settled(found.box[ebikes], found.confidence[ebikes], lambda part: self._ebikes_in(picture, part))
        order = np.argsort(-confidence, kind="stable")
        return Found(found.kind[order], confidence[order], found.box[order])

    def _ebikes_in(self, picture: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Boxes [n, 4] of the e-bikes in a part (left, top, right, bottom in fractions) of a picture, and confidences [n]."""
        height, width = picture.shape[:2]
        left, top, right, bottom = np.round(part * [width, height, width, height]).astype(int)
        found = self._once(np.ascontiguousarray(picture[top:bottom, left:right]), second_look.LEAST)
        ebikes = found.kind == EBIKE
        size, corner = np.array([right - left, bottom - top] * 2), np.array([left, top] * 2)
        return (found.box[ebikes] * size + corner) / [width, height, width, height], found.confidence[ebikes]

    def _once(self, picture: np.ndarray, least: float) -> Found:
        """What one look finds; boxes may reach beyond the picture. A cell tells of the class that it is surest of, as in the program."""
        entry, scale = self.prepare(picture)
        out = self.run(entry)
        _, centres, strides = self._ready((entry.shape[3], entry.shape[2]))
        if self.head == "yolox":
            scores = out[:, 4:5] * out[:, 5:]
        else:
            scores = out[:, : out.shape[1] - 4 * BINS]
        scores = np.where(scores < scores.max(axis=1, keepdims=True), 0, scores)
        numbers = list(self._of_class)
        scores = scores[:, numbers]
        cells, columns = np.nonzero(scores >= least)
        if len(cells) == 0:
            return Found(np.zeros(0, int), np.zeros(0, np.float32), np.zeros((0, 4), np.float32))
        confidence = scores[cells, columns]
        kind = np.array([self._of_class[number] for number in numbers])[columns]
        boxes = self._boxes(out[cells], centres[cells], strides[cells][:, None])
        size = np.array([picture.shape[1], picture.shape[0]] * 2, np.float32) * scale
        kept = suppress(boxes, confidence, kind)
        return Found(kind[kept], confidence[kept], boxes[kept] / size)

    def _boxes(self, out: np.ndarray, centres: np.ndarray, strides: np.ndarray) -> np.ndarray:
        if self.head == "yolox":
            middle = (out[:, :2] + centres) * strides
            half = np.exp(np.minimum(out[:, 2:4], 20.0)) * strides / 2
            return np.concatenate([middle - half, middle + half], axis=1)
        bins = out[:, -4 * BINS:].reshape(len(out), 4, BINS)
        bins = np.exp(bins - bins.max(axis=2, keepdims=True))
        distances = (bins / bins.sum(axis=2, keepdims=True)) @ np.arange(BINS, dtype=np.float32) * strides
        middle = centres * strides
        return np.concatenate([middle - distances[:, :2], middle + distances[:, 2:]], axis=1)


def fitting_size(width: int, height: int, columns: int, rows: int, stride: int) -> tuple[int, int]:
    """The input (width, height) in which a picture of ``width`` x ``height`` is largest, or nearly, with the fewest pixels, as the
    program chooses it for a file made for ``columns`` x ``rows``: no side longer than its longer one, hardly more pixels."""
    longest, most = max(columns, rows), PIXELS_MORE * columns * rows
    sides = range(stride, longest + 1, stride)
    sizes = [(w, h) for w in sides for h in sides if w * h <= most] or [(columns, rows)]

    def scale(size: tuple[int, int]) -> int:
        return min(size[0] * height, size[1] * width)

    largest = max(scale(size) for size in sizes)
    return min((size for size in sizes if scale(size) >= LARGE_ENOUGH * largest), key=lambda size: (size[0] * size[1], -scale(size)))


def resized(file: bytes, width: int, height: int, cells: int) -> bytes:
    """An ONNX file for another input size: only the sizes written at input and output change. ``cells``: rows of the output."""
    model = onnx.load_from_string(file)
    dims = model.graph.input[0].type.tensor_type.shape.dim
    dims[2].dim_value, dims[3].dim_value = height, width
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = cells
    del model.graph.value_info[:]
    return model.SerializeToString()


def suppress(boxes: np.ndarray, confidence: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Indices of the detections to keep, best first: greedy non-maximum suppression within each class."""
    shifted = np.asarray(boxes, np.float32).copy()
    # Classes are moved apart so that one pass serves all of them.
    shifted += (kind[:, None] * (float(np.abs(shifted).max()) * 2 + 1)).astype(np.float32)
    areas = np.prod(np.maximum(shifted[:, 2:] - shifted[:, :2], 0), axis=1)
    left = np.argsort(-confidence, kind="stable")[:1000]
    kept = []
    while len(left) and len(kept) < MOST:
        first, rest = left[0], left[1:]
        kept.append(first)
        low = np.maximum(shifted[first, :2], shifted[rest, :2])
        high = np.minimum(shifted[first, 2:], shifted[rest, 2:])
        shared = np.prod(np.maximum(high - low, 0), axis=1)
        left = rest[shared <= SAME_THING * np.maximum(areas[first] + areas[rest] - shared, 1e-9)]
    return np.array(kept, int)


def without_doubtful_ebikes(found: Found) -> Found:
    """Without what is called an e-bike and, in the same place, surely enough a bicycle (``src/detect/nms.rs``)."""
    bicycles, keep = (found.kind == BICYCLE) & (found.confidence >= CLAIM), np.ones(len(found.kind), bool)
    odds = second_look.log_odds(found.confidence)
    for number in np.flatnonzero(found.kind == EBIKE):
        surer = found.box[bicycles & (odds + COUNTS_MORE > odds[number])]
        keep[number] = not (second_look.overlaps(found.box[number], surer) > SAME_PLACE).any()
    return Found(found.kind[keep], found.confidence[keep], found.box[keep])


def _cells(height: int, width: int, head: str) -> tuple[np.ndarray, np.ndarray]:
    """Cell indices (x, y) [n, 2] and stride [n] of every row of the output."""
    centres, strides = [], []
    for stride in STRIDES[head]:
        rows, columns = -(-height // stride), -(-width // stride)
        ys, xs = np.mgrid[0:rows, 0:columns]
        centres.append(np.stack([xs.ravel(), ys.ravel()], axis=1))
        strides.append(np.full(rows * columns, stride))
    return np.concatenate(centres).astype(np.float32), np.concatenate(strides).astype(np.float32)
