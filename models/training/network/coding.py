"""Pictures as a recorder gives them back: coded as H.264 at a low rate, with what came before them.

What such coding takes from a picture is not what JPEG takes: edges are smoothed across blocks, faint texture is copied from
where it was a moment ago, and colour is kept at half the size.
"""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np
from numpy.random import Generator

CRF = (22, 38)
"""From what cameras send at a good rate to what a full disk is given."""
LARGER = 1.5
"""How much larger than the network's input some pictures are coded: recordings are larger than what is looked at."""


def coded(image: np.ndarray, random: Generator) -> np.ndarray:
    """A BGR picture uint8 [h, w, 3], at least 16 x 16, as the last of up to three that are coded one after the other, the
    earlier ones shifted by up to three pixels each, as if the camera or all before it had moved."""
    rows, columns = image.shape[:2]
    crf, before = int(random.integers(CRF[0], CRF[1] + 1)), int(random.integers(3))
    across, down = random.uniform(-3, 3, 2)
    scale = LARGER if random.random() < 0.4 else 1.0
    # 4:2:0 has even sides.
    size = (round(columns * scale) // 2 * 2, round(rows * scale) // 2 * 2)
    placed = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    moved = [shifted(placed, across * back, down * back) for back in range(before, 0, -1)]
    last = _through([*moved, placed], crf)
    return cv2.resize(last, (columns, rows), interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR)


def shifted(image: np.ndarray, across: float, down: float) -> np.ndarray:
    """The picture moved by so many pixels, its edges drawn out."""
    matrix = np.array([[1.0, 0.0, across], [0.0, 1.0, down]])
    return cv2.warpAffine(image, matrix, image.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _through(pictures: list[np.ndarray], crf: int) -> np.ndarray:
    """The last of these pictures of even sides, all of one size, after coding and decoding them."""
    coder = av.CodecContext.create("libx264", "w")
    coder.height, coder.width = pictures[0].shape[:2]
    coder.pix_fmt, coder.time_base, coder.thread_count = "yuv420p", Fraction(1, 25), 1
    coder.options = {"preset": "veryfast", "tune": "zerolatency", "crf": str(crf), "threads": "1"}
    frames = [av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24") for picture in pictures]
    packets = []
    for number, frame in enumerate(frames):
        frame.pts = number
        packets += coder.encode(frame)
    packets += coder.encode(None)
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    decoded = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    return decoded[-1].to_ndarray(format="bgr24")
