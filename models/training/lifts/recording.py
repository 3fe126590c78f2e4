"""A recording being written: pictures in, H.264 out, by the command `ffmpeg`."""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np

SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))
"""What clocks in pictures show."""
SECONDS_TO_A_GROUP = 5


class Recording:
    """``path`` comes to be when all is written; ``began`` is the wall time of the first picture, which the file's metadata tell.

    Raises FileNotFoundError without `ffmpeg`.
    """

    def __init__(self, path: Path, size: tuple[int, int], rate: int, crf: int, began: datetime.datetime) -> None:
        if shutil.which("ffmpeg") is None:
            raise FileNotFoundError("the command `ffmpeg` is not installed: recordings need it to write H.264")
        self.path, self.began = path, began
        self._part = path.with_suffix(f".{os.getpid()}.part.mp4")
        told = began.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._coder = subprocess.Popen(
            ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{size[0]}x{size[1]}", "-r", str(rate), "-i", "-",
             "-an", "-threads", "1", "-c:v", "libx264", "-preset", "slow", "-crf", str(crf), "-pix_fmt", "yuv420p",
             "-g", str(rate * SECONDS_TO_A_GROUP), "-movflags", "+faststart", "-metadata", f"creation_time={told}", str(self._part)],
            stdin=subprocess.PIPE,
        )

    def stamp(self, seconds: int) -> str:
        """What the clock in the picture shows so many seconds after the start."""
        return (self.began + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S")

    def add(self, picture: np.ndarray) -> None:
        """Appends a BGR picture, uint8 [h, w, 3]."""
        assert self._coder.stdin is not None
        self._coder.stdin.write(picture.tobytes())

    def finish(self) -> None:
        """Puts the file in its place. Raises RuntimeError where `ffmpeg` failed."""
        assert self._coder.stdin is not None
        self._coder.stdin.close()
        if self._coder.wait() != 0:
            raise RuntimeError(f"ffmpeg could not write {self._part}; its message is above")
        self._part.replace(self.path)
