"""Networks as command lines name them: NAME=FILE:HEAD, with :again for a second look, :padded for an input that is not fitted to each picture,
and @TIMES for an input of so many times the pixels."""

from __future__ import annotations

import re
from pathlib import Path

from data.detector import Detector
from data.picture import DataError

ENTRY = re.compile(r"(?P<name>[^=]+)=(?P<path>.+?):(?P<head>[^:@]+)(?P<again>:again)?(?P<padded>:padded)?(?:@(?P<pixels>\d+(?:\.\d+)?))?")


def opened(entry: str) -> tuple[str, Path, Detector]:
    """Name, file and detector of an entry. Raises ``DataError`` that says how it is to be written."""
    found = ENTRY.fullmatch(entry)
    if found is None:
        raise DataError(f"--models {entry}: write NAME=FILE:HEAD, and :again, :padded or @TIMES after it, such as lift=models/lift.onnx:yolox:again@2")
    path = Path(found["path"])
    detector = Detector(path, found["head"], threads=1, again=bool(found["again"]), pixels=float(found["pixels"] or 1))
    detector.fitted = not found["padded"] and detector.fits
    return found["name"], path, detector
