"""The rows of the table: which commands are run on a scene, and how much of a camera each of them watches."""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys

# Configurations of a camera's rule. A lane and a post are looked at every two seconds, an elevator as the rule has it:
# once a second, five times while something moves.
RULES = {
    "fire_lane_parking": 'every = "2s"\nzone = [[0.8, 0.05], [1, 0.05], [1, 0.3], [0.8, 0.3]]\ndwell = "20s"\n',
    "control_room_unattended": 'every = "2s"\nrequired = 1\ngrace = "3m"\n',
    "ebike_in_elevator": "",
}
LANE, POST, ELEVATOR = RULES
# Those whose looks are at key frames alone where these come every two seconds, so that the limit applies.
AT_KEY_FRAMES = (LANE, POST)

USUAL_5 = "usual-5"
USUAL_HALF = "usual-0.5"
LIMIT = "limit"

# Cameras that are fed at once, and for how long at their own pace.
MANY = 8
PACED_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Row:
    """A command, and what it stands for."""

    key: str
    title: str
    command: list
    # Seconds of video, of all its cameras together.
    camera_s: float
    cameras: int = 1
    # How many processors it may use; none where only processor time tells.
    cores: int = 0
    # Whether it looks at key frames alone, as the limit does.
    at_key_frames: bool = False


@dataclasses.dataclass(frozen=True)
class Programs:
    """What is run, and which of what it may have it does have."""

    firewarden: str
    limit: str
    model: str
    # `analyze --paced`: all cameras at once, packet by packet.
    paced: bool
    # `[detector] skip_static`.
    skip_static: bool
    # `analyze --replace`, without which a round would meet the result of the one before; older programs replace unasked.
    replace: bool

    @classmethod
    def probe(cls, firewarden, limit, model):
        def told(*arguments):
            return subprocess.run([firewarden, *arguments], capture_output=True, text=True, check=True).stdout

        analyze = told("analyze", "--help")
        paced, replace = "--paced" in analyze, "--replace" in analyze
        skip_static = "skip_static" in told("schema", "config")
        without = "bench: left out, as this binary has no"
        if not paced:
            print(f"{without} `analyze --paced`: the paced engine, memory per camera", file=sys.stderr)
        if not skip_static:
            print(f"{without} `[detector] skip_static`: static scenes skipped", file=sys.stderr)
        return cls(firewarden, limit, model, paced, skip_static, replace)


class Rows:
    """Rows for scenes. Configurations and results go into a folder of its own."""

    def __init__(self, programs, footage, seconds, folder):
        self.programs = programs
        self.footage = footage
        self.seconds = seconds
        self.folder = pathlib.Path(folder)
        self.cores = len(os.sched_getaffinity(0))

    def of(self, scene, short):
        """Every row of a scene, the usual pipeline first. `short` leaves out what takes its time on the clock."""
        yield from self.usual(scene)
        yield from self.analyze(scene)
        if in_full(scene) and not short:
            yield self.as_shipped(scene)
        if scene.key_every == 2.0:
            yield self.limit(scene)
        if scene.name == "busy" and not short:
            yield from self.all_cores(scene)
        if scene.name in ("busy", "quiet", "gop-250") and self.programs.paced and not short:
            yield from self.paced(scene)

    def usual(self, scene):
        script = str(pathlib.Path(__file__).with_name("usual.py"))
        clip = str(self.footage.clip(scene, self.seconds))
        each = [
            (USUAL_5, "usual pipeline, 5 looks/s", "opencv", "5"),
            (USUAL_HALF, "usual pipeline, a look in 2 s", "opencv", "0.5"),
        ]
        if in_full(scene):
            each.append(("pipe-5", "ffmpeg pipe, 5 looks/s", "pipe", "5"))
        for key, title, how, rate in each:
            yield Row(key, title, [sys.executable, script, how, clip, self.programs.model, rate], self.seconds)

    def analyze(self, scene):
        """Every rule on one core, each look taken; and with static scenes skipped."""
        for kind in RULES:
            for skip in self.skips(scene):
                yield self.firewarden(scene, kind, skip, ["--threads", "1"], self.seconds)

    def as_shipped(self, scene):
        """An elevator with the network of its own, as it is where nothing is configured: not what the others run, but what it
        costs."""
        row = self.firewarden(scene, ELEVATOR, False, ["--threads", "1"], self.seconds, own=True)
        return dataclasses.replace(row, key=f"{ELEVATOR}-own", title=f"{ELEVATOR}, its own network")

    def all_cores(self, scene):
        """Throughput on the clock: many recordings, and one."""
        for cameras, words in ((MANY, f"{MANY} recordings"), (1, "one recording")):
            row = self.firewarden(scene, LANE, False, [], self.seconds, cameras)
            key, title = f"all-cores-{cameras}", f"analyze, all cores, {words}"
            yield dataclasses.replace(row, key=key, title=title, cores=self.cores)

    def paced(self, scene):
        """The engine of live cameras at their own pace; with fewer cameras, what each of them adds in memory. A post that is
        manned: no still is made, whose full-size picture would hide what a camera needs."""
        seconds = min(self.seconds, PACED_SECONDS)
        flags = ["--paced", "1", "--threads", "1"]
        if not in_full(scene):
            yield self.firewarden(scene, POST, False, flags, seconds)
            return
        for skip in self.skips(scene):
            yield self.firewarden(scene, POST, skip, flags, seconds, MANY)
        if scene.name == "busy":
            for cameras in (1, 2):
                yield self.firewarden(scene, POST, False, flags, seconds, cameras)

    def limit(self, scene):
        clip = str(self.footage.clip(scene, self.seconds))
        command = [self.programs.limit, clip, self.programs.model]
        return Row(LIMIT, "the limit, a look in 2 s", command, self.seconds, at_key_frames=True)

    def skips(self, scene):
        return [False, True] if in_full(scene) and self.programs.skip_static else [False]

    def firewarden(self, scene, kind, skip, flags, seconds, cameras=1, own=False):
        paced = "--paced" in flags
        key = "-".join(filter(None, [f"paced-{cameras}" if paced else "", kind, "skip" if skip else ""]))
        at_once = f"paced, {cameras} camera{'s' if cameras > 1 else ''}, " if paced else ""
        title = "".join([at_once, kind, ", static skipped" if skip else ""])
        stem = f"{scene.name}-{key}-{cameras}" + ("-own" if own else "")
        config = self.folder / f"{stem}.toml"
        config.write_text(self.config(self.footage.clip(scene, seconds), kind, skip, cameras, own), encoding="utf-8")
        command = [self.programs.firewarden, "analyze", "--json", "--config", str(config)]
        command += ["--out", str(self.folder / stem), *flags, *(["--replace"] if self.programs.replace else [])]
        return Row(key, title, command, seconds * cameras, cameras, at_key_frames=kind in AT_KEY_FRAMES)

    def config(self, clip, kind, skip, cameras, own):
        # The model that the other pipelines run, for all rules: an elevator has one of its own otherwise.
        model = "" if own else f"model = {json.dumps(str(self.programs.model))}\n"
        lines = [f'[site]\nid = "bench"\n[detector]\n{model}']
        if self.programs.skip_static:
            lines.append(f"skip_static = {json.dumps(skip)}\n")
        for number in range(cameras):
            lines.append(f'[[camera]]\nid = "c{number}"\nsource = {json.dumps(str(clip))}\n')
            lines.append(f'[[camera.rule]]\nkind = "{kind}"\n{RULES[kind]}{model}')
        return "".join(lines)


def in_full(scene):
    """Whether a scene has every row; the others show what becomes of the main ones."""
    return scene.name in ("busy", "b-frames", "quiet")
