"""Cameras per core: Firewarden beside the usual pipeline, on the same footage, in turn, in one run.

What is compared is processor time (user and system, children included) per second of video; its inverse is how many
cameras one core carries. Ratios hold within one run only, and are what the table is for. See --help.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import measure
import results
import rounds
import rows
import scenes
import table

TARGET = pathlib.Path("target")


def built(bench):
    """Builds a benchmark of this package and gives the path of its program."""
    command = ["cargo", "bench", "--locked", "--quiet", "--no-run", "--bench", bench, "--message-format=json"]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    made = [json.loads(line) for line in lines if line.startswith("{")]
    return next(m["executable"] for m in made if m.get("target", {}).get("name") == bench and m.get("executable"))


def run(programs, footage, wanted, seconds, runs, kept, short=False):
    """Measures every row of the scenes until there are `runs` rounds of each, in turn, and returns the results."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=TARGET) as folder:
        made = rows.Rows(programs, footage, seconds, pathlib.Path(folder).resolve())
        listed = {scene.name: list(made.of(scene, short)) for scene in wanted}
        for number in range(runs):
            for scene in wanted:
                if kept.count(scene.name) > number:
                    continue
                each = listed[scene.name]
                print(f"bench: {scene.name}, run {number + 1} of {runs}, {len(each)} rows", file=sys.stderr)
                kept.add(scene.name, {row.key: measure.run(row.command) for row in each})
    told = []
    for scene in wanted:
        each = listed[scene.name]
        told += results.summed_up(scene, each, kept.of(scene.name, each))
    return told


def wanted(names):
    """The scenes of these names; all where none is named."""
    known = {scene.name: scene for scene in scenes.SCENES}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"bench: there is no scene {unknown[0]!r}; there are {', '.join(known)}")
    return [known[name] for name in names] or scenes.SCENES


def measured(programs, seconds):
    """What rounds are of."""
    how = sorted(pathlib.Path(__file__).parent.glob("*.py"))
    return rounds.fingerprint([programs.firewarden, programs.limit, programs.model, *how], seconds)


def machine():
    """What must be known of the machine to read the numbers. Others at work on it shift them."""
    load = os.getloadavg()[0]
    cores = len(os.sched_getaffinity(0))
    if load > 0.5:
        print(f"bench: {load:.1f} others are at work here already: speeds by the clock mean nothing", file=sys.stderr)
    return {"cores": cores, "load_before": load}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("firewarden", type=os.path.abspath, help="the program")
    parser.add_argument("model", type=os.path.abspath, help="the YOLOX-Nano that all run")
    parser.add_argument("clips", help="the folder of the clips from which scenes are made")
    parser.add_argument("--seconds", type=int, default=600, help="how long the recordings are")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--scene", action="append", default=[], help="only this one; may be given again")
    parser.add_argument("--go-on", action="store_true", help="keep the rounds that were measured, and go on with them")
    args = parser.parse_args()
    about = machine()
    TARGET.mkdir(exist_ok=True)
    footage = scenes.Footage(args.clips, TARGET / "bench-footage")
    programs = rows.Programs.probe(args.firewarden, built("limit"), args.model)
    chosen = wanted(args.scene)
    kept = rounds.Rounds(TARGET / "bench-rounds.jsonl", measured(programs, args.seconds), args.go_on)
    try:
        told = run(programs, footage, chosen, args.seconds, args.runs, kept)
    except KeyboardInterrupt:
        raise SystemExit("bench: stopped; whole rounds are kept, and GO_ON=1 goes on with them") from None
    whole = {
        "seconds": args.seconds,
        "runs": args.runs,
        "machine": about,
        "memory_mib_per_camera": results.memory_per_camera(told),
        "rows": told,
    }
    (TARGET / "cameras.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    table.show(told, {scene.name: scene.title for scene in chosen})


if __name__ == "__main__":
    main()
