"""The program of another commit and the one of this tree, in turn: what each costs, and whether both find the same.

Only the ratio of the two in one round means something: rounds alternate, so that a machine whose speed drifts slows both.
A lane and a post are run on the busy street, an elevator where nothing moves. Exits with 1 where a median ratio is over the
bound.
"""

import argparse
import hashlib
import os
import pathlib
import statistics
import subprocess
import sys

import measure
import rows
import scenes

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
# What is run: a name, the scene, the rule, and whether a rule has the network of its own.
RUNS = (
    ("lane", "busy", rows.LANE, False),
    ("post", "busy", rows.POST, False),
    ("quiet elevator", "quiet", rows.ELEVATOR, True),
)


def built(revision):
    """The optimised program of a revision. It is built once, in a worktree that is removed again."""
    commit = subprocess.run(
        ["git", "rev-parse", "--verify", f"{revision}^{{commit}}"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    program = TARGET / "against" / commit / "firewarden"
    if not program.is_file():
        tree = TARGET / "against" / f"tree-{commit}"
        print(f"against: building {commit[:12]} (three to six minutes, once)", file=sys.stderr)
        subprocess.run(["git", "worktree", "add", "--detach", "--force", tree, commit], cwd=ROOT, check=True)
        try:
            folder = TARGET / "against" / "build"
            environment = {**os.environ, "CARGO_TARGET_DIR": str(folder)}
            subprocess.run(["cargo", "build", "--release", "--locked"], cwd=tree, env=environment, check=True)
            program.parent.mkdir(parents=True, exist_ok=True)
            (folder / "release" / "firewarden").rename(program)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=ROOT, check=True)
    return program


def found(folder):
    """What a result says: hashes of its violations and observations. Keys that one of the two programs does not know count."""
    files = [folder / "violations.jsonl", *sorted((folder / "observations").glob("*.jsonl"))]
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("firewarden", type=pathlib.Path, help="the program of this tree")
    parser.add_argument("model", type=pathlib.Path, help="the detector that lane and post run")
    parser.add_argument("clips", help="the folder of the clips from which scenes are made")
    parser.add_argument("--before", default="HEAD~1", help="the commit it is compared with, or a built program of it")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=240, help="how long the recordings are")
    parser.add_argument("--most", type=float, default=1.05, help="the bound of the median ratio")
    args = parser.parse_args()
    before = pathlib.Path(args.before)
    programs = {"before": before if before.is_file() else built(args.before), "now": args.firewarden}
    folder = TARGET / "against" / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    footage = scenes.Footage(args.clips, TARGET / "bench-footage")
    makers = {
        name: rows.Rows(rows.Programs.probe(str(program.resolve()), "", str(args.model.resolve())), footage, args.seconds, folder)
        for name, program in programs.items()
    }
    slower = []
    for title, scene, kind, own in RUNS:
        scene = next(s for s in scenes.SCENES if s.name == scene)
        ratios, results = [], {}
        for number in range(args.rounds):
            costs = {}
            # Whoever comes second finds warmer caches: the two take turns at that.
            for name in ("before", "now") if number % 2 == 0 else ("now", "before"):
                row = makers[name].firewarden(scene, kind, False, ["--threads", "1"], args.seconds, own=own)
                out = folder / f"{name}-{kind}-{number}"
                command = [str(out) if part.startswith(str(folder)) and not part.endswith(".toml") else part for part in row.command]
                subprocess.run(["rm", "-rf", str(out)], check=True)
                costs[name] = measure.run(command).cpu_s
                results[name] = found(out)
                subprocess.run(["rm", "-rf", str(out)], check=True)
            ratios.append(costs["now"] / costs["before"])
            print(f"{title}, round {number + 1}: {costs['before']:.2f} s before, {costs['now']:.2f} s now", file=sys.stderr)
        median = statistics.median(ratios)
        differ = sorted(name for name in results["now"] if results["now"][name] != results["before"].get(name))
        same = f"differ: {', '.join(differ)}" if differ else "the same violations and observations, byte by byte"
        print(f"{title}: {median:.3f} x the processor time ({min(ratios):.3f} to {max(ratios):.3f}, {args.rounds} rounds); {same}")
        if median > args.most:
            slower.append(title)
    if slower:
        raise SystemExit(f"against: slower by more than the bound of {args.most}: {', '.join(slower)}")


if __name__ == "__main__":
    main()
