"""What got slower: a short run of the benchmark beside a recorded one.

Only ratios are recorded and compared: how many times the cameras per core of the usual pipeline a row carries, and how much
of the limit. Absolute times tell of the machine. Between machines of different make the ratios shift too, because decoding
and inference do not grow alike; record a baseline (--write) on the machine that is to be watched. Exits with 1 where
anything got slower.
"""

import argparse
import json
import os
import pathlib
import sys

import cameras
import rounds
import rows
import scenes

BASELINE = pathlib.Path(__file__).with_name("baseline.json")
# What is compared, in words.
MEASURES = {"times_usual_5": "× the usual pipeline at 5 looks/s", "of_limit": "of the limit"}
# A ratio that is smaller by this share is slower. Medians of three runs differ by less on a machine that is at rest.
TOLERANCE = 0.10
SCENES = ("busy", "b-frames", "quiet")
SECONDS = 120
RUNS = 3


def ratios(told):
    """What a baseline holds: of each scene, of each row of Firewarden, the median ratios."""
    kept = {}
    for row in told:
        if row["row"] in (rows.USUAL_5, rows.USUAL_HALF, rows.LIMIT, "pipe-5"):
            continue
        medians = {name: round(row[name]["median"], 3) for name in MEASURES if name in row}
        kept.setdefault(row["scene"], {})[row["row"]] = medians
    return kept


def compare(baseline, fresh, tolerance):
    """What is slower than the baseline or was not measured, what is faster, and what the baseline does not know: three
    lists of lines. `baseline` and `fresh` are what `ratios` gives."""
    slower, faster, unknown = [], [], []
    for scene, row, measure in sorted(names(baseline) | names(fresh)):
        was = baseline.get(scene, {}).get(row, {}).get(measure)
        now = fresh.get(scene, {}).get(row, {}).get(measure)
        what = f"{scene}, {row}"
        if was is None:
            unknown.append(f"{what}: {now:.2f} {MEASURES[measure]}")
        elif now is None:
            slower.append(f"{what}: was {was:.2f} {MEASURES[measure]}, and was not measured")
        else:
            change = now / was - 1
            line = f"{what}: {now:.2f} {MEASURES[measure]}, was {was:.2f} ({change:+.0%})"
            if change < -tolerance:
                slower.append(line)
            elif change > tolerance:
                faster.append(line)
    return slower, faster, unknown


def names(kept):
    """Every scene, row and measure in it."""
    return {(scene, row, measure) for scene, each in kept.items() for row, told in each.items() for measure in told}


def read():
    if not BASELINE.is_file():
        raise SystemExit("bench-check: there is no benches/baseline.json; `make bench-check BASELINE=write` records one")
    return json.loads(BASELINE.read_text(encoding="utf-8"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("firewarden", type=os.path.abspath, help="the program")
    parser.add_argument("model", type=os.path.abspath, help="the YOLOX-Nano that all run")
    parser.add_argument("clips", help="the folder of the clips from which scenes are made")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="how long the recordings are")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--write", action="store_true", help="record what is measured as the baseline")
    args = parser.parse_args()
    baseline = None if args.write else read()
    cameras.machine()
    cameras.TARGET.mkdir(exist_ok=True)
    footage = scenes.Footage(args.clips, cameras.TARGET / "bench-footage")
    programs = rows.Programs.probe(args.firewarden, cameras.built("limit"), args.model)
    kept = rounds.Rounds(cameras.TARGET / "bench-check.jsonl", cameras.measured(programs, args.seconds), go_on=False)
    told = cameras.run(programs, footage, cameras.wanted(SCENES), args.seconds, args.runs, kept, short=True)
    fresh = ratios(told)
    if args.write:
        whole = {"seconds": args.seconds, "tolerance": TOLERANCE, "ratios": fresh}
        BASELINE.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
        print(f"bench-check: recorded in benches/{BASELINE.name}", file=sys.stderr)
        return
    if args.seconds != baseline["seconds"]:
        was = baseline["seconds"]
        print(f"bench-check: the baseline was recorded over {was} s; start-up weighs otherwise here", file=sys.stderr)
    slower, faster, unknown = compare(baseline["ratios"], fresh, baseline["tolerance"])
    for heading, lines in (("not in the baseline", unknown), ("faster", faster), ("SLOWER", slower)):
        for line in lines:
            print(f"{heading}: {line}")
    if slower:
        raise SystemExit(f"bench-check: {len(slower)} got slower by more than {baseline['tolerance']:.0%}")
    print(f"bench-check: nothing got slower by more than {baseline['tolerance']:.0%}")


if __name__ == "__main__":
    main()
