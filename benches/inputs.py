"""What both programs are run on: real clips, films that are made of the rendered ones, and whatever lies in a folder of cases.

Each input is a configuration and the command that takes it. A recording is watched twice: its whole picture by a rule of each
kind, so that all of the program has something to do, and a corner of it by a rule that looks at key frames alone.
"""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tomllib

WHOLE = "[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]"
CORNER = "[[0.8, 0.05], [1.0, 0.05], [1.0, 0.3], [0.8, 0.3]]"
LANE = f'[[camera.rule]]\nkind = "fire_lane_parking"\nzone = {WHOLE}\ndwell = "8s"\n'
POST = '[[camera.rule]]\nkind = "control_room_unattended"\ngrace = "4s"\nrequired = 1\n'
ELEVATOR = '[[camera.rule]]\nkind = "ebike_in_elevator"\n'
# An elevator's own network costs six times as much as all the others together. It runs where elevators are short.
SHARED = 'model = "firewarden-nano"\n'
AT_KEY_FRAMES = f'[[camera.rule]]\nkind = "fire_lane_parking"\nzone = {CORNER}\ndwell = "20s"\n'
SITE = '[site]\nid = "guard"\ntimezone = "Asia/Shanghai"\n'

# Films as recorders write them, made of those in samples/: name, film, FFmpeg's arguments, the file's ending.
H264 = ["-c:v", "libx264", "-preset", "veryfast", "-threads", "1", "-sc_threshold", "0"]
MADE = (
    ("elevator-b-frames", "elevator", ["-ss", "64", *H264, "-g", "50", "-bf", "3"], "mp4"),
    ("elevator-one-group", "elevator", ["-ss", "64", *H264, "-g", "9999", "-keyint_min", "9999"], "mkv"),
    ("lane-h265", "fire-lane", ["-t", "30", "-c:v", "libx265", "-x265-params", "log-level=none:keyint=10:pools=1", "-tag:v", "hvc1"], "mp4"),
    ("lane-mjpeg", "fire-lane", ["-t", "30", "-c:v", "mjpeg", "-q:v", "4"], "avi"),
    ("lane-cut-off", "fire-lane", ["-t", "40", "-c:v", "mpeg4", "-b:v", "600k", "-g", "20"], "avi"),
    ("room-dark", "control-room", ["-t", "40", "-vf", "fps=25,drawbox=c=black:t=fill:enable='between(t,24,30)'", *H264, "-g", "50"], "mp4"),
    # Two files with a quarter of a minute between them, which their names tell.
    ("room-two-files", "control-room", ["-t", "20", *H264, "-g", "10"], "ts"),
)
# When a made film says that it was written: what has no time of its own begins then.
MODIFIED = 1_795_507_200


@dataclasses.dataclass(frozen=True)
class Input:
    """Something that both programs are run on."""

    name: str
    config: str
    # What the program is to do, and arguments behind those that all have.
    command: str = "analyze"
    more: tuple = ()
    # Files whose change makes this another input.
    files: tuple = ()
    # Where a configuration that is not written anew lies.
    at: pathlib.Path | None = None


def camera(name, source, rules):
    return f"[[camera]]\nid = {json.dumps(name)}\nsource = {json.dumps(str(source), ensure_ascii=False)}\n{rules}"


def watched(name, source, files=(), network=SHARED):
    """A recording with a rule of each kind, and once more at key frames alone."""
    config = SITE + camera("all", source, LANE + POST + ELEVATOR + network) + camera("corner", source, AT_KEY_FRAMES)
    return Input(name, config, files=tuple(files) or (pathlib.Path(source),))


def clips(folder):
    """The real footage that the catalogue has."""
    return [watched(f"clip/{path.stem}", path) for path in sorted(folder.iterdir()) if path.suffix in (".mp4", ".avi")]


def films(samples, kept):
    """The rendered films, and what is made of them. The made ones are kept: an encoder need not make the same twice."""
    kept.mkdir(parents=True, exist_ok=True)
    whole = {name: samples / f"{name}.mp4" for name in ("elevator", "control-room", "fire-lane")}
    listed = [(name, source, (source,)) for name, source in whole.items()]
    for name, film, how, ending in MADE:
        if name == "room-two-files":
            parts = [kept / f"room_20260131_08{at}.{ending}" for at in ("0000", "0035")]
            for path, start in zip(parts, ("0", "20")):
                make(whole[film], ["-ss", start, *how], path)
            listed.append((name, kept / f"room_*.{ending}", tuple(parts)))
        else:
            path = kept / f"{name}.{ending}"
            make(whole[film], how, path, share=0.6 if name == "lane-cut-off" else 1.0)
            listed.append((name, path, (path,)))
    own = ("elevator-b-frames", "elevator-one-group")
    each = [watched(f"film/{name}", source, files, "" if name in own else SHARED) for name, source, files in listed]
    return each + mixed(listed)


def make(film, how, path, share=1.0):
    """Runs FFmpeg where the file is not there, and keeps only so much of what it made."""
    if path.is_file():
        return
    print(f"guard: encoding {path.name}", file=sys.stderr)
    partial = path.with_suffix(f".partial.{path.suffix[1:]}")
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", film, *how, "-an", "-map_metadata", "-1", partial], check=True)
    os.truncate(partial, int(partial.stat().st_size * share))
    os.utime(partial, (MODIFIED, MODIFIED))
    partial.rename(path)


def mixed(listed):
    """What is about more than one camera, or about keys that the others leave as they are."""
    files = tuple(file for _, _, each in listed for file in each)
    at_once = SITE + "".join(camera(name, source, POST + AT_KEY_FRAMES) for name, source, _ in listed)
    sources = {name: source for name, source, _ in listed}
    lane, room = sources["fire-lane"], sources["control-room"]
    # Of the minute from 08:00 on, rules apply in the first half alone.
    hours = 'schedule = ["mon-sun 07:00-08:00"]\n'
    begun = ("--start", "2026-01-31T07:59:30+08:00")
    every = SITE + '[detector]\nskip_static = false\nwhole_picture = true\n'
    return [
        Input("film/ten-at-once", at_once, files=files),
        Input("film/hours", SITE + camera("lane", lane, LANE + hours) + camera("room", room, POST + hours), more=begun, files=(lane, room)),
        Input("film/each-look-taken", every + camera("lane", lane, LANE + 'every = "1s"\n'), files=(lane,)),
    ]


def cases(folder):
    """What lies in a folder: recordings, and folders of them. One that has a configuration says there what its source is; one that
    has observations alone is replayed."""
    return [case for path in sorted(folder.iterdir()) if not path.name.startswith(".") and (case := case_of(path))]


def case_of(path):
    name = f"case/{path.name}"
    if path.is_file():
        return None if path.suffix in (".sh", ".md", ".txt") else watched(name, path)
    # A name need not be UTF-8: it is not written, but found by the pattern.
    files = tuple(file for file in sorted(path.rglob("*")) if file.is_file() and "out" not in file.relative_to(path).parts)
    told = path / "c.toml"
    observations = path / "rec.jsonl"
    if observations.is_file() and told.is_file():
        return Input(name, "", "replay", (str(observations),), files, told)
    if told.is_file():
        source = tomllib.loads(told.read_text(encoding="utf-8"))["camera"][0]["source"]
        return watched(name, path / source, files)
    return watched(name, path / "*", files) if files else None
