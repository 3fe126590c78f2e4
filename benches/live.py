"""What watching a camera costs beside analysing the same pictures at the same pace.

    live.py BINARY MODEL CLIPS [--seconds S] [--rounds N] [--most R]

A clip is played by a real RTSP server on loopback, as four cameras, and watched by `firewarden run`; then, or before, it is analysed with `--paced`.
Processor time is the program's own, user and system: the server's is not in it. A box watches for months, so it is counted from
fifteen seconds after the start, when models are loaded and the first pictures are kept. What counts is the ratio of the two in one
round. Evidence is the same work for both, so violations are kept out: nothing stands for long enough.
"""

import argparse
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import scenes

ROOT = pathlib.Path(__file__).resolve().parent.parent
LANE = 'kind = "fire_lane_parking"\nzone = [[0.80, 0.05], [1.00, 0.05], [1.00, 0.30], [0.80, 0.30]]\ndwell = "1h"\nevery = "2s"\n'
POST = 'kind = "control_room_unattended"\nrequired = 1\ngrace = "1h"\nevery = "2s"\n'
ELEVATOR = 'kind = "ebike_in_elevator"\n'
# What is run: a name, the scene, and the rule.
RUNS = (("lane", "busy", LANE), ("post", "h265", POST), ("quiet elevator", "quiet", ELEVATOR))


# So many cameras at once, as on a small box.
CAMERAS = 4


def configuration(folder, model, source, rule):
    """Cameras that all see the same."""
    detector = f'[detector]\nmodel = "{model}"\n' if "elevator" not in rule else ""
    head = f'[site]\nid = "bench"\n{detector}[console]\nlisten = "127.0.0.1:0"\n'
    cameras = (
        f'[[camera]]\nid = "camera-{number}"\nsource = "{source.format(number)}"\n[[camera.rule]]\n{rule}'
        for number in range(CAMERAS)
    )
    (folder / "site.toml").write_text(head + "".join(cameras), encoding="utf-8")
    return folder / "site.toml"


# It is counted from so many seconds after the start, to so many before the end of the clip.
FROM, BEFORE_END = 15, 3


def used(process):
    """Processor seconds that a process has used so far, its threads together."""
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cost(process, seconds):
    """Processor seconds for each second of each camera, once it has settled."""
    time.sleep(FROM)
    before, began = used(process), time.monotonic()
    time.sleep(seconds - FROM - BEFORE_END)
    if process.poll() is not None:
        raise SystemExit(f"live: it ended too soon, with {process.returncode}")
    return (used(process) - before) / (time.monotonic() - began) / CAMERAS


def watched(args, clip, rule):
    """What `run` costs for a clip that is played."""
    server = subprocess.Popen(
        ["/usr/bin/python3", ROOT / "tests/live/server.py", "0", *(f"clip-{n}={clip}" for n in range(CAMERAS))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        try:
            port = next(line.split()[1] for line in server.stdout if line.startswith("ready "))
            config = configuration(folder, args.model.resolve(), f"rtsp://127.0.0.1:{port}/clip-{{}}", rule)
            with open(folder / "log", "w", encoding="utf-8") as log:
                process = subprocess.Popen([args.firewarden, "run", "--config", config, "--threads", "1"], stderr=log)
                try:
                    spent = cost(process, args.seconds)
                finally:
                    process.send_signal(signal.SIGTERM)
                    process.wait()
            told = (folder / "log").read_text(encoding="utf-8")
            if process.returncode != 143 or "pictures come" not in told or "next try" in told:
                raise SystemExit(f"live: run ended with {process.returncode}:\n{told}")
            return spent
        finally:
            server.stdin.close()
            server.wait(timeout=30)


def analysed(args, clip, rule):
    """What `analyze --paced` costs for the same."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        config = configuration(folder, args.model.resolve(), str(clip), rule)
        command = [args.firewarden, "analyze", "--config", config, "--out", folder / "out", "--paced", "--threads", "1"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        spent = cost(process, args.seconds)
        if process.wait() != 0:
            raise SystemExit(f"live: analyze ended with {process.returncode}")
        return spent


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("firewarden", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("clips", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--match", default="", help="only what has this in its name")
    parser.add_argument("--most", type=float, default=1.25, help="the largest ratio that passes")
    args = parser.parse_args()
    args.firewarden = args.firewarden.resolve()
    footage = scenes.Footage(args.clips, ROOT / "target" / "bench-footage")
    over = []
    for title, name, rule in (run for run in RUNS if args.match in run[0]):
        scene = next(scene for scene in scenes.SCENES if scene.name == name)
        clip, ratios = footage.clip(scene, args.seconds), []
        for number in range(args.rounds):
            ways = {"run": watched, "analyze --paced": analysed}
            # Whoever comes second finds warmer caches: the two take turns at that.
            order = list(ways) if number % 2 == 0 else list(ways)[::-1]
            spent = {way: ways[way](args, clip, rule) for way in order}
            ratios.append(spent["run"] / spent["analyze --paced"])
            told = ", ".join(f"{way} {spent[way] * 1e3:.1f} ms" for way in ways)
            print(f"{title}, round {number + 1}: {told} a second", file=sys.stderr)
        median = statistics.median(ratios)
        print(f"{title} ({scene.title}): {median:.3f} x the processor time ({min(ratios):.3f} to {max(ratios):.3f})")
        if median > args.most:
            over.append(title)
    if over:
        raise SystemExit(f"live: over the bound of {args.most}: {', '.join(over)}")


if __name__ == "__main__":
    main()
