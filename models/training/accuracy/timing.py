"""Milliseconds per look: the networks take turns, so that a busy machine slows all of them alike."""

from __future__ import annotations

import time

import numpy as np

from data.detector import Detector

SHAPE = (1080, 1920)
"""Rows and columns of the picture: what most cameras give."""
ROUNDS = 40
WARMING = 4


def milliseconds(detectors: dict[str, Detector], rounds: int = ROUNDS) -> dict[str, float]:
    """Median time of one run of each network alone (no decoding, no letterbox) with the threads it was opened with."""
    random = np.random.default_rng(0)
    entries = {}
    for name, detector in detectors.items():
        noise = random.integers(0, 256, (*SHAPE, 3), dtype=np.uint8)
        entries[name], _ = detector.prepare(noise)
    times: dict[str, list[float]] = {name: [] for name in detectors}
    for number in range(WARMING + rounds):
        for name, detector in detectors.items():
            started = time.perf_counter()
            detector.run(entries[name])
            if number >= WARMING:
                times[name].append((time.perf_counter() - started) * 1000)
    return {name: float(np.median(values)) for name, values in times.items()}
