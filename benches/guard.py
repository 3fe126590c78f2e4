"""The program of another commit and the one of this tree: whether both find the same, and what each costs.

Results are compared byte by byte over real clips, rendered films and a folder of cases (violations, observations, evidence,
tables, lists, the report but for its times, what is said), with one, two and four threads. Costs are compared in rounds,
in turn: a machine whose speed drifts slows both. Exits with 1 where results differ that nobody expects to, or where a median
ratio is over the bound.
"""

import argparse
import fnmatch
import os
import pathlib
import subprocess
import sys

import cost
import inputs
import same

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()


def built(revision):
    """The optimised program of a revision. It is built once, in a worktree that is removed again."""
    commit = subprocess.run(
        ["git", "rev-parse", "--verify", f"{revision}^{{commit}}"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    program = TARGET / "guard" / commit / "firewarden"
    if not program.is_file():
        tree = TARGET / "guard" / f"tree-{commit}"
        print(f"guard: building {commit[:12]} (three to six minutes, once)", file=sys.stderr)
        subprocess.run(["git", "worktree", "add", "--detach", "--force", tree, commit], cwd=ROOT, check=True)
        try:
            folder = TARGET / "guard" / "build"
            environment = {**os.environ, "CARGO_TARGET_DIR": str(folder)}
            subprocess.run(["cargo", "build", "--release", "--locked"], cwd=tree, env=environment, check=True)
            program.parent.mkdir(parents=True, exist_ok=True)
            (folder / "release" / "firewarden").rename(program)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=ROOT, check=True)
    return program


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("firewarden", type=pathlib.Path, help="the program of this tree")
    parser.add_argument("model", type=pathlib.Path, help="the detector that lane and post run where cost is measured")
    parser.add_argument("clips", type=pathlib.Path, help="the folder of real clips")
    parser.add_argument("--before", default="HEAD~1", help="the commit it is compared with, or a built program of it")
    parser.add_argument("--only", choices=("results", "cost"), help="leave out the other")
    parser.add_argument("--match", default="*", metavar="PATTERN", help="only inputs of such a name, such as film/* or case/vfr*")
    parser.add_argument("--cases", type=pathlib.Path, metavar="DIR", help="a folder of recordings, and of folders of recordings")
    parser.add_argument("--expected", type=pathlib.Path, metavar="FILE", help="a line each: a pattern of inputs that differ, and why")
    parser.add_argument("--at-once", type=int, default=len(os.sched_getaffinity(0)), help="how many inputs are run at once")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=240, help="how long the recordings are whose cost is measured")
    parser.add_argument("--most", type=float, default=1.05, help="the bound of the median ratio")
    args = parser.parse_args()
    before = pathlib.Path(args.before)
    before = before.resolve() if before.is_file() else built(args.before)
    now = args.firewarden.resolve()
    failed = []
    if args.only != "cost":
        each = inputs.clips(args.clips.resolve()) + inputs.films(ROOT / "samples", TARGET / "guard" / "films")
        each += inputs.cases(args.cases.resolve()) if args.cases else []
        each = [one for one in each if fnmatch.fnmatch(one.name, args.match)]
        if not each:
            raise SystemExit(f"guard: no input is called {args.match}")
        expected = same.Expected(args.expected)
        if wrong := same.told(same.Results(before, now, TARGET / "guard" / "results"), each, expected, args.at_once):
            failed.append(f"{wrong} inputs differ")
    if args.only != "results":
        slower = cost.slower({"before": before, "now": now}, args, TARGET)
        if slower:
            failed.append(f"slower by more than the bound of {args.most}: {', '.join(slower)}")
    if failed:
        raise SystemExit(f"guard: {'; '.join(failed)}")


if __name__ == "__main__":
    main()
