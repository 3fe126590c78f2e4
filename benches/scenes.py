"""The scenes that are measured on: what each shows, how it is encoded, and the making of it.

A scene is one pass of 80 seconds, encoded once, and repeated by copying its packets to the length that a run wants: so an
hour of 4K costs no more to make than a minute. Both are kept in a folder under a name that holds a hash of their recipe.
"""

import dataclasses
import hashlib
import json
import pathlib
import subprocess
import sys

# Whole groups of pictures of 50 and of 250, so that a repetition begins with a key frame in its turn.
PASS_SECONDS = 80

# A street with people walking all the time, 79.5 s.
STREET = ("vtest.avi", "")
# A room before anybody enters it: five seconds there and back, so that no repetition shows a jump.
EMPTY_ROOM = (
    "one-by-one-person-detection.mp4",
    "trim=0:5,setpts=PTS-STARTPTS,split[there][back];[back]reverse[back];[there][back]concat,loop=-1:1000,"
    "setpts=N/FRAME_RATE/TB,",
)

# As cameras send: a steady bit rate with little room above it.
STEADY = ["-b:v", "4M", "-maxrate", "4M", "-bufsize", "8M"]
H264 = ["-c:v", "libx264", "-preset", "veryfast", "-sc_threshold", "0"]
H265 = ["-c:v", "libx265", "-preset", "veryfast", "-tag:v", "hvc1"]
H265 += ["-x265-params", "log-level=none:open-gop=0:scenecut=0:bframes=0:keyint=50:min-keyint=50"]


def group(pictures):
    """A key frame every so many pictures, and nowhere else."""
    return ["-g", str(pictures), "-keyint_min", str(pictures)]


@dataclasses.dataclass(frozen=True)
class Scene:
    """What is measured on. 25 pictures a second."""

    name: str
    title: str
    footage: tuple
    size: tuple
    encoder: list
    # Seconds from one key frame to the next.
    key_every: float = 2.0

    @property
    def command(self):
        """FFmpeg's arguments between the footage and the file that is made of it."""
        _, before = self.footage
        width, height = self.size
        filters = f"{before}scale={width}:{height},fps=25"
        return ["-vf", filters, *self.encoder, "-pix_fmt", "yuv420p", "-an"]


FULL_HD = (1920, 1080)
SCENES = [
    Scene("busy", "busy, 1080p H.264 4 Mbit/s, GOP 50", STREET, FULL_HD, [*H264, *STEADY, *group(50), "-bf", "0"]),
    Scene("b-frames", "busy, with B-frames", STREET, FULL_HD, [*H264, *STEADY, *group(50), "-bf", "2"]),
    Scene(
        "quiet",
        "quiet, variable bit rate",
        EMPTY_ROOM,
        FULL_HD,
        [*H264, "-crf", "23", "-maxrate", "4M", "-bufsize", "8M", *group(50), "-bf", "0"],
    ),
    Scene("gop-250", "busy, GOP 250", STREET, FULL_HD, [*H264, *STEADY, *group(250), "-bf", "0"], key_every=10.0),
    Scene("h265", "busy, H.265", STREET, FULL_HD, [*H265, *STEADY]),
    Scene(
        "720p",
        "busy, 720p 2 Mbit/s",
        STREET,
        (1280, 720),
        [*H264, "-b:v", "2M", "-maxrate", "2M", "-bufsize", "4M", *group(50), "-bf", "0"],
    ),
    Scene(
        "4k",
        "busy, 4K 8 Mbit/s",
        STREET,
        (3840, 2160),
        [*H264, "-b:v", "8M", "-maxrate", "8M", "-bufsize", "16M", *group(50), "-bf", "0"],
    ),
]


class Footage:
    """Makes scenes of the clips in one folder and keeps them in another."""

    def __init__(self, clips, kept):
        self.clips = pathlib.Path(clips)
        self.kept = pathlib.Path(kept)
        self.kept.mkdir(parents=True, exist_ok=True)

    def clip(self, scene, seconds):
        """The path of a recording of this scene that lasts so long."""
        source = self.clips / scene.footage[0]
        recipe = json.dumps([hashlib.sha256(source.read_bytes()).hexdigest(), scene.command, PASS_SECONDS])
        stem = f"{scene.name}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
        once = self.kept / f"{stem}.mp4"
        if not once.is_file():
            print(f"bench: encoding {PASS_SECONDS} s of {scene.title} (up to some minutes, once)", file=sys.stderr)
            ffmpeg(["-stream_loop", "-1", "-i", source, "-t", PASS_SECONDS, *scene.command], once)
        path = self.kept / f"{stem}-{seconds}s.mp4"
        if not path.is_file():
            ffmpeg(["-stream_loop", "-1", "-i", once, "-t", seconds, "-c", "copy"], path)
        return path.resolve()


def ffmpeg(arguments, path):
    """Runs FFmpeg to make a file, which appears only once it is whole."""
    partial = path.with_suffix(".partial.mp4")
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments), str(partial)]
    subprocess.run(command, check=True)
    partial.rename(path)
