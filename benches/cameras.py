"""Cameras per core: Firewarden beside the usual pipeline, on the same footage, in turn, in one run.

cameras.py FIREWARDEN MODEL.onnx FOOTAGE OUT.json [--seconds N] [--runs N]

FOOTAGE is a clip that is scaled to 1080p and repeated: 25 pictures a second, H.264 at 4 Mbit/s, a key frame every two
seconds, as most cameras send. What is compared is processor time (user and system, children included) per second of
video; its inverse is how many cameras one core carries. Ratios hold within one run only.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

SCENES = {"no B-frames": ["-bf", "0"], "B-frames": ["-bf", "2"]}
RULES = {
    "fire_lane_parking": 'zone = [[0.8, 0.05], [1, 0.05], [1, 0.3], [0.8, 0.3]]\ndwell = "20s"\n',
    "control_room_unattended": 'required = 1\ngrace = "3m"\n',
}


def make(footage, path, seconds, extra):
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-stream_loop", "-1", "-i", footage, "-t", str(seconds)]
    command += ["-vf", "scale=1920:1080,fps=25", "-c:v", "libx264", "-preset", "veryfast", "-b:v", "4M"]
    command += ["-maxrate", "4M", "-bufsize", "8M", "-g", "50", "-keyint_min", "50", "-sc_threshold", "0"]
    command += [*extra, "-pix_fmt", "yuv420p", "-an", str(path)]
    subprocess.run(command, check=True)


def spent(command, environment):
    """Processor seconds of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def rows(args, clip, folder):
    usual = str(pathlib.Path(__file__).with_name("usual.py"))
    python = [sys.executable, usual]
    yield "usual pipeline, 5 looks/s", [*python, "opencv", clip, args.model, "5"]
    yield "usual pipeline, a look in 2 s", [*python, "opencv", clip, args.model, "0.5"]
    yield "ffmpeg pipe, 5 looks/s", [*python, "pipe", clip, args.model, "5"]
    for kind, keys in RULES.items():
        config = folder / f"{kind}.toml"
        camera = f'[[camera]]\nid = "c"\nsource = "{clip}"\n[[camera.rule]]\nkind = "{kind}"\nevery = "2s"\n{keys}'
        config.write_text(f'[site]\nid = "s"\n{camera}')
        out = str(folder / kind)
        yield f"firewarden {kind}", [args.firewarden, "analyze", "--config", str(config), "--out", out, "--threads", "1"]


def main():
    parser = argparse.ArgumentParser()
    for name in ("firewarden", "model", "footage", "out"):
        parser.add_argument(name)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    args.firewarden = os.path.abspath(args.firewarden)
    # Some machines force an older kernel on numerical libraries; the pipeline compared with is not held back by that.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        for scene, extra in SCENES.items():
            clip = folder / f"{scene.replace(' ', '-')}.mp4"
            print(f"bench: making {args.seconds} s of 1080p, {scene}", file=sys.stderr)
            make(args.footage, clip, args.seconds, extra)
            commands = list(rows(args, str(clip), folder))
            times = {name: [] for name, _ in commands}
            for run in range(args.runs):
                print(f"bench: {scene}, run {run + 1} of {args.runs}", file=sys.stderr)
                for name, command in commands:
                    times[name].append(spent(command, environment) / args.seconds)
            base = times[commands[0][0]]
            for name, each in times.items():
                ratios = [b / t for b, t in zip(base, each)]
                results.append({
                    "scene": scene,
                    "row": name,
                    "cpu_s_per_camera_s": [min(each), statistics.median(each), max(each)],
                    "cameras_per_core": 1 / statistics.median(each),
                    "times_usual_5": [min(ratios), statistics.median(ratios), max(ratios)],
                })
    pathlib.Path(args.out).write_text(json.dumps({"seconds": args.seconds, "runs": args.runs, "rows": results}, indent=1))
    print(f"{'scene':12} {'row':38} {'cameras/core':>12} {'× usual at 5/s (min, max)':>28}")
    for r in results:
        low, middle, high = r["times_usual_5"]
        print(f"{r['scene']:12} {r['row']:38} {r['cameras_per_core']:12.1f} {middle:14.2f} ({low:.2f}, {high:.2f})")


main()
